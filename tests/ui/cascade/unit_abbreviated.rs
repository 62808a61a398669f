use enumetrics::{Gauge, LabelValue, catalog, metric_family};

#[derive(LabelValue, Clone, Copy)]
pub enum Status {
    Good,
    Bad,
}

#[metric_family(namespace = "jobs")]
pub struct Jobs {
    /// Jobs done.
    pub waiting_ms: Gauge,
    /// Jobs waiting.
    pub waiting: Gauge,
}

pub static JOBS: Jobs = Jobs::new();
catalog! { pub static METRICS = [JOBS]; }

fn main() {
    JOBS.waiting.inc();
    JOBS.waiting_ms.inc();
    JOBS.waiting_ms.dec();
    print!("{}", METRICS.render());
}
