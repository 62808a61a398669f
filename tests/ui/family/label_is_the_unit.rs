use enumetrics::{Counter, LabelValue, metric_family};

#[derive(LabelValue, Clone, Copy)]
pub enum Bytes {
    Read,
    Written,
}

#[metric_family(namespace = "mail")]
pub struct Mail {
    /// Bytes, read and written.
    pub disk_bytes_total: Counter<Bytes>,
}

fn main() {}
