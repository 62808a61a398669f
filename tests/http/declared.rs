//! What `http_metrics!` declares: names, labels, buckets, and that the compiler knows them.

use axum::Router;
use axum::body::Body;
use axum::http::{self, Request};
use axum::routing::get;
use enumetrics::http::{Answer, Handler, HttpLayer, ResponseStatus, UNTEMPLATED};
use enumetrics::{Kind, LabelValue, MetricFamily};
use tower::ServiceExt;

use crate::{metrics, recorded};

/// Name, kind and labels of each metric.
fn declared<F: MetricFamily>() -> Vec<String> {
    let describe = |family: &enumetrics::Descriptor| {
        let labels: Vec<_> = family.labels.iter().map(|label| label.name).collect();
        format!("{} {} {}", family.name, family.kind.as_str(), labels.join(","))
    };
    F::DESCRIPTORS.iter().map(describe).collect()
}

#[test]
fn one_line_declares_all_of_it() {
    metrics!();
    assert_eq!(
        declared::<Http>(),
        [
            "http_requests_total counter handler,method,status",
            "http_request_duration_seconds histogram handler,method",
            "http_request_duration_highr_seconds histogram ",
            "http_request_size_bytes summary handler",
            "http_response_size_bytes summary handler",
            "http_requests_inprogress gauge ",
            "http_requests_incomplete_total counter handler,reason",
        ]
    );
    assert_eq!(Http::DESCRIPTORS[1].buckets, [0.05, 0.1, 0.3, 1.0, 3.0, 5.0]);
    assert_eq!(Http::DESCRIPTORS[2].buckets.len(), 21);
    // 64 routes, `none` among them, and `other`; ten methods; seven statuses.
    const _: () = assert!(Http::MAX_SERIES == 65 * 10 * 7 + 65 * 10 * (6 + 3) + (21 + 3) + 2 * 65 * 2 + 1 + 65 * 4);
    let _ = &HTTP;
    let _ = &METRICS;
}

#[test]
fn everything_can_be_called_otherwise() {
    metrics!(#[http(
        namespace = "shop",
        subsystem = "api",
        handler = "endpoint",
        labels(component = "cart"),
        buckets = [0.1, 0.5, 1],
        slo = 0.5,
        high_resolution = [0.25, 0.75],
        statuses = enumetrics::http::ExactStatus,
        max_routes = 3,
        max_series = 30_000,
        in_progress_labels,
        grpc,
        names(in_progress = "http_requests_active", requests = "answers_total"),
        without(request_size, response_size),
    )]);
    assert_eq!(
        declared::<Http>(),
        [
            "shop_api_answers_total counter endpoint,method,status",
            "shop_api_http_request_duration_seconds histogram endpoint,method",
            "shop_api_http_request_duration_highr_seconds histogram ",
            "shop_api_http_requests_active gauge endpoint,method",
            "shop_api_http_requests_incomplete_total counter endpoint,reason",
            "shop_api_grpc_requests_total counter endpoint,code",
        ]
    );
    for family in Http::DESCRIPTORS {
        assert_eq!(family.constant_labels, [("component", "cart")]);
    }
    assert_eq!(Http::DESCRIPTORS[1].buckets, [0.1, 0.5, 1.0]);
    assert_eq!(Http::DESCRIPTORS[1].slo, [0.5]);
    assert_eq!(Http::DESCRIPTORS[2].buckets, [0.25, 0.75]);
    // With hundreds of statuses only those that occur are exported.
    assert_eq!(Http::DESCRIPTORS[0].touched, Some(3));
    let _ = (&HTTP, &METRICS);
}

#[test]
fn only_one_metric_can_be_left() {
    metrics!(#[http(without(requests, duration, high_resolution, request_size, response_size, incomplete))]);
    assert_eq!(declared::<Http>(), ["http_requests_inprogress gauge "]);
    assert_eq!(Http::DESCRIPTORS[0].kind, Kind::Gauge);
    let _ = (&HTTP, &METRICS);
}

#[derive(LabelValue, Clone, Copy, PartialEq)]
pub enum Route {
    #[label(value = "/users/{id}")]
    User,
    #[label(value = "/never")]
    Never,
    Other,
}

impl Handler for Route {
    fn of(template: &str) -> Self {
        Self::from_value(template).unwrap_or(Self::Other)
    }

    fn text(self) -> &'static str {
        self.value()
    }
}

#[derive(LabelValue, Clone, Copy)]
pub enum Verb {
    Get,
    Other,
}

impl From<&http::Method> for Verb {
    fn from(method: &http::Method) -> Self {
        if method == http::Method::GET {
            Self::Get
        } else {
            Self::Other
        }
    }
}

#[derive(LabelValue, Clone, Copy)]
pub enum Outcome {
    Fine,
    Missing,
    Broken,
}

impl ResponseStatus for Outcome {
    fn of(answer: Answer) -> Self {
        match answer {
            Answer::Status(status) if status == 404 => Self::Missing,
            Answer::Status(status) if !status.is_server_error() => Self::Fine,
            _ => Self::Broken,
        }
    }
}

#[tokio::test]
async fn every_label_can_be_an_enum_of_ones_own() {
    metrics!(#[http(routes = Route, methods = Verb, statuses = Outcome, without(high_resolution))]);
    const _: () = assert!(Http::MAX_SERIES == 3 * 2 * 3 + 3 * 2 * 9 + 2 * 3 * 2 + 1 + 3 * 4);
    let router = Router::new()
        .route("/users/{id}", get(|| async {}))
        .route("/more", get(|| async {}));
    let router = router.layer(HttpLayer::new(&HTTP));
    for path in ["/users/7", "/more", "/nowhere"] {
        router
            .clone()
            .oneshot(Request::get(path).body(Body::empty()).unwrap())
            .await
            .unwrap();
    }
    recorded(&METRICS).family("http_requests_total").assert_eq(
        r#"
        http_requests_total{handler="/users/{id}",method="get",status="fine"} 1
        http_requests_total{handler="other",method="get",status="fine"} 1
        http_requests_total{handler="other",method="get",status="missing"} 1
    "#,
    );
    assert!(Route::of(UNTEMPLATED) == Route::Other);
    // What was asked for once is there with all its statuses.
    assert!(
        METRICS
            .render()
            .contains(r#"http_requests_total{handler="/users/{id}",method="get",status="broken"} 0"#)
    );
    assert!(!METRICS.render().contains(r#"handler="/never",method"#));
}

/// Struct and static in a module of their own, with the names that others use.
mod elsewhere {
    #![allow(dead_code, reason = "names that must not be in the way")]

    pub(crate) struct Method;
    pub(crate) struct Counter;
    pub(crate) struct Option;

    enumetrics::http_metrics! {
        /// Documented.
        #[http(namespace = "elsewhere", grpc)]
        pub(crate) static REQUESTS: Requests;
    }
}

#[test]
fn it_can_stand_anywhere() {
    assert_eq!(declared::<elsewhere::Requests>().len(), 8);
    assert!(format!("{:?}", elsewhere::REQUESTS).starts_with("Requests { http_requests_total: "));
}
