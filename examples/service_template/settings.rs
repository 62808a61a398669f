//! What operators set, from the environment. Every mistake is found before anything starts, and each names its variable.
//!
//! | variable | meaning | where it is not set |
//! |---|---|---|
//! | `SERVICE_ADDRESS` | where the service listens | `127.0.0.1:8080` |
//! | `ENABLE_METRICS` | `true` or `1`: measure, and serve `/metrics`; anything else: neither | `true` |
//! | `METRICS_ADDRESS` | where the metrics are served | where the service is, at `/metrics` |
//! | `METRICS_EXCLUDED_HANDLERS` | regular expressions, separated by commas: routes that are not measured | none |
//! | `METRICS_NAMESPACE`, `METRICS_SUBSYSTEM` | the beginning of every name | none |
//! | `CUSTOM_LABELS` | `service=cart,environment=staging`: labels of every series | none |

use std::fmt::Display;
use std::net::SocketAddr;
use std::str::FromStr;

use enumetrics::Catalog;
use enumetrics::http::HttpLayer;

use crate::metrics::{HTTP, Http, METRICS};

#[derive(Debug)]
pub struct Settings {
    pub address: SocketAddr,
    /// Nothing where they are switched off.
    pub metrics: Option<Metrics>,
}

#[derive(Debug)]
pub struct Metrics {
    pub layer: HttpLayer<Http>,
    pub catalog: Catalog<'static>,
    /// An address of their own.
    pub address: Option<SocketAddr>,
}

impl Settings {
    /// All mistakes, where there are some.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<String>> {
        let mut mistakes = Vec::new();
        let address = parsed(&variable, "SERVICE_ADDRESS", &mut mistakes);
        let enabled = variable("ENABLE_METRICS").is_none_or(|text| is_true(&text));
        let metrics = enabled.then(|| Metrics::read(&variable, &mut mistakes)).flatten();
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        Ok(Self {
            address: address.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080))),
            metrics,
        })
    }
}

impl Metrics {
    fn read(variable: &impl Fn(&str) -> Option<String>, mistakes: &mut Vec<String>) -> Option<Self> {
        let mut noted = |name: &str, mistake: &dyn Display| mistakes.push(format!("{name}: {mistake}"));
        let text = |name: &str| variable(name).unwrap_or_default();

        let excluded = text("METRICS_EXCLUDED_HANDLERS");
        let layer = HttpLayer::new(&HTTP)
            .exclude(listed(&excluded))
            .map_err(|error| noted("METRICS_EXCLUDED_HANDLERS", &error));

        let mut catalog = METRICS;
        // The subsystem comes after the namespace, so it is put in front first.
        for name in ["METRICS_SUBSYSTEM", "METRICS_NAMESPACE"] {
            let prefix = text(name);
            if !prefix.is_empty() {
                match catalog.with_prefix(&prefix) {
                    Ok(prefixed) => catalog = prefixed,
                    Err(error) => noted(name, &error),
                }
            }
        }
        let custom = text("CUSTOM_LABELS");
        let labels: Option<Vec<_>> = listed(&custom).map(|label| label.split_once('=')).collect();
        match labels.map(|labels| catalog.with_labels(labels)) {
            Some(Ok(labelled)) => catalog = labelled,
            Some(Err(error)) => noted("CUSTOM_LABELS", &error),
            None => noted("CUSTOM_LABELS", &"write `name=value`, separated by commas"),
        }
        let address = parsed(variable, "METRICS_ADDRESS", mistakes);
        Some(Self {
            layer: layer.ok()?,
            catalog,
            address,
        })
    }
}

/// What stands between commas.
fn listed(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

fn is_true(text: &str) -> bool {
    text.eq_ignore_ascii_case("true") || text == "1"
}

/// A variable as `T`, if it is set and not empty.
fn parsed<T: FromStr<Err: Display>>(
    variable: &impl Fn(&str) -> Option<String>,
    name: &str,
    mistakes: &mut Vec<String>,
) -> Option<T> {
    let text = variable(name).filter(|text| !text.is_empty())?;
    let result = text.parse();
    result
        .map_err(|error| mistakes.push(format!("{name}: `{text}` is no address: {error}")))
        .ok()
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::http::{Request, StatusCode};
    use enumetrics::Exporter;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;
    use crate::service;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        Settings::read(|name| find(name).map(|(_, value)| (*value).to_owned()))
    }

    fn router(variables: &[(&str, &str)]) -> Router {
        let settings = read(variables).unwrap();
        let route = settings
            .metrics
            .as_ref()
            .map(|metrics| Exporter::new(&metrics.catalog).route());
        service::router(settings.metrics.map(|metrics| metrics.layer), route)
    }

    async fn get(router: &Router, path: &str) -> (StatusCode, String) {
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
    async fn without_metrics_there_is_neither_layer_nor_route() {
        for off in ["false", "0", "no", ""] {
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
            if !line.starts_with("process_") {
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
                "METRICS_EXCLUDED_HANDLERS",
                "METRICS_NAMESPACE",
                "CUSTOM_LABELS",
                "METRICS_ADDRESS"
            ]
        );
        let taken = read(&[("CUSTOM_LABELS", "handler=x")]).unwrap_err();
        assert!(taken[0].contains("has a label `handler` of its own"), "{taken:?}");
    }
}
