//! Metrics of what a program runs on, declared as a program's own are: listed in its catalog, so that rules and
//! dashboards that name them are checked, and bounded. Each is there where it is asked for.
//!
//! | collector | feature | what it measures |
//! |---|---|---|
//! | [`PROCESS`] | `process` | CPU time, memory, threads, open files, start, on Linux |
//! | [`TOKIO`] | `tokio` | the runtime of Tokio: workers, tasks, queue, time that workers are busy |
//! | [`TASKS`] | `tokio-metrics` | tasks by name: polls, slow ones, time between being woken and being polled |
//! | [`ALLOCATOR`] | `allocator` | memory as the program's allocator sees it |
//! | [`build_info!`](crate::build_info) | – | what was built: name, version, commit, compiler |
//!
//! ```
//! # #[cfg(all(feature = "tokio", feature = "testing"))]
//! # {
//! use enumetrics::{build_info, catalog, collectors::TOKIO};
//!
//! build_info! { pub static BUILD: Build; }
//! catalog! { pub static METRICS = [BUILD, TOKIO]; }
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! TOKIO.watch(&tokio::runtime::Handle::current()); // where the program starts
//!
//! let text = METRICS.render();
//! assert!(text.contains("\nbuild_info{"));
//! assert!(text.contains("\ntokio_workers 1\n"));
//! # });
//! # }
//! ```

#[cfg(feature = "allocator")]
mod allocator;
mod build;
#[cfg(feature = "tokio-metrics")]
mod tasks;
#[cfg(feature = "tokio")]
mod tokio;

#[cfg(feature = "process")]
pub use enumetrics_runtime::{PROCESS, Process};

#[cfg(feature = "allocator")]
pub use self::allocator::{ALLOCATOR, Allocated, Allocator};
#[cfg(feature = "tokio-metrics")]
pub use self::tasks::{MonitoredTask, TASKS, TaskName, TokioTasks};
#[cfg(feature = "tokio")]
pub use self::tokio::{TOKIO, TokioRuntime};
