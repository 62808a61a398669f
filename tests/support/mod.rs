//! What the integration tests share: real Prometheus servers, promtool, and an HTTP client that hides nothing.
#![allow(
    dead_code,
    reason = "each test file that includes this module uses its own part of it"
)]

pub(crate) mod example;
pub(crate) mod gateway;
pub(crate) mod http;
pub(crate) mod prometheus;
