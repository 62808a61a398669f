//! A server and a client of tonic, without generated code.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::http::uri::PathAndQuery;
use axum::http::{Request, Response};
use bytes::{Buf as _, BufMut as _};
use enumetrics::http::HttpLayer;
use enumetrics::testing::Samples;
use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::NamedService;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic::{Code, Status};
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::until;

/// Messages that are texts.
#[derive(Clone, Copy, Default)]
pub struct Text;

impl Codec for Text {
    type Encode = String;
    type Decode = String;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Text {
    type Item = String;
    type Error = Status;

    fn encode(&mut self, text: String, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(text.as_bytes());
        Ok(())
    }
}

impl Decoder for Text {
    type Item = String;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<String>, Status> {
        let bytes = buffer.copy_to_bytes(buffer.remaining());
        String::from_utf8(bytes.into())
            .map(Some)
            .map_err(|error| Status::invalid_argument(error.to_string()))
    }
}

/// What a generated server would be.
#[derive(Clone)]
pub struct Cart;

impl NamedService for Cart {
    const NAME: &'static str = "shop.Cart";
}

impl Service<Request<Body>> for Cart {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let path = request.uri().path().to_owned();
        let answer = service_fn(move |request: tonic::Request<String>| {
            let path = path.clone();
            async move {
                match path.as_str() {
                    "/shop.Cart/Add" => Ok(tonic::Response::new(request.into_inner())),
                    "/shop.Cart/Find" => Err(Status::not_found("no such cart")),
                    "/shop.Cart/Wait" => pending().await,
                    _ => Err(Status::unimplemented("no such method")),
                }
            }
        });
        Box::pin(async { Ok(tonic::server::Grpc::new(Text).unary(answer, request).await) })
    }
}

#[tokio::test]
async fn tonics_calls_are_counted_by_the_status_in_their_trailers_on_both_sides() {
    enumetrics::http_metrics! {
        #[http(grpc, without(request_size, high_resolution))]
        static HTTP: Http;
    }
    enumetrics::http_metrics! {
        #[http(client, grpc, without(request_size, high_resolution))]
        static CALLS: Calls;
    }
    enumetrics::catalog! { static METRICS = [HTTP, CALLS]; }

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let methods = ["Add", "Find", "Wait"].map(|method| format!("/shop.Cart/{method}"));
    let server = Server::builder()
        .layer(HttpLayer::new(&HTTP).routes(methods))
        .add_service(Cart);
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));

    let channel = Channel::from_shared(format!("http://{address}"))
        .unwrap()
        .connect_lazy();
    // The layer counts bodies, and a channel wants tonic's own.
    let channel = channel.map_request(|request: Request<_>| request.map(Body::new));
    // It is inside that the channel adds the host.
    let channel = HttpLayer::new(&CALLS).template(|_| Some("carts")).layer(channel);
    let call = async |path: &'static str| {
        let mut client = tonic::client::Grpc::new(channel.clone());
        client.ready().await.unwrap();
        let request = tonic::Request::new("hi".to_owned());
        client.unary(request, PathAndQuery::from_static(path), Text).await
    };
    let code = async |path| call(path).await.map_or_else(|status| status.code(), |_| Code::Ok);
    assert_eq!(call("/shop.Cart/Add").await.unwrap().into_inner(), "hi");
    assert_eq!(code("/shop.Cart/Find").await, Code::NotFound);
    assert_eq!(code("/shop.Cart/Forget").await, Code::Unimplemented);
    assert_eq!(code("/made.Up/Path").await, Code::Unimplemented);
    let waiting = tokio::time::timeout(Duration::from_millis(200), call("/shop.Cart/Wait")).await;
    assert!(waiting.is_err());
    until(&METRICS, "http_requests_inprogress", 0.0).await;
    until(&METRICS, "http_client_requests_inprogress", 0.0).await;

    let recorded = Samples::of(&METRICS).since(&Samples::default());
    recorded.family("grpc_requests_total").assert_eq(
        r#"
        grpc_requests_total{handler="/shop.Cart/Add",code="OK"} 1
        grpc_requests_total{handler="/shop.Cart/Find",code="NOT_FOUND"} 1
        grpc_requests_total{handler="/shop.Cart/Wait",code="CANCELLED"} 1
        grpc_requests_total{handler="none",code="UNIMPLEMENTED"} 2
    "#,
    );
    recorded.family("grpc_client_requests_total").assert_eq(
        r#"
        grpc_client_requests_total{target="carts",code="OK"} 1
        grpc_client_requests_total{target="carts",code="NOT_FOUND"} 1
        grpc_client_requests_total{target="carts",code="UNIMPLEMENTED"} 2
        grpc_client_requests_total{target="carts",code="CANCELLED"} 1
    "#,
    );
    // A message of two bytes behind five of gRPC's.
    assert_eq!(
        recorded.get(r#"http_response_size_bytes_sum{handler="/shop.Cart/Add"}"#),
        Some(7.0)
    );
    recorded
        .family("http_requests_incomplete_total")
        .assert_eq(r#"http_requests_incomplete_total{handler="/shop.Cart/Wait",reason="cancelled"} 1"#);
}
