//! The labels of HTTP that come with the library.

use super::*;

#[metric_family(namespace = "http")]
pub struct Http {
    /// Responses.
    pub responses_total: Counter<StatusCode>,
    /// Requests.
    pub requests_total: Counter<Method>,
    /// Failures.
    pub failures_total: Counter<StatusClass>,
}

#[test]
fn http_labels_name_themselves() {
    let http = Http::new();
    http.responses_total.with(StatusCode::from_code(404)).inc();
    http.requests_total.with(Method::from_name("PATCH")).inc();
    http.failures_total.with(StatusClass::from_code(503)).inc();
    let text = render(&http);
    for line in [
        "http_responses_total{status=\"100\"} 0\n",
        "http_responses_total{status=\"404\"} 1\n",
        "http_responses_total{status=\"599\"} 0\n",
        "http_requests_total{method=\"PATCH\"} 1\n",
        "http_requests_total{method=\"other\"} 0\n",
        "http_failures_total{status_class=\"5xx\"} 1\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
    assert_eq!(samples(&text).len(), 500 + 10 + 5);
}

#[test]
fn every_code_has_its_text_and_class() {
    for (code, status) in (100..).zip(StatusCode::VARIANTS) {
        assert_eq!(status.get(), code);
        assert_eq!(status.value(), code.to_string());
        assert_eq!(status.class().value().as_bytes()[0], status.value().as_bytes()[0]);
        assert_eq!(StatusCode::from_value(status.value()), Some(*status));
    }
    assert_eq!(StatusCode::VARIANTS.len(), 500);
    for no_status in [0, 99, 600, 999, u16::MAX] {
        assert_eq!(StatusCode::new(no_status), None);
        assert_eq!(StatusCode::from_code(no_status).get(), 500);
        assert_eq!(StatusClass::from_code(no_status), StatusClass::ServerError);
    }
}

#[test]
fn methods_are_case_sensitive_and_bounded() {
    for method in Method::VARIANTS.iter().filter(|method| **method != Method::Other) {
        assert_eq!(Method::from_name(method.value()), *method);
        assert_eq!(Method::from_name(&method.value().to_lowercase()), Method::Other);
    }
    assert_eq!(["", "BREW", "other", "GET "].map(Method::from_name), [Method::Other; 4]);
}

#[test]
fn the_types_of_the_crate_http_turn_into_labels() {
    use axum::http;

    assert_eq!(StatusCode::from(http::StatusCode::IM_A_TEAPOT).get(), 418);
    assert_eq!(StatusCode::from(http::StatusCode::from_u16(999).unwrap()).get(), 500);
    assert_eq!(
        StatusClass::from(http::StatusCode::NOT_MODIFIED),
        StatusClass::Redirection
    );
    assert_eq!(Method::from(&http::Method::TRACE), Method::Trace);
    assert_eq!(Method::from(&http::Method::from_bytes(b"BREW").unwrap()), Method::Other);
}
