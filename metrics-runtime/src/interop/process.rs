//! The process as families of the crate `prometheus`, for [`Exporter::process_metrics`](crate::Exporter).

use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{Counter, Gauge};

use crate::descriptor::{Descriptor, Kind};
use crate::process::Process;

/// Why there are no process metrics in this scrape.
#[derive(Debug)]
pub(crate) struct NoProcessMetrics;

#[derive(Debug)]
pub(crate) struct ProcessMetrics(Process);

impl ProcessMetrics {
    pub(crate) const fn new() -> Self {
        Self(Process::new())
    }

    /// What `/proc` says now; nothing where there is none.
    pub(crate) fn collect(&self) -> Result<Vec<MetricFamily>, NoProcessMetrics> {
        if !cfg!(target_os = "linux") {
            return Ok(Vec::new());
        }
        let now = self.0.now().ok_or(NoProcessMetrics)?;
        let known = <Process as crate::MetricFamily>::DESCRIPTORS.iter().zip(now);
        Ok(known
            .filter_map(|(descriptor, value)| Some(family(descriptor, value?)))
            .flatten()
            .collect())
    }
}

/// One family. The names are good ones, so that there is one.
fn family(descriptor: &Descriptor, value: f64) -> Vec<MetricFamily> {
    let (name, help) = (descriptor.name, descriptor.help);
    let collected = match descriptor.kind {
        Kind::Counter => Counter::new(name, help).map(|counter| {
            counter.inc_by(value);
            counter.collect()
        }),
        _ => Gauge::new(name, help).map(|gauge| {
            gauge.set(value);
            gauge.collect()
        }),
    };
    collected.unwrap_or_default()
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use std::time::{Instant, SystemTime};

    use super::*;
    use crate::interop::model;

    fn value(families: &[MetricFamily], name: &str) -> f64 {
        let family = families.iter().find(|family| family.name() == name).unwrap();
        let metric = &family.get_metric()[0];
        if name.ends_with("_total") {
            model::counter(metric)
        } else {
            model::gauge(metric)
        }
    }

    #[test]
    fn the_process_is_described_by_all_its_metrics_each_time() {
        let metrics = ProcessMetrics::new();
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
        }
    }

    #[test]
    fn the_values_are_this_process_s() {
        let metrics = ProcessMetrics::new();
        let before = metrics.collect().unwrap();
        let began = Instant::now();
        let cpu = |families: &[MetricFamily]| value(families, "process_cpu_seconds_total");
        let mut after = metrics.collect().unwrap();
        while cpu(&after) <= cpu(&before) {
            assert!(began.elapsed().as_secs() < 20, "no CPU time was used");
            after = metrics.collect().unwrap();
        }

        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_secs_f64();
        let age = now - value(&after, "process_start_time_seconds");
        // To the second or so: the time of the boot is a whole number. A test ends within the hour.
        assert!((-2.0..3600.0).contains(&age), "{age} s old");
        assert_eq!(
            value(&after, "process_start_time_seconds"),
            value(&before, "process_start_time_seconds")
        );

        let resident = value(&after, "process_resident_memory_bytes");
        let size = value(&after, "process_virtual_memory_bytes");
        assert!(resident > 100_000.0 && resident < size, "{resident} of {size} bytes");
        assert!(value(&after, "process_threads") >= 1.0);
        let (open, max) = (value(&after, "process_open_fds"), value(&after, "process_max_fds"));
        assert!(open >= 3.0 && open < max, "{open} of {max} files");
    }
}
