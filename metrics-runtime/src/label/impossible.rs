//! Combinations of label values that cannot occur.

use super::Field;
use crate::check::product;
use crate::descriptor::LabelDescriptor;

/// Which combinations of a set's labels are declared impossible.
#[derive(Debug, PartialEq, Eq)]
pub struct Impossible {
    pub(crate) rules: &'static [Rule],
    /// How many labels the set has.
    pub(crate) labels: usize,
    /// How many combinations of them are left.
    pub(crate) possible: usize,
}

/// Combinations with certain values of certain labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Where the labels of the set begin that the rule was declared for.
    pub offset: usize,
    /// All of them together are impossible.
    pub terms: &'static [Term],
}

/// Certain values of one label, by their positions. A position that there is not belongs to a name that there is not,
/// which is reported by a check of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// The label.
    pub label: usize,
    /// Any of these values.
    pub values: &'static [usize],
}

impl Impossible {
    /// The most labels of a set with rules.
    pub(crate) const MOST_LABELS: usize = 32;

    /// The rules of a set with these labels.
    #[must_use]
    #[track_caller]
    pub const fn new(labels: &[LabelDescriptor], rules: &'static [Rule]) -> Self {
        Self {
            rules,
            labels: labels.len(),
            possible: possible(labels, rules, usize::MAX),
        }
    }

    /// How many rules a set has, those of the sets inside it included.
    #[must_use]
    pub const fn count(fields: &[Field], own: &[Rule]) -> usize {
        let mut count = own.len();
        let mut at = 0;
        while at < fields.len() {
            if let Some(inner) = fields[at].impossible() {
                count += inner.rules.len();
            }
            at += 1;
        }
        count
    }

    /// All of them; `N` is their [`count`](Self::count).
    #[must_use]
    pub const fn rules<const N: usize>(fields: &[Field], own: &[Rule]) -> [Rule; N] {
        let mut rules = [Rule { offset: 0, terms: &[] }; N];
        let mut len = 0;
        while len < own.len() {
            rules[len] = own[len];
            len += 1;
        }
        let mut offset = 0;
        let mut at = 0;
        while at < fields.len() {
            if let Some(inner) = fields[at].impossible() {
                let mut rule = 0;
                while rule < inner.rules.len() {
                    rules[len] = Rule {
                        offset: offset + inner.rules[rule].offset,
                        terms: inner.rules[rule].terms,
                    };
                    len += 1;
                    rule += 1;
                }
            }
            offset += fields[at].len();
            at += 1;
        }
        rules
    }

    /// Whether a combination, by the positions of its values, is impossible.
    pub(crate) const fn matches(&self, positions: &[usize; Self::MOST_LABELS]) -> bool {
        some_rule_matches(self.rules, positions)
    }
}

const fn some_rule_matches(rules: &[Rule], positions: &[usize; Impossible::MOST_LABELS]) -> bool {
    let mut at = 0;
    while at < rules.len() {
        if rule_matches(&rules[at], positions) {
            return true;
        }
        at += 1;
    }
    false
}

const fn rule_matches(rule: &Rule, positions: &[usize; Impossible::MOST_LABELS]) -> bool {
    let mut at = 0;
    while at < rule.terms.len() {
        let Term { label, values } = rule.terms[at];
        if label >= positions.len() || !contains(values, positions[rule.offset + label]) {
            return false;
        }
        at += 1;
    }
    true
}

const fn contains(values: &[usize], value: usize) -> bool {
    let mut at = 0;
    while at < values.len() {
        if values[at] == value {
            return true;
        }
        at += 1;
    }
    false
}

/// How many combinations these rules leave, counted until there are `enough`.
///
/// Only the labels that a rule names are gone through; each of the others multiplies. (A set with more labels than rules
/// are for is reported by a check of its own.)
#[track_caller]
pub(crate) const fn possible(labels: &[LabelDescriptor], rules: &[Rule], enough: usize) -> usize {
    if rules.is_empty() || labels.len() > Impossible::MOST_LABELS {
        let mut combinations = 1;
        let mut label = 0;
        while label < labels.len() {
            combinations = product(&[combinations, labels[label].max_values()]);
            label += 1;
        }
        return combinations;
    }
    let mut of = [1; Impossible::MOST_LABELS];
    let mut factor = 1;
    let mut label = 0;
    while label < labels.len() {
        if is_named(label, rules) {
            of[label] = labels[label].max_values();
        } else {
            factor = product(&[factor, labels[label].max_values()]);
        }
        label += 1;
    }
    let mut positions = [0; Impossible::MOST_LABELS];
    let mut found = 0;
    while found < enough {
        if !some_rule_matches(rules, &positions) {
            found += 1;
        }
        // The next one, like a milometer.
        let mut label = 0;
        while label < labels.len() {
            positions[label] += 1;
            if positions[label] < of[label] {
                break;
            }
            positions[label] = 0;
            label += 1;
        }
        if label == labels.len() {
            break;
        }
    }
    found * factor
}

const fn is_named(label: usize, rules: &[Rule]) -> bool {
    let mut rule = 0;
    while rule < rules.len() {
        let mut term = 0;
        while term < rules[rule].terms.len() {
            let named = rules[rule].terms[term].label;
            if named < Impossible::MOST_LABELS && rules[rule].offset + named == label {
                return true;
            }
            term += 1;
        }
        rule += 1;
    }
    false
}
