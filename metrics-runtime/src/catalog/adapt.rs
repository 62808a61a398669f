//! What an operator says of all metrics when the program starts.

use std::fmt;

use super::Catalog;
use crate::descriptor::{Descriptor, Kind, LabelDescriptor};
use crate::family::Export;
use crate::metric::Reading;

impl Catalog<'static> {
    /// The catalog with some labels on every series: what an operator says at start-up, such as the name of a service that
    /// is deployed under several.
    ///
    /// Series of registries that an exporter adds, and what it measures of itself, have them too, but for a label that such
    /// a series has itself.
    ///
    /// What Prometheus knows of the target by itself (`job`, `instance`, a pod's labels) need not be said here. What is
    /// known while compiling belongs into the declaration: `labels(…)` on a struct of metrics. What describes these
    /// metrics is kept for as long as the program runs: it is for a start-up, not for each scrape.
    ///
    /// # Errors
    ///
    /// A name that Prometheus does not accept or that is reserved (`le`, `quantile`, `__…`), one that is there twice, and
    /// one that a metric has already.
    ///
    /// ```
    /// # use enumetrics_runtime::Catalog;
    /// # static METRICS: Catalog<'static> = Catalog::__new(&[], &[]);
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let metrics = METRICS.with_labels([("service", "cart"), ("environment", "staging")])?;
    /// println!("{}", metrics.render());
    /// # Ok(()) }
    /// ```
    pub fn with_labels<N: Into<String>, V: Into<String>>(
        self,
        labels: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, AdaptError> {
        let mut added: Vec<(&'static str, &'static str)> = Vec::new();
        for (name, value) in labels {
            let name = name.into();
            if let Some(problem) = label_problem(&name) {
                return Err(AdaptError::new(format!(
                    "`{name}` cannot be the name of a label: {problem}"
                )));
            }
            if added.iter().any(|(known, _)| *known == name) {
                return Err(AdaptError::new(format!(
                    "the label `{name}` is given twice: leave one out"
                )));
            }
            added.push((name.leak(), value.into().leak()));
        }
        for descriptor in self.descriptors() {
            let own = descriptor.labels.iter().map(|label| label.name);
            let constant = descriptor.given_labels().map(|(name, _)| name);
            if let Some(taken) = own
                .chain(constant)
                .find(|own| added.iter().any(|(name, _)| name == own))
            {
                let message = format!(
                    "`{}` has a label `{taken}` of its own: give this one another name",
                    descriptor.name
                );
                return Err(AdaptError::new(message));
            }
        }
        let catalog = self.adapted(|descriptor| {
            let labels = [descriptor.constant_labels, &added].concat();
            descriptor.with_constant_labels(labels.leak())
        });
        Ok(Self {
            labels: [self.labels, &added].concat().leak(),
            ..catalog
        })
    }

    /// The catalog with a prefix and `_` before every name: what an operator says at start-up where one program is several
    /// services.
    ///
    /// What the catalog counts of open labels has it too; what an exporter adds (registries, the process, what it measures
    /// of itself) keeps its names, which are the same in all programs.
    ///
    /// Rules and dashboards that name metrics must have it, too. Where it is known while compiling, `namespace = "…"` on
    /// the structs of metrics says the same, and the compiler checks it.
    ///
    /// # Errors
    ///
    /// A prefix that is no beginning of a name: letters, digits and `_`, no digit first.
    ///
    /// ```
    /// # use enumetrics_runtime::Catalog;
    /// # static METRICS: Catalog<'static> = Catalog::__new(&[], &[]);
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let metrics = METRICS.with_prefix("shop_api")?; // shop_api_http_requests_total
    /// # Ok(()) }
    /// ```
    pub fn with_prefix(mut self, prefix: &str) -> Result<Self, AdaptError> {
        if !is_name(prefix) {
            let rule = "letters, digits and `_`, no digit first, as in `shop_api`";
            return Err(AdaptError::new(format!(
                "`{prefix}` cannot begin a metric's name: {rule}"
            )));
        }
        let prefixed = |name: &str| format!("{prefix}_{name}");
        self.without = Vec::leak(self.without.iter().map(|name| prefixed(name)).collect());
        self.prefix = match self.prefix {
            "" => prefix.to_owned().leak(),
            before => prefixed(before).leak(),
        };
        Ok(self.adapted(|descriptor| {
            let name: &'static str = prefixed(descriptor.name).leak();
            let mut labels = descriptor.labels.to_vec();
            if let (Kind::StateSet, Some(own)) = (descriptor.kind, labels.last_mut()) {
                // It is called like the family.
                *own = LabelDescriptor { name, ..*own };
            }
            Descriptor {
                name,
                labels: labels.leak(),
                renamed_to: descriptor.renamed_to.map(|name| &*prefixed(name).leak()),
                ..*descriptor
            }
        }))
    }

    /// The catalog with other descriptors of the same metrics.
    fn adapted(self, adapt: impl Fn(&Descriptor) -> Descriptor) -> Self {
        let families = self.families.iter().map(|family| -> &'static dyn Export {
            let descriptors: Vec<_> = family.descriptors().iter().map(&adapt).collect();
            Box::leak(Box::new(Adapted {
                family: *family,
                descriptors: descriptors.leak(),
            }))
        });
        Self {
            families: Vec::leak(families.collect()),
            ..self
        }
    }
}

/// A struct of metrics under other descriptors.
pub(crate) struct Adapted<'a> {
    pub(crate) family: &'a dyn Export,
    pub(crate) descriptors: &'static [Descriptor],
}

impl Export for Adapted<'_> {
    fn descriptors(&self) -> &'static [Descriptor] {
        self.descriptors
    }

    fn about(&self) -> &'static str {
        self.family.about()
    }

    fn read(&self, visit: &mut dyn FnMut(&'static Descriptor, Reading<'_>)) {
        let mut descriptors = self.descriptors.iter();
        self.family.read(&mut |_, reading| {
            if let Some(descriptor) = descriptors.next() {
                visit(descriptor, reading);
            }
        });
    }
}

fn label_problem(name: &str) -> Option<&'static str> {
    match name {
        "le" => Some("it is reserved for the buckets of histograms"),
        "quantile" => Some("it is reserved for the quantiles of summaries"),
        _ if name.starts_with("__") => Some("names that begin with `__` are reserved"),
        _ if !is_name(name) => Some("write letters, digits and `_`, no digit first"),
        _ => None,
    }
}

fn is_name(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.bytes().all(is_part) && text.bytes().next().is_some_and(|first| !first.is_ascii_digit())
}

/// A catalog cannot have what [`with_labels`](Catalog::with_labels) or [`with_prefix`](Catalog::with_prefix) asks for, or
/// rules about it cannot follow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdaptError {
    message: String,
}

impl AdaptError {
    pub(crate) fn new(message: String) -> Self {
        Self { message }
    }
}

impl fmt::Display for AdaptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for AdaptError {}
