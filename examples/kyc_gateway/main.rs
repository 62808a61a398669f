//! KYC
#![allow(clippy::print_stdout, clippy::print_stderr, dead_code, unused_imports, reason = "x")]
mod api;
mod clients;
mod gateway;
mod http_client;
mod http_metrics;
mod metrics;
mod modules;
mod mrz;
mod pipeline;
mod random;
mod rate_limit;
mod sessions;

enumetrics::timed_into!(crate::metrics::KYC.module_duration_seconds);

fn main() {}
