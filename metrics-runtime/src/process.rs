//! Metrics of the process itself, read from `/proc`.
//!
//! On Linux: CPU time, memory, threads, file descriptors and start time, under the names that every
//! Prometheus client library uses (`process_cpu_seconds_total`, …). Elsewhere nothing is exported.
//!
//! The crate `prometheus` has a collector of them. It brings six crates, which take longer to
//! compile than everything else of the features `prometheus` and `process`, for these few lines.

use std::fs;

use once_cell::sync::OnceCell;

use crate::metric::{Computation, ComputedCells, Reading};
use crate::{Descriptor, Kind, MetricFamily};

/// The process, for a program's catalog: then rules and dashboards that name its metrics are checked against it.
///
/// `Exporter::process_metrics` exports the same without declaring it; where the catalog has it, that adds nothing.
///
/// On Linux only; elsewhere nothing is exported. `/proc` is read at each scrape, in a time that grows with the number of open
/// files.
///
/// ```promql
/// # The share of files that the process may still open.
/// 1 - process_open_fds / process_max_fds
/// ```
pub static PROCESS: Process = Process::new();

/// Metrics of the process: [`PROCESS`].
#[derive(Debug)]
pub struct Process {
    /// Read once: it is the time of the boot plus something, and that time changes a little
    /// whenever the system's clock is corrected. By the first scrape that can: `/proc` may not
    /// be mounted yet, or no file descriptor be left.
    start_time: OnceCell<f64>,
}

// No error about a user's type shall list it.
#[diagnostic::do_not_recommend]
impl MetricFamily for Process {
    const DESCRIPTORS: &'static [Descriptor] = &[
        Descriptor::new(
            "process_cpu_seconds_total",
            "Total user and system CPU time spent in seconds.",
            Kind::Counter,
            &[],
        ),
        gauge("process_open_fds", "Number of open file descriptors."),
        gauge("process_max_fds", "Maximum number of open file descriptors."),
        gauge("process_virtual_memory_bytes", "Virtual memory size in bytes."),
        gauge("process_resident_memory_bytes", "Resident memory size in bytes."),
        gauge(
            "process_start_time_seconds",
            "Start time of the process since unix epoch in seconds.",
        ),
        gauge("process_threads", "Number of OS threads in the process."),
    ];

    fn read(&self, visit: &mut dyn FnMut(&'static Descriptor, Reading<'_>)) {
        let now = self.now().unwrap_or_default();
        for (descriptor, value) in Self::DESCRIPTORS.iter().zip(now) {
            match value.map(Known) {
                Some(known) => visit(descriptor, Reading::Computed(Computation::Declared(&known))),
                None => visit(descriptor, Reading::Absent),
            }
        }
    }
}

/// A value that was read.
struct Known(f64);

impl ComputedCells for Known {
    fn compute(&self, _: usize) -> Option<f64> {
        Some(self.0)
    }
}

const fn gauge(name: &'static str, help: &'static str) -> Descriptor {
    Descriptor::new(name, help, Kind::Gauge, &[])
}

/// In which `/proc` counts time, whatever the kernel itself counts in: a constant of its
/// interface on every processor that Rust compiles for.
const TICKS_PER_SECOND: f64 = 100.0;

impl Process {
    pub(crate) const fn new() -> Self {
        Self {
            start_time: OnceCell::new(),
        }
    }

    /// What `/proc` says now, in the order of the descriptors. It costs one directory entry per open file descriptor.
    ///
    /// What only its owner may read (open files, of a process that runs with more rights than
    /// its user has) is left out where that is not allowed. Nothing where `/proc` cannot be read.
    pub(crate) fn now(&self) -> Option<[Option<f64>; 7]> {
        if !cfg!(target_os = "linux") {
            return None;
        }
        let stat = Stat::parse(&read("self/stat")?)?;
        let status = read("self/status")?;
        let limits = read("self/limits").unwrap_or_default();
        let start_time = self.start_time.get_or_try_init(|| {
            let boot = number(&read("stat").ok_or(())?, "btime").ok_or(())?;
            Ok::<_, ()>(boot + stat.start / TICKS_PER_SECOND)
        });
        // The one that is open in order to count them is not meant.
        let open_fds = fs::read_dir("/proc/self/fd").map(|open| open.count().saturating_sub(1) as f64);
        let bytes = |kibibytes: f64| kibibytes * 1024.0;
        Some([
            Some(stat.cpu / TICKS_PER_SECOND),
            open_fds.ok(),
            number(&limits, "Max open files"),
            number(&status, "VmSize:").map(bytes),
            number(&status, "VmRSS:").map(bytes),
            Some(*start_time.ok()?),
            number(&status, "Threads:"),
        ])
    }
}

fn read(file: &str) -> Option<String> {
    // The name of a program need not be UTF-8.
    let bytes = fs::read(format!("/proc/{file}")).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

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
        let limits = "Limit  Soft Limit\nMax open files            1024                 524288               files\n";
        assert_eq!(number(limits, "Max open files"), Some(1024.0));
        assert_eq!(
            number("Max open files            unlimited unlimited files", "Max open files"),
            None
        );
        assert_eq!(number("Max open files            inf", "Max open files"), None);
        assert_eq!(number("", "Max open files"), None);
    }
}
