//! For tests: what was recorded, compared with what should have been; and whether everything that is declared is
//! recorded at all.
//!
//! ```
//! use enumetrics_runtime::testing::Samples;
//! # static METRICS: enumetrics_runtime::Catalog<'static> = enumetrics_runtime::Catalog::__new(&[], &[]);
//!
//! let before = Samples::of(&METRICS);
//! // … do something …
//! Samples::of(&METRICS).since(&before).assert_eq("");
//! ```
//!
//! Statics are shared by all tests of a process. Where tests run side by side in one, give each a struct of metrics of
//! its own and [`Catalog::new`](crate::Catalog::new), or compare only what no other test records.

mod coverage;
mod samples;

pub use self::coverage::{Coverage, CoverageError, Unrecorded};
pub use self::samples::Samples;
