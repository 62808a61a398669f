use enumetrics::{Gauge, Histogram, LabelValue, catalog, metric_family, timed};

#[derive(LabelValue, Clone, Copy)]
pub enum Status {
    Good,
    Bad,
}

#[metric_family(namespace = "jobs")]
pub struct Jobs {
    /// Jobs done.
    #[metric(buckets = [1.0])]
    pub duration_seconds: Histogram<String>,
    /// Jobs waiting.
    pub waiting: Gauge,
}

pub static JOBS: Jobs = Jobs::new();
catalog! { pub static METRICS = [JOBS]; }

#[timed(JOBS.duration_seconds, status = "good")]
fn f() {}

fn main() {
    JOBS.waiting.inc();
    f();
    print!("{}", METRICS.render());
}
