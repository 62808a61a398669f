use enumetrics::{Counter, Gauge, LabelValue, catalog, metric_family};

#[derive(LabelValue, Clone, Copy)]
pub enum Status {
    Good,
    Bad,
}

#[metric_family(namespace = "jobs")]
pub struct Jobs {
    pub done_total: Counter<Status>,
    /// Jobs waiting.
    pub waiting: Gauge,
}

pub static JOBS: Jobs = Jobs::new();
catalog! { pub static METRICS = [JOBS]; }

fn main() {
    JOBS.waiting.inc();
    JOBS.done_total.with(Status::Good).inc();
    JOBS.done_total.with(Status::Bad).inc_by(2);
    print!("{}", METRICS.render());
}
