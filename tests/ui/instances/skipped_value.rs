use enumetrics::{Counter, Instances, LabelValue, metric_family};

#[metric_family(namespace = "cache")]
pub struct Cache {
    /// Entries that were there.
    pub hits_total: Counter,
}

#[derive(LabelValue, Clone, Copy)]
pub enum Tier {
    Memory,
    Disk,
    #[label(skip)]
    Nowhere,
}

pub static CACHES: Instances<Cache, Tier, 2> = Instances::new([const { Cache::new() }; 2]);

fn main() {}
