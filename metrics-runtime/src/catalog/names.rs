//! Which names are in force: what was declared, or what an operator made of it.

use std::fmt;

use super::Catalog;
use crate::descriptor::{Descriptor, Kind, LabelDescriptor};
use crate::family::Export;
use crate::metric::{InfoTexts, Reading};

/// What a line of a generated file begins with that says which names the file has.
const MARK: &str = "enumetrics-names:";

impl<'a> Catalog<'a> {
    /// What [`with_prefix`](Self::with_prefix) put before every name, without the `_` between them; empty where the names
    /// are those that were declared.
    #[must_use]
    pub const fn prefix(&self) -> &'a str {
        self.prefix
    }

    /// What [`with_labels`](Self::with_labels) put on every series.
    #[must_use]
    pub const fn labels(&self) -> &'a [(&'static str, &'static str)] {
        self.labels
    }

    /// A text that says which names are in force, for a comment in a file that is generated from them: then
    /// [`check_stamp`](Self::check_stamp) notices a file that was generated for others. It goes into YAML behind a `#`,
    /// and into JSON as any text.
    ///
    /// ```
    /// # use enumetrics_runtime::Catalog;
    /// # static METRICS: Catalog<'static> = Catalog::__new(&[], &[]);
    /// let metrics = METRICS.with_prefix("shop")?.with_labels([("service", "cart")])?;
    /// assert_eq!(metrics.stamp(), "enumetrics-names: prefix=shop labels=service");
    /// # Ok::<(), enumetrics_runtime::AdaptError>(())
    /// ```
    #[must_use]
    pub fn stamp(&self) -> String {
        let labels: Vec<_> = self.labels.iter().map(|(name, _)| *name).collect();
        format!("{MARK} prefix={} labels={}", self.prefix, labels.join(","))
    }

    /// Whether a generated file has the names that are in force, as far as its [`stamp`](Self::stamp) says: a file without
    /// one has those that were declared. A program that has its rules in it (`include_str!`) finds out when it starts that
    /// they are about other names; see [`SettingsBuilder::generated`](crate::SettingsBuilder::generated).
    ///
    /// Labels that the file does not know of harm nothing; those that it counts on must be there.
    ///
    /// # Errors
    ///
    /// [`OtherNames`], which says what the file was made for, and what is in force.
    ///
    /// ```
    /// # use enumetrics_runtime::Catalog;
    /// # static METRICS: Catalog<'static> = Catalog::__new(&[], &[]);
    /// let rules = "groups: []"; // include_str!("../deploy/rules.yml")
    /// assert!(METRICS.check_stamp(rules).is_ok());
    /// assert!(METRICS.with_prefix("shop")?.check_stamp(rules).is_err());
    /// # Ok::<(), enumetrics_runtime::AdaptError>(())
    /// ```
    pub fn check_stamp(&self, file: &str) -> Result<(), OtherNames> {
        let stamp = file.split_once(MARK).map_or("", |(_, rest)| rest);
        let said = |key: &str| {
            let line = stamp.lines().next().unwrap_or_default();
            let value = line.split_whitespace().find_map(|word| word.strip_prefix(key));
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ',';
            // What a file's own syntax has behind the stamp is none of it.
            value.map_or("", |value| value.split(|c| !is_name(c)).next().unwrap_or_default())
        };
        let (prefix, labels) = (said("prefix="), said("labels="));
        let is_given = |label: &&str| self.labels.iter().any(|(name, _)| name == label);
        let missing = labels.split(',').find(|label| !label.is_empty() && !is_given(label));
        if prefix == self.prefix && missing.is_none() {
            return Ok(());
        }
        Err(OtherNames {
            made_for: prefix.to_owned(),
            in_force: self.prefix.to_owned(),
            missing: missing.map(str::to_owned),
        })
    }
}

impl Catalog<'static> {
    /// The catalog with a metric that says what stands before the names of the others, so that a rule in Prometheus can
    /// notice that they are not those that it knows.
    #[cfg(feature = "exporter")]
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

#[cfg(feature = "exporter")]
const NAMES_INFO: Descriptor = Descriptor::new(
    "enumetrics_names_info",
    "What an operator put before the names of this program's metrics.",
    Kind::Info,
    &[LabelDescriptor::new("prefix", &[])],
);

#[cfg(feature = "exporter")]
struct NamesInfo {
    descriptors: &'static [Descriptor],
    texts: InfoTexts,
}

#[cfg(feature = "exporter")]
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

/// A generated file has other names than those in force: [`Catalog::check_stamp`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherNames {
    made_for: String,
    in_force: String,
    missing: Option<String>,
}

impl fmt::Display for OtherNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.missing {
            Some(label) if self.made_for == self.in_force => {
                write!(
                    f,
                    "it was generated for series with the label `{label}`, which is not given"
                )?;
            }
            _ => {
                f.write_str("the metrics that it was generated for ")?;
                beginning(f, &self.made_for)?;
                f.write_str(", those of this program ")?;
                beginning(f, &self.in_force)?;
            }
        }
        f.write_str(": generate it again with the settings that are in force, or set those that it was generated for")
    }
}

fn beginning(f: &mut fmt::Formatter<'_>, prefix: &str) -> fmt::Result {
    match prefix {
        "" => f.write_str("are as they were declared"),
        prefix => write!(f, "begin with `{prefix}_`"),
    }
}

impl std::error::Error for OtherNames {}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog(prefix: &str, labels: &[&str]) -> Catalog<'static> {
        let declared = Catalog::__new(&[], &[]);
        let labelled = declared.with_labels(labels.iter().map(|name| (*name, "x"))).unwrap();
        match prefix {
            "" => labelled,
            prefix => labelled.with_prefix(prefix).unwrap(),
        }
    }

    #[test]
    fn a_stamp_is_found_in_whatever_is_around_it() {
        let cart = catalog("shop_cart", &["service", "environment"]);
        let stamp = cart.stamp();
        for file in [
            format!("# {stamp}\ngroups: []\n"),
            format!("{{\"description\": \"{stamp}\", \"panels\": []}}"),
            stamp.clone(),
        ] {
            assert_eq!(cart.check_stamp(&file), Ok(()), "{file}");
            assert!(catalog("shop", &["service", "environment"]).check_stamp(&file).is_err());
            assert!(catalog("", &[]).check_stamp(&file).is_err());
        }
    }

    #[test]
    fn what_differs_is_said() {
        let error = |catalog: Catalog<'_>, file: &str| catalog.check_stamp(file).unwrap_err().to_string();
        assert_eq!(
            error(catalog("shop", &[]), "groups: []"),
            "the metrics that it was generated for are as they were declared, those of this program begin with `shop_`: \
             generate it again with the settings that are in force, or set those that it was generated for"
        );
        let stamp = catalog("shop", &["service"]).stamp();
        assert!(error(catalog("shop", &[]), &stamp).contains("with the label `service`, which is not given"));
        // More labels than the file knows of.
        assert_eq!(catalog("shop", &["service", "zone"]).check_stamp(&stamp), Ok(()));
    }

    #[test]
    fn the_names_in_force_are_a_metric() {
        let text = catalog("shop", &["service"]).with_names_info().render();
        assert!(
            text.ends_with("\nenumetrics_names_info{service=\"x\",prefix=\"shop\"} 1\n"),
            "{text}"
        );
    }
}
