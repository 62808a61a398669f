use enumetrics::{Counter, Gauge, LabelValue, catalog, metric_family};

#[derive(LabelValue, Clone, Copy)]
pub enum Status {
    Good,
    Bad,
}

#[metric_family(namespace = "jobs")]
pub struct Jobs {
    /// Jobs done.
    pub done: Counter<Status>,
    /// Jobs waiting.
    pub waiting: Gauge,
}

pub static JOBS: Jobs = Jobs::new();
catalog! { pub static METRICS = [JOBS]; }

fn main() {
    JOBS.waiting.inc();
    JOBS.done.with(Status::Good).inc();
    JOBS.done.with(Status::Bad).inc_by(2);
    print!("{}", METRICS.render());
}
