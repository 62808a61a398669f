//! Any bytes as a web configuration file: it is taken, or an error names the file.
#![no_main]

use enumetrics::Exporter;
use enumetrics_fuzz::{demo, file_of};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = file_of(bytes, "yml");
    match Exporter::new(&demo::METRICS).web_config(&path) {
        Ok(exporter) => drop(format!("{exporter:?}")),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
