use enumetrics::{InfoLabels, LabelSet, LabelValue, metric_family, open_label};

#[derive(LabelValue, Clone, Copy)]
#[label(name = "errorKind")]
pub enum Kind {
    Timeout,
    Refused,
}

#[derive(LabelSet, Clone, Copy)]
pub struct Failure {
    #[label(name = "firstKind")]
    pub first: Kind,
    pub last: Kind,
}

open_label! {
    /// Tenants.
    pub struct Tenant(max = 3, name = "tenantName");
}

#[derive(InfoLabels)]
pub struct Build {
    #[label(name = "gitRevision")]
    pub revision: &'static str,
}

#[metric_family(namespace = "kyc", labels(componentName = "gateway"))]
pub struct Kyc {
    /// Failures.
    pub failures_total: enumetrics::Counter<Failure>,
}

fn main() {}
