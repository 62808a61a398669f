use enumetrics::{Counter, Histogram, LabelValue, catalog, metric_family};

#[derive(LabelValue, Clone, Copy)]
pub enum Status {
    Good,
    Bad,
}

#[metric_family(namespace = "jobs")]
pub struct Jobs<T> {
    /// Jobs done.
    pub done_total: Counter<T>,
    /// Duration of a job.
    #[metric(buckets = [1.0])]
    pub duration_seconds: Histogram,
}

pub static JOBS: Jobs<Status> = Jobs::new();
catalog! { pub static METRICS = [JOBS]; }

fn main() {
    JOBS.done_total.with(Status::Good).inc();
    JOBS.duration_seconds.observe(1.0);
    println!("{}", METRICS.render());
}
