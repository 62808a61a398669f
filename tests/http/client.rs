//! Outgoing calls.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::routing::{get, post};
use enumetrics::http::HttpLayer;
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tower::{Layer, Service, ServiceExt};

use crate::{metrics, recorded, serve, whole};

#[tokio::test]
async fn calls_are_counted_by_the_host_that_is_called() {
    metrics!(#[http(client, statuses = enumetrics::http::ExactStatus)]);
    let router = Router::new()
        .route("/echo", post(|body: String| async { body }))
        .route("/bad", get(|| async { StatusCode::BAD_GATEWAY }))
        .route(
            "/stream",
            get(|| async { whole(std::iter::repeat("0123456789abcdef")) }),
        )
        .route("/hang", get(|| async { std::future::pending::<&str>().await }));
    let address = serve(router).await;
    let client = HttpLayer::new(&HTTP).layer(Client::builder(TokioExecutor::new()).build_http());
    let uri = |path: &str| format!("http://{address}{path}");

    let echo = Request::post(uri("/echo")).body(Body::from("0123456789")).unwrap();
    let response = client.clone().oneshot(echo).await.unwrap();
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "0123456789");
    let bad = Request::get(uri("/bad")).body(Body::empty()).unwrap();
    client.clone().oneshot(bad).await.unwrap();
    // Given up in the middle of the answer, and before it.
    let stream = Request::get(uri("/stream")).body(Body::empty()).unwrap();
    let mut response = client.clone().oneshot(stream).await.unwrap();
    response.body_mut().frame().await.unwrap().unwrap();
    drop(response);
    let hang = client
        .clone()
        .call(Request::get(uri("/hang")).body(Body::empty()).unwrap());
    assert_eq!(HTTP.http_client_requests_inprogress.get(), 1);
    drop(hang);
    // Nobody is there.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let call = Request::get(format!("http://{nobody}/")).body(Body::empty()).unwrap();
    client.oneshot(call).await.unwrap_err();

    let recorded = recorded(&METRICS);
    recorded.family("http_client_requests_total").assert_eq(
        r#"
        http_client_requests_total{target="127.0.0.1",method="POST",status="200"} 1
        http_client_requests_total{target="127.0.0.1",method="GET",status="502"} 1
        http_client_requests_total{target="127.0.0.1",method="GET",status="200"} 1
        http_client_requests_total{target="127.0.0.1",method="GET",status="cancelled"} 1
        http_client_requests_total{target="127.0.0.1",method="GET",status="error"} 1
    "#,
    );
    recorded.family("http_client_requests_incomplete_total").assert_eq(
        r#"
        http_client_requests_incomplete_total{target="127.0.0.1",reason="cancelled"} 1
        http_client_requests_incomplete_total{target="127.0.0.1",reason="aborted"} 1
        http_client_requests_incomplete_total{target="127.0.0.1",reason="failed"} 1
    "#,
    );
    assert_eq!(
        recorded.get(r#"http_client_request_size_bytes_sum{target="127.0.0.1"}"#),
        Some(10.0)
    );
    assert_eq!(HTTP.http_client_requests_inprogress.get(), 0);
}

#[tokio::test]
async fn a_function_names_targets_and_server_and_client_share_a_catalog() {
    enumetrics::http_metrics! { static HTTP: Http; }
    enumetrics::http_metrics! {
        #[http(client, handler = "service", max_routes = 4)]
        static CALLS: Calls;
    }
    enumetrics::catalog! { static METRICS = [HTTP, CALLS]; }
    let address = serve(
        Router::new()
            .route("/pay", get(|| async {}))
            .layer(HttpLayer::new(&HTTP)),
    )
    .await;
    let layer = HttpLayer::new(&CALLS).template(|request| request.uri.path().starts_with("/pay").then_some("billing"));
    let client = layer.layer(Client::builder(TokioExecutor::new()).build_http());
    let call = Request::get(format!("http://{address}/pay"))
        .body(Body::empty())
        .unwrap();
    client.oneshot(call).await.unwrap();
    recorded(&METRICS)
        .filtered(|series| series.contains("requests_total"))
        .assert_eq(
            r#"
        http_requests_total{handler="/pay",method="GET",status="2xx"} 1
        http_client_requests_total{service="billing",method="GET",status="2xx"} 1
    "#,
        );
}
