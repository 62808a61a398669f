//! Every end that an exchange can have: it is recorded once, and then nothing is in progress.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::error_handling::HandleErrorLayer;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{any, get, post};
use enumetrics::http::HttpLayer;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::timeout::TimeoutLayer;
use tower::{Layer, ServiceBuilder, ServiceExt};

use super::measured;
use crate::wire::{Wire, exchange, request};
use crate::{known, metrics, pieces, recorded, serve, until, whole};

#[tokio::test]
async fn a_response_is_recorded_before_the_client_has_seen_its_end() {
    metrics!();
    let router = Router::new().route("/ok", get(|| async { "hello" }));
    let address = serve(measured(router, HttpLayer::new(&HTTP))).await;
    let answer = exchange(address, "GET", "/ok", "").await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"),
        "{answer}"
    );
    // At once, without waiting: the first scrape after the first request shows it.
    recorded(&METRICS).assert_eq(
        r#"
        http_requests_total{handler="/ok",method="GET",status="2xx"} 1
        http_request_duration_seconds_count{handler="/ok",method="GET"} 1
        http_request_duration_highr_seconds_count 1
        http_request_size_bytes_count{handler="/ok"} 1
        http_response_size_bytes_count{handler="/ok"} 1
        http_response_size_bytes_sum{handler="/ok"} 5
    "#,
    );
}

#[tokio::test]
async fn several_requests_on_one_connection_are_several() {
    metrics!();
    let router = Router::new().route("/ok", get(|| async { "hello" }));
    let address = serve(measured(router, HttpLayer::new(&HTTP))).await;
    let mut wire = Wire::to(address).await;
    for _ in 0..3 {
        wire.send("GET /ok HTTP/1.1\r\nhost: test\r\n\r\n").await;
        wire.until("hello").await;
    }
    // Pipelined: all sent before the first is answered.
    wire.send(&"GET /ok HTTP/1.1\r\nhost: test\r\n\r\n".repeat(2)).await;
    wire.send(&request("GET", "/ok", "")).await;
    assert_eq!(wire.rest().await.matches("hello").count(), 3);
    assert_eq!(HTTP.http_request_duration_highr_seconds.count(), 6);
    assert_eq!(HTTP.http_requests_inprogress.get(), 0);
}

#[tokio::test]
async fn a_handlers_error_is_the_status_that_it_says() {
    metrics!(#[http(statuses = enumetrics::http::ExactStatus)]);
    let router = Router::new().route("/bad", get(|| async { (StatusCode::BAD_GATEWAY, "broken") }));
    let address = serve(measured(router, HttpLayer::new(&HTTP))).await;
    exchange(address, "GET", "/bad", "").await;
    let recorded = recorded(&METRICS);
    recorded
        .family("http_requests_total")
        .assert_eq(r#"http_requests_total{handler="/bad",method="GET",status="502"} 1"#);
    recorded.family("http_requests_incomplete_total").assert_eq("");
}

#[tokio::test]
async fn a_service_that_returns_an_error_counts_as_500() {
    metrics!();
    let service = tower::service_fn(|_: Request<_>| async { Err::<Response<Body>, _>(io::Error::other("broken")) });
    let service = HttpLayer::new(&HTTP).layer(service);
    service.oneshot(Request::new(Body::empty())).await.unwrap_err();
    recorded(&METRICS).assert_eq(
        r#"
        http_requests_total{handler="none",method="GET",status="5xx"} 1
        http_request_duration_seconds_count{handler="none",method="GET"} 1
        http_request_duration_highr_seconds_count 1
        http_request_size_bytes_count{handler="none"} 1
        http_response_size_bytes_count{handler="none"} 1
        http_requests_incomplete_total{handler="none",reason="failed"} 1
    "#,
    );
}

#[tokio::test]
async fn a_panic_counts_as_500() {
    async fn panics() -> &'static str {
        tokio::task::yield_now().await;
        panic!("wanted")
    }
    metrics!();
    let router = Router::new().route("/panic", get(panics));
    let address = serve(measured(router, HttpLayer::new(&HTTP))).await;
    // The connection breaks.
    assert_eq!(exchange(address, "GET", "/panic", "").await, "");
    until(&METRICS, "http_request_duration_highr_seconds_count", 1.0).await;
    recorded(&METRICS).assert_eq(
        r#"
        http_requests_total{handler="/panic",method="GET",status="5xx"} 1
        http_request_duration_seconds_count{handler="/panic",method="GET"} 1
        http_request_duration_highr_seconds_count 1
        http_request_size_bytes_count{handler="/panic"} 1
        http_response_size_bytes_count{handler="/panic"} 1
        http_requests_incomplete_total{handler="/panic",reason="panicked"} 1
    "#,
    );
}

#[tokio::test]
async fn a_panic_before_there_is_a_future_and_one_that_is_caught_are_panics_too() {
    metrics!();
    let layer = HttpLayer::new(&HTTP);
    let at_once = layer.layer(tower::service_fn(
        |_: Request<_>| -> std::future::Ready<Result<Response<Body>, Infallible>> { panic!("wanted") },
    ));
    let call = tokio::spawn(at_once.oneshot(Request::new(Body::empty())));
    call.await.unwrap_err();

    let later = layer.layer(tower::service_fn(async |request: Request<_>| {
        assert_eq!(request.uri().path(), "/never", "wanted");
        Ok::<Response<Body>, Infallible>(Response::default())
    }));
    let future = std::panic::AssertUnwindSafe(later.oneshot(Request::new(Body::empty())));
    // Caught around the future, which is dropped afterwards.
    let mut future = Box::pin(future.0);
    let polled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let _ = future.as_mut().poll(&mut context);
    }));
    assert!(polled.is_err());
    drop(future);
    recorded(&METRICS)
        .family("http_requests_incomplete_total")
        .assert_eq(r#"http_requests_incomplete_total{handler="none",reason="panicked"} 2"#);
    assert_eq!(HTTP.http_requests_inprogress.get(), 0);
}

#[tokio::test]
async fn a_client_that_leaves_before_the_head_cancels() {
    metrics!();
    let router = Router::new().route("/hang", get(|| async { pending::<&str>().await }));
    let address = serve(measured(router, HttpLayer::new(&HTTP))).await;
    let mut wire = Wire::to(address).await;
    wire.send("GET /hang HTTP/1.1\r\nhost: test\r\n\r\n").await;
    until(&METRICS, "http_requests_inprogress", 1.0).await;
    recorded(&METRICS).assert_eq("http_requests_inprogress 1");
    drop(wire);
    until(&METRICS, "http_requests_inprogress", 0.0).await;
    recorded(&METRICS).assert_eq(
        r#"
        http_requests_total{handler="/hang",method="GET",status="cancelled"} 1
        http_request_duration_seconds_count{handler="/hang",method="GET"} 1
        http_request_duration_highr_seconds_count 1
        http_request_size_bytes_count{handler="/hang"} 1
        http_response_size_bytes_count{handler="/hang"} 1
        http_requests_incomplete_total{handler="/hang",reason="cancelled"} 1
    "#,
    );
}

#[tokio::test]
async fn a_client_that_leaves_in_the_middle_of_the_body_aborts() {
    metrics!();
    let router = Router::new().route("/stream", get(async || whole(std::iter::repeat("0123456789abcdef"))));
    let address = serve(measured(router, HttpLayer::new(&HTTP))).await;
    let mut wire = Wire::to(address).await;
    wire.send("GET /stream HTTP/1.1\r\nhost: test\r\n\r\n").await;
    let began = wire.until("0123456789abcdef").await;
    assert!(began.starts_with("HTTP/1.1 200"), "{began}");
    assert_eq!(HTTP.http_requests_inprogress.get(), 1);
    drop(wire);
    until(&METRICS, "http_requests_inprogress", 0.0).await;
    let recorded = recorded(&METRICS);
    recorded
        .family("http_requests_total")
        .assert_eq(r#"http_requests_total{handler="/stream",method="GET",status="2xx"} 1"#);
    recorded
        .family("http_requests_incomplete_total")
        .assert_eq(r#"http_requests_incomplete_total{handler="/stream",reason="aborted"} 1"#);
    let sent = recorded
        .get(r#"http_response_size_bytes_sum{handler="/stream"}"#)
        .unwrap();
    assert!(sent >= 16.0 && sent % 16.0 == 0.0, "{sent}");
}

#[tokio::test]
async fn a_streamed_body_has_the_size_that_was_sent() {
    metrics!();
    let router = Router::new()
        .route("/pieces", get(|| async { whole(["one", "two", "three"]) }))
        .route(
            "/broken",
            get(|| async { pieces([Ok("one"), Err(io::Error::other("broken"))]) }),
        )
        .route("/bytes", get(|| async { Bytes::from_static(b"0123456789") }))
        .route("/nothing", get(|| async {}));
    let address = serve(measured(router, HttpLayer::new(&HTTP))).await;
    let answer = exchange(address, "GET", "/pieces", "").await;
    assert!(answer.contains("transfer-encoding: chunked"), "{answer}");
    exchange(address, "GET", "/broken", "").await;
    exchange(address, "GET", "/bytes", "").await;
    exchange(address, "GET", "/nothing", "").await;
    until(&METRICS, "http_request_duration_highr_seconds_count", 4.0).await;
    let recorded = recorded(&METRICS);
    recorded
        .filtered(|series| series.starts_with("http_response_size_bytes_sum"))
        .assert_eq(
            r#"
        http_response_size_bytes_sum{handler="/pieces"} 11
        http_response_size_bytes_sum{handler="/broken"} 3
        http_response_size_bytes_sum{handler="/bytes"} 10
    "#,
        );
    recorded
        .family("http_requests_incomplete_total")
        .assert_eq(r#"http_requests_incomplete_total{handler="/broken",reason="failed"} 1"#);
}

/// A body that says how long it is and comes in pieces all the same: it lasts until the last one.
#[tokio::test]
async fn a_body_of_a_known_length_ends_with_its_last_piece() {
    metrics!();
    let router = Router::new()
        .route("/whole", get(async || known(11, [Ok("one"), Ok("two"), Ok("three")])))
        .route(
            "/broken",
            get(async || known(11, [Ok("one"), Err(io::Error::other("broken"))])),
        )
        .route("/at_once", get(async || known(3, [Err(io::Error::other("broken"))])))
        .route("/slow", get(async || known(9, [Ok("one")])));
    let router = measured(router, HttpLayer::new(&HTTP));
    let address = serve(router).await;
    let answer = exchange(address, "GET", "/whole", "").await;
    assert!(
        answer.contains("content-length: 11\r\n") && answer.ends_with("\r\n\r\nonetwothree"),
        "{answer}"
    );
    exchange(address, "GET", "/broken", "").await;
    exchange(address, "GET", "/at_once", "").await;
    let mut wire = Wire::to(address).await;
    wire.send(&request("GET", "/slow", "")).await;
    wire.until("one").await;
    assert_eq!(HTTP.http_requests_inprogress.get(), 1);
    drop(wire);
    until(&METRICS, "http_request_duration_highr_seconds_count", 4.0).await;
    let recorded = recorded(&METRICS);
    recorded
        .filtered(|series| series.starts_with("http_response_size_bytes_sum"))
        .assert_eq(
            r#"
        http_response_size_bytes_sum{handler="/whole"} 11
        http_response_size_bytes_sum{handler="/broken"} 3
        http_response_size_bytes_sum{handler="/slow"} 3
    "#,
        );
    recorded.family("http_requests_incomplete_total").assert_eq(
        r#"
        http_requests_incomplete_total{handler="/broken",reason="failed"} 1
        http_requests_incomplete_total{handler="/at_once",reason="failed"} 1
        http_requests_incomplete_total{handler="/slow",reason="aborted"} 1
    "#,
    );
    assert_eq!(HTTP.http_requests_inprogress.get(), 0);
}

#[tokio::test]
async fn a_request_has_the_size_that_was_read() {
    metrics!();
    let router = Router::new()
        .route("/read", post(|body: Bytes| async move { body.len().to_string() }))
        .route("/ignore", post(|| async { "no" }));
    let address = serve(measured(router, HttpLayer::new(&HTTP))).await;
    assert!(exchange(address, "POST", "/read", "0123456789").await.ends_with("10"));
    let mut wire = Wire::to(address).await;
    wire.send("POST /read HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n")
        .await;
    wire.send("3\r\nabc\r\n").await;
    wire.send("4\r\ndefg\r\n0\r\n\r\n").await;
    assert!(wire.rest().await.ends_with('7'));
    exchange(address, "POST", "/ignore", "0123456789").await;
    recorded(&METRICS)
        .filtered(|series| series.starts_with("http_request_size_bytes"))
        .assert_eq(
            r#"
        http_request_size_bytes_count{handler="/read"} 2
        http_request_size_bytes_sum{handler="/read"} 17
        http_request_size_bytes_count{handler="/ignore"} 1
    "#,
        );
}

#[tokio::test]
async fn a_client_that_leaves_in_the_middle_of_its_own_body_is_an_error_of_its_own() {
    metrics!();
    let router = Router::new().route("/read", post(|body: Bytes| async move { body.len().to_string() }));
    let address = serve(measured(router, HttpLayer::new(&HTTP))).await;
    let mut wire = Wire::to(address).await;
    wire.send("POST /read HTTP/1.1\r\nhost: test\r\ncontent-length: 10\r\n\r\n01234")
        .await;
    until(&METRICS, "http_requests_inprogress", 1.0).await;
    drop(wire);
    until(&METRICS, "http_requests_inprogress", 0.0).await;
    // axum answers 400, which nobody reads; or hyper drops the handler, whichever notices first.
    let ended = ["4xx", "cancelled"].map(|status| {
        let series = format!(r#"http_requests_total{{handler="/read",method="POST",status="{status}"}}"#);
        recorded(&METRICS).get(&series).unwrap_or_default()
    });
    assert_eq!(ended[0] + ended[1], 1.0, "{ended:?}");
    assert_eq!(HTTP.http_request_duration_highr_seconds.count(), 1);
}

#[tokio::test]
async fn what_has_no_body_is_complete_without_one() {
    metrics!();
    let router = Router::new()
        .route("/ok", get(|| async { "hello" }))
        // axum takes the body of a GET away for HEAD; this one it does not know to.
        .route("/head", any(|| async { whole(["hello"]) }))
        .route("/204", get(|| async { StatusCode::NO_CONTENT }))
        .route("/304", get(|| async { (StatusCode::NOT_MODIFIED, whole(["hello"])) }));
    let address = serve(measured(router, HttpLayer::new(&HTTP))).await;
    for (method, path) in [("HEAD", "/ok"), ("HEAD", "/head"), ("GET", "/204"), ("GET", "/304")] {
        exchange(address, method, path, "").await;
    }
    let recorded = recorded(&METRICS);
    recorded.family("http_requests_total").assert_eq(
        r#"
        http_requests_total{handler="/ok",method="HEAD",status="2xx"} 1
        http_requests_total{handler="/head",method="HEAD",status="2xx"} 1
        http_requests_total{handler="/204",method="GET",status="2xx"} 1
        http_requests_total{handler="/304",method="GET",status="3xx"} 1
    "#,
    );
    recorded.family("http_requests_incomplete_total").assert_eq("");
    recorded
        .filtered(|series| series.starts_with("http_response_size_bytes_sum"))
        .assert_eq("");
    assert_eq!(HTTP.http_requests_inprogress.get(), 0);
}

#[tokio::test]
async fn what_is_said_on_the_way_is_no_answer() {
    metrics!();
    let router = Router::new().route("/read", post(|body: Bytes| async move { body.len().to_string() }));
    let address = serve(measured(router, HttpLayer::new(&HTTP))).await;
    let mut wire = Wire::to(address).await;
    wire.send(
        "POST /read HTTP/1.1\r\nhost: test\r\nexpect: 100-continue\r\ncontent-length: 3\r\nconnection: close\r\n\r\n",
    )
    .await;
    wire.until("100 Continue").await;
    wire.send("abc").await;
    assert!(wire.rest().await.starts_with("HTTP/1.1 200"));
    recorded(&METRICS)
        .family("http_requests_total")
        .assert_eq(r#"http_requests_total{handler="/read",method="POST",status="2xx"} 1"#);
}

#[tokio::test]
async fn an_upgrade_ends_with_its_handshake() {
    async fn upgrade(mut request: Request) -> Response {
        let upgrade = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let mut connection = TokioIo::new(upgrade.await.unwrap());
            let mut ping = [0; 4];
            connection.read_exact(&mut ping).await.unwrap();
            connection.write_all(b"pong").await.unwrap();
        });
        let response = Response::builder()
            .status(101)
            .header("upgrade", "echo")
            .header("connection", "upgrade");
        response.body(Body::empty()).unwrap()
    }
    metrics!(#[http(statuses = enumetrics::http::ExactStatus)]);
    let router = Router::new().route("/socket", get(upgrade));
    let address = serve(measured(router, HttpLayer::new(&HTTP))).await;
    let mut wire = Wire::to(address).await;
    wire.send("GET /socket HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n")
        .await;
    wire.until("\r\n\r\n").await;
    // The connection lives on; as a request it has ended.
    recorded(&METRICS)
        .filtered(|series| !series.contains("size") && !series.contains("duration"))
        .assert_eq(r#"http_requests_total{handler="/socket",method="GET",status="101"} 1"#);
    wire.send("ping").await;
    wire.until("pong").await;
    drop(wire);
    assert_eq!(HTTP.http_request_duration_highr_seconds.count(), 1);
}

#[tokio::test]
async fn a_timeout_inside_is_an_answer_and_one_around_cancels() {
    metrics!(#[http(statuses = enumetrics::http::ExactStatus)]);
    let timeout = || {
        ServiceBuilder::new()
            .layer(HandleErrorLayer::new(|_| async { StatusCode::GATEWAY_TIMEOUT }))
            .layer(TimeoutLayer::new(Duration::from_millis(20)))
    };
    let hang = || get(|| async { pending::<&str>().await });
    let inside = Router::new().route("/inside", hang().layer(timeout()));
    let around = Router::new().route("/around", hang());
    let inside = measured(inside, HttpLayer::new(&HTTP));
    let around = measured(around, HttpLayer::new(&HTTP)).layer(timeout());
    for (router, path) in [(inside, "/inside"), (around, "/around")] {
        let answer = exchange(serve(router).await, "GET", path, "").await;
        assert!(answer.starts_with("HTTP/1.1 504"), "{answer}");
    }
    recorded(&METRICS).family("http_requests_total").assert_eq(
        r#"
        http_requests_total{handler="/inside",method="GET",status="504"} 1
        http_requests_total{handler="/around",method="GET",status="cancelled"} 1
    "#,
    );
    assert_eq!(HTTP.http_requests_inprogress.get(), 0);
}

/// A body that panics, and one that is never polled.
#[tokio::test]
async fn a_body_that_panics_and_one_that_nobody_reads() {
    metrics!();
    let router = Router::new()
        .route(
            "/panic",
            get(|| async { whole(["one"].into_iter().chain(std::iter::from_fn(|| panic!("wanted")))) }),
        )
        .route("/unread", get(|| async { whole(["one"]) }));
    let address = serve(measured(router.clone(), HttpLayer::new(&HTTP))).await;
    exchange(address, "GET", "/panic", "").await;
    let unread = Request::get("/unread").body(Body::empty()).unwrap();
    drop(measured(router, HttpLayer::new(&HTTP)).oneshot(unread).await.unwrap());
    until(&METRICS, "http_request_duration_highr_seconds_count", 2.0).await;
    recorded(&METRICS).family("http_requests_incomplete_total").assert_eq(
        r#"
        http_requests_incomplete_total{handler="/panic",reason="panicked"} 1
        http_requests_incomplete_total{handler="/unread",reason="aborted"} 1
    "#,
    );
    assert_eq!(HTTP.http_requests_inprogress.get(), 0);
}
