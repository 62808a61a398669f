//! What the fuzz targets have in common: a strict reader of scrapes, which shares nothing with what writes them.

#[path = "../../tests/support/client_model.rs"]
mod client_model;
pub mod reader;

use std::path::PathBuf;
use std::{env, fs, process};

/// A file with these bytes, in memory where there is such a directory. It is the same file each time.
pub fn file_of(bytes: &[u8], extension: &str) -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let directory = if memory.is_dir() { memory } else { env::temp_dir() };
    let path = directory.join(format!("enumetrics-fuzz-{}.{extension}", process::id()));
    fs::write(&path, bytes).expect("a directory for temporary files");
    path
}

/// Metrics of each kind, with labels whose values are any text.
pub mod demo {
    use enumetrics::{
        Counter, Gauge, Histogram, Info, InfoLabels, LabelSet, LabelValue, StateSet, Summary, catalog, metric_family,
        open_label,
    };

    open_label! {
        pub struct Route(max = 32);
    }

    #[derive(LabelValue, Clone, Copy)]
    pub enum Outcome {
        Ok,
        #[label(value = "a \"quoted\\\"\nvalue, ünïcode")]
        Odd,
    }

    #[derive(LabelSet, Clone, Copy)]
    pub struct Call {
        pub route: Route,
        pub outcome: Outcome,
    }

    #[derive(InfoLabels)]
    pub struct Build {
        pub version: String,
        pub commit: String,
    }

    #[metric_family(namespace = "demo", labels(tier = "gold"))]
    pub struct Demo {
        /// Calls, by "route" \ outcome.
        pub calls_total: Counter<Call>,
        /// Seconds waited.
        pub waiting_seconds_total: Counter<Outcome, f64>,
        /// A name that OpenMetrics would give to a counter.
        pub calls: Gauge,
        /// Temperature.
        pub temperature_celsius: Gauge<Outcome, f64>,
        /// Duration of a call.
        #[metric(buckets = [0.005, 0.25, 8, 1e6])]
        pub call_duration_seconds: Histogram<Route>,
        /// Sizes.
        #[metric(quantiles = [0.5, 0.99])]
        pub size_bytes: Summary<Outcome>,
        /// How it is.
        pub state: StateSet<Outcome>,
        /// What was built.
        pub build_info: Info<Build>,
    }

    pub static DEMO: Demo = Demo::new();
    catalog! { pub static METRICS = [DEMO]; }
}
