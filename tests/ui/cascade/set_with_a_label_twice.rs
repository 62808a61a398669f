use enumetrics::{Counter, Gauge, LabelSet, LabelValue, catalog, metric_family};

#[derive(LabelValue, Clone, Copy)]
pub enum Status {
    Good,
    Bad,
}

#[derive(LabelSet, Clone, Copy)]
pub struct Labels {
    pub status: Status,
    #[label(name = "status")]
    pub other: Status,
}

#[metric_family(namespace = "jobs")]
pub struct Jobs {
    /// Jobs done.
    pub done_total: Counter<Labels>,
    /// Jobs waiting.
    pub waiting: Gauge,
}

pub static JOBS: Jobs = Jobs::new();
catalog! { pub static METRICS = [JOBS]; }

fn main() {
    JOBS.waiting.inc();
    JOBS.done_total
        .with(Labels {
            status: Status::Good,
            other: Status::Bad,
        })
        .inc();
    print!("{}", METRICS.render());
}
