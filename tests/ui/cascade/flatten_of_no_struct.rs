use enumetrics::{Gauge, LabelValue, catalog, metric_family};

#[derive(LabelValue, Clone, Copy)]
pub enum Status {
    Good,
    Bad,
}

#[metric_family(namespace = "jobs")]
pub struct Jobs {
    /// Jobs done.
    #[metric(flatten)]
    pub cache: Cache,
    /// Jobs waiting.
    pub waiting: Gauge,
}

pub static JOBS: Jobs = Jobs::new();
catalog! { pub static METRICS = [JOBS]; }

pub struct Cache {
    pub hits: u64,
}

fn main() {
    JOBS.waiting.inc();
    JOBS.cache.hits_total.inc();
    JOBS.cache.misses_total.inc();
    print!("{}", METRICS.render());
}
