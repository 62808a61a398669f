//! An exchange between its ends.

use std::sync::Arc;

use http::{HeaderMap, Method, Response, StatusCode, header, request};
use http_body::Body;

use super::HandledBy;
use super::body::Count;
use super::ended::{Exchange, HttpMetrics};
use super::label::{End, GrpcCode};
use super::layer::Handled;
use super::options::{Durations, Head, Options};
use crate::clock::Moment;

/// An exchange that is under way. It ends once: when it is told so, or when it is dropped.
pub(super) struct Ongoing<M: HttpMetrics> {
    metrics: &'static M,
    durations: Durations,
    handled: Handled<M>,
    method: Method,
    start: Moment,
    /// Taken at the end.
    in_progress: Option<M::InProgress>,
    status: Option<StatusCode>,
    seconds_to_head: Option<f64>,
    request_bytes: Option<Arc<Count>>,
    response_bytes: u64,
    /// How long the response's body says to be.
    expected_bytes: Option<u64>,
    /// `Some` where it is a gRPC call: what its status is, as far as one came.
    grpc: Option<Option<GrpcCode>>,
    /// The service is running: whatever drops this now is a panic that unwinds.
    running: bool,
    /// What functions of one's own are told besides.
    told: Option<Box<Told>>,
}

/// What only functions of one's own need: those, and copies for them.
struct Told {
    options: Arc<Options>,
    request: request::Parts,
    response_headers: Option<HeaderMap>,
    /// The beginning of the response's body, where it is kept.
    body: Option<Vec<u8>>,
}

impl<M: HttpMetrics> Ongoing<M> {
    #[inline]
    pub(super) fn begin(metrics: &'static M, options: &Arc<Options>, handled: Handled<M>, request: Head<'_>) -> Self {
        let told = |request: &request::Parts| {
            let body = options.keeps_body_of(handled.text).then(Vec::new);
            Box::new(Told {
                options: Arc::clone(options),
                request: request.clone(),
                response_headers: None,
                body,
            })
        };
        let listened = request.parts.filter(|_| options.has_listeners());
        Self {
            metrics,
            durations: options.durations,
            handled,
            method: request.method.clone(),
            in_progress: Some(metrics.begin(handled.handler, request.method)),
            status: None,
            seconds_to_head: None,
            request_bytes: None,
            response_bytes: 0,
            expected_bytes: None,
            grpc: is_grpc(request).then_some(None),
            running: false,
            told: listened.map(told),
            // Last, so that what this costs is not part of what is timed.
            start: Moment::now(),
        }
    }

    /// Where the bytes of the request's body are counted.
    pub(super) fn count_request_bytes(&mut self) -> Arc<Count> {
        Arc::clone(self.request_bytes.get_or_insert_default())
    }

    /// Says that a part of the service runs, or that it has returned.
    #[inline]
    pub(super) fn running(&mut self, running: bool) {
        self.running = running;
    }

    /// There is a response. Whether the exchange has ended with it, because it has no body.
    #[inline]
    pub(super) fn answered<B: Body>(&mut self, response: &Response<B>) -> bool {
        self.status = Some(response.status());
        if let Some(HandledBy(name)) = response.extensions().get() {
            self.handled = Handled::by(name);
        }
        // One without a body has them here.
        self.trailers(response.headers());
        if let Some(told) = &mut self.told {
            told.response_headers = Some(response.headers().clone());
        }
        let is_all = response.body().is_end_stream() || has_no_body(&self.method, response.status());
        if is_all {
            self.end(End::Complete);
        } else {
            let said = || {
                let length = response.headers().get(header::CONTENT_LENGTH)?;
                length.to_str().ok()?.parse().ok()
            };
            self.expected_bytes = response.body().size_hint().exact().or_else(said);
        }
        is_all
    }

    /// The response begins, and its end is still to come.
    pub(super) fn begins_to_answer(&mut self) {
        self.seconds_to_head = Some(self.start.elapsed());
    }

    /// A part of the response's body goes to the client.
    pub(super) fn sent(&mut self, bytes: u64, data: Option<&[u8]>) {
        self.response_bytes += bytes;
        if let Some(Told {
            options,
            body: Some(body),
            ..
        }) = self.told.as_deref_mut()
        {
            let room = options.longest_body().saturating_sub(body.len());
            body.extend(data.unwrap_or_default().iter().take(room));
        }
    }

    /// What gRPC says last is still to come.
    pub(super) fn is_grpc(&self) -> bool {
        self.grpc.is_some()
    }

    /// Whether the body is as long as it says: a server need not ask for its end.
    pub(super) fn has_sent_all(&self) -> bool {
        !self.is_grpc()
            && self
                .expected_bytes
                .is_some_and(|expected| self.response_bytes >= expected)
    }

    /// What the response's trailers say.
    pub(super) fn trailers(&mut self, trailers: &HeaderMap) {
        // Other calls do not pay for the search.
        if let Some(grpc) = &mut self.grpc
            && let Some(code) = trailers.get("grpc-status")
        {
            *grpc = Some(GrpcCode::from_number(code.to_str().unwrap_or_default()));
        }
    }

    /// The exchange has ended. What comes later, nobody is told.
    #[inline]
    pub(super) fn end(&mut self, end: End) {
        let Some(in_progress) = self.in_progress.take() else {
            return;
        };
        let seconds_to_end = self.start.elapsed();
        match self.told.take() {
            None => self
                .metrics
                .end(self.handled.handler, &self.ended(end, seconds_to_end, None)),
            Some(told) => self.end_and_tell(end, seconds_to_end, &told),
        }
        // Last: whoever sees that nothing is in progress finds everything recorded.
        drop(in_progress);
    }

    /// Functions of one's own are told what was recorded. Where there is none, nothing has to be in one piece for them.
    #[cold]
    #[inline(never)]
    fn end_and_tell(&self, end: End, seconds_to_end: f64, told: &Told) {
        let exchange = self.ended(end, seconds_to_end, Some(told));
        self.metrics.end(self.handled.handler, &exchange);
        told.options.tell(&exchange);
    }

    #[inline]
    fn ended<'a>(&'a self, end: End, seconds_to_end: f64, told: Option<&'a Told>) -> Exchange<'a> {
        // What ended as it began was one moment.
        let seconds_to_head = self.seconds_to_head.or(self.status.map(|_| seconds_to_end));
        let mut exchange = Exchange {
            method: &self.method,
            handler: self.handled.text,
            status: self.status,
            end,
            outgoing: M::OUTGOING,
            seconds: self.durations.seconds(seconds_to_head, seconds_to_end),
            seconds_to_head,
            seconds_to_end,
            in_high_resolution: false,
            request_bytes: self.request_bytes.as_ref().map_or(0, |count| count.get()),
            response_bytes: self.response_bytes,
            grpc: self.grpc.map(|code| code.unwrap_or(code_of(end))),
            request: told.map(|told| &told.request),
            response_headers: told.and_then(|told| told.response_headers.as_ref()),
            response_body: told.and_then(|told| told.body.as_deref()),
        };
        exchange.in_high_resolution = self.durations.is_in_high_resolution(exchange.answer());
        exchange
    }
}

impl<M: HttpMetrics> Drop for Ongoing<M> {
    fn drop(&mut self) {
        self.end(match self.status {
            _ if self.running => End::Panicked,
            Some(_) => End::Aborted,
            None => End::Cancelled,
        });
    }
}

#[inline]
fn is_grpc(request: Head<'_>) -> bool {
    let content_type = || request.headers.get(header::CONTENT_TYPE);
    // First what costs nothing to find out: calls of gRPC are always sent by this method.
    *request.method == Method::POST
        && content_type().is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}

/// What a gRPC call is that ends without its status.
fn code_of(end: End) -> GrpcCode {
    match end {
        End::Cancelled | End::Aborted => GrpcCode::Cancelled,
        End::Complete | End::Failed | End::Panicked => GrpcCode::Unknown,
    }
}

/// Whether a response has no body, whatever it says: nobody asks for one (RFC 9110, section 6.4.1). After an upgrade and
/// after CONNECT the connection belongs to another protocol.
#[inline]
fn has_no_body(method: &Method, status: StatusCode) -> bool {
    method == Method::HEAD
        || method == Method::CONNECT && status.is_success()
        || status.is_informational()
        || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}
