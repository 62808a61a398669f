//! Rules about metrics that an operator gave other names.

use std::collections::HashSet;

use enumetrics_promql::{
    Expr, ExprKind, Label, MatchOp, Selector, Severity, Span, parse, with_durations, with_variables,
};

use super::{AlertRule, Common, RecordingRule, Rules, SloIndicator};
use crate::catalog::{AdaptError, Catalog};
use crate::descriptor::Kind;

impl Rules {
    /// The same rules about the metrics as a catalog exports them, with a [prefix](Catalog::with_prefix) and
    /// [labels](Catalog::with_labels) that an operator chose: what the rules for this deployment are written from.
    ///
    /// Every metric of the catalogs that the rules are about, and everything that they record, is named with the prefix, in
    /// expressions and in the templates of annotations; external metrics are not. [`to_yaml`](Self::to_yaml) then begins
    /// with the catalog's [`stamp`](Catalog::stamp). The names are kept for as long as the program runs.
    ///
    /// # Errors
    ///
    /// A rule that no longer is about what it was: it selects metrics by a regular expression for their name, or has an
    /// error that it did not have. And where these rules are adapted already.
    ///
    /// ```
    /// # use enumetrics_runtime::{Catalog, Rules};
    /// # static METRICS: Catalog<'static> = Catalog::__new(&[], &[]);
    /// # static KYC_RULES: Rules = Rules::__new("kyc", &[], &[], &[], &[], &[]);
    /// let metrics = METRICS.with_prefix("shop")?; // or Settings::from_env(&METRICS)?.catalog()
    /// std::fs::write(std::env::temp_dir().join("rules.yml"), KYC_RULES.adapted_to(&metrics)?.to_yaml())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn adapted_to(&self, catalog: &Catalog<'static>) -> Result<Self, AdaptError> {
        if self.adapted.is_some() {
            return Err(AdaptError::new(format!(
                "the rules `{}` are adapted already: adapt those that are declared",
                self.name
            )));
        }
        let renaming = Renaming::new(self, catalog.prefix());
        let catalogs = self
            .catalogs
            .iter()
            .map(|declared| -> Result<&'static Catalog<'static>, AdaptError> {
                let labelled = declared.with_labels(catalog.labels().iter().copied())?;
                let adapted = match catalog.prefix() {
                    "" => labelled,
                    prefix => labelled.with_prefix(prefix)?,
                };
                Ok(Box::leak(Box::new(adapted)))
            });
        let records = self.records.iter().map(|record| {
            let common = renaming.common(&record.common)?;
            let name = renaming.name(common.name).leak();
            Ok::<_, AdaptError>(RecordingRule {
                common: Common { name, ..common },
            })
        });
        let alerts = self.alerts.iter().map(|alert| {
            let annotations = alert.annotations.iter();
            let annotations = annotations.map(|(name, text)| (*name, &*renaming.template(text).leak()));
            Ok::<_, AdaptError>(AlertRule {
                common: renaming.common(&alert.common)?,
                annotations: Vec::leak(annotations.collect()),
                ..*alert
            })
        });
        let slos = self.slos.iter().map(|slo| {
            let selector = |selector| Ok(&*renaming.expression(slo.name(), selector)?.leak());
            Ok::<_, AdaptError>(slo.with_indicator(match slo.indicator() {
                SloIndicator::Bad { bad, total } => SloIndicator::Bad {
                    bad: selector(bad)?,
                    total: selector(total)?,
                },
                SloIndicator::Good { good, total } => SloIndicator::Good {
                    good: selector(good)?,
                    total: selector(total)?,
                },
                SloIndicator::Under { histogram, bound } => SloIndicator::Under {
                    histogram: selector(histogram)?,
                    bound,
                },
            }))
        });
        let panels = self.panels.iter().map(|panel| {
            let readable = Common {
                expression: with_durations(panel.expression()).leak(),
                ..panel.common
            };
            let renamed = renaming.common(&readable)?;
            let expression = with_variables(renamed.expression).leak();
            Ok::<_, AdaptError>(panel.with_common(Common { expression, ..renamed }))
        });
        let adapted = Self {
            panels: Vec::leak(panels.collect::<Result<_, _>>()?),
            catalogs: Vec::leak(catalogs.collect::<Result<_, _>>()?),
            records: Vec::leak(records.collect::<Result<_, _>>()?),
            alerts: Vec::leak(alerts.collect::<Result<_, _>>()?),
            slos: Vec::leak(slos.collect::<Result<_, _>>()?),
            adapted: Some(catalog.stamp().leak()),
            ..*self
        };
        let known = self.check();
        let is_new = |found: &super::RuleFinding| {
            let same = |known: &super::RuleFinding| (known.line, known.lint) == (found.line, found.lint);
            found.severity == Severity::Error && !known.iter().any(same)
        };
        match adapted.check().into_iter().find(is_new) {
            Some(found) => Err(AdaptError::new(format!(
                "with other names a rule is not right: {found}"
            ))),
            None => Ok(adapted),
        }
    }
}

/// Which names get a prefix.
struct Renaming<'p> {
    prefix: &'p str,
    /// Of samples, and of what the rules record.
    names: HashSet<String>,
    /// State sets have a label that is called like them.
    labels: HashSet<&'static str>,
}

impl<'p> Renaming<'p> {
    fn new(rules: &Rules, prefix: &'p str) -> Self {
        let declared = || rules.catalogs.iter().flat_map(|catalog| catalog.descriptors());
        let samples = declared().flat_map(|descriptor| {
            let suffixes = descriptor.kind.sample_suffixes().iter();
            suffixes.map(|suffix| format!("{}{suffix}", descriptor.name))
        });
        let recorded = rules.records.iter().map(|record| record.name().to_owned());
        let state_sets = declared().filter(|descriptor| descriptor.kind == Kind::StateSet);
        Self {
            prefix,
            names: samples.chain(recorded).collect(),
            labels: state_sets.map(|descriptor| descriptor.name).collect(),
        }
    }

    fn name(&self, name: &str) -> String {
        match self.prefix {
            "" => name.to_owned(),
            prefix => format!("{prefix}_{name}"),
        }
    }

    fn common(&self, common: &Common) -> Result<Common, AdaptError> {
        Ok(Common {
            expression: self.expression(common.name, common.expression)?.leak(),
            ..*common
        })
    }

    /// An expression with nothing but the names changed.
    fn expression(&self, rule: &str, expression: &str) -> Result<String, AdaptError> {
        let mut text = expression.to_owned();
        // An expression that is none is an error of the rule's own.
        let Ok(expr) = parse(expression) else {
            return Ok(text);
        };
        let mut edits = Vec::new();
        let mut by_regex = false;
        expr.walk(&mut |expr: &Expr| match &expr.kind {
            ExprKind::Selector(selector) => by_regex |= self.select(selector, &mut edits),
            ExprKind::Range(range) => by_regex |= self.select(&range.selector, &mut edits),
            ExprKind::Aggregation(aggregation) => {
                let labels = aggregation.grouping.iter().flat_map(|grouping| &grouping.labels);
                labels.for_each(|label| self.label(label, &mut edits));
            }
            ExprKind::Binary(binary) => {
                if let Some(matching) = &binary.matching {
                    let brought = matching.group.iter().flat_map(|group| &group.labels);
                    let labels = matching.labels.iter().chain(brought);
                    labels.for_each(|label| self.label(label, &mut edits));
                }
            }
            _ => {}
        });
        if by_regex && !self.prefix.is_empty() {
            return Err(AdaptError::new(format!(
                "`{rule}` selects metrics by a regular expression for `__name__`, which no prefix can be given: name them"
            )));
        }
        // From the end, so that places stay what they are.
        edits.sort_by_key(|(span, _): &(Span, String)| std::cmp::Reverse(span.start));
        for (span, new) in edits {
            text.replace_range(span.start..span.end, &new);
        }
        Ok(text)
    }

    /// Says whether metrics are selected by a regular expression.
    fn select(&self, selector: &Selector, edits: &mut Vec<(Span, String)>) -> bool {
        if let Some(name) = &selector.name
            && self.names.contains(&name.name)
        {
            edits.push((name.span, self.name(&name.name)));
        }
        let mut by_regex = false;
        for matcher in &selector.matchers {
            if matcher.label.name == "__name__" {
                by_regex |= matches!(matcher.op, MatchOp::Regex | MatchOp::NotRegex);
                if self.names.contains(&matcher.value) {
                    edits.push((matcher.value_span, format!("\"{}\"", self.name(&matcher.value))));
                }
            } else {
                self.label(&matcher.label, edits);
            }
        }
        by_regex
    }

    fn label(&self, label: &Label, edits: &mut Vec<(Span, String)>) {
        if self.labels.contains(label.name.as_str()) {
            edits.push((label.span, self.name(&label.name)));
        }
    }

    /// A text in which what stands between `{{` and `}}` may name metrics and labels: words there are looked up as wholes.
    fn template(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, action)) = rest.split_once("{{") {
            let (action, after) = action.split_once("}}").unwrap_or((action, ""));
            let end = if after.is_empty() && !rest.ends_with("}}") {
                ""
            } else {
                "}}"
            };
            out += before;
            out += "{{";
            let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
            let mut words = action;
            while let Some(start) = words.find(is_word) {
                let length = words[start..].find(|c| !is_word(c)).unwrap_or(words.len() - start);
                let (other, word) = (&words[..start], &words[start..start + length]);
                out += other;
                let is_renamed = self.names.contains(word) || self.labels.contains(word);
                out += &if is_renamed { self.name(word) } else { word.to_owned() };
                words = &words[start + length..];
            }
            out += words;
            out += end;
            rest = after;
        }
        out + rest
    }
}
