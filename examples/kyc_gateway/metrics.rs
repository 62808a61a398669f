//! Every metric of the gateway, declared once. The label enums are the service's own types: what the pipeline decides
//! *is* what is counted, and there is no second list of names to keep in step.

use enumetrics::{Counter, Gauge, Histogram, LabelSet, LabelValue, catalog, http, http_metrics, metric_family};
use serde::{Deserialize, Serialize};

/// Identity verification.
#[metric_family(namespace = "kyc", max_series = 100)]
pub struct Kyc {
    /// Duration of the whole verification pipeline, whatever its end.
    // The objective is "95 % under 8 s".
    #[metric(buckets = [1, 2, 4, 6, 8, 10, 15], slo = 8)]
    pub verification_duration_seconds: Histogram,
    /// Duration of each call to a module of the pipeline, whatever its end.
    #[metric(buckets = [0.5, 1, 2, 4, 8])]
    pub module_duration_seconds: Histogram<Module>,
    /// Verifications that came to an end, by final status.
    // Once in seconds, on any thread: cells of each thread's own would gain nothing.
    #[metric(shared)]
    pub verifications_total: Counter<Status>,
    /// Attempts to pass something else off as a living face, by what was shown.
    pub liveness_failures_total: Counter<AttackType>,
    /// Verification sessions now open.
    pub active_sessions: Gauge,
    /// Requests refused by rate limiting.
    pub rate_limit_hits_total: Counter<RateLimitHit>,
}

/// The metrics of identity verification.
pub static KYC: Kyc = Kyc::new();

http_metrics! {
    /// The HTTP interface: requests, errors and durations by route, recorded by a layer around the router.
    // A verification takes seconds, and its objective is 8.
    #[http(routes = Handler, buckets = [0.005, 0.05, 0.25, 1, 2, 4, 8], without(high_resolution), max_series = 800)]
    pub static HTTP: Http;
}

catalog! {
    /// What one scrape of the gateway holds.
    pub static METRICS = [KYC, HTTP];
}

/// The modules of the pipeline, in its order.
#[derive(LabelValue, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Module {
    Liveness,
    Ocr,
    FaceMatch,
    Antifraud,
    Decision,
}

/// How a verification ended.
#[derive(LabelValue, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[label(rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    Verified,
    Rejected,
    ManualReview,
    /// A module failed or took too long, so nothing was decided.
    Error,
}

/// What was held in front of the camera instead of a face.
#[derive(LabelValue, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum AttackType {
    Photo,
    Screen,
    Mask,
    Deepfake,
}

/// A request that rate limiting refused.
#[derive(LabelSet, Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimitHit {
    pub endpoint: Endpoint,
    pub reason: LimitReason,
}

/// The parts of the interface that are limited.
#[derive(LabelValue, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    Sessions,
    Verify,
}

/// Which limit was reached.
#[derive(LabelValue, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::enum_variant_names, reason = "the names are the label's values")]
pub enum LimitReason {
    IpLimit,
    DeviceLimit,
    SessionLimit,
}

/// The gateway's routes, as templates: a path that a client makes up never becomes a label value.
#[derive(LabelValue, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handler {
    #[label(value = "/sessions")]
    Sessions,
    #[label(value = "/sessions/{id}")]
    Session,
    #[label(value = "/verify")]
    Verify,
    /// A path that no route has.
    Other,
}

impl http::Handler for Handler {
    fn of(template: &str) -> Self {
        Self::from_value(template).unwrap_or(Self::Other)
    }

    fn text(self) -> &'static str {
        self.value()
    }
}

#[cfg(test)]
mod tests {
    use enumetrics::catalogue::Catalogue;

    use super::*;

    /// What operators read is what the program exports.
    #[test]
    fn the_documents_are_current() {
        let catalogue = Catalogue::of(&METRICS);
        catalogue.assert_current("examples/kyc_gateway/metrics.md");
        catalogue.assert_current("examples/kyc_gateway/metrics.json");
    }

    /// The same word for a metric and for an answer's body.
    #[test]
    fn labels_and_json_agree() {
        fn agree<T: LabelValue + Serialize>() {
            for value in T::VARIANTS {
                assert_eq!(serde_json::to_value(value).unwrap(), value.value());
            }
        }
        agree::<AttackType>();
        agree::<Status>();
        agree::<LimitReason>();
        agree::<Module>();
    }
}
