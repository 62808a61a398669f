//! autometrics: the attribute records duration, calls by result and, asked to, how many run at once. Its backend is
//! the default one of its Prometheus exporter. It counts callers and modules, too: it does more than the row says.

use autometrics::{autometrics, prometheus_exporter};

use crate::bench::Bench;
use crate::rows::*;
use crate::workload::{Failure, Step, fallible, run_to_end, work};

const NAME: &str = "autometrics";

#[autometrics]
fn timed_work(step: &Step) -> u64 {
    work(step)
}

#[autometrics]
async fn timed_async(step: &Step) -> u64 {
    std::future::ready(work(step)).await
}

#[autometrics(track_concurrency)]
async fn with_outcome(step: &Step) -> Result<u64, Failure> {
    std::future::ready(fallible(step)).await
}

pub fn enter(bench: &mut Bench) {
    bench.call(&[TIMED_FN], NAME, || {
        init();
        |step| {
            timed_work(step);
        }
    });
    bench.call(&[TIMED_ASYNC], NAME, || {
        init();
        |step| {
            run_to_end(timed_async(step));
        }
    });
    bench.call(&[TIMED_ASYNC_OUTCOME], NAME, || {
        init();
        |step| {
            let _ = run_to_end(with_outcome(step));
        }
    });
}

/// Once; without it nothing is recorded.
fn init() {
    let _ = prometheus_exporter::try_init();
}
