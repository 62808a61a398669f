use enumetrics::{Counter, catalog, metric_family, open_label};

open_label! { pub struct Tenant(max = 8); }

#[metric_family(namespace = "enumetrics")]
pub struct Own {
    /// Overflows of our own.
    pub label_overflows_total: Counter<Tenant>,
}

pub static OWN: Own = Own::new();

catalog! { pub static METRICS = [OWN]; }

fn main() {}
