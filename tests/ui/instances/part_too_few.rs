use enumetrics::{Counter, Instances, LabelValue, metric_family};

#[derive(LabelValue)]
pub enum Tier {
    Memory,
    Disk,
}

#[metric_family(namespace = "cache")]
pub struct Cache {
    /// Lookups.
    pub lookups_total: Counter,
}

#[metric_family(namespace = "app")]
pub struct App {
    /// Requests.
    pub requests_total: Counter,
    #[metric(flatten)]
    pub caches: Instances<Cache, Tier, 3>,
}

pub static APP: App = App::new();

fn main() {}
