use enumetrics::{Gauge, Histogram, LabelValue, catalog, metric_family};

#[derive(LabelValue, Clone, Copy)]
pub enum Status {
    Good,
    Bad,
}

#[metric_family(namespace = "jobs")]
pub struct Jobs {
    /// Jobs done.
    #[metric(buckets = [2.0, 1.0])]
    pub duration_seconds: Histogram,
    /// Jobs waiting.
    pub waiting: Gauge,
}

pub static JOBS: Jobs = Jobs::new();
catalog! { pub static METRICS = [JOBS]; }

fn main() {
    JOBS.waiting.inc();
    JOBS.duration_seconds.observe(1.0);
    JOBS.duration_seconds.time(|| ());
    print!("{}", METRICS.render());
}
