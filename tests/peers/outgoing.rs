//! reqwest with the client layer around it.

use axum::Router;
use axum::http::{Request, Response, StatusCode};
use axum::routing::{get, post};
use enumetrics::http::{ExactStatus, HttpLayer, RequestBody};
use enumetrics::testing::Samples;
use http_body_util::BodyExt as _;
use reqwest::Body;
use tokio::net::TcpListener;
use tower::{Layer, ServiceExt, service_fn};

#[tokio::test]
async fn reqwests_calls_are_counted_with_everything_that_went_either_way() {
    enumetrics::http_metrics! {
        #[http(client, statuses = ExactStatus)]
        static CALLS: Calls;
    }
    enumetrics::catalog! { static METRICS = [CALLS]; }
    let router = Router::new()
        .route("/echo", post(|body: String| async { body }))
        .route("/moved", get(|| async { (StatusCode::FOUND, [("location", "/gone")]) }))
        .route("/gone", get(|| async { (StatusCode::GONE, "gone") }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async { axum::serve(listener, router).await });

    // The layer speaks of requests as `http` has them, and reqwest converts from and to those.
    let reqwest = reqwest::Client::new();
    let client = HttpLayer::new(&CALLS).layer(service_fn(move |request: Request<RequestBody<Body>>| {
        let reqwest = reqwest.clone();
        async move {
            let response = reqwest.execute(request.map(Body::wrap).try_into()?).await?;
            Ok::<Response<Body>, reqwest::Error>(response.into())
        }
    }));
    let ask = async |request: Request<Body>| client.clone().oneshot(request).await;
    let uri = |path: &str| format!("http://{address}{path}");
    let echo = Request::post(uri("/echo")).body(Body::from("0123456789")).unwrap();
    let echoed = ask(echo).await.unwrap().into_body().collect().await.unwrap();
    assert_eq!(echoed.to_bytes(), "0123456789");
    // A redirection is followed inside of the layer, so that it is one call.
    let moved = Request::get(uri("/moved")).body(Body::default()).unwrap();
    let gone = ask(moved).await.unwrap();
    assert_eq!(gone.status(), StatusCode::GONE);
    drop(gone);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let call = Request::get(format!("http://{nobody}/")).body(Body::default()).unwrap();
    assert!(ask(call).await.unwrap_err().is_connect());

    let recorded = Samples::of(&METRICS).since(&Samples::default());
    recorded.family("http_client_requests_total").assert_eq(
        r#"
        http_client_requests_total{target="127.0.0.1",method="POST",status="200"} 1
        http_client_requests_total{target="127.0.0.1",method="GET",status="410"} 1
        http_client_requests_total{target="127.0.0.1",method="GET",status="error"} 1
    "#,
    );
    for (series, bytes) in [
        (r#"http_client_request_size_bytes_sum{target="127.0.0.1"}"#, 10.0),
        (r#"http_client_response_size_bytes_sum{target="127.0.0.1"}"#, 10.0),
    ] {
        assert_eq!(recorded.get(series), Some(bytes), "{series}");
    }
    // Nobody read the body that says "gone".
    recorded.family("http_client_requests_incomplete_total").assert_eq(
        r#"
        http_client_requests_incomplete_total{target="127.0.0.1",reason="aborted"} 1
        http_client_requests_incomplete_total{target="127.0.0.1",reason="failed"} 1
    "#,
    );
    assert_eq!(CALLS.http_client_requests_inprogress.get(), 0);
}
