//! gRPC: HTTP/2 with the outcome in the trailers, without any crate of it.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::http::{HeaderMap, HeaderValue, Request, Response};
use bytes::Bytes;
use enumetrics::http::HttpLayer;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Frame;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tower::{Layer, Service};

use crate::{metrics, recorded, until};

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// What a gRPC server answers: a message and trailers, trailers only, or a message and then nothing.
async fn answer<B>(request: Request<B>) -> Result<Response<Body>, Infallible> {
    let trailers = |code: &'static str| {
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static(code));
        trailers
    };
    let message = || Full::new(Bytes::from_static(b"\0\0\0\0\x02hi"));
    let mut response = Response::builder().header("content-type", "application/grpc");
    let body = match request.uri().path() {
        "/shop.Cart/Add" => message()
            .with_trailers(async move { Some(Ok(trailers("0"))) })
            .boxed_unsync(),
        "/shop.Cart/Find" => message()
            .with_trailers(async move { Some(Ok(trailers("5"))) })
            .boxed_unsync(),
        "/shop.Cart/Watch" => {
            let never = message().with_trailers(std::future::pending());
            never.boxed_unsync()
        }
        "/shop.Cart/Forget" => message().map_frame(|frame: Frame<Bytes>| frame).boxed_unsync(),
        _ => {
            response = response.header("grpc-status", "12");
            Empty::new().boxed_unsync()
        }
    };
    Ok(response.body(body).unwrap())
}

async fn client(address: SocketAddr) -> http2::SendRequest<Empty<Bytes>> {
    let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (client, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    client
}

#[tokio::test]
async fn the_status_of_a_call_is_that_of_its_trailers() {
    metrics!(#[http(grpc, without(request_size, high_resolution))]);
    let layer =
        HttpLayer::new(&HTTP).routes(["Add", "Find", "Watch", "Forget"].map(|method| format!("/shop.Cart/{method}")));
    let service = layer.layer(tower::service_fn(answer));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = service.clone();
            let service = hyper::service::service_fn(move |request: Request<hyper::body::Incoming>| {
                service.clone().call(request)
            });
            let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            tokio::spawn(server.serve_connection(TokioIo::new(stream), service));
        }
    });
    let mut client = client(address).await;
    let mut call = |path: &str| {
        let uri = format!("http://{address}{path}");
        let request = Request::post(uri)
            .header("content-type", "application/grpc")
            .body(Empty::new())
            .unwrap();
        client.send_request(request)
    };
    for path in [
        "/shop.Cart/Add",
        "/shop.Cart/Find",
        "/shop.Cart/Forget",
        "/made.Up/Path",
    ] {
        let response = call(path).await.unwrap();
        assert_eq!(response.status(), 200);
        response.into_body().collect().await.unwrap();
    }
    let watched = call("/shop.Cart/Watch").await.unwrap();
    assert_eq!(HTTP.http_requests_inprogress.get(), 1);
    // The stream is reset.
    drop(watched);
    until(&METRICS, "http_requests_inprogress", 0.0).await;
    let recorded = recorded(&METRICS);
    recorded.family("grpc_requests_total").assert_eq(
        r#"
        grpc_requests_total{handler="/shop.Cart/Add",code="OK"} 1
        grpc_requests_total{handler="/shop.Cart/Find",code="NOT_FOUND"} 1
        grpc_requests_total{handler="/shop.Cart/Watch",code="CANCELLED"} 1
        grpc_requests_total{handler="/shop.Cart/Forget",code="UNKNOWN"} 1
        grpc_requests_total{handler="none",code="UNIMPLEMENTED"} 1
    "#,
    );
    recorded.family("http_requests_total").assert_eq(
        r#"
        http_requests_total{handler="/shop.Cart/Add",method="POST",status="2xx"} 1
        http_requests_total{handler="/shop.Cart/Find",method="POST",status="2xx"} 1
        http_requests_total{handler="/shop.Cart/Watch",method="POST",status="2xx"} 1
        http_requests_total{handler="/shop.Cart/Forget",method="POST",status="2xx"} 1
        http_requests_total{handler="none",method="POST",status="2xx"} 1
    "#,
    );
    assert_eq!(
        recorded.get(r#"http_response_size_bytes_sum{handler="/shop.Cart/Add"}"#),
        Some(7.0)
    );
    recorded
        .family("http_requests_incomplete_total")
        .assert_eq(r#"http_requests_incomplete_total{handler="/shop.Cart/Watch",reason="aborted"} 1"#);
}
