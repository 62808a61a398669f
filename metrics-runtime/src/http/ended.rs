//! What is known of an exchange when it has ended, and who is told.

use http::{HeaderMap, Method, StatusCode, request};

use super::label::{Answer, End, GrpcCode, Handler};

/// What an [`HttpLayer`](super::HttpLayer) records into: `http_metrics!` declares one.
///
/// One by hand is any static; it is called for each exchange that is not excluded, at both its ends. Neither call may
/// panic or block.
pub trait HttpMetrics: Sync + 'static {
    /// The label for what handles a request.
    type Handler: Handler;
    /// What lives as long as an exchange does: usually the guard of an [`InFlight`](crate::InFlight).
    type InProgress: Send + 'static;
    /// Whether the exchanges are outgoing calls, whose handler is the host that is called.
    const OUTGOING: bool = false;

    /// An exchange begins.
    fn begin(&'static self, handler: Self::Handler, method: &Method) -> Self::InProgress;

    /// It has ended. This is called once for each that began.
    fn end(&'static self, handler: Self::Handler, exchange: &Exchange<'_>);
}

/// An exchange that has ended: what is recorded of it, and what functions of one's own
/// ([`on_end`](super::HttpLayer::on_end)) are told.
#[derive(Debug)]
#[non_exhaustive]
pub struct Exchange<'a> {
    /// The request's method.
    pub method: &'a Method,
    /// The handler, as it is exported.
    pub handler: &'static str,
    /// The response's status, if there was a response.
    pub status: Option<StatusCode>,
    /// How it ended.
    pub end: End,
    /// Whether it was an outgoing call.
    pub outgoing: bool,
    /// The seconds that are recorded: to the response's end or to its beginning, and rounded, as the layer says.
    pub seconds: f64,
    /// The seconds until the response began, if it did.
    pub seconds_to_head: Option<f64>,
    /// The seconds until the end.
    pub seconds_to_end: f64,
    /// Whether its duration belongs into the histogram of high resolution.
    pub in_high_resolution: bool,
    /// Bytes of the request's body that were read.
    pub request_bytes: u64,
    /// Bytes of the response's body that were sent.
    pub response_bytes: u64,
    /// How it ended as a gRPC call, if it was one.
    pub grpc: Option<GrpcCode>,
    /// The request's head, for functions of one's own.
    pub request: Option<&'a request::Parts>,
    /// The response's headers, for functions of one's own.
    pub response_headers: Option<&'a HeaderMap>,
    /// The beginning of the response's body, where [`keep_bodies`](super::HttpLayer::keep_bodies) wants it.
    pub response_body: Option<&'a [u8]>,
}

impl Exchange<'_> {
    /// How it was answered. A server that had nothing to answer because it failed counts as one that answered 500: its
    /// client sees a connection that breaks, and an alert on errors should see it too.
    #[inline]
    #[must_use]
    pub fn answer(&self) -> Answer {
        match (self.status, self.end) {
            (Some(status), _) => Answer::Status(status),
            (None, End::Cancelled | End::Aborted) => Answer::Cancelled,
            (None, _) if self.outgoing => Answer::Failed,
            (None, _) => Answer::Status(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}
