//! What the HTTP layer costs a request: axum answers the same one without a layer, with one that does nothing, and with
//! ours. The connection's part is left out.

use std::convert::Infallible;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{get, post};
use enumetrics::http::HttpLayer;
use tower::layer::layer_fn;
use tower::{Service, ServiceExt};

use crate::paths::Path;

enumetrics::http_metrics! {
    static HTTP: Http;
}

/// Instructions per request; those of a layer beyond those of the router without one, so that it shows where they grow.
pub const REQUESTS: &[Path] = &[
    path("request", None, |passes| answer(passes, router(), no_op)),
    path("request_any_layer", Some("request"), |passes| {
        answer(passes, router().layer(layer_fn(Nothing)), no_op);
    }),
    path("request_measured", Some("request"), |passes| {
        answer(passes, router().layer(HttpLayer::new(&HTTP)), no_op);
    }),
    path("request_for_axum", Some("request"), |passes| {
        answer(passes, router().layer(HttpLayer::new(&HTTP).for_axum()), no_op);
    }),
    path("request_around", Some("request"), |passes| {
        answer(passes, HttpLayer::new(&HTTP).around(router()), no_op);
    }),
    path("echo", None, |passes| answer(passes, router(), echo)),
    path("echo_measured", Some("echo"), |passes| {
        answer(passes, router().layer(HttpLayer::new(&HTTP)), echo);
    }),
    path("echo_for_axum", Some("echo"), |passes| {
        answer(passes, router().layer(HttpLayer::new(&HTTP).for_axum()), echo);
    }),
    path("echo_around", Some("echo"), |passes| {
        answer(passes, HttpLayer::new(&HTTP).around(router()), echo);
    }),
];

const fn path(name: &'static str, beyond: Option<&'static str>, run: fn(u64)) -> Path {
    Path {
        name,
        calls: 1,
        passes: 2000,
        run,
        beyond,
        target: &[],
    }
}

fn router() -> Router {
    // The state comes first, as `axum::serve` has it.
    Router::new()
        .route("/noop/{id}", get(|| async { "ok" }))
        .route("/echo/{id}", post(|body: String| async { body }))
        .with_state(())
}

fn no_op() -> Request {
    Request::get("/noop/7").body(Body::empty()).expect("a request")
}

fn echo() -> Request {
    Request::post("/echo/7")
        .body(Body::from("some bytes"))
        .expect("a request")
}

/// As `axum::serve` does: each request takes a clone of the service, and each response is read to
/// its end.
fn answer<S>(passes: u64, router: S, request: fn() -> Request)
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone,
{
    for _ in 0..passes {
        let response = ready(router.clone().oneshot(black_box(request())));
        let Ok(response) = response;
        let mut body = response.into_body();
        while !body.is_end_stream() {
            let Some(frame) = ready(std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context))) else {
                break;
            };
            black_box(frame.expect("a part of the body"));
        }
    }
}

fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("these handlers wait for nothing"),
    }
}

/// What axum needs for any layer.
#[derive(Clone)]
struct Nothing<S>(S);

impl<S: Service<R>, R> Service<R> for Nothing<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: R) -> S::Future {
        self.0.call(request)
    }
}
