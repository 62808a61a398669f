use enumetrics::{Counter, Gauge, LabelValue, catalog, metric_family};

#[derive(LabelValue, Clone, Copy)]
pub enum Part {
    Good,
    Bad,
}

#[metric_family(namespace = "jobs")]
pub struct Jobs {
    /// Jobs done.
    pub done_total: Counter<String>,
    /// Jobs waiting.
    pub waiting: Gauge,
}

pub static JOBS: enumetrics::Instances<Jobs, Part, 2> = enumetrics::Instances::new([const { Jobs::new() }; 2]);
catalog! { pub static METRICS = [JOBS]; }

fn main() {
    JOBS.with(Part::Good).waiting.inc();
    JOBS.with(Part::Good).done_total.with(String::new()).inc();
    print!("{}", METRICS.render());
}
