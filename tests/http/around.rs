//! Where a layer stands, and what is only so of one around a whole router: it finds the routes itself, as axum does.

use std::sync::Mutex;

use axum::Router;
use axum::body::Body;
use axum::extract::MatchedPath;
use axum::http::Request;
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, any, get};
use enumetrics::http::{Exchange, HttpLayer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::{Layer, Service, ServiceExt};

use crate::wire::exchange;
use crate::{metrics, recorded};

async fn ask<S>(service: &S, path: &str)
where
    S: Service<Request<Body>, Response: Send, Error: std::fmt::Debug> + Clone,
{
    let request = Request::get(path).body(Body::empty()).unwrap();
    service.clone().oneshot(request).await.unwrap();
}

fn users() -> Router {
    Router::new().route("/users/{id}", get(|| async {}))
}

/// What axum tells a layer depends on where it stands: as `docs/http.md` says.
#[tokio::test]
async fn a_layer_of_one_route_and_those_of_routers() {
    metrics!();
    let http = || HttpLayer::new(&HTTP);
    let count = || {
        let counts = recorded(&METRICS).filtered(|series| series.contains("duration_seconds_count"));
        let get = |handler| {
            counts.get(&format!(
                r#"http_request_duration_seconds_count{{handler="{handler}",method="GET"}}"#
            ))
        };
        (get("/users/{id}").unwrap_or_default(), get("none").unwrap_or_default())
    };
    for (router, known) in [
        (Router::new().route("/users/{id}", get(|| async {}).layer(http())), 1.0),
        (
            Router::new().route("/users/{id}", get(|| async {}).layer(http().for_axum())),
            1.0,
        ),
        (users().route_layer(http()), 1.0),
        (users().route_layer(http().for_axum()), 1.0),
        // It runs before there is a match.
        (Router::new().fallback_service(http().layer(users())), 0.0),
        (Router::new().fallback_service(http().around(users())), 1.0),
    ] {
        let (before, nowhere) = count();
        ask(&router, "/users/7").await;
        assert_eq!(count(), (before + known, nowhere + 1.0 - known));
    }
}

#[tokio::test]
async fn servers_take_it_as_they_take_a_router() {
    metrics!();
    let router = HttpLayer::new(&HTTP).around(users().route("/echo", any(|body: String| async { body })));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = router.clone();
    tokio::spawn(async move { axum::serve(listener, served).await });
    assert!(
        exchange(address, "POST", "/echo", "four")
            .await
            .ends_with("\r\n\r\nfour")
    );

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        hyper::server::conn::http1::Builder::new()
            .serve_connection(hyper_util::rt::TokioIo::new(stream), TowerToHyperService::new(router))
            .await
    });
    assert!(
        exchange(address, "POST", "/echo", "seven..")
            .await
            .ends_with("\r\n\r\nseven..")
    );
    let recorded = recorded(&METRICS);
    recorded
        .family("http_requests_total")
        .assert_eq(r#"http_requests_total{handler="/echo",method="POST",status="2xx"} 2"#);
    for size in ["http_request_size_bytes_sum", "http_response_size_bytes_sum"] {
        assert_eq!(recorded.get(&format!(r#"{size}{{handler="/echo"}}"#)), Some(11.0));
    }
}

/// Of each path the template is axum's own, whatever the routes are.
#[tokio::test]
async fn it_finds_what_axum_finds() {
    static SEEN: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    metrics!();
    fn route<S: Clone + Send + Sync + 'static>() -> MethodRouter<S> {
        any(|path: Option<MatchedPath>| async move { path.map_or("none".to_owned(), |path| path.as_str().to_owned()) })
    }
    let nested = Router::new()
        .route("/", route())
        .route("/{id}", route())
        .route("/me", route())
        .route("/{id}/{*rest}", route())
        .fallback(|| async { "none" });
    let router = Router::new()
        .route("/", route())
        .route("/{{literal}}/{x}", route())
        .route("/caf\u{e9}/\u{1f600}", route())
        .route("/a.b{c}", route())
        .route("/state/{of}", route().with_state(()))
        .nest("/users/{user}", nested.clone())
        .nest("/v1", Router::new().nest("/deep/er", nested))
        .nest_service(
            "/static",
            tower::service_fn(|_: Request<Body>| async { Ok::<_, std::convert::Infallible>("none".into_response()) }),
        )
        .fallback(|| async { "none" });
    let router = HttpLayer::new(&HTTP)
        .on_end(|exchange: &Exchange<'_>| SEEN.lock().unwrap().push(exchange.handler))
        .around(router);
    for path in [
        "/",
        "/?a=b",
        "/%7Bliteral%7D/1",
        "/{literal}/1",
        "/caf%C3%A9/%F0%9F%98%80",
        "/a.bc",
        "/a.b",
        "/state/1",
        "/users/1",
        "/users/1/",
        "/users/1/2",
        "/users/1/me",
        "/users/1/me/and/more",
        "/v1/deep/er",
        "/v1/deep/er/me",
        "/v1/deep/er/7/8/9",
        "/v1/deep",
        "/static/a.css",
        "/nowhere",
        "//",
    ] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let body = axum::body::to_bytes(response.into_body(), 100).await.unwrap();
        assert_eq!(SEEN.lock().unwrap().pop(), std::str::from_utf8(&body).ok(), "{path}");
    }
}

/// A route that axum prints in a way that is not understood: each says itself what it is.
#[tokio::test]
async fn a_template_that_axum_does_not_print_as_it_is_counts_as_well() {
    metrics!();
    let router = users().route("/a\"b", get(|| async {}));
    let router = HttpLayer::new(&HTTP).around(router);
    ask(&router, "/users/7").await;
    ask(&router, "/nowhere").await;
    recorded(&METRICS).family("http_requests_total").assert_eq(
        r#"
        http_requests_total{handler="/users/{id}",method="GET",status="2xx"} 1
        http_requests_total{handler="none",method="GET",status="4xx"} 1
    "#,
    );
}
