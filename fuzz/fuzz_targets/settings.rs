//! Any variables of the environment, one a line: settings or mistakes, and what is exported under any names is a scrape.
#![no_main]

use std::collections::HashMap;

use enumetrics::{Format, Settings};
use enumetrics_fuzz::{demo, reader};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let variables: HashMap<&str, &str> = text.lines().filter_map(|line| line.split_once('=')).collect();
    // Files are another target's.
    let read = |name: &str| match name.ends_with("_FILE") {
        true => None,
        false => variables.get(name).map(|value| (*value).into()),
    };
    match Settings::builder(&demo::METRICS).variables(read).build() {
        Ok(settings) => {
            let catalog = settings.catalog();
            for format in [Format::Text, Format::OpenMetrics] {
                reader::read(format.content_type(), &catalog.render_as(format));
            }
            assert_eq!(catalog.check_stamp(&catalog.stamp()), Ok(()));
            assert!(settings.exporter().is_some() || !settings.is_enabled());
        }
        Err(error) => {
            assert!(!error.mistakes().is_empty());
            for mistake in error.mistakes() {
                assert!(mistake.to_string().starts_with(mistake.setting()));
            }
        }
    }
});
