//! Metrics of the process itself, read from `/proc`.
//!
//! On Linux: CPU time, memory, threads, file descriptors and start time, under the names that every
//! Prometheus client library uses (`process_cpu_seconds_total`, …). Elsewhere nothing is exported.
//!
//! The crate `prometheus` has a collector of them. It brings six crates, which take longer to
//! compile than everything else of the features `prometheus` and `process`, for these few lines.

use prometheus::proto::MetricFamily;

/// Why there are no process metrics in this scrape.
#[derive(Debug)]
pub(crate) struct NoProcessMetrics;

#[cfg(target_os = "linux")]
pub(crate) use linux::ProcessMetrics;

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;

    use once_cell::sync::OnceCell;
    use prometheus::core::Collector;
    use prometheus::{Counter, Gauge};

    use super::{MetricFamily, NoProcessMetrics};

    /// In which `/proc` counts time, whatever the kernel itself counts in: a constant of its
    /// interface on every processor that Rust compiles for.
    const TICKS_PER_SECOND: f64 = 100.0;

    #[derive(Debug, Default)]
    pub(crate) struct ProcessMetrics {
        /// Read once: it is the time of the boot plus something, and that time changes a little
        /// whenever the system's clock is corrected. By the first scrape that can: `/proc` may not
        /// be mounted yet, or no file descriptor be left.
        start_time: OnceCell<f64>,
    }

    impl ProcessMetrics {
        /// What `/proc` says now. It costs one directory entry per open file descriptor.
        ///
        /// What only its owner may read (open files, of a process that runs with more rights than
        /// its user has) is left out where that is not allowed.
        pub(crate) fn collect(&self) -> Result<Vec<MetricFamily>, NoProcessMetrics> {
            let stat = read("self/stat")?;
            let stat = Stat::parse(&stat).ok_or(NoProcessMetrics)?;
            let status = read("self/status")?;
            let limits = read("self/limits").unwrap_or_default();
            let start_time = self.start_time.get_or_try_init(|| {
                let boot = number(&read("stat")?, "btime").ok_or(NoProcessMetrics)?;
                Ok(boot + stat.start / TICKS_PER_SECOND)
            })?;
            // The one that is open in order to count them is not meant.
            let open_fds = fs::read_dir("/proc/self/fd").map(|open| open.count().saturating_sub(1) as f64);
            let gauges = [
                ("process_open_fds", "Number of open file descriptors.", open_fds.ok()),
                (
                    "process_max_fds",
                    "Maximum number of open file descriptors.",
                    number(&limits, "Max open files"),
                ),
                (
                    "process_virtual_memory_bytes",
                    "Virtual memory size in bytes.",
                    number(&status, "VmSize:").map(|kibibytes| kibibytes * 1024.0),
                ),
                (
                    "process_resident_memory_bytes",
                    "Resident memory size in bytes.",
                    number(&status, "VmRSS:").map(|kibibytes| kibibytes * 1024.0),
                ),
                (
                    "process_start_time_seconds",
                    "Start time of the process since unix epoch in seconds.",
                    Some(*start_time),
                ),
                (
                    "process_threads",
                    "Number of OS threads in the process.",
                    number(&status, "Threads:"),
                ),
            ];
            let mut families = counter(
                "process_cpu_seconds_total",
                "Total user and system CPU time spent in seconds.",
                stat.cpu / TICKS_PER_SECOND,
            );
            for (name, help, value) in gauges {
                if let Some(value) = value {
                    families.extend(gauge(name, help, value));
                }
            }
            Ok(families)
        }
    }

    fn read(file: &str) -> Result<String, NoProcessMetrics> {
        // The name of a program need not be UTF-8.
        let bytes = fs::read(format!("/proc/{file}")).map_err(|_| NoProcessMetrics)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// What follows `key` at the beginning of a line, if it is a number: a limit may be `unlimited`.
    fn number(text: &str, key: &str) -> Option<f64> {
        let line = text.lines().find_map(|line| line.strip_prefix(key))?;
        line.split_whitespace()
            .next()?
            .parse()
            .ok()
            .filter(|value: &f64| value.is_finite())
    }

    /// Of `/proc/self/stat`, in ticks.
    #[derive(Debug, PartialEq)]
    struct Stat {
        cpu: f64,
        start: f64,
    }

    impl Stat {
        fn parse(stat: &str) -> Option<Self> {
            // The second field is the program's name in parentheses, and may hold anything.
            let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
            // Numbered from 1 in proc_pid_stat(5); the third is the first one here.
            let field = |number: usize| fields.get(number - 3)?.parse::<f64>().ok();
            Some(Self {
                cpu: field(14)? + field(15)?,
                start: field(22)?,
            })
        }
    }

    fn counter(name: &str, help: &str, value: f64) -> Vec<MetricFamily> {
        Counter::new(name, help).map_or_else(
            |_| Vec::new(),
            |counter| {
                counter.inc_by(value);
                counter.collect()
            },
        )
    }

    fn gauge(name: &str, help: &str, value: f64) -> Vec<MetricFamily> {
        Gauge::new(name, help).map_or_else(
            |_| Vec::new(),
            |gauge| {
                gauge.set(value);
                gauge.collect()
            },
        )
    }

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
            }
        }

        #[test]
        fn the_values_are_this_process_s() {
            let metrics = ProcessMetrics::default();
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

        #[test]
        fn a_program_may_have_any_name() {
            let rest = (4..=52).map(|field| field.to_string()).collect::<Vec<_>>().join(" ");
            for name in ["program", "a) b (c", ")", ""] {
                let stat = format!("1 ({name}) S {rest}\n");
                let expected = Stat { cpu: 29.0, start: 22.0 };
                assert_eq!(Stat::parse(&stat), Some(expected), "{name}");
            }
            assert_eq!(Stat::parse("1 (x) S 1 2 3"), None);
            assert_eq!(Stat::parse(""), None);
        }

        #[test]
        fn what_is_no_number_is_left_out() {
            let limits =
                "Limit  Soft Limit\nMax open files            1024                 524288               files\n";
            assert_eq!(number(limits, "Max open files"), Some(1024.0));
            assert_eq!(
                number("Max open files            unlimited unlimited files", "Max open files"),
                None
            );
            assert_eq!(number("Max open files            inf", "Max open files"), None);
            assert_eq!(number("", "Max open files"), None);
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
