//! The same loops without metrics: what a figure contains that is not the contender's.

use super::{ADDITION, BASELINE, CLOCK};
use crate::bench::Bench;
use crate::http::{client, router};
use crate::rows::*;
use crate::workload::{ByRoute, fallible, run_to_end, work};
use enumetrics::LabelSet;
use std::hint::black_box;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::Instant;

pub fn enter(bench: &mut Bench) {
    bench.call(
        &[COUNTER, COUNTER_1_CONST, COUNTER_3_CONST, THREADS_COUNTER],
        BASELINE,
        || {
            |step| {
                black_box(step);
            }
        },
    );
    bench.call(&[COUNTER_1, GAUGE_1, IN_FLIGHT_1], BASELINE, || {
        |step| {
            black_box(step.by_route);
        }
    });
    bench.call(&[GAUGE_1], ADDITION, || {
        static GAUGES: [AtomicI64; ByRoute::COMBINATIONS] = [const { AtomicI64::new(0) }; ByRoute::COMBINATIONS];
        |step| {
            GAUGES[step.by_route.index()].fetch_add(1, Relaxed);
            GAUGES[step.by_route.index()].fetch_sub(1, Relaxed);
        }
    });
    bench.call(&[COUNTER_3, THREADS_COUNTER_3], BASELINE, || {
        |step| {
            black_box(step.request);
        }
    });
    bench.call(&[HISTOGRAM, HISTOGRAM_1, THREADS_HISTOGRAM_1], BASELINE, || {
        |step| {
            black_box(step.seconds);
        }
    });
    bench.call(&[TIMED_FN, TIMED_FN_INSTANT], BASELINE, || {
        |step| {
            work(step);
        }
    });
    bench.call(&[TIMED_ASYNC], BASELINE, || {
        |step| {
            run_to_end(async { std::future::ready(work(step)).await });
        }
    });
    bench.call(&[TIMED_ASYNC_OUTCOME], BASELINE, || {
        |step| {
            let _ = run_to_end(async { std::future::ready(fallible(step)).await });
        }
    });
    #[cfg(target_arch = "x86_64")]
    {
        bench.call(&[TIMED_FN], CLOCK, || {
            |step| {
                let start = ticks();
                work(step);
                black_box(ticks().wrapping_sub(start));
            }
        });
        bench.call(&[TIMED_ASYNC], CLOCK, || {
            |step| {
                run_to_end(async {
                    let start = ticks();
                    let result = std::future::ready(work(step)).await;
                    black_box(ticks().wrapping_sub(start));
                    result
                });
            }
        });
        bench.call(&[TIMED_ASYNC_OUTCOME], CLOCK, || {
            |step| {
                let _ = run_to_end(async {
                    let start = ticks();
                    let result = std::future::ready(fallible(step)).await;
                    black_box(ticks().wrapping_sub(start));
                    result
                });
            }
        });
    }
    bench.call(&[TIMED_FN_INSTANT], CLOCK, || {
        |step| {
            let start = Instant::now();
            work(step);
            black_box(start.elapsed());
        }
    });
    bench.call(&[HTTP], BASELINE, || client(router()));
}

/// What the processor's counter says.
#[cfg(target_arch = "x86_64")]
#[inline]
fn ticks() -> u64 {
    // SAFETY: every x86-64 processor has the instruction, which touches no memory.
    unsafe { std::arch::x86_64::_rdtsc() }
}
