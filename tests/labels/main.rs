//! Labels of every bounded kind: their names and values, which combinations a scrape has, and that recording with any of
//! them is safe.

mod fields;
mod http_labels;
mod impossible;
mod nested;
mod open;
mod other_kinds;
mod pages;
mod skipped;
mod touched;

use enumetrics::{
    Catalog, Counter, Export, Gauge, Histogram, IntRange, LabelSet, LabelValue, Method, MetricFamily, StatusClass,
    StatusCode, catalog, metric_family, open_label,
};

fn render(family: &dyn Export) -> String {
    Catalog::new(&[family]).unwrap().render()
}

/// The samples of a scrape: what is no comment.
fn samples(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with('#')).collect()
}

#[derive(LabelValue, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Encrypt,
    Decrypt,
    Search,
}
