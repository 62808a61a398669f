//! The crate `prometheus` beside this one.

mod collector;
// Only the exporter merges what others measure into a scrape.
#[cfg(feature = "exporter")]
mod families;
#[cfg(feature = "exporter")]
mod foreign;
#[cfg(feature = "exporter")]
mod merge;
#[cfg(all(feature = "exporter", feature = "protobuf"))]
mod messages;
#[cfg(feature = "exporter")]
mod model;
#[cfg(all(feature = "exporter", feature = "process"))]
mod process;

#[cfg(feature = "exporter")]
pub(crate) use foreign::Foreign;
#[cfg(feature = "exporter")]
pub(crate) use merge::Gathered;

pub use collector::CatalogCollector;
