//! Recordings whose machine code `tests/assembly.rs` reads.
#![allow(unsafe_code, reason = "`no_mangle`, so that the test finds them")]

use enumetrics::{Counter, Gauge, Histogram, InFlight, InFlightGuard, LabelSet, LabelValue, metric_family, timed};

/// One label.
#[derive(LabelValue, Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum Status {
    Verified,
    Rejected,
    ManualReview,
    Error,
}

/// Another label.
#[derive(LabelValue, Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum Method {
    Get,
    Post,
    Put,
}

/// A third.
#[derive(LabelValue, Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum Handler {
    Verify,
    Sessions,
    Health,
    Metrics,
    Other,
}

/// All three.
#[derive(LabelSet, Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Request {
    pub handler: Handler,
    pub method: Method,
    pub status: Status,
}

/// What is recorded into.
#[metric_family(namespace = "kyc")]
#[derive(Debug)]
pub struct Kyc {
    /// Verifications processed, by final status, counted by all threads in one place as in the example `kyc_gateway`.
    #[metric(shared)]
    pub verifications_total: Counter<Status>,
    /// Requests.
    pub requests_total: Counter<Request>,
    /// Sessions now open.
    pub sessions: Gauge,
    /// Duration of a request.
    #[metric(buckets = [0.1, 0.5, 1.0])]
    pub request_duration_seconds: Histogram<Handler>,
    /// Requests in flight.
    pub in_flight: InFlight<Handler>,
    /// Logins, counted by each thread in a place of its own.
    pub logins_total: Counter<Status>,
}

/// The static.
pub static KYC: Kyc = Kyc::new();

/// A constant label.
#[unsafe(no_mangle)]
pub fn constant_label() {
    KYC.logins_total.with(Status::Rejected).inc();
}

/// A label known at run time.
#[unsafe(no_mangle)]
pub fn label_of_a_variable(status: Status) {
    KYC.logins_total.with(status).inc();
}

/// Three labels known at run time.
#[unsafe(no_mangle)]
pub fn three_labels(handler: Handler, method: Method, status: Status) {
    KYC.requests_total
        .with(Request {
            handler,
            method,
            status,
        })
        .inc();
}

/// A gauge.
#[unsafe(no_mangle)]
pub fn gauge() {
    KYC.sessions.inc();
}

/// A histogram with a constant label.
#[unsafe(no_mangle)]
pub fn observation(seconds: f64) {
    KYC.request_duration_seconds.with(Handler::Verify).observe(seconds);
}

/// A guard of what is in flight.
#[unsafe(no_mangle)]
pub fn enter() -> InFlightGuard<'static, Handler> {
    KYC.in_flight.with(Handler::Verify).track()
}

/// The end of such a guard.
#[unsafe(no_mangle)]
pub fn leave(guard: InFlightGuard<'static, Handler>) {
    drop(guard);
}

/// A counter that all threads share, with a constant label.
#[unsafe(no_mangle)]
pub fn shared() {
    KYC.verifications_total.with(Status::Verified).inc();
}

/// The same with a label known at run time.
#[unsafe(no_mangle)]
pub fn shared_with_a_variable(status: Status) {
    KYC.verifications_total.with(status).inc();
}

/// A timed function.
#[unsafe(no_mangle)]
#[timed(KYC.request_duration_seconds, handler = "verify")]
pub fn timed_function() {}

fn main() {}
