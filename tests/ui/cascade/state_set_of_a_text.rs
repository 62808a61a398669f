use enumetrics::{Gauge, LabelValue, StateSet, catalog, metric_family};

#[derive(LabelValue, Clone, Copy)]
pub enum Status {
    Good,
    Bad,
}

#[metric_family(namespace = "jobs")]
pub struct Jobs {
    /// Jobs done.
    pub state: StateSet<String>,
    /// Jobs waiting.
    pub waiting: Gauge,
}

pub static JOBS: Jobs = Jobs::new();
catalog! { pub static METRICS = [JOBS]; }

fn main() {
    JOBS.waiting.inc();
    JOBS.state.set(String::new());
    JOBS.state.set(String::new());
    print!("{}", METRICS.render());
}
