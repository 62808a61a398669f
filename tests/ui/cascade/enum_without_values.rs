use enumetrics::{Counter, Gauge, LabelValue, catalog, metric_family};

#[derive(LabelValue, Clone, Copy)]
pub enum Status {}

#[metric_family(namespace = "jobs")]
pub struct Jobs {
    /// Jobs done.
    pub done_total: Counter<Status>,
    /// Jobs waiting.
    pub waiting: Gauge,
}

pub static JOBS: Jobs = Jobs::new();
catalog! { pub static METRICS = [JOBS]; }

fn done(status: Status) {
    JOBS.done_total.with(status).inc();
}

fn main() {
    JOBS.waiting.inc();
    let _ = done;
    print!("{}", METRICS.render());
}
