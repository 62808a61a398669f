//! What operators set, from the environment. Every mistake is found before anything starts, and each names its variable.
//!
//! `SERVICE_ADDRESS` is where the service listens, `127.0.0.1:8080` if it is not set. The variables of its metrics are those of
//! [`enumetrics::Settings`].

use std::ffi::OsString;
use std::net::SocketAddr;

use crate::metrics::METRICS;

#[derive(Debug)]
pub struct Settings {
    pub address: SocketAddr,
    pub metrics: enumetrics::Settings,
}

impl Settings {
    /// All mistakes, where there are some.
    pub fn read(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, Vec<String>> {
        let mut mistakes = Vec::new();
        let address = match variable("SERVICE_ADDRESS").filter(|text| !text.is_empty()) {
            None => SocketAddr::from(([127, 0, 0, 1], 8080)),
            Some(text) => {
                let text = text.to_string_lossy();
                text.parse().unwrap_or_else(|error| {
                    mistakes.push(format!("SERVICE_ADDRESS: `{text}` is no address: {error}"));
                    SocketAddr::from(([0, 0, 0, 0], 0))
                })
            }
        };
        match enumetrics::Settings::builder(&METRICS).variables(variable).build() {
            Ok(metrics) if mistakes.is_empty() => Ok(Self { address, metrics }),
            Ok(_) => Err(mistakes),
            Err(error) => {
                mistakes.extend(error.mistakes().iter().map(ToString::to_string));
                Err(mistakes)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::{Request, StatusCode};
    use enumetrics::Exporter;
    use enumetrics::http::MeasuredRouter;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;
    use crate::metrics::{HTTP, Http};
    use crate::service;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        Settings::read(|name| find(name).map(|(_, value)| value.into()))
    }

    fn router(variables: &[(&str, &str)]) -> MeasuredRouter<Http> {
        let metrics = read(variables).unwrap().metrics;
        let route = metrics.exporter().map(Exporter::process_metrics).map(Exporter::route);
        metrics.layer(&HTTP).around(service::router(route))
    }

    async fn get(router: &MeasuredRouter<Http>, path: &str) -> (StatusCode, String) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    #[tokio::test]
    async fn the_first_scrape_after_the_first_request_shows_it() {
        let router = router(&[]);
        assert_eq!(get(&router, "/items/7").await.0, StatusCode::NOT_FOUND);
        let (status, text) = get(&router, "/metrics").await;
        assert_eq!(status, StatusCode::OK);
        assert!(
            text.contains("http_requests_total{handler=\"/items/{id}\",method=\"GET\",status=\"404\"} "),
            "{text}"
        );
        assert!(
            text.contains("http_request_duration_seconds_bucket{handler=\"/items/{id}\",method=\"GET\",le=\"1.0\"} ")
        );
        // The scrape itself is neither counted nor in progress.
        assert!(!text.contains("handler=\"/metrics\""), "{text}");
    }

    #[tokio::test]
    async fn without_metrics_there_is_no_route() {
        for off in ["false", "0", "False"] {
            let router = router(&[("ENABLE_METRICS", off)]);
            assert_eq!(get(&router, "/metrics").await.0, StatusCode::NOT_FOUND);
            assert_eq!(get(&router, "/health").await.0, StatusCode::OK);
        }
        for on in ["true", "True", "1"] {
            assert_eq!(
                get(&router(&[("ENABLE_METRICS", on)]), "/metrics").await.0,
                StatusCode::OK
            );
        }
    }

    #[tokio::test]
    async fn what_operators_say_is_on_every_series() {
        let router = router(&[
            ("METRICS_NAMESPACE", "shop"),
            ("METRICS_SUBSYSTEM", "cart"),
            ("CUSTOM_LABELS", "service=cart, environment=staging"),
            ("METRICS_EXCLUDED_HANDLERS", ".*admin.*, ^/health$"),
        ]);
        for path in ["/items/7", "/admin/items", "/health"] {
            get(&router, path).await;
        }
        let text = get(&router, "/metrics").await.1;
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            // What Prometheus' client libraries call alike everywhere keeps its name.
            if !line.starts_with("process_") && !line.starts_with("enumetrics_names_info{") {
                assert!(line.starts_with("shop_cart_"), "{line}");
                assert!(line.contains(r#"service="cart",environment="staging""#), "{line}");
            }
        }
        assert!(
            text.contains(
                r#"shop_cart_http_requests_total{service="cart",environment="staging",handler="/items/{id}""#
            )
        );
        assert!(!text.contains("/admin/items"), "{text}");
    }

    #[test]
    fn every_mistake_names_its_variable() {
        let mistakes = read(&[
            ("SERVICE_ADDRESS", "here"),
            ("METRICS_ADDRESS", "9091"),
            ("METRICS_NAMESPACE", "9shop"),
            ("ENABLE_METRICS", "yes"),
            ("CUSTOM_LABELS", "service"),
            ("METRICS_EXCLUDED_HANDLERS", "(admin"),
        ]);
        let mistakes = mistakes.unwrap_err();
        let names: Vec<_> = mistakes
            .iter()
            .filter_map(|mistake| mistake.split(':').next())
            .collect();
        assert_eq!(
            names,
            [
                "SERVICE_ADDRESS",
                "ENABLE_METRICS",
                "CUSTOM_LABELS",
                "METRICS_EXCLUDED_HANDLERS",
                "METRICS_ADDRESS",
                "METRICS_NAMESPACE",
            ]
        );
        let taken = read(&[("CUSTOM_LABELS", "handler=x")]).unwrap_err();
        assert!(taken[0].contains("has a label `handler` of its own"), "{taken:?}");
    }
}
