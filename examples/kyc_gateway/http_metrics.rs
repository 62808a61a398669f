//! The HTTP metrics, recorded by a middleware that knows its route by name.

use crate::metrics::{Exchange, HTTP, Handler, Method, StatusClass};
use axum::extract::{Request, State};
use axum::http::{self, StatusCode};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::MethodRouter;

/// `route`, measured as `handler`: what it answers, what it refuses (a method that it does not know), and what nobody
/// waited for.
pub fn measured<S>(handler: Handler, route: MethodRouter<S>) -> MethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    route.layer(middleware::from_fn_with_state(handler, measure))
}

async fn measure(State(handler): State<Handler>, request: Request, next: Next) -> Response {
    let _timer = HTTP.request_duration_seconds.with(handler).start_timer();
    let mut record = Record(Exchange {
        handler,
        method: request.method().into(),
        status: StatusClass::Cancelled,
    });
    let response = next.run(request).await;
    record.0.status = response.status().into();
    response
}

/// Counts its exchange when it is dropped: after the answer, or when the client closed the connection and the future
/// above was dropped half-way.
struct Record(Exchange);

impl Drop for Record {
    fn drop(&mut self) {
        HTTP.requests_total.with(self.0).inc();
    }
}

impl From<&http::Method> for Method {
    fn from(method: &http::Method) -> Self {
        match *method {
            http::Method::GET => Self::Get,
            http::Method::POST => Self::Post,
            http::Method::DELETE => Self::Delete,
            // A client can make up methods, too.
            _ => Self::Other,
        }
    }
}

impl From<StatusCode> for StatusClass {
    fn from(status: StatusCode) -> Self {
        match status.as_u16() {
            200..300 => Self::Success,
            400..500 => Self::ClientError,
            500..600 => Self::ServerError,
            _ => Self::Other,
        }
    }
}
