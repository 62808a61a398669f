use enumetrics::{Gauge, Histogram, LabelValue, metric_family};

#[derive(LabelValue, Clone, Copy)]
#[label(allow(label-unit = "the shop sells bytes"))]
pub enum Bytes {
    Few,
    Many,
}

#[metric_family(namespace = "shop", labels(env = "production"))]
pub struct Shop {
    /// Sizes.
    #[metric(buckets = [1, 2], allow(label-target = "scraped with honor_labels"))]
    pub size_ratio: Histogram<Bytes>,
    /// Doors.
    #[metric(allow(label-constant = "the dashboards select by it"))]
    pub doors: Gauge,
}

fn main() {}
