use enumetrics::{Counter, Histogram, metric_family};

#[metric_family(namespace = "shop")]
pub struct Shop {
    /// Price of a cart.
    #[metric(unit = "euros", buckets = [10, 100])]
    pub price: Histogram,
    /// Turnover.
    #[metric(unit = "euros")]
    pub turnover_total: Counter,
}

fn main() {}
