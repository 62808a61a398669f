//! The names in force, as a metric.

use super::Catalog;
use crate::descriptor::{Descriptor, Kind, LabelDescriptor};
use crate::family::Export;
use crate::metric::{InfoTexts, Reading};

impl Catalog<'static> {
    /// The catalog with a metric that says what stands before the names of the others, so that a rule in Prometheus can
    /// notice that they are not those that it knows.
    pub(crate) fn with_names_info(self) -> Self {
        let family: &'static dyn Export = Box::leak(Box::new(NamesInfo {
            descriptors: vec![NAMES_INFO.with_constant_labels(self.labels)].leak(),
            texts: [self.prefix.into()].into(),
        }));
        Self {
            families: Vec::leak([self.families, &[family]].concat()),
            max_series: self.max_series + 1,
            ..self
        }
    }
}

const NAMES_INFO: Descriptor = Descriptor::new(
    "enumetrics_names_info",
    "What an operator put before the names of this program's metrics.",
    Kind::Info,
    &[LabelDescriptor::new("prefix", &[])],
);

struct NamesInfo {
    descriptors: &'static [Descriptor],
    texts: InfoTexts,
}

impl Export for NamesInfo {
    fn descriptors(&self) -> &'static [Descriptor] {
        self.descriptors
    }

    fn read(&self, visit: &mut dyn FnMut(&'static Descriptor, Reading<'_>)) {
        for descriptor in self.descriptors {
            visit(descriptor, Reading::Info(InfoTexts::clone(&self.texts)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_in_force_are_a_metric() {
        let catalog = Catalog::__new(&[], &[]).with_labels([("service", "x")]).unwrap();
        let catalog = catalog.with_prefix("shop").unwrap();
        let text = catalog.with_names_info().render();
        assert!(
            text.ends_with("\nenumetrics_names_info{service=\"x\",prefix=\"shop\"} 1\n"),
            "{text}"
        );
    }
}
