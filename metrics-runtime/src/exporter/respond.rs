//! From the head of a request to a response, whatever carries them.
//!
//! Sources: [RFC 9110](https://www.rfc-editor.org/rfc/rfc9110) for methods and status codes,
//! [RFC 7617](https://www.rfc-editor.org/rfc/rfc7617) for Basic authentication, and
//! <https://prometheus.io/docs/instrumenting/exposition_formats/#basic-info> for the content type.

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use super::auth::Credentials;
use super::body::AnswerBody;
use super::negotiate::negotiate;
use super::render::{NotRendered, Rendered, Renderer, Text};

/// Where our own listener serves the metrics.
const PATH: &str = "/metrics";

const PLAIN_TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
/// A scrape is of this moment; whoever keeps it gets lines instead of curves.
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const CHALLENGE: HeaderValue = HeaderValue::from_static("Basic realm=\"metrics\", charset=\"UTF-8\"");

pub(super) type Answer = Response<AnswerBody>;

/// Answers scrapes.
#[derive(Debug)]
pub(super) struct Responder {
    pub(super) renderer: Renderer,
    pub(super) credentials: Option<Credentials>,
}

impl Responder {
    /// The answer of our own listener, which has one path.
    pub(super) async fn answer(&self, method: &Method, path: &str, headers: &HeaderMap) -> Answer {
        match misdirected(method, path) {
            Some(answer) => answer,
            None => self.scrape(headers).await,
        }
    }

    /// The answer to a GET or HEAD of the metrics. A HEAD has the headers of the GET, its length
    /// included where the GET has one; the server leaves the body away.
    pub(super) async fn scrape(&self, headers: &HeaderMap) -> Answer {
        if let Some(answer) = self.unauthorized(headers) {
            return answer;
        }
        match self.renderer.render(negotiate(headers)).await {
            Ok(rendered) => scraped(rendered),
            Err(problem) => not_rendered(problem),
        }
    }

    fn unauthorized(&self, headers: &HeaderMap) -> Option<Answer> {
        if self.credentials.as_ref()?.admit(headers) {
            return None;
        }
        let mut answer = says(
            StatusCode::UNAUTHORIZED,
            "send the user name and password of these metrics as HTTP Basic authentication (in \
             Prometheus: basic_auth with username and password_file)\n",
        );
        answer.headers_mut().insert(WWW_AUTHENTICATE, CHALLENGE);
        Some(answer)
    }
}

/// The answer to what is no scrape. It says nothing that is worth protecting.
fn misdirected(method: &Method, path: &str) -> Option<Answer> {
    if path != PATH {
        return Some(says(
            StatusCode::NOT_FOUND,
            "nothing is here; the metrics are at /metrics\n",
        ));
    }
    if method != Method::GET && method != Method::HEAD {
        let mut answer = says(StatusCode::METHOD_NOT_ALLOWED, "metrics are read with GET or HEAD\n");
        let allow = HeaderValue::from_static("GET, HEAD");
        answer.headers_mut().insert(ALLOW, allow);
        return Some(answer);
    }
    None
}

fn not_rendered(problem: NotRendered) -> Answer {
    match problem {
        NotRendered::Panicked => says(
            StatusCode::INTERNAL_SERVER_ERROR,
            "a collector panicked while the metrics were gathered; this program's panic message \
             says where, and the next scrape tries again\n",
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

fn scraped(rendered: Rendered) -> Answer {
    let content_type = HeaderValue::from_static(rendered.format.content_type());
    match rendered.text {
        Text::Whole(text) => answer(StatusCode::OK, content_type, text),
        // How long it is nobody knows before its end.
        Text::Pages(pages) => with_headers(Response::new(AnswerBody::Pages(pages)), content_type),
    }
}

fn answer(status: StatusCode, content_type: HeaderValue, body: Bytes) -> Answer {
    let length = HeaderValue::from(body.len());
    let mut answer = with_headers(Response::new(AnswerBody::Whole(Some(body))), content_type);
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
    use crate::exporter::{Exporter, Password};

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
                .basic_auth("prometheus", Password::new("secret"))
                .unwrap(),
        )
    }

    fn responder(exporter: Exporter) -> Responder {
        exporter.into_responder()
    }

    #[tokio::test]
    async fn a_scrape() {
        let responder = responder(Exporter::new(catalog()));
        for method in [Method::GET, Method::HEAD] {
            let answer = responder.answer(&method, "/metrics", &HeaderMap::new()).await;
            assert_eq!(answer.status(), StatusCode::OK);
            assert_eq!(
                header(&answer, CONTENT_TYPE),
                "text/plain; version=0.0.4; charset=utf-8"
            );
            assert_eq!(header(&answer, CACHE_CONTROL), "no-store");
            assert_eq!(header(&answer, CONTENT_LENGTH), catalog().render().len().to_string());
            assert_eq!(body(answer).await, catalog().render());
        }
    }

    #[tokio::test]
    async fn other_paths_name_the_right_one() {
        let responder = guarded();
        for path in ["/", "/metrics/", "/Metrics", "//metrics", "/metrics/x", "*", ""] {
            let answer = responder.answer(&Method::GET, path, &HeaderMap::new()).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
            assert!(body(answer).await.contains(" /metrics\n"), "{path}");
        }
    }

    #[tokio::test]
    async fn other_methods_are_told_which_are_allowed() {
        let responder = responder(Exporter::new(catalog()));
        for method in [Method::POST, Method::PUT, Method::OPTIONS, Method::DELETE] {
            let answer = responder.answer(&method, "/metrics", &HeaderMap::new()).await;
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
            let answer = responder.answer(&Method::GET, "/metrics", &headers).await;
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
        let answer = guarded().answer(&Method::GET, "/metrics", &headers).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(body(answer).await, catalog().render());
    }

    #[tokio::test]
    async fn every_problem_is_one_line() {
        for (problem, status) in [
            (NotRendered::Panicked, StatusCode::INTERNAL_SERVER_ERROR),
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
}
