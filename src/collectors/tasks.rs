//! Tasks by name, from what the crate `tokio-metrics` counts.

use std::sync::OnceLock;

use tokio_metrics::{Instrumented, TaskMetrics, TaskMonitor};

use crate::{ComputedCounter, LabelSet as _, metric_family, open_label};

open_label! {
    /// The name of a kind of task, of which there may be 64.
    pub struct TaskName(max = 64, name = "task", crate = crate);
}

/// The tasks that are [monitored](TokioTasks::monitor).
pub static TASKS: TokioTasks = TokioTasks::new();

/// Metrics of tasks by name; see [`tokio_metrics::TaskMetrics`], which says exactly what each is. They are read when they
/// are scraped.
#[metric_family(crate = crate, namespace = "tokio")]
#[derive(Debug)]
pub struct TokioTasks {
    /// Tasks that were made.
    #[metric(compute = |task| of(task, |tasks| tasks.instrumented_count as f64))]
    pub tasks_total: ComputedCounter<TaskName>,
    /// Tasks that have ended, or were dropped.
    #[metric(compute = |task| of(task, |tasks| tasks.dropped_count as f64))]
    pub tasks_dropped_total: ComputedCounter<TaskName>,
    /// Time until tasks were polled for the first time, all of them together.
    #[metric(compute = |task| of(task, |tasks| tasks.total_first_poll_delay.as_secs_f64()))]
    pub task_first_poll_delay_seconds_total: ComputedCounter<TaskName>,
    /// Polls.
    #[metric(compute = |task| of(task, |tasks| tasks.total_poll_count as f64))]
    pub task_polls_total: ComputedCounter<TaskName>,
    /// Time spent polling.
    #[metric(compute = |task| of(task, |tasks| tasks.total_poll_duration.as_secs_f64()))]
    pub task_poll_seconds_total: ComputedCounter<TaskName>,
    /// Polls of 50 µs and more, after which other tasks of the worker were late.
    #[metric(compute = |task| of(task, |tasks| tasks.total_slow_poll_count as f64))]
    pub task_slow_polls_total: ComputedCounter<TaskName>,
    /// How often tasks were woken, and waited for a worker.
    #[metric(compute = |task| of(task, |tasks| tasks.total_scheduled_count as f64))]
    pub task_wakes_total: ComputedCounter<TaskName>,
    /// Time between being woken and being polled.
    #[metric(compute = |task| of(task, |tasks| tasks.total_scheduled_duration.as_secs_f64()))]
    pub task_scheduled_seconds_total: ComputedCounter<TaskName>,
    /// Time between being polled and being woken.
    #[metric(compute = |task| of(task, |tasks| tasks.total_idle_duration.as_secs_f64()))]
    pub task_idle_seconds_total: ComputedCounter<TaskName>,
}

/// A future that is monitored: what [`TokioTasks::monitor`] makes of one.
pub type MonitoredTask<F> = Instrumented<F>;

impl TokioTasks {
    /// Monitors a future, under a name of its kind. Names beyond the 64th are one, `other`.
    ///
    /// It costs a few atomic additions and readings of the clock for each poll and each wake.
    ///
    /// ```
    /// use enumetrics::{catalog, collectors::TASKS};
    ///
    /// catalog! { pub static METRICS = [TASKS]; }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let reaper = async { /* … */ };
    /// tokio::spawn(TASKS.monitor("reaper", reaper)).await.unwrap();
    /// assert!(METRICS.render().contains("\ntokio_task_polls_total{task=\"reaper\"} 1\n"));
    /// # }
    /// ```
    pub fn monitor<F>(&self, name: &str, future: F) -> MonitoredTask<F> {
        let monitor = MONITORS[TaskName::intern(name).index()].get_or_init(TaskMonitor::new);
        monitor.instrument(future)
    }
}

/// For each name, and for the rest.
static MONITORS: [OnceLock<TaskMonitor>; TaskName::MAX + 1] = [const { OnceLock::new() }; TaskName::MAX + 1];

fn of(task: TaskName, count: fn(TaskMetrics) -> f64) -> f64 {
    let monitor = MONITORS[task.index()].get();
    monitor.map_or(0.0, |monitor| count(monitor.cumulative()))
}
