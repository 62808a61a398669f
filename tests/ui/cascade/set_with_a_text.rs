use enumetrics::{Counter, Gauge, LabelSet, LabelValue, catalog, metric_family};

#[derive(LabelValue, Clone, Copy)]
pub enum Status {
    Good,
    Bad,
}

#[derive(LabelSet, Clone)]
pub struct Labels {
    pub status: Status,
    pub user: String,
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
            user: String::new(),
        })
        .inc();
    JOBS.done_total
        .with(Labels {
            status: Status::Bad,
            user: String::new(),
        })
        .inc();
    print!("{}", METRICS.render());
}
