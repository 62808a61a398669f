//! The whole linter over rules, at run time: what the compiler could not decide, and what are only warnings.

use std::fmt;

use enumetrics_promql::{
    Details, Domain, ExprKind, Family, FileFinding, Labels, LineColumn, Lint, Linter, MetricKind, Schema, Severity,
    Usage, parse, with_durations,
};

use super::file::check_query;
use super::{AlertRule, Common, Rules};
use crate::check::rule::of_targets;
use crate::descriptor::{Descriptor, Kind};

/// Something that is wrong with a rule, found at run time.
///
/// It displays with its place, the expression, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleFinding {
    /// The file of the rule.
    pub file: String,
    /// The line: in a rule file that of the mistake, in Rust that of the declaration.
    pub line: usize,
    /// The column in a rule file, counted from 1; 0 in Rust.
    pub column: usize,
    /// The name of the alert, or what is recorded.
    pub rule: String,
    /// Which mistake; nothing where the expression or the file cannot be read.
    pub lint: Option<&'static Lint>,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to do about it, where that can be said: often the corrected expression.
    pub help: Option<String>,
    /// Both, with the place in the expression.
    pub report: String,
}

impl RuleFinding {
    pub(super) fn of_file(file: &str, finding: FileFinding) -> Self {
        Self {
            file: file.to_owned(),
            line: finding.line,
            column: finding.column,
            rule: finding.subject,
            lint: finding.lint,
            severity: finding.severity,
            message: finding.message,
            help: finding.help,
            report: finding.report,
        }
    }

    /// Of an expression by itself. Without a lint it is no PromQL.
    pub(super) fn of_query(
        place: LineColumn,
        lint: Option<(&'static Lint, Severity)>,
        message: &str,
        help: Option<&str>,
    ) -> Self {
        Self {
            file: String::new(),
            line: place.line,
            column: place.column,
            rule: String::new(),
            lint: lint.map(|(lint, _)| lint),
            severity: lint.map_or(Severity::Error, |(_, severity)| severity),
            message: message.to_owned(),
            help: help.map(str::to_owned),
            report: String::new(),
        }
    }

    pub(super) fn reported(self, report: String) -> Self {
        Self { report, ..self }
    }

    /// Of no expression.
    #[cfg(feature = "dashboards")]
    pub(crate) fn error(message: String) -> Self {
        let place = LineColumn { line: 0, column: 0 };
        Self::of_query(place, None, &message, None).reported(message)
    }

    /// The place of what is declared in Rust is that of the declaration.
    pub(crate) fn about(self, (file, line): (&str, u32), rule: &str) -> Self {
        Self {
            file: file.to_owned(),
            line: line as usize,
            column: 0,
            rule: rule.to_owned(),
            ..self
        }
    }
}

impl fmt::Display for RuleFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.is_empty() {
            write!(f, "{}:", self.file)?;
        }
        write!(f, "{}", self.line)?;
        if self.column > 0 {
            write!(f, ":{}", self.column)?;
        }
        if !self.rule.is_empty() {
            write!(f, ": {}", self.rule)?;
        }
        write!(f, "\n{}", self.report)
    }
}

impl Rules {
    /// What is wrong with these rules. Errors are what the compiler left open, such as regular expressions with
    /// characters beyond ASCII, so that there are rarely any; warnings and notes are all here.
    ///
    /// ```
    /// # use enumetrics_runtime::Rules;
    /// # fn print(rules: &Rules) {
    /// for finding in rules.check() {
    ///     println!("{finding}");
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn check(&self) -> Vec<RuleFinding> {
        let exported = Exported::of(self);
        let records = self.records.iter().map(|record| (&record.common, Usage::Record));
        let alerts = self.alerts.iter().map(|alert| (&alert.common, Usage::Alert));
        let panels = self.panels.iter().map(|panel| (&panel.common, Usage::Panel));
        let rules = records.chain(alerts).chain(panels);
        let found = rules.flat_map(|(rule, usage)| check(rule, &Linter::new(usage).schema(&exported)));
        found.chain(self.without_absence()).collect()
    }

    /// When all metrics are gone, only `absent` and `up` say so.
    fn without_absence(&self) -> Option<RuleFinding> {
        let first = &self.alerts.first()?.common;
        let notices = |alert: &AlertRule| {
            let expr = parse(alert.expression()).ok()?;
            let mut notices = false;
            expr.walk(&mut |part| {
                notices |= match &part.kind {
                    ExprKind::Call(call) => call.function.name.starts_with("absent"),
                    ExprKind::Selector(selector) => selector.metric() == Some("up"),
                    _ => false,
                };
            });
            notices.then_some(())
        };
        if self.alerts.iter().find_map(notices).is_some() || first.allows("alert-absence") {
            return None;
        }
        let lint = Lint::named("alert-absence")?;
        let message = format!("no alert of `{}` fires when its metrics are gone", self.name);
        let help = "one with `absent(…)`, or `up == 0`, with `for`";
        let report = format!("{}[{}]: {message}\n  = help: {help}", lint.severity, lint.id);
        let place = LineColumn { line: 0, column: 0 };
        let found = RuleFinding::of_query(place, Some((lint, lint.severity)), &message, Some(help));
        Some(found.reported(report).about(first.declared_at, first.name))
    }

    /// A test that the rules have neither errors nor warnings.
    ///
    /// ```
    /// # use enumetrics_runtime::Rules;
    /// # static KYC_RULES: Rules = Rules::__new("kyc", &[], &[], &[], &[], &[]);
    /// // #[test]
    /// fn the_rules_are_right() {
    ///     KYC_RULES.assert_right();
    /// }
    /// # the_rules_are_right();
    /// ```
    ///
    /// # Panics
    ///
    /// When [`check`](Self::check) finds more than notes: then with all that it found.
    #[track_caller]
    #[allow(clippy::panic, reason = "an assertion")]
    pub fn assert_right(&self) {
        let mut found = self.check();
        found.retain(|finding| finding.severity > Severity::Note);
        if !found.is_empty() {
            let found: Vec<_> = found.iter().map(ToString::to_string).collect();
            panic!(
                "`{}` has rules that are not right; correct them, or say `allow(lint-id = \"the reason\")`:\n\n{}",
                self.name,
                found.join("\n\n")
            );
        }
    }
}

fn check(rule: &Common, linter: &Linter<'_>) -> Vec<RuleFinding> {
    // Only panels have durations of Grafana's.
    let found = check_query(&with_durations(rule.expression), linter).into_iter();
    let allowed = |finding: &RuleFinding| finding.lint.is_some_and(|lint| rule.allows(lint.id));
    found
        .filter(|finding| !allowed(finding))
        .map(|finding| finding.about(rule.declared_at, rule.name))
        .collect()
}

impl Common {
    fn allows(&self, id: &str) -> bool {
        self.allowed.iter().any(|(allowed, _)| *allowed == id)
    }
}

/// What rules may name.
pub(crate) struct Exported {
    pub(super) descriptors: Vec<Descriptor>,
    /// How many of them, the first ones, this program exports, rather than somebody else.
    own: usize,
    pub(super) recorded: Vec<(String, Labels)>,
    pub(super) target_labels: Vec<String>,
    /// Names and expressions.
    pub(super) alerts: Vec<(String, String)>,
}

impl Exported {
    pub(crate) fn new(descriptors: impl IntoIterator<Item = Descriptor>, target_labels: &[&str]) -> Self {
        let mut descriptors: Vec<_> = descriptors.into_iter().collect();
        let own = descriptors.len();
        descriptors.extend(of_targets());
        Self {
            descriptors,
            own,
            recorded: Vec::new(),
            alerts: Vec::new(),
            target_labels: target_labels.iter().copied().map(str::to_owned).collect(),
        }
    }

    pub(crate) fn of(rules: &Rules) -> Self {
        let catalogs = rules.catalogs.iter().flat_map(|catalog| catalog.descriptors());
        let mut exported = Self::new(catalogs.copied(), rules.target_labels);
        exported.descriptors.extend(rules.external);
        exported.records(rules);
        let alerts = rules.alerts().iter();
        exported.alerts = alerts
            .map(|alert| (alert.name().to_owned(), alert.expression().to_owned()))
            .collect();
        exported
    }

    /// What these metrics export and these groups declare and record.
    #[cfg(feature = "dashboards")]
    pub(crate) fn with_rules(
        descriptors: impl Iterator<Item = Descriptor>,
        groups: &[Rules],
        targets: &[&str],
    ) -> Self {
        let mut exported = Self::new(descriptors, targets);
        exported
            .descriptors
            .extend(groups.iter().flat_map(|rules| rules.external));
        for rules in groups {
            exported.records(rules);
        }
        exported
    }

    fn records(&mut self, rules: &Rules) {
        for record in rules.records {
            self.record(
                record.name(),
                record.expression(),
                record.labels().map(|(name, _)| name),
            );
        }
    }

    /// Rules after this one may name it.
    pub(super) fn record<'n>(&mut self, name: &str, expression: &str, labels: impl IntoIterator<Item = &'n str>) {
        if let Ok(expr) = parse(expression) {
            let mut found = Linter::new(Usage::Record).schema(self).labels(&expr);
            for label in labels {
                found.add(label);
            }
            self.recorded.push((name.to_owned(), found));
        }
    }
}

impl Schema for Exported {
    fn families(&self) -> Vec<Family> {
        self.descriptors.iter().map(family).collect()
    }

    fn details(&self, family: &str) -> Details {
        let mut descriptors = self.descriptors.iter().enumerate();
        let Some((at, descriptor)) = descriptors.find(|(_, descriptor)| descriptor.name == family) else {
            return Details::default();
        };
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Details {
            unit: owned(descriptor.unit),
            is_always_exported: at < self.own && descriptor.is_dense() && !descriptor.is_of_instance(),
            renamed_to: owned(descriptor.renamed_to),
            deprecated: owned(descriptor.deprecated),
        }
    }

    fn recorded(&self) -> Vec<(String, Labels)> {
        self.recorded.clone()
    }

    fn target_labels(&self) -> Vec<String> {
        self.target_labels.clone()
    }
}

fn family(descriptor: &Descriptor) -> Family {
    let own = descriptor.labels.iter().map(|label| {
        let domain = match label.is_open() || label.values.is_empty() {
            true => Domain::Open,
            false => Domain::of(label.values.iter().copied()),
        };
        (label.name.to_owned(), domain)
    });
    let instance = descriptor.instance.iter();
    let instance = instance.map(|instance| (instance.label.to_owned(), Domain::of(instance.values.iter().copied())));
    let own = instance.chain(own);
    let constant = descriptor.constant_labels.iter();
    let constant = constant.map(|(name, value)| ((*name).to_owned(), Domain::of([*value])));
    Family {
        name: descriptor.name.to_owned(),
        kind: match descriptor.kind {
            Kind::Counter => MetricKind::Counter,
            Kind::Gauge => MetricKind::Gauge,
            Kind::Histogram => {
                let bounds = descriptor.buckets.to_vec();
                match descriptor.native {
                    Some(_) => MetricKind::NativeHistogram { bounds },
                    None => MetricKind::Histogram { bounds },
                }
            }
            Kind::Summary => MetricKind::Summary {
                quantiles: descriptor.quantiles.to_vec(),
            },
            Kind::Info => MetricKind::Info,
            Kind::StateSet => MetricKind::StateSet,
            Kind::Unknown => MetricKind::Unknown,
        },
        labels: own.chain(constant).collect(),
    }
}
