//! `enumetrics`, the command line: checks, compares and formats rules, dashboards and queries that exist as text.
//!
//! ```text
//! enumetrics lint --catalogue metrics.json ops/
//! enumetrics lint --metrics http://localhost:9464/metrics --query 'rate(http_requests_total[5m])'
//! enumetrics diff old.json new.json --rules ops/
//! enumetrics fmt --check ops/
//! ```
//!
//! It stays thin: expressions are read and judged by `enumetrics-promql`, catalogues by `enumetrics-runtime`. A file here
//! is a subcommand, or what several of them share. Each subcommand gives its whole text back, so that only this file
//! writes to the standard output, and a closed pipe is no panic.

mod catalogue;
mod completions;
mod diff;
mod explain;
mod files;
mod fmt;
mod lint;
mod options;
mod outcome;
mod query;
mod scrape;
mod source;
mod terminal;

use std::process::ExitCode;

/// Of the thread that does everything. Trees of expressions are dropped recursively, and a chain of a thousand operators is
/// a tree that deep; only what is used of it takes memory.
const STACK: usize = 256 << 20;

fn main() -> ExitCode {
    let work = std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(|| options::parse().run());
    let done = match work.map(std::thread::JoinHandle::join) {
        Ok(Ok(done)) => done,
        Ok(Err(panic)) => std::panic::resume_unwind(panic),
        Err(error) => Err(outcome::Failure::new(format!("cannot start a thread: {error}"))),
    };
    outcome::report(done)
}
