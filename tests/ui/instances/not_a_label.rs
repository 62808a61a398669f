use enumetrics::{Counter, Instances, metric_family};

#[metric_family(namespace = "cache")]
pub struct Cache {
    /// Entries that were there.
    pub hits_total: Counter,
}

pub static CACHES: Instances<Cache, String, 2> = Instances::new([const { Cache::new() }; 2]);

fn main() {}
