//! Whoever asks for whatever: the number of series stays what it was.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Method, Request};
use axum::routing::{get, post};
use enumetrics::http::HttpLayer;
use tower::ServiceExt;

use crate::wire::{Wire, request};
use crate::{metrics, serve, until, whole};

/// How many paths the scanner tries, unless `HTTP_SCANNER_PATHS` says another number; one in ten comes over a real
/// connection. It was run with 400 000.
const PATHS: usize = 40_000;

/// A number from the environment.
fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name).map_or(otherwise, |number| number.parse().expect(name))
}

fn series(catalog: &enumetrics::Catalog<'_>) -> usize {
    catalog.render().lines().filter(|line| !line.starts_with('#')).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scanner_adds_no_series() {
    metrics!(#[http(statuses = enumetrics::http::ExactStatus)]);
    let router = Router::new()
        .route("/users/{id}", get(|| async {}))
        .layer(HttpLayer::new(&HTTP));
    let ask = |method: Method, path: String| {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let router = router.clone();
        async move { drop(router.oneshot(request).await.unwrap()) }
    };
    // One of each that there will be.
    ask(Method::GET, "/users/7".to_owned()).await;
    ask(Method::GET, "/nowhere".to_owned()).await;
    ask(Method::from_bytes(b"SCAN").unwrap(), "/nowhere".to_owned()).await;
    let before = series(&METRICS);
    let paths = number("HTTP_SCANNER_PATHS", PATHS);
    for path in 0..paths {
        let (method, path) = match path % 3 {
            0 => (Method::GET, format!("/wp-content/{path}.php")),
            1 => (
                Method::from_bytes(format!("M{path}").as_bytes()).unwrap(),
                format!("/{path}"),
            ),
            _ => (Method::GET, format!("/users/{path}")),
        };
        ask(method, path).await;
    }
    assert_eq!(series(&METRICS), before);
    assert_eq!(HTTP.http_request_duration_highr_seconds.count(), paths as u64 + 3);

    let address = serve(router).await;
    let mut wire = Wire::to(address).await;
    for path in (0..paths / 10).step_by(20) {
        let requests = (path..path + 19).map(|path| format!("GET /{path}/x HTTP/1.1\r\nhost: t\r\n\r\n"));
        wire.send(&requests.collect::<String>()).await;
        wire.send("GET /users/last HTTP/1.1\r\nhost: t\r\n\r\n").await;
        wire.until("HTTP/1.1 200").await;
    }
    assert_eq!(series(&METRICS), before);
    assert_eq!(
        HTTP.http_request_duration_highr_seconds.count(),
        (paths + (paths / 10).next_multiple_of(20)) as u64 + 3
    );
    assert_eq!(HTTP.http_requests_inprogress.get(), 0);
}

/// How many connections are opened, unless `HTTP_SCANNER_CONNECTIONS` says another number, and how many at once, unless
/// `HTTP_SCANNER_AT_ONCE` does. It was run with 5 000 at once.
const CONNECTIONS: usize = 4_000;
const AT_ONCE: usize = 100;

/// Connections that are dropped in every state, against slow handlers and slow bodies in both directions.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_dropped_at_random_leave_nothing_in_progress() {
    metrics!();
    let router = Router::new()
        .route("/ok", get(|| async { "hello" }))
        .route("/hang", get(|| async { std::future::pending::<&str>().await }))
        .route(
            "/stream",
            get(|| async { whole(std::iter::repeat("0123456789abcdef")) }),
        )
        .route("/read", post(|body: Bytes| async move { body.len().to_string() }));
    let address = serve(router.layer(HttpLayer::new(&HTTP))).await;
    let at_once = number("HTTP_SCANNER_AT_ONCE", AT_ONCE);
    let rounds = number("HTTP_SCANNER_CONNECTIONS", CONNECTIONS) / at_once;
    let mut before = 0;
    for round in 0..rounds {
        let clients = (0..at_once).map(|client| {
            tokio::spawn(async move {
                let mut wire = Wire::to(address).await;
                // What each does follows from its number: the same in every run.
                match (round * 31 + client * 17) % 7 {
                    0 => {}
                    1 => wire.send("GET /ok HT").await,
                    2 => assert!(wire.exchange(&request("GET", "/ok", "")).await.ends_with("hello")),
                    3 => wire.send(&request("GET", "/hang", "")).await,
                    4 => {
                        wire.send(&request("GET", "/stream", "")).await;
                        wire.until("0123456789").await;
                    }
                    5 => {
                        wire.send("POST /read HTTP/1.1\r\nhost: t\r\ncontent-length: 100\r\n\r\nabc")
                            .await
                    }
                    _ => assert!(wire.exchange(&request("POST", "/read", "0123")).await.ends_with('4')),
                }
            })
        });
        for client in clients.collect::<Vec<_>>() {
            client.await.unwrap();
        }
        if round == rounds / 2 {
            before = series(&METRICS);
        }
    }
    until(&METRICS, "http_requests_inprogress", 0.0).await;
    assert_eq!(series(&METRICS), before);
    let ended = HTTP.http_request_duration_highr_seconds.count();
    let answered = |template: &str, method| {
        let route = HttpRequest {
            handler: HttpHandler::intern(template),
            method,
        };
        HTTP.http_request_duration_seconds.with(route).count()
    };
    let get = ["/ok", "/hang", "/stream"].map(|template| answered(template, enumetrics::Method::Get));
    let post = answered("/read", enumetrics::Method::Post);
    assert_eq!(get.iter().sum::<u64>() + post, ended);
    let expected = |number: usize| {
        let all = (0..rounds).flat_map(|round| (0..at_once).map(move |client| (round, client)));
        all.filter(|(round, client)| (round * 31 + client * 17) % 7 == number)
            .count() as u64
    };
    // Those that are read to their end, and those that began to be answered, are all there; of the others the server may
    // not have seen the request.
    assert_eq!(get[0], expected(2));
    assert_eq!(get[2], expected(4));
    assert!(get[1] <= expected(3), "{} of {}", get[1], expected(3));
}
