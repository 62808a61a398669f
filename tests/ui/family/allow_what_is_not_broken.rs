use enumetrics::{Counter, Gauge, Histogram, Info, InfoLabels, LabelValue, Summary, metric_family, open_label};

#[derive(LabelValue, Clone, Copy)]
#[label(allow(label-target = "scraped with honor_labels"))]
pub enum Queue {
    Import,
    Export,
}

open_label! {
    /// Tenants.
    pub struct Tenant(max = 3, allow(label-snake-case = "the dashboards call it so"));
}

#[derive(InfoLabels)]
pub struct Build {
    #[label(allow(label-target = "scraped with honor_labels"))]
    pub version: &'static str,
}

#[metric_family(
    namespace = "kyc",
    labels(component = "gateway"),
    allow(label-constant = "the dashboards select by it", name-suffix = "the names of 2019")
)]
pub struct Kyc {
    /// Verifications.
    #[metric(allow(name-total = "the name of 2019", name-info = "the name of 2019"))]
    pub verifications_total: Counter<Queue>,
    /// Sessions.
    #[metric(allow(help-missing = "it speaks for itself", name-kind = "a gauge on the wall"))]
    pub sessions: Gauge<Tenant>,
    /// Durations.
    #[metric(buckets = [1, 2], allow(bucket-count = "we need them"))]
    pub duration_seconds: Histogram,
    /// Sizes.
    #[metric(allow(label-unit = "we call it so", name-unit = "the dashboards show bytes", name-snake-case = "as ever"))]
    pub size_bytes: Summary,
    /// What was built.
    #[metric(allow(name-info = "the name of 2019"))]
    pub build_info: Info<Build>,
}

fn main() {}
