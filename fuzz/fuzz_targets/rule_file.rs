//! Any bytes as a file of rules: findings with places in it, or an error.
#![no_main]

use enumetrics_fuzz::{demo, file_of};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = file_of(bytes, "yml");
    match demo::METRICS.check_rules(&path) {
        Ok(findings) => {
            for finding in findings {
                assert!(finding.line >= 1 && finding.column >= 1, "{finding}");
                assert!(finding.line <= bytes.split(|byte| *byte == b'\n').count(), "{finding}");
                assert!(!finding.to_string().is_empty());
            }
        }
        Err(_) => assert!(str::from_utf8(bytes).is_err()),
    }
});
