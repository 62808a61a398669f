//! The whole linter over rules, at run time: what the compiler could not decide, and what are only warnings.

use std::fmt;

use enumetrics_promql::{
    Domain, Family, Finding, Labels, Lint, Linter, MetricKind, Schema, Severity, Span, Usage, parse, with_durations,
};

use super::{Common, Rules};
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
    /// What is wrong, and where, and what to do about it.
    pub report: String,
}

impl fmt::Display for RuleFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)?;
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
        rules
            .flat_map(|(rule, usage)| check(rule, &Linter::new(usage).schema(&exported)))
            .collect()
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
    let (file, line) = rule.declared_at;
    let found = |lint, severity, report| RuleFinding {
        file: file.to_owned(),
        line: line as usize,
        column: 0,
        rule: rule.name.to_owned(),
        lint,
        severity,
        report,
    };
    // Only panels have any.
    let expression = &with_durations(rule.expression);
    match parse(expression) {
        Err(error) => vec![found(None, Severity::Error, error.render(expression).to_string())],
        Ok(expr) => {
            let allowed = |finding: &Finding| rule.allowed.iter().any(|(id, _)| *id == finding.lint.id);
            let findings = linter.check(&expr).into_iter().filter(|finding| !allowed(finding));
            findings
                .map(|finding| found(Some(finding.lint), finding.severity, finding.render(expression)))
                .collect()
        }
    }
}

/// What rules may name.
pub(crate) struct Exported {
    pub(super) descriptors: Vec<Descriptor>,
    pub(super) recorded: Vec<(String, Labels)>,
    pub(super) target_labels: Vec<String>,
}

impl Exported {
    pub(crate) fn new(descriptors: impl IntoIterator<Item = Descriptor>, target_labels: &[&str]) -> Self {
        Self {
            descriptors: descriptors.into_iter().chain(of_targets().iter().copied()).collect(),
            recorded: Vec::new(),
            target_labels: target_labels.iter().copied().map(str::to_owned).collect(),
        }
    }

    pub(super) fn of(rules: &Rules) -> Self {
        let catalogs = rules.catalogs.iter().flat_map(|catalog| catalog.descriptors());
        let mut exported = Self::new(catalogs.chain(rules.external).copied(), rules.target_labels);
        exported.records(rules);
        exported
    }

    /// What these metrics export and these groups declare and record.
    #[cfg(feature = "dashboards")]
    pub(crate) fn with_rules(
        descriptors: impl Iterator<Item = Descriptor>,
        groups: &[Rules],
        targets: &[&str],
    ) -> Self {
        let external = groups.iter().flat_map(|rules| rules.external).copied();
        let mut exported = Self::new(descriptors.chain(external), targets);
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
            Kind::Histogram => MetricKind::Histogram {
                bounds: descriptor.buckets.to_vec(),
            },
            Kind::Summary => MetricKind::Summary {
                quantiles: descriptor.quantiles.to_vec(),
            },
            Kind::Info => MetricKind::Info,
            Kind::StateSet => MetricKind::StateSet,
        },
        labels: own.chain(constant).collect(),
    }
}

/// What is wrong with an expression in a file, where `place` is where a place of the expression stands.
pub(super) fn check_text(
    file: &str,
    rule: &str,
    text: &str,
    linter: &Linter<'_>,
    place: impl Fn(Span) -> (usize, usize),
) -> Vec<RuleFinding> {
    let found = |span, lint, severity, report| {
        let (line, column) = place(span);
        RuleFinding {
            file: file.to_owned(),
            line,
            column,
            rule: rule.to_owned(),
            lint,
            severity,
            report,
        }
    };
    match parse(text) {
        Err(error) => vec![found(
            error.span(),
            None,
            Severity::Error,
            error.render(text).to_string(),
        )],
        Ok(expr) => {
            let findings = linter.check(&expr).into_iter();
            findings
                .map(|finding| {
                    let report = finding.render(text);
                    found(finding.span, Some(finding.lint), finding.severity, report)
                })
                .collect()
        }
    }
}
