//! The exporter as a route of a server that has services of axum, of hyper and of tonic.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::http::uri::PathAndQuery;
use axum::http::{Request, Response};
use axum::routing::get;
use enumetrics::Exporter;
use enumetrics::http::HttpLayer;
use tokio::net::TcpListener;
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tower::service_fn;

use crate::grpc::{Cart, Text};

#[tokio::test]
async fn metrics_are_served_beside_axum_hyper_and_tonic() {
    enumetrics::http_metrics! {
        #[http(grpc, without(request_size, high_resolution))]
        static HTTP: Http;
    }
    enumetrics::catalog! { static METRICS = [HTTP]; }

    let of_hyper = service_fn(async |request: Request<Body>| {
        let path = request.uri().path().to_owned();
        Ok::<_, Infallible>(Response::new(Body::from(path)))
    });
    let router = Router::new()
        .route("/hello", get(async || "hello"))
        .route_service("/raw", of_hyper)
        .route("/metrics", Exporter::new(&METRICS).route())
        .route_service("/scrape", Exporter::new(&METRICS).into_service());
    let layer = HttpLayer::new(&HTTP).routes(["/shop.Cart/Add", "/hello", "/raw", "/scrape"]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::builder()
        .accept_http1(true)
        .layer(layer)
        .add_routes(Routes::from(router).add_service(Cart));
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));

    let text = async |path: &str| {
        let answer = reqwest::get(format!("http://{address}{path}")).await.unwrap();
        assert!(answer.status().is_success(), "{path}: {answer:?}");
        answer.text().await.unwrap()
    };
    let channel = Channel::from_shared(format!("http://{address}")).unwrap();
    let mut calls = tonic::client::Grpc::new(channel.connect().await.unwrap());
    for _ in 0..3 {
        assert_eq!(text("/hello").await, "hello");
        assert_eq!(text("/raw").await, "/raw");
        calls.ready().await.unwrap();
        let request = tonic::Request::new("hi".to_owned());
        let path = PathAndQuery::from_static("/shop.Cart/Add");
        assert_eq!(calls.unary(request, path, Text).await.unwrap().into_inner(), "hi");
        assert!(text("/metrics").await.contains("# TYPE http_requests_total counter\n"));
    }
    // What was answered is counted when the last byte has been handed over, which a client may see before.
    crate::until(&METRICS, "http_requests_inprogress", 0.0).await;
    let scraped = text("/metrics").await;
    for sample in [
        r#"http_requests_total{handler="/hello",method="GET",status="2xx"} 3"#,
        r#"http_requests_total{handler="/raw",method="GET",status="2xx"} 3"#,
        r#"grpc_requests_total{handler="/shop.Cart/Add",code="OK"} 3"#,
    ] {
        assert!(scraped.lines().any(|line| line == sample), "{sample}:\n{scraped}");
    }
    assert!(text("/scrape").await.contains("http_requests_total"));
    let posted = reqwest::Client::new().post(format!("http://{address}/scrape")).send();
    assert_eq!(posted.await.unwrap().status(), 405);
}
