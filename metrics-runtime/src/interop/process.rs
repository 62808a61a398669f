//! Metrics of the process itself, from the collector of the crate `prometheus`.
//!
//! On Linux: CPU time, memory, threads, file descriptors and start time, under the names that every
//! Prometheus client library uses (`process_cpu_seconds_total`, …). Elsewhere that crate has no such
//! collector, and nothing is exported.

use prometheus::proto::MetricFamily;

/// Why there are no process metrics in this scrape.
#[derive(Debug)]
pub(crate) struct NoProcessMetrics;

#[cfg(target_os = "linux")]
pub(crate) use linux::ProcessMetrics;

#[cfg(target_os = "linux")]
mod linux {
    use std::fmt;
    use std::sync::{Mutex, PoisonError};

    use once_cell::sync::OnceCell;
    use prometheus::core::Collector;
    use prometheus::process_collector::ProcessCollector;

    use super::{MetricFamily, NoProcessMetrics};

    /// The collector, made by the first scrape that can make it.
    ///
    /// Making it reads `/proc`, which belongs on the thread that renders. It reads the start time
    /// once and for all and keeps 0 if that fails (no file descriptor left, `/proc` not mounted
    /// yet), so one that has no start time is not kept: a fallible initialisation, which
    /// `std::sync::OnceLock` does not have on stable.
    #[derive(Default)]
    pub(crate) struct ProcessMetrics {
        /// Locked while collecting: two scrapes at once would both add what passed since the last
        /// one to the CPU time, which then stands still until the truth has caught up.
        collector: OnceCell<Mutex<ProcessCollector>>,
    }

    impl fmt::Debug for ProcessMetrics {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("ProcessMetrics").finish_non_exhaustive()
        }
    }

    impl ProcessMetrics {
        /// What `/proc` says now. It costs one directory entry per open file descriptor.
        pub(crate) fn collect(&self) -> Result<Vec<MetricFamily>, NoProcessMetrics> {
            let collector = self.collector.get_or_try_init(|| {
                let collector = ProcessCollector::for_self();
                if start_time(&collector.collect()) > 0.0 {
                    Ok(Mutex::new(collector))
                } else {
                    Err(NoProcessMetrics)
                }
            })?;
            let families = collector
                .lock()
                // It holds metrics only: whatever a panic left there is as good as before.
                .unwrap_or_else(PoisonError::into_inner)
                .collect();
            if families.is_empty() {
                return Err(NoProcessMetrics);
            }
            Ok(families)
        }
    }

    fn start_time(families: &[MetricFamily]) -> f64 {
        families
            .iter()
            .find(|family| family.name() == "process_start_time_seconds")
            .and_then(|family| family.get_metric().first())
            .map_or(0.0, crate::interop::model::gauge)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_process_is_described_by_all_its_metrics_each_time() {
            let metrics = ProcessMetrics::default();
            for _ in 0..2 {
                let families = metrics.collect().unwrap();
                let mut names: Vec<_> = families.iter().map(MetricFamily::name).collect();
                names.sort_unstable();
                assert_eq!(
                    names,
                    [
                        "process_cpu_seconds_total",
                        "process_max_fds",
                        "process_open_fds",
                        "process_resident_memory_bytes",
                        "process_start_time_seconds",
                        "process_threads",
                        "process_virtual_memory_bytes",
                    ]
                );
                // After 2020, so neither 0 nor seconds since boot.
                assert!(start_time(&families) > 1.577e9);
            }
        }

        #[test]
        fn a_collector_without_a_start_time_is_told_apart() {
            assert_eq!(start_time(&[]), 0.0);
        }
    }
}

#[cfg(not(target_os = "linux"))]
#[derive(Debug, Default)]
pub(crate) struct ProcessMetrics;

#[cfg(not(target_os = "linux"))]
impl ProcessMetrics {
    /// Nothing: see the module.
    pub(crate) fn collect(&self) -> Result<Vec<MetricFamily>, NoProcessMetrics> {
        Ok(Vec::new())
    }
}
