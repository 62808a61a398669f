use enumetrics::{Counter, Instances, LabelValue, catalog, metric_family};

#[derive(LabelValue, Clone, Copy)]
pub enum Tier {
    Memory,
    Disk,
}

#[metric_family(namespace = "cache")]
pub struct Cache {
    /// Entries that were there.
    pub hits_total: Counter<Tier>,
}

pub static CACHES: Instances<Cache, Tier, 2> = Instances::new([const { Cache::new() }; 2]);
catalog! { pub static METRICS = [CACHES]; }

fn main() {}
