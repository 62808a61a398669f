//! The runtime of Tokio, from what it counts itself without `tokio_unstable`.

use tokio::runtime::Handle;

use crate::{ComputedCounter, ComputedGauge, metric_family};

/// The runtime of Tokio, once it [watches](TokioRuntime::watch) one.
///
/// ```promql
/// # How busy the workers are, from 0 to 1.
/// sum by (instance) (rate(tokio_worker_busy_seconds_total[5m])) / sum by (instance) (tokio_workers)
/// ```
pub static TOKIO: TokioRuntime = TokioRuntime::new();

/// Metrics of a runtime of Tokio; see [`tokio::runtime::RuntimeMetrics`]. They are read when they are scraped.
#[metric_family(crate = crate, namespace = "tokio")]
#[derive(Debug)]
pub struct TokioRuntime {
    /// Threads that run tasks.
    #[metric(compute = later)]
    pub workers: ComputedGauge,
    /// Tasks that have not ended.
    #[metric(compute = later)]
    pub alive_tasks: ComputedGauge,
    /// Tasks that wait for a worker, in the queue that all workers share.
    #[metric(compute = later)]
    pub queued_tasks: ComputedGauge,
    /// Time that workers were busy, all of them together.
    #[metric(compute = later)]
    pub worker_busy_seconds_total: ComputedCounter,
    /// How often workers found nothing to do and went to sleep.
    #[metric(compute = later)]
    pub worker_parks_total: ComputedCounter,
}

impl TokioRuntime {
    /// Exports the metrics of this runtime from now on, instead of another's. A runtime that has ended keeps its last
    /// values. Where the processor has no atomic integers of 64 bits, Tokio knows neither busy time nor parks.
    pub fn watch(&self, runtime: &Handle) {
        let metrics = runtime.metrics();
        // Precise below 2⁵³, which is no number of these.
        self.workers.compute_with({
            let metrics = metrics.clone();
            move |()| metrics.num_workers() as f64
        });
        self.alive_tasks.compute_with({
            let metrics = metrics.clone();
            move |()| metrics.num_alive_tasks() as f64
        });
        self.queued_tasks.compute_with({
            let metrics = metrics.clone();
            move |()| metrics.global_queue_depth() as f64
        });
        #[cfg(target_has_atomic = "64")]
        {
            let workers = || 0..metrics.num_workers();
            let (all, busy) = (workers(), metrics.clone());
            self.worker_busy_seconds_total.compute_with(move |()| {
                let busy = all.clone().map(|worker| busy.worker_total_busy_duration(worker));
                busy.sum::<std::time::Duration>().as_secs_f64()
            });
            let (all, parked) = (workers(), metrics.clone());
            self.worker_parks_total.compute_with(move |()| {
                let parks = all.clone().map(|worker| parked.worker_park_count(worker));
                parks.sum::<u64>() as f64
            });
        }
    }
}
