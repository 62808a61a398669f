//! What others measure, as part of our scrape: registries, and this process.

use prometheus::Registry;

use super::merge::{CatalogNames, Merged, Origin};
#[cfg(feature = "process")]
use super::process::{NoProcessMetrics, ProcessMetrics};
use crate::catalog::Catalog;

/// Everything outside the catalog that is part of the scrape.
#[derive(Debug)]
pub(crate) struct Foreign {
    catalog_names: CatalogNames,
    registries: Vec<Registry>,
    #[cfg(feature = "process")]
    process: Option<ProcessMetrics>,
}

impl Foreign {
    pub(crate) fn new(
        catalog: &Catalog<'_>,
        registries: Vec<Registry>,
        #[cfg(feature = "process")] process: bool,
    ) -> Self {
        Self {
            catalog_names: CatalogNames::of(catalog),
            registries,
            #[cfg(feature = "process")]
            process: process.then(ProcessMetrics::default),
        }
    }

    /// All of it as it is now. Runs the code of whoever wrote the collectors, which may block and panic.
    pub(crate) fn gather(&self) -> Merged<'_> {
        let mut merged = Merged::new(&self.catalog_names);
        for (position, registry) in self.registries.iter().enumerate() {
            for family in registry.gather() {
                merged.add(Origin::Registry(position + 1), family);
            }
        }
        #[cfg(feature = "process")]
        self.add_process(&mut merged);
        merged
    }

    /// The default registry may have process metrics of its own. They are the same, so they are taken
    /// from there, without a word.
    #[cfg(feature = "process")]
    fn add_process(&self, merged: &mut Merged<'_>) {
        let Some(process) = &self.process else {
            return;
        };
        match process.collect() {
            Ok(families) => {
                for family in families {
                    if !merged.claims(family.name()) {
                        merged.add(Origin::Process, family);
                    }
                }
            }
            Err(NoProcessMetrics) => merged.comment(
                "left out the process metrics: /proc could not be read; the next scrape tries again".to_owned(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use prometheus::{Gauge, Opts};

    use super::*;
    use crate::exporter::fixture::catalog;
    use crate::exposition::Format;
    use crate::exposition::openmetrics::Ambiguous;

    fn text(registries: Vec<Registry>, process: bool) -> String {
        let foreign = Foreign::new(
            catalog(),
            registries,
            #[cfg(feature = "process")]
            process,
        );
        let _ = process;
        let mut out = Vec::new();
        let mut gathered = foreign.gather().finish(Format::Text, &mut Ambiguous::default());
        assert!(gathered.write(&mut out, usize::MAX));
        String::from_utf8(out).unwrap()
    }

    fn registry_with(name: &str, label: &str) -> Registry {
        let registry = Registry::new();
        let gauge = Gauge::with_opts(Opts::new(name, "x").const_label("from", label)).unwrap();
        registry.register(Box::new(gauge)).unwrap();
        registry
    }

    #[test]
    fn registries_are_gathered_in_order() {
        let registries = vec![registry_with("x", "1"), registry_with("x", "2")];
        assert_eq!(
            text(registries, false),
            "# HELP x x\n# TYPE x gauge\nx{from=\"1\"} 0\nx{from=\"2\"} 0\n"
        );
    }

    #[test]
    fn one_registry_given_twice_is_exported_once() {
        let registry = registry_with("x", "1");
        let text = text(vec![registry.clone(), registry], false);
        assert_eq!(text.matches("\nx{").count(), 1, "{text}");
    }

    #[cfg(all(feature = "process", target_os = "linux"))]
    #[test]
    fn process_metrics_are_there_once_with_and_without_a_registry_that_has_them() {
        let without = text(Vec::new(), true);
        let registry = Registry::new();
        for name in ["process_open_fds", "process_start_time_seconds"] {
            registry.register(Box::new(Gauge::new(name, "x").unwrap())).unwrap();
        }
        let with = text(vec![registry], true);
        assert!(with.contains("\nprocess_open_fds 0\n"), "{with}");
        for text in [without, with] {
            for name in ["process_open_fds", "process_start_time_seconds"] {
                assert_eq!(text.matches(&format!("# TYPE {name} ")).count(), 1, "{text}");
                assert_eq!(text.matches(&format!("\n{name} ")).count(), 1, "{text}");
            }
            assert!(!text.contains("# enumetrics"), "{text}");
        }
    }

    #[cfg(all(feature = "process", target_os = "linux"))]
    #[test]
    fn there_are_no_process_metrics_unless_asked_for() {
        assert_eq!(text(Vec::new(), false), "");
    }
}
