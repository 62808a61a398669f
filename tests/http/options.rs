//! Each option of the layer.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request, Response};
use axum::routing::{get, post};
use enumetrics::http::{End, HttpLayer, HttpMetrics};
use enumetrics::testing::Samples;
use http_body_util::BodyExt;
use tower::{Layer, Service, ServiceExt};

use super::measured;
use crate::{metrics, recorded, whole};

fn router() -> Router {
    Router::new()
        .route("/users/{id}", get(|| async { "user" }))
        .route("/v1/admin/{page}", get(|| async { "admin" }))
        .route("/metrics", get(|| async { "metrics" }))
        .route("/internal/metrics", get(|| async { "metrics" }))
}

/// Asks for each path and reads the whole answer.
async fn ask(router: &Router, paths: &[&str]) {
    for path in paths {
        let request = Request::get(*path).body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        response.into_body().collect().await.unwrap();
    }
}

/// The handlers that were counted, with how often.
fn handlers(samples: &Samples) -> String {
    let counted = samples.family("http_requests_total");
    let handlers = counted.iter().map(|(series, count)| {
        let handler = series.split('"').nth(1).unwrap_or_default();
        format!("{handler} {count}")
    });
    handlers.collect::<Vec<_>>().join(", ")
}

#[tokio::test]
async fn what_is_excluded_is_not_recorded_at_all() {
    metrics!(#[http(in_progress_labels)]);
    let seen = Arc::new(Mutex::new(0));
    let counter = Arc::clone(&seen);
    let layer = HttpLayer::new(&HTTP)
        .exclude([".*admin.*", "^/favicon"])
        .unwrap()
        .exclude(["secret"])
        .unwrap()
        .on_end(move |_| *counter.lock().unwrap() += 1);
    let router = measured(router(), layer);
    // The pattern is looked for in the template, and in the path where there is none.
    let paths = [
        "/users/admin",
        "/v1/admin/start",
        "/favicon.ico",
        "/x/favicon.ico",
        "/my/secret/page",
        "/users/7",
    ];
    ask(&router, &paths).await;
    assert_eq!(handlers(&recorded(&METRICS)), "/users/{id} 2, none 1");
    assert_eq!(*seen.lock().unwrap(), 3);
    assert!(
        !METRICS.render().contains("/v1/admin"),
        "an excluded template takes no place"
    );
}

/// While a request runs, and after: what is excluded is never in progress.
#[tokio::test]
async fn what_is_in_progress_follows_labels_namespace_and_exclusions() {
    metrics!(#[http(namespace = "shop", subsystem = "api", labels(component = "cart"), in_progress_labels)]);
    let service = tower::service_fn(|_: Request<_>| std::future::pending::<Result<Response<Body>, Infallible>>());
    let layer = HttpLayer::new(&HTTP).routes(["/a", "/b"]).exclude(["^/b$"]).unwrap();
    let mut service = layer.layer(service);
    let calls: Vec<_> = ["/a", "/a", "/b"]
        .map(|path| service.call(Request::post(path).body(Body::empty()).unwrap()))
        .into();
    let series = r#"shop_api_http_requests_inprogress{component="cart",handler="/a",method="POST"}"#;
    recorded(&METRICS).assert_eq(&format!("{series} 2"));
    drop(calls);
    assert_eq!(Samples::of(&METRICS).get(series), Some(0.0));
}

#[tokio::test]
async fn the_programs_own_scrapes_are_not_recorded() {
    metrics!();
    let layer = HttpLayer::new(&HTTP);
    ask(&measured(router(), layer.clone()), &["/metrics", "/internal/metrics"]).await;
    assert_eq!(handlers(&recorded(&METRICS)), "/internal/metrics 1");
    ask(
        &measured(router(), layer.clone().scrape_path("/internal/metrics")),
        &["/metrics", "/internal/metrics"],
    )
    .await;
    assert_eq!(handlers(&recorded(&METRICS)), "/internal/metrics 1, /metrics 1");
    ask(&measured(router(), layer.scrape_path("")), &["/metrics"]).await;
    assert_eq!(handlers(&recorded(&METRICS)), "/internal/metrics 1, /metrics 2");
}

#[tokio::test]
async fn untemplated_requests_are_grouped_or_ignored() {
    metrics!();
    let layer = HttpLayer::new(&HTTP);
    ask(&measured(router(), layer.clone()), &["/nowhere", "/else"]).await;
    assert_eq!(handlers(&recorded(&METRICS)), "none 2");
    ask(&measured(router(), layer.ignore_untemplated()), &["/nowhere", "/users/7"]).await;
    assert_eq!(handlers(&recorded(&METRICS)), "/users/{id} 1, none 2");
}

#[tokio::test]
async fn a_layer_that_is_off_records_nothing_and_changes_nothing() {
    metrics!();
    let router = measured(router(), HttpLayer::new(&HTTP).enabled(false));
    let request = Request::get("/users/7").body(Body::empty()).unwrap();
    let response = router.oneshot(request).await.unwrap();
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "user");
    recorded(&METRICS).assert_eq("");
}

/// A clone that is changed later leaves the first one as it was.
#[tokio::test]
async fn a_clone_has_options_of_its_own() {
    metrics!();
    let layer = HttpLayer::new(&HTTP).exclude(["admin"]).unwrap();
    ask(&measured(router(), layer.clone()), &["/users/7"]).await;
    ask(
        &measured(router(), layer.clone().exclude(["users"]).unwrap()),
        &["/users/7"],
    )
    .await;
    ask(&measured(router(), layer), &["/users/7", "/v1/admin/start"]).await;
    assert_eq!(handlers(&recorded(&METRICS)), "/users/{id} 2");
}

#[tokio::test]
async fn a_wrong_pattern_is_refused() {
    metrics!();
    let error = HttpLayer::new(&HTTP).exclude(["fine", "[a-"]).unwrap_err();
    assert_eq!(error.pattern(), "[a-");
    let error = HttpLayer::new(&HTTP).keep_bodies(["(?P<"], 10).unwrap_err();
    assert_eq!(error.pattern(), "(?P<");
}

/// A response whose end comes long after its head.
fn slow() -> Router {
    Router::new().route(
        "/slow",
        get(async || {
            let pause = || {
                std::thread::sleep(Duration::from_millis(300));
                None
            };
            whole(["one"].into_iter().chain(std::iter::from_fn(pause)))
        }),
    )
}

/// What a layer records of one slow response, however slow the machine is besides: the seconds that count, those to the
/// response's head, and those to its end.
async fn durations<M: HttpMetrics>(layer: HttpLayer<M>) -> [f64; 3] {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&seen);
    let layer = layer.on_end(move |exchange| {
        let to_head = exchange.seconds_to_head.unwrap();
        told.lock()
            .unwrap()
            .push([exchange.seconds, to_head, exchange.seconds_to_end]);
    });
    ask(&measured(slow(), layer), &["/slow"]).await;
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 1);
    // Nearly: sleep has a clock of its own.
    assert!(seen[0][2] - seen[0][1] >= 0.29, "{seen:?}");
    seen[0]
}

#[tokio::test]
async fn durations_go_to_the_end_of_the_body_or_to_its_beginning() {
    metrics!();
    let [seconds, _, to_end] = durations(HttpLayer::new(&HTTP)).await;
    assert_eq!(seconds, to_end);
    assert_eq!(HTTP.http_request_duration_highr_seconds.sum(), to_end);
    let [seconds, to_head, _] = durations(HttpLayer::new(&HTTP).until_response_begins()).await;
    assert_eq!(seconds, to_head);
    assert_eq!(HTTP.http_request_duration_highr_seconds.sum(), to_end + to_head);
}

#[tokio::test]
async fn durations_are_rounded() {
    metrics!();
    let [tenths, _, to_end] = durations(HttpLayer::new(&HTTP).round_durations(1)).await;
    assert_eq!(tenths, (to_end * 10.0).round() / 10.0);
    let [whole, _, to_end] = durations(HttpLayer::new(&HTTP).round_durations(0)).await;
    assert_eq!(whole, to_end.round());
    assert_eq!(HTTP.http_request_duration_highr_seconds.sum(), tenths + whole);
}

#[tokio::test]
async fn only_successes_in_high_resolution() {
    metrics!();
    let layer = HttpLayer::new(&HTTP);
    ask(&measured(router(), layer.clone()), &["/users/7", "/nowhere"]).await;
    assert_eq!(HTTP.http_request_duration_highr_seconds.count(), 2);
    ask(
        &measured(router(), layer.only_successes_in_high_resolution()),
        &["/users/7", "/nowhere"],
    )
    .await;
    assert_eq!(HTTP.http_request_duration_highr_seconds.count(), 3);
    assert_eq!(handlers(&recorded(&METRICS)), "/users/{id} 2, none 2");
}

#[tokio::test]
async fn own_functions_see_what_was_recorded() {
    #[derive(Debug, PartialEq)]
    struct Seen {
        handler: String,
        path: String,
        agent: String,
        status: Option<u16>,
        length: Option<String>,
        end: End,
        request_bytes: u64,
        response_bytes: u64,
        body: Option<String>,
        ordered: bool,
    }
    metrics!();
    let all = Arc::new(Mutex::new(Vec::new()));
    let push = Arc::clone(&all);
    let layer = HttpLayer::new(&HTTP)
        .on_end(|_| panic!("wanted: it harms nothing"))
        .keep_bodies(["^/upload$"], 4)
        .unwrap()
        .on_end(move |exchange| {
            let request = exchange.request.unwrap();
            let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
            let length = exchange
                .response_headers
                .and_then(|headers| headers.get("content-length"));
            push.lock().unwrap().push(Seen {
                handler: exchange.handler.to_owned(),
                path: request.uri.path().to_owned(),
                agent: request.headers.get("user-agent").map(text).unwrap_or_default(),
                status: exchange.status.map(|status| status.as_u16()),
                length: length.map(text),
                end: exchange.end,
                request_bytes: exchange.request_bytes,
                response_bytes: exchange.response_bytes,
                body: exchange
                    .response_body
                    .map(|body| String::from_utf8_lossy(body).into_owned()),
                ordered: exchange
                    .seconds_to_head
                    .is_none_or(|head| head <= exchange.seconds_to_end),
            });
        });
    let router = Router::new()
        .route("/upload", post(async |_: String| whole(["got", " ", "it"])))
        .route("/hang", get(|| async { std::future::pending::<&str>().await }))
        .layer(layer);
    let request = Request::post("/upload")
        .header("user-agent", "test")
        .body(Body::from("0123456789"))
        .unwrap();
    router
        .clone()
        .oneshot(request)
        .await
        .unwrap()
        .into_body()
        .collect()
        .await
        .unwrap();
    let hanging = router.oneshot(Request::get("/hang?q").body(Body::empty()).unwrap());
    tokio::time::timeout(Duration::from_millis(20), hanging)
        .await
        .unwrap_err();
    let seen = std::mem::take(&mut *all.lock().unwrap());
    assert_eq!(
        seen,
        [
            Seen {
                handler: "/upload".to_owned(),
                path: "/upload".to_owned(),
                agent: "test".to_owned(),
                status: Some(200),
                length: None,
                end: End::Complete,
                request_bytes: 10,
                response_bytes: 6,
                body: Some("got ".to_owned()),
                ordered: true,
            },
            Seen {
                handler: "/hang".to_owned(),
                path: "/hang".to_owned(),
                agent: String::new(),
                status: None,
                length: None,
                end: End::Cancelled,
                request_bytes: 0,
                response_bytes: 0,
                body: None,
                ordered: true,
            },
        ]
    );
    assert_eq!(HTTP.http_requests_inprogress.get(), 0);
}
