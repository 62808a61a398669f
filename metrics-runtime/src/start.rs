//! When the process started.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use once_cell::race::OnceBox;

/// When the process started, since the Unix epoch: as the system tells, else when it was asked for the first time. The
/// same each time.
pub(crate) fn of_process() -> Duration {
    static START: OnceBox<Duration> = OnceBox::new();
    *START.get_or_init(|| Box::new(told_by_system().unwrap_or_else(now)))
}

/// The time since the Unix epoch.
pub(crate) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// From `/proc`, which only Linux has.
fn told_by_system() -> Option<Duration> {
    let of_process = std::fs::read("/proc/self/stat").ok()?;
    let of_system = std::fs::read_to_string("/proc/stat").ok()?;
    parse(&String::from_utf8_lossy(&of_process), &of_system)
}

/// The time of the boot, in seconds, and how much later the process started, in ticks.
fn parse(of_process: &str, of_system: &str) -> Option<Duration> {
    /// A constant of Linux' interface on every processor that Rust compiles for.
    const TICKS_PER_SECOND: u64 = 100;
    let boot = of_system.lines().find_map(|line| line.strip_prefix("btime "))?;
    // The second field is the program's name in parentheses, and may hold anything. Numbered from 1 in proc_pid_stat(5).
    let ticks = of_process.rsplit_once(')')?.1.split_whitespace().nth(22 - 3)?;
    let ticks: u64 = ticks.parse().ok()?;
    Some(Duration::from_secs(boot.trim().parse().ok()?) + Duration::from_millis(ticks * (1_000 / TICKS_PER_SECOND)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_started_before_now_and_not_long_ago() {
        let start = of_process();
        assert!(start <= now() + Duration::from_secs(1));
        assert!(
            now().saturating_sub(start) < Duration::from_secs(3_600),
            "tests do not take so long"
        );
        assert_eq!(of_process(), start);
    }

    #[test]
    fn the_start_is_so_many_ticks_after_the_boot() {
        let process = "7 (a) b)) S 1 1 1 0 -1 4194560 5 0 0 0 11 12 0 0 20 0 1 0 12345 9 9";
        let system = "cpu  1 2 3\nbtime 1700000000\nprocesses 7\n";
        assert_eq!(parse(process, system), Some(Duration::from_millis(1_700_000_123_450)));
        assert_eq!(parse("7 (a) S 1", system), None);
        assert_eq!(parse(process, "cpu 1"), None);
    }
}
