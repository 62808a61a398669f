//! What the service exports.

use enumetrics::http::ExactStatus;
use enumetrics::{Counter, LabelValue, catalog, http_metrics, metric_family};

http_metrics! {
    /// HTTP, as clients see it.
    // The objective is "99 % under 1 s".
    #[http(statuses = ExactStatus, buckets = [0.05, 0.1, 0.3, 1, 3, 5], slo = 1, in_progress_labels, max_routes = 16)]
    pub static HTTP: Http;
}

/// What the service is about.
#[metric_family]
pub struct Items {
    /// Items that were stored, by whether they are new.
    pub items_stored_total: Counter<Stored>,
}

#[derive(LabelValue, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    Created,
    Replaced,
}

pub static ITEMS: Items = Items::new();

catalog! {
    pub static METRICS = [HTTP, ITEMS];
}
