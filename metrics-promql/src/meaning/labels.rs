//! The labels of a result, and their values.

use crate::ast::{Binary, Label, Matcher, MatchingKind, Selector};
use crate::names::{Names, Values};
use crate::operator::MatchOp;
use crate::regex::{META, Regex};

/// The labels of a result, without the metric's name; from [`Expr::labels`](crate::Expr::labels) and
/// [`Linter::facts`](crate::Linter::facts).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// Those that it may have; `None` if nothing is known, but for `gone`.
    pub(super) may: Option<Names>,
    /// Those that have been aggregated away.
    pub(super) gone: Names,
    /// Those that its series really have, as far as one can tell.
    pub(super) has: Names,
    /// Those of them that targets have and that nobody asked for, as `sum by (instance)` does.
    pub(super) scraped: Names,
    /// The only values that a label can have where it is there.
    pub(super) values: Values,
}

impl Labels {
    /// Whether its series can have that label.
    #[must_use]
    pub fn may_have(&self, label: &str) -> bool {
        match &self.may {
            Some(labels) => labels.has(label),
            None => !self.gone.has(label),
        }
    }

    /// Whether each of its series has that label without doubt. Where nothing is exported that one could ask, a name's
    /// word is taken: `sum by (job)` has `job`.
    #[must_use]
    pub fn must_have(&self, label: &str) -> bool {
        self.has.has(label)
    }

    /// The labels that it may have, if they are known.
    #[must_use]
    pub fn known(&self) -> Option<impl Iterator<Item = &str>> {
        self.may.as_ref().map(|labels| labels.iter().map(String::as_str))
    }

    /// The only values that a label can have, where it is there, if they are known.
    #[must_use]
    pub fn values(&self, label: &str) -> Option<impl Iterator<Item = &str>> {
        self.values.get(label).map(|values| values.iter().map(String::as_str))
    }

    /// Gives its series a label.
    pub fn add(&mut self, label: &str) {
        self.perhaps(label);
        self.has.insert(label);
    }

    /// Those that its series have without doubt.
    pub(crate) fn has(&self) -> impl Iterator<Item = &str> {
        self.has.iter().map(String::as_str)
    }

    /// One that tells targets apart, and that is only there because nothing was aggregated.
    #[cfg(feature = "schema")]
    pub(crate) fn of_each_target(&self) -> Option<&str> {
        self.scraped.first().map(String::as_str)
    }

    /// Whether targets have it, and nobody asked for it.
    #[cfg(feature = "files")]
    pub(crate) fn is_scraped(&self, label: &str) -> bool {
        self.scraped.has(label)
    }

    /// Whether an aggregation was told to keep it.
    #[cfg(feature = "files")]
    pub(crate) fn groups_by(&self, label: &str) -> bool {
        self.may.is_some() && self.has.has(label) && !self.scraped.has(label)
    }

    pub(super) fn only(labels: Names) -> Self {
        Self {
            has: labels.clone(),
            may: Some(labels),
            ..Self::default()
        }
    }

    pub(super) fn none() -> Self {
        Self::only(Names::new())
    }

    /// Some of its series may have the label, with any value.
    pub(super) fn perhaps(&mut self, label: &str) {
        if let Some(labels) = &mut self.may {
            labels.insert(label);
        }
        self.gone.remove(label);
        self.has.remove(label);
        self.scraped.remove(label);
        self.values.remove(label);
    }

    pub(super) fn remove(&mut self, label: &str) {
        if let Some(labels) = &mut self.may {
            labels.remove(label);
        }
        self.has.remove(label);
        self.scraped.remove(label);
        self.values.remove(label);
        self.gone.insert(label);
    }

    /// What `by (…)` leaves. Of what nobody knows it takes the word.
    pub(super) fn keep(&self, labels: &[Label]) -> Self {
        let mut kept = Self {
            may: Some(Names::new()),
            ..Self::default()
        };
        for Label { name, .. } in labels.iter().filter(|label| self.may_have(&label.name)) {
            kept.perhaps(name);
            if self.may.is_none() || self.has.has(name) {
                kept.has.insert(name);
            }
            if let Some(values) = self.values.get(name) {
                kept.values.insert(name, values.clone());
            }
        }
        kept
    }

    /// Those of series that are on one of both sides.
    pub(super) fn either(self, other: Self) -> Self {
        let mut values = Values::default();
        for (label, own) in self.values.iter() {
            match other.values.get(label) {
                Some(others) => values.insert(label, own.clone().or(others)),
                None if !other.may_have(label) => values.insert(label, own.clone()),
                None => {}
            }
        }
        for (label, others) in other.values.iter() {
            if self.values.get(label).is_none() && !self.may_have(label) {
                values.insert(label, others.clone());
            }
        }
        Self {
            may: self.may.zip(other.may).map(|(lhs, rhs)| lhs.or(&rhs)),
            gone: self.gone.and(&other.gone),
            has: self.has.and(&other.has),
            scraped: self.scraped.and(&other.scraped),
            values,
        }
    }

    /// The values of series that match some of `other`.
    pub(super) fn matched(&mut self, other: &Self, binary: &Binary) {
        for (label, others) in other.values.iter().filter(|(label, _)| is_compared(binary, label)) {
            // Where the other side lacks it, this side does, too.
            if self.may_have(label) {
                let both = match self.values.get(label) {
                    Some(own) => own.clone().and(others),
                    None => others.clone(),
                };
                self.values.insert(label, both);
            }
        }
    }

    /// A label that both sides have and compare, but never with the same value.
    pub(crate) fn apart<'a>(&'a self, other: &'a Self, binary: &Binary) -> Option<[(&'a str, &'a Names); 2]> {
        self.values.iter().find_map(|(label, own)| {
            let others = other.values.get(label)?;
            let has = self.has.has(label) || other.has.has(label);
            let apart = has && is_compared(binary, label) && own.is_disjoint(others);
            apart.then_some([(label.as_str(), own), (label.as_str(), others)])
        })
    }

    /// What the matchers of a selector leave of them.
    pub(super) fn select(&mut self, selector: &Selector) {
        for matcher in &selector.matchers {
            let label = &matcher.label.name;
            if label == Matcher::METRIC {
                continue;
            }
            if matcher.op == MatchOp::Equal && matcher.value.is_empty() {
                self.remove(label);
                continue;
            }
            match self.values.get_mut(label) {
                Some(values) => values.retain(&|value| may_match(matcher, value)),
                None => {
                    if let Some(values) = listed(matcher)
                        && self.may_have(label)
                    {
                        self.values.insert(label, values);
                    }
                }
            }
            // What must have a value must be there.
            if self.may_have(label) && !may_match(matcher, "") {
                self.has.insert(label);
            }
        }
    }
}

/// Whether two sides are compared by this label.
pub(crate) fn is_compared(binary: &Binary, label: &str) -> bool {
    match &binary.matching {
        None => true,
        Some(matching) => {
            let named = matching.labels.iter().any(|other| other.name == label);
            named == (matching.kind == MatchingKind::On)
        }
    }
}

/// Whether a value passes, as far as one can tell.
pub(super) fn may_match(matcher: &Matcher, value: &str) -> bool {
    let matches = || Regex::new(&matcher.value).ok().and_then(|regex| regex.matches(value));
    match matcher.op {
        MatchOp::Equal => matcher.value == value,
        MatchOp::NotEqual => matcher.value != value,
        MatchOp::Regex => matches() != Some(false),
        MatchOp::NotRegex => matches() != Some(true),
    }
}

/// The values that a matcher names one by one: `="a"`, `=~"a|b"`.
fn listed(matcher: &Matcher) -> Option<Names> {
    match matcher.op {
        MatchOp::Equal => Some([matcher.value.clone()].into_iter().collect()),
        MatchOp::Regex if !matcher.value.contains(META) => Some(matcher.value.split('|').map(str::to_owned).collect()),
        _ => None,
    }
}
