//! From the head of a request to a response, whatever carries them.
//!
//! Sources: [RFC 9110](https://www.rfc-editor.org/rfc/rfc9110) for methods and status codes,
//! [RFC 7617](https://www.rfc-editor.org/rfc/rfc7617) for Basic authentication, and
//! <https://prometheus.io/docs/instrumenting/exposition_formats/#basic-info> for the content type.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, VARY, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri};

use super::access::{Access, Client, Refusal};
use super::body::ScrapeBody;
use super::compress::Encoding;
use super::filter::Filter;
use super::negotiate::{Negotiated, negotiate};
use super::render::{NotRendered, Rendered, Renderer, Text, Wanted};
use super::self_metrics::Refused;
use crate::exposition::Format;

/// Where our own listener serves the metrics.
const PATH: &str = "/metrics";

const PLAIN_TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
/// A scrape is of this moment; whoever keeps it gets lines instead of curves.
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// What the answer depends on, besides its address.
const VARY_BY: HeaderValue = HeaderValue::from_static("Accept, Accept-Encoding");
/// How long Prometheus waits, in seconds: what is left of it decides how long a collector may take.
const SCRAPE_TIMEOUT: &str = "x-prometheus-scrape-timeout-seconds";
/// What it is where nobody says.
const USUAL_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) type Answer = Response<ScrapeBody>;

/// What of a request the answer depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) client: Client,
    pub(super) method: &'a Method,
    pub(super) uri: &'a Uri,
    pub(super) headers: &'a HeaderMap,
}

/// Answers scrapes.
#[derive(Debug)]
pub(super) struct Responder {
    pub(super) renderer: Renderer,
    pub(super) access: Arc<Access>,
    pub(super) readiness: Readiness,
    /// What it may answer with, the first to who likes none.
    pub(super) formats: Vec<Format>,
    pub(super) compressed: bool,
    /// What every answer has besides.
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
}

impl Responder {
    /// The answer of our own listener, which has a few paths.
    pub(super) async fn answer(&self, asked: Asked<'_>) -> Answer {
        let mut answer = self.answer_at(asked).await;
        answer.headers_mut().extend(self.headers.iter().cloned());
        answer
    }

    async fn answer_at(&self, asked: Asked<'_>) -> Answer {
        let path = asked.uri.path();
        if ![PATH, "/", "/health", "/ready"].contains(&path) {
            return says(StatusCode::NOT_FOUND, "nothing is here; the metrics are at /metrics\n");
        }
        if let Some(answer) = self.wrong_method(asked.method) {
            return answer;
        }
        match path {
            PATH => self.scrape(asked).await,
            "/health" => says(StatusCode::OK, "healthy\n"),
            "/ready" => match self.readiness.is_ready() {
                true => says(StatusCode::OK, "ready\n"),
                false => says(StatusCode::SERVICE_UNAVAILABLE, "not ready\n"),
            },
            _ => answer(StatusCode::OK, HTML, Bytes::from_static(INDEX.as_bytes())),
        }
    }

    /// The answer at a path that a server has for the metrics.
    pub(super) async fn method_and_scrape(&self, asked: Asked<'_>) -> Answer {
        match self.wrong_method(asked.method) {
            Some(answer) => answer,
            None => self.scrape(asked).await,
        }
    }

    /// The answer to a GET or HEAD of the metrics. A HEAD has the headers of the GET, its length
    /// included where the GET has one; the server leaves the body away.
    pub(super) async fn scrape(&self, asked: Asked<'_>) -> Answer {
        if let Err(refusal) = self.access.admit(asked.client, asked.headers).await {
            self.count_refused(match refusal {
                Refusal::Address | Refusal::UnknownAddress => Refused::Address,
                Refusal::Secret => Refused::Secret,
                Refusal::TooManyGuesses => Refused::TooManyGuesses,
            });
            return self.refused(refusal);
        }
        let negotiated = negotiate(asked.headers, &self.formats);
        let wanted = Wanted {
            format: negotiated.format,
            encoding: match self.compressed {
                true => Encoding::negotiate(asked.headers),
                false => Encoding::Identity,
            },
            filter: Filter::from_query(asked.uri.query()),
        };
        match self.renderer.render(&wanted, patience(asked.headers)).await {
            Ok(rendered) => {
                if let Some(metrics) = self.renderer.self_metrics() {
                    metrics.scraped(rendered.format);
                }
                scraped(rendered, negotiated, wanted.encoding)
            }
            Err(problem) => {
                self.count_refused(match problem {
                    NotRendered::Busy | NotRendered::NoRuntime => Refused::Busy,
                    NotRendered::Failed => Refused::Failed,
                });
                not_rendered(problem)
            }
        }
    }

    fn wrong_method(&self, method: &Method) -> Option<Answer> {
        if method == Method::GET || method == Method::HEAD {
            return None;
        }
        self.count_refused(Refused::Method);
        let mut answer = says(StatusCode::METHOD_NOT_ALLOWED, "metrics are read with GET or HEAD\n");
        let allow = HeaderValue::from_static("GET, HEAD");
        answer.headers_mut().insert(ALLOW, allow);
        Some(answer)
    }

    /// Also for those that are refused before there is a request.
    pub(super) fn count_refused(&self, reason: Refused) {
        if let Some(metrics) = self.renderer.self_metrics() {
            metrics.refused(reason);
        }
    }

    fn refused(&self, refusal: Refusal) -> Answer {
        match refusal {
            Refusal::Address => says(
                StatusCode::FORBIDDEN,
                "these metrics are for certain addresses, and yours is none of them\n",
            ),
            Refusal::UnknownAddress => says(
                StatusCode::FORBIDDEN,
                "these metrics are for certain addresses, and this server does not say what yours is (in axum: serve \
                 the router with into_make_service_with_connect_info::<SocketAddr>())\n",
            ),
            Refusal::TooManyGuesses => says(
                StatusCode::TOO_MANY_REQUESTS,
                "too many requests with a wrong secret; wait a little\n",
            ),
            Refusal::Secret => {
                let mut answer = says(
                    StatusCode::UNAUTHORIZED,
                    "send the secret of these metrics (in Prometheus: basic_auth with username and password_file, or \
                     authorization with credentials_file)\n",
                );
                for challenge in self.access.challenges() {
                    answer.headers_mut().append(WWW_AUTHENTICATE, challenge);
                }
                answer
            }
        }
    }
}

/// Whether the program says that it is ready for requests.
#[derive(Clone, Default)]
pub(super) struct Readiness(pub(super) Option<Arc<dyn Fn() -> bool + Send + Sync>>);

impl Readiness {
    fn is_ready(&self) -> bool {
        self.0.as_ref().is_none_or(|is_ready| is_ready())
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Readiness")
    }
}

/// For people.
const INDEX: &str = "<!doctype html>
<html lang=\"en\">
<title>Metrics</title>
<h1>Metrics</h1>
<ul>
<li><a href=\"metrics\">/metrics</a>: the metrics of this program, for Prometheus
<li><a href=\"health\">/health</a>: that it runs
<li><a href=\"ready\">/ready</a>: whether it is ready for requests
</ul>
</html>
";

/// Half of what the client waits is for collectors, the other half for everything else.
fn patience(headers: &HeaderMap) -> Duration {
    let sent = headers.get(SCRAPE_TIMEOUT).and_then(|value| value.to_str().ok());
    let seconds = sent.and_then(|text| text.trim().parse::<f64>().ok());
    let timeout = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    // A client does not hold a thread for longer than Prometheus would.
    timeout.unwrap_or(USUAL_TIMEOUT).min(Duration::from_secs(120)) / 2
}

fn not_rendered(problem: NotRendered) -> Answer {
    match problem {
        NotRendered::Failed => says(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the metrics could not be written; this program's panic message says why, and the next scrape tries again\n",
        ),
        NotRendered::Busy => says(
            StatusCode::SERVICE_UNAVAILABLE,
            "earlier scrapes are still being gathered; a collector hangs or there are too many \
             scrapes at once\n",
        ),
        NotRendered::NoRuntime => says(
            StatusCode::SERVICE_UNAVAILABLE,
            "this program is shutting down, or serves this route outside a Tokio runtime\n",
        ),
    }
}

fn says(status: StatusCode, line: &'static str) -> Answer {
    answer(status, PLAIN_TEXT, Bytes::from_static(line.as_bytes()))
}

fn scraped(rendered: Rendered, negotiated: Negotiated, encoding: Encoding) -> Answer {
    // It may have become another one.
    let format = rendered.format;
    let content_type = Negotiated { format, ..negotiated }.content_type();
    let mut answer = match rendered.text {
        Text::Whole(text) => answer(StatusCode::OK, content_type, text),
        // How long it is nobody knows before its end.
        Text::Pages(pages) => with_headers(Response::new(ScrapeBody::pages(pages)), content_type),
    };
    let headers = answer.headers_mut();
    headers.insert(VARY, VARY_BY);
    if let Some(encoding) = encoding.header() {
        headers.insert(CONTENT_ENCODING, encoding);
    }
    answer
}

fn answer(status: StatusCode, content_type: HeaderValue, body: Bytes) -> Answer {
    let length = HeaderValue::from(body.len());
    let mut answer = with_headers(Response::new(ScrapeBody::whole(body)), content_type);
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_LENGTH, length);
    answer
}

fn with_headers(mut answer: Answer, content_type: HeaderValue) -> Answer {
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(CACHE_CONTROL, NO_STORE);
    answer
}

#[cfg(test)]
mod tests {
    use http::header::{AUTHORIZATION, HeaderName};
    use http_body_util::BodyExt as _;

    use super::*;
    use crate::exporter::fixture::catalog;
    use crate::exporter::{Exporter, Secret};

    async fn body(answer: Answer) -> String {
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    fn header(answer: &Answer, name: HeaderName) -> &str {
        let mut values = answer.headers().get_all(name).iter();
        let value = values.next().unwrap().to_str().unwrap();
        assert!(values.next().is_none());
        value
    }

    fn guarded() -> Responder {
        responder(
            Exporter::new(catalog())
                .basic_auth("prometheus", Secret::new("secret"))
                .unwrap(),
        )
    }

    async fn ask(responder: &Responder, method: &Method, target: &str, headers: &HeaderMap) -> Answer {
        let asked = Asked {
            client: Client::Unknown,
            method,
            uri: &target.parse().unwrap(),
            headers,
        };
        responder.answer(asked).await
    }

    fn responder(exporter: Exporter) -> Responder {
        exporter.into_responder()
    }

    #[tokio::test]
    async fn a_scrape() {
        let responder = responder(Exporter::new(catalog()));
        for method in [Method::GET, Method::HEAD] {
            let answer = ask(&responder, &method, "/metrics", &HeaderMap::new()).await;
            assert_eq!(answer.status(), StatusCode::OK);
            assert_eq!(
                header(&answer, CONTENT_TYPE),
                "text/plain; version=0.0.4; charset=utf-8"
            );
            assert_eq!(header(&answer, CACHE_CONTROL), "no-store");
            assert_eq!(header(&answer, VARY), "Accept, Accept-Encoding");
            assert!(!answer.headers().contains_key(CONTENT_ENCODING));
            assert_eq!(header(&answer, CONTENT_LENGTH), catalog().render().len().to_string());
            assert_eq!(body(answer).await, catalog().render());
        }
    }

    #[tokio::test]
    async fn other_paths_name_the_right_one() {
        let responder = guarded();
        for path in [
            "/metrics/",
            "/Metrics",
            "//metrics",
            "/metrics/x",
            "*",
            "/healthy",
            "/index.html",
        ] {
            let answer = ask(&responder, &Method::GET, path, &HeaderMap::new()).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
            assert!(body(answer).await.contains(" /metrics\n"), "{path}");
        }
    }

    #[tokio::test]
    async fn other_methods_are_told_which_are_allowed() {
        let responder = responder(Exporter::new(catalog()));
        for method in [Method::POST, Method::PUT, Method::OPTIONS, Method::DELETE] {
            let answer = ask(&responder, &method, "/metrics", &HeaderMap::new()).await;
            assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
            assert_eq!(header(&answer, ALLOW), "GET, HEAD");
        }
    }

    #[tokio::test]
    async fn without_credentials_every_refusal_is_the_same() {
        let responder = guarded();
        let mut bodies = Vec::new();
        for sent in [None, Some("Basic"), Some("nonsense"), Some("Basic eDp5")] {
            let mut headers = HeaderMap::new();
            if let Some(sent) = sent {
                headers.insert(AUTHORIZATION, HeaderValue::from_static(sent));
            }
            let answer = ask(&responder, &Method::GET, "/metrics", &headers).await;
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{sent:?}");
            assert_eq!(
                header(&answer, WWW_AUTHENTICATE),
                "Basic realm=\"metrics\", charset=\"UTF-8\""
            );
            bodies.push(body(answer).await);
        }
        bodies.dedup();
        assert_eq!(bodies.len(), 1);
        assert_eq!(bodies[0].lines().count(), 1);
        assert!(!bodies[0].contains("requests_total"));
    }

    #[tokio::test]
    async fn the_right_credentials_are_let_in() {
        let mut headers = HeaderMap::new();
        // prometheus:secret
        headers.insert(
            AUTHORIZATION,
            HeaderValue::from_static("Basic cHJvbWV0aGV1czpzZWNyZXQ="),
        );
        let answer = ask(&guarded(), &Method::GET, "/metrics", &headers).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(body(answer).await, catalog().render());
    }

    #[tokio::test]
    async fn every_problem_is_one_line() {
        for (problem, status) in [
            (NotRendered::Failed, StatusCode::INTERNAL_SERVER_ERROR),
            (NotRendered::Busy, StatusCode::SERVICE_UNAVAILABLE),
            (NotRendered::NoRuntime, StatusCode::SERVICE_UNAVAILABLE),
        ] {
            let answer = not_rendered(problem);
            assert_eq!(answer.status(), status);
            assert_eq!(header(&answer, CONTENT_TYPE), "text/plain; charset=utf-8");
            let body = body(answer).await;
            assert!(body.ends_with('\n') && body.lines().count() == 1, "{body}");
        }
    }

    #[tokio::test]
    async fn the_other_pages_need_no_secret_and_say_nothing() {
        let is_ready = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let seen = Arc::clone(&is_ready);
        let exporter = Exporter::new(catalog())
            .basic_auth("prometheus", Secret::new("secret"))
            .unwrap()
            .ready_when(move || seen.load(std::sync::atomic::Ordering::Relaxed));
        let responder = responder(exporter);
        for (target, status, text) in [
            ("/health", StatusCode::OK, "healthy\n"),
            ("/ready", StatusCode::SERVICE_UNAVAILABLE, "not ready\n"),
            ("/", StatusCode::OK, INDEX),
        ] {
            let answer = ask(&responder, &Method::GET, target, &HeaderMap::new()).await;
            assert_eq!(answer.status(), status, "{target}");
            assert_eq!(body(answer).await, text);
        }
        is_ready.store(true, std::sync::atomic::Ordering::Relaxed);
        let answer = ask(&responder, &Method::GET, "/ready", &HeaderMap::new()).await;
        assert_eq!(
            (answer.status(), body(answer).await.as_str()),
            (StatusCode::OK, "ready\n")
        );
    }

    #[tokio::test]
    async fn only_what_is_asked_for() {
        let responder = responder(Exporter::new(catalog()));
        let target = "/metrics?collect[]=x&name[]=pool_count";
        let answer = ask(&responder, &Method::GET, target, &HeaderMap::new()).await;
        assert_eq!(
            body(answer).await,
            "# HELP pool_count Pools.\n# TYPE pool_count gauge\npool_count 0\n"
        );
    }

    #[tokio::test]
    async fn the_exporter_tells_of_itself_where_it_is_asked_to() {
        let exporter = Exporter::new(catalog())
            .bearer_token(Secret::new("token"))
            .unwrap()
            .self_metrics();
        let responder = responder(exporter);
        ask(&responder, &Method::GET, "/metrics", &HeaderMap::new()).await;
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer token"));
        let first = body(ask(&responder, &Method::GET, "/metrics", &headers).await).await;
        assert!(first.starts_with(&catalog().render()), "{first}");
        headers.insert(
            http::header::ACCEPT,
            HeaderValue::from_static("application/openmetrics-text"),
        );
        let second = body(ask(&responder, &Method::GET, "/metrics", &headers).await).await;
        let own = |line: &str| format!("\nenumetrics_exporter_{line}\n");
        for line in [
            "refused_requests_total{reason=\"secret\"} 1".to_owned(),
            "refused_requests_total{reason=\"address\"} 0".to_owned(),
            "scrapes_total{format=\"text\"} 1".to_owned(),
            format!("scrape_size_bytes_sum{{format=\"text\"}} {}", first.len()),
            "scrape_duration_seconds_count{format=\"text\"} 1".to_owned(),
            format!("catalog_max_series {}", catalog().max_series()),
            // All of them: the fixture has neither open labels nor what is exported only once it is touched.
            format!("catalog_series {}", catalog().max_series()),
            "failing_files 0".to_owned(),
        ] {
            assert!(second.contains(&own(&line)), "{line}: {second}");
        }
        assert!(second.ends_with("\n# EOF\n"));
        #[cfg(feature = "protobuf")]
        {
            headers.insert(
                http::header::ACCEPT,
                HeaderValue::from_static(
                    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
                ),
            );
            ask(&responder, &Method::GET, "/metrics", &headers).await;
            headers.remove(http::header::ACCEPT);
            // A part of a scrape counts nothing: what was counted is what the messages had.
            let query = "/metrics?name[]=enumetrics_exporter_catalog_series";
            let counted = body(ask(&responder, &Method::GET, query, &headers).await).await;
            let line = format!("catalog_series {}", catalog().max_series());
            assert!(counted.contains(&own(&line)), "{line}: {counted}");
        }
    }

    #[cfg(feature = "gzip")]
    #[tokio::test]
    async fn a_packed_scrape_says_how() {
        use std::io::Read as _;

        let responder = responder(Exporter::new(catalog()));
        let mut headers = HeaderMap::new();
        headers.insert(http::header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        let answer = ask(&responder, &Method::GET, "/metrics", &headers).await;
        assert_eq!(header(&answer, CONTENT_ENCODING), "gzip");
        assert_eq!(header(&answer, VARY), "Accept, Accept-Encoding");
        let length: usize = header(&answer, CONTENT_LENGTH).parse().unwrap();
        let packed = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(packed.len(), length);
        let mut text = String::new();
        flate2::read::GzDecoder::new(&packed[..])
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, catalog().render());
        // What is short and no scrape is not worth it.
        let answer = ask(&responder, &Method::GET, "/health", &headers).await;
        assert!(!answer.headers().contains_key(CONTENT_ENCODING));
    }

    #[test]
    fn collectors_get_half_of_the_time_that_prometheus_waits() {
        let patience_of = |sent: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(SCRAPE_TIMEOUT, HeaderValue::from_static(sent));
            patience(&headers)
        };
        assert_eq!(patience(&HeaderMap::new()), Duration::from_secs(5));
        assert_eq!(patience_of("3"), Duration::from_millis(1500));
        assert_eq!(patience_of("0.5"), Duration::from_millis(250));
        for nonsense in ["", "-1", "NaN", "inf", "1e300", "ten"] {
            assert_eq!(patience_of(nonsense), Duration::from_secs(5), "{nonsense}");
        }
        assert_eq!(patience_of("86400"), Duration::from_secs(60));
    }
}
