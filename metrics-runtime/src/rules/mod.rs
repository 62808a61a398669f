//! Rules for Prometheus: what `rules!` declares, as data.

mod adapted;
mod check;
mod file;
mod floats;
mod panel;
mod severity;
mod slo;
mod yaml;

#[cfg(any(test, feature = "dashboards", feature = "operations"))]
pub(crate) use self::check::Exported;
pub use self::check::RuleFinding;
#[cfg(feature = "dashboards")]
pub(crate) use self::file::check_query;
pub(crate) use self::floats::Floats;
#[cfg(feature = "operations")]
pub(crate) use self::floats::needs_series;
pub use self::panel::{PanelKind, PanelQuery};
pub use self::severity::Severity;
pub use self::slo::{Slo, SloBurn, SloIndicator};

use std::fmt;

use crate::catalog::Catalog;
use crate::descriptor::Descriptor;
use crate::label::LabelValue;

/// Alerts and recording rules that are about the metrics of some catalogs. `rules!` declares them, as one group.
///
/// ```
/// # use enumetrics_runtime::Rules;
/// fn print(rules: &Rules) {
///     for alert in rules.alerts() {
///         println!("{}: {}", alert.name(), alert.expression());
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    name: &'static str,
    interval: Option<&'static str>,
    catalogs: &'static [&'static Catalog<'static>],
    external: &'static [Descriptor],
    target_labels: &'static [&'static str],
    records: &'static [RecordingRule],
    alerts: &'static [AlertRule],
    /// Which names they were adapted to, if they were.
    adapted: Option<&'static str>,
    slos: &'static [Slo],
    panels: &'static [PanelQuery],
    retention: &'static str,
}

impl Rules {
    /// For `rules!`.
    #[doc(hidden)]
    #[must_use]
    pub const fn __new(
        name: &'static str,
        catalogs: &'static [&'static Catalog<'static>],
        external: &'static [Descriptor],
        target_labels: &'static [&'static str],
        records: &'static [RecordingRule],
        alerts: &'static [AlertRule],
    ) -> Self {
        Self {
            name,
            interval: None,
            catalogs,
            external,
            target_labels,
            records,
            alerts,
            adapted: None,
            slos: &[],
            panels: &[],
            retention: "30d",
        }
    }

    /// For `rules!`.
    #[doc(hidden)]
    #[must_use]
    pub const fn __interval(self, interval: &'static str) -> Self {
        Self {
            interval: Some(interval),
            ..self
        }
    }

    /// For `rules!`.
    #[doc(hidden)]
    #[must_use]
    pub const fn __slos(self, slos: &'static [Slo], retention: &'static str) -> Self {
        Self {
            slos,
            retention,
            ..self
        }
    }

    /// For `rules!`.
    #[doc(hidden)]
    #[must_use]
    pub const fn __panels(self, panels: &'static [PanelQuery]) -> Self {
        Self { panels, ..self }
    }

    /// The name of the group: that of the static in lower case, if nothing else is said.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// How often the group is evaluated, such as `30s`, if that is not left to Prometheus.
    #[must_use]
    pub const fn interval(&self) -> Option<&'static str> {
        self.interval
    }

    /// The alerts, as they are declared.
    #[must_use]
    pub const fn alerts(&self) -> &'static [AlertRule] {
        self.alerts
    }

    /// The recording rules, so that none names one that stands behind it.
    #[must_use]
    pub const fn records(&self) -> &'static [RecordingRule] {
        self.records
    }

    /// The objectives, as they are declared. What follows from them is among [`records`](Self::records) and
    /// [`alerts`](Self::alerts), behind what is declared itself.
    #[must_use]
    pub const fn slos(&self) -> &'static [Slo] {
        self.slos
    }

    /// What the catalogs declare that these rules are about.
    #[cfg(feature = "operations")]
    pub(crate) fn declared(&self) -> impl Iterator<Item = &'static Descriptor> {
        self.catalogs.iter().flat_map(|catalog| catalog.descriptors())
    }

    #[cfg(feature = "operations")]
    pub(crate) const fn external(&self) -> &'static [Descriptor] {
        self.external
    }

    /// The labels that Prometheus gives to all that it scrapes.
    #[cfg(any(feature = "dashboards", feature = "operations"))]
    pub(crate) const fn target_labels(&self) -> &'static [&'static str] {
        self.target_labels
    }

    /// What is declared for dashboards, as it is declared. Prometheus' rule files have no place for it.
    #[must_use]
    pub const fn panels(&self) -> &'static [PanelQuery] {
        self.panels
    }

    /// How long Prometheus must keep what it scrapes, such as `30d`.
    #[must_use]
    pub const fn retention(&self) -> &'static str {
        self.retention
    }
}

/// What alerts and recording rules have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Common {
    name: &'static str,
    expression: &'static str,
    labels: &'static [(&'static str, LabelText)],
    /// Ids of lints that do not apply, and why.
    pub(crate) allowed: &'static [(&'static str, &'static str)],
    declared_at: (&'static str, u32),
}

/// An alert.
#[derive(Clone, Copy, Debug)]
pub struct AlertRule {
    common: Common,
    hold: Option<&'static str>,
    keep_firing_for: Option<&'static str>,
    annotations: &'static [(&'static str, &'static str)],
}

/// A rule that records the value of an expression under a name of its own.
#[derive(Clone, Copy, Debug)]
pub struct RecordingRule {
    common: Common,
}

/// For `rules!`: the value of a label.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub enum LabelText {
    Text(&'static str),
    /// Of an enum, whose values no constant can ask for.
    Value(fn() -> &'static str),
}

impl LabelText {
    /// The value of a variant.
    pub fn of<T: LabelValue>(value: &T) -> &'static str {
        value.value()
    }

    fn as_str(&self) -> &'static str {
        match self {
            Self::Text(text) => text,
            Self::Value(value) => value(),
        }
    }
}

impl fmt::Debug for LabelText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

/// What each kind of rule says of itself.
macro_rules! accessors {
    ($rule:ident: $name:literal, $expression:literal) => {
        impl $rule {
            #[doc = $name]
            #[must_use]
            pub const fn name(&self) -> &'static str {
                self.common.name
            }

            #[doc = $expression]
            #[must_use]
            pub const fn expression(&self) -> &'static str {
                self.common.expression
            }

            /// The file and line of the declaration.
            #[must_use]
            pub const fn declared_at(&self) -> (&'static str, u32) {
                self.common.declared_at
            }
        }
    };
}
use accessors;

accessors!(AlertRule: "Its name.", "When it fires, in PromQL.");
accessors!(RecordingRule: "The name that it records: `level:metric:operations`.", "What it records, in PromQL.");

impl Common {
    fn labels(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.labels.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

impl AlertRule {
    /// For `rules!`.
    #[doc(hidden)]
    #[must_use]
    pub const fn __new(
        name: &'static str,
        expression: &'static str,
        labels: &'static [(&'static str, LabelText)],
        annotations: &'static [(&'static str, &'static str)],
        allowed: &'static [(&'static str, &'static str)],
        declared_at: (&'static str, u32),
    ) -> Self {
        Self {
            common: Common {
                name,
                expression,
                labels,
                allowed,
                declared_at,
            },
            hold: None,
            keep_firing_for: None,
            annotations,
        }
    }

    /// For `rules!`.
    #[doc(hidden)]
    #[must_use]
    pub const fn __lasting(self, hold: Option<&'static str>, keep_firing_for: Option<&'static str>) -> Self {
        Self {
            hold,
            keep_firing_for,
            ..self
        }
    }

    /// How long the expression must hold before it fires, such as `5m`.
    #[must_use]
    pub const fn hold(&self) -> Option<&'static str> {
        self.hold
    }

    /// How long it goes on firing when the expression no longer holds.
    #[must_use]
    pub const fn keep_firing_for(&self) -> Option<&'static str> {
        self.keep_firing_for
    }

    /// The labels that it adds to those of the expression, with their values: `severity` and what else is declared.
    pub fn labels(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.common.labels()
    }

    /// What people read: `summary`, `description`, `runbook_url`, as far as they are declared.
    #[must_use]
    pub const fn annotations(&self) -> &'static [(&'static str, &'static str)] {
        self.annotations
    }
}

impl RecordingRule {
    /// For `rules!`.
    #[doc(hidden)]
    #[must_use]
    pub const fn __new(
        name: &'static str,
        expression: &'static str,
        labels: &'static [(&'static str, LabelText)],
        allowed: &'static [(&'static str, &'static str)],
        declared_at: (&'static str, u32),
    ) -> Self {
        Self {
            common: Common {
                name,
                expression,
                labels,
                allowed,
                declared_at,
            },
        }
    }

    /// The labels that it adds to those of the expression, with their values.
    pub fn labels(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.common.labels()
    }
}
