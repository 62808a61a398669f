//! What a set of labels must be.

use super::message::Message;
use super::{equal, find, label_names, no_value, position, suggest};
use crate::descriptor::LabelDescriptor;
use crate::label::{Field, Impossible, MOST_OPEN_VALUES, Rule, possible};

/// The type of a set's field must be a label with values.
#[track_caller]
pub const fn field_fits(field: Field) {
    if !field.problem().is_empty() {
        panic!("{}", field.problem());
    }
}

/// The name of a label that a field brings must not be that of an earlier one.
#[track_caller]
pub const fn name_is_free(fields: &[Field], at: usize, idents: &[&str]) {
    let mut label = 0;
    while label < fields[at].len() {
        let name = fields[at].label_name(label);
        let mut earlier = 0;
        while earlier < at {
            let mut taken = 0;
            while taken < fields[earlier].len() {
                if equal(fields[earlier].label_name(taken), name) {
                    let message = Message::new().text("the label '").text(name).text("' is there twice: ");
                    let message = brings(message, &fields[earlier], idents[earlier]).text(", and ");
                    let message = brings(message, &fields[at], idents[at]).text(" too");
                    panic!("{}", message.rule("label-duplicate").as_str());
                }
                taken += 1;
            }
            earlier += 1;
        }
        label += 1;
    }
}

/// ``field `call` is it`` or ``the set in field `call` has it``.
const fn brings(message: Message, field: &Field, ident: &str) -> Message {
    if field.nests() {
        message.text("the set in field `").text(ident).text("` has it")
    } else {
        message.text("field `").text(ident).text("` is it")
    }
}

/// `#[label(name = "…")]` stands on a single label.
#[track_caller]
pub const fn names_one_label(field: Field) {
    if field.nests() {
        let message = Message::new()
            .text("the labels of a set keep their names when it is a field: give them other names in that set");
        panic!("{}", message.rule("label-nested").as_str());
    }
}

/// A label whose value `#[timed]` computes is one, and not the first of a set.
#[track_caller]
pub const fn is_one_label(name: &str, is_one: bool) {
    if !is_one {
        let message = Message::new().text("label '").text(name);
        let message = message.text(
            "' is one of a set inside the labels: give its value as text, or all labels at once, as in `..labels`",
        );
        panic!("{}", message.rule("label-nested").as_str());
    }
}

/// A rule names labels of the set, whose values the compiler knows.
#[track_caller]
pub const fn rule_label(labels: &[LabelDescriptor], name: &str) {
    match find(labels, name) {
        Some(label) if labels[label].is_open() => {
            let message = Message::new().text("label '").text(name);
            let message = message.text("' is open: which of its values there are is known only while the program runs");
            panic!("{}", message.rule("label-open").as_str());
        }
        Some(_) => {}
        None => {
            let message = Message::new().text("the set has no label '").text(name).text("'");
            let (names, count) = label_names(labels);
            let message = suggest(message, name, names.split_at(count).0);
            panic!("{}", message.rule("label-impossible").as_str());
        }
    }
}

/// A rule names values of its labels. (A label that does not exist or is open is reported by
/// [`rule_label`].)
#[track_caller]
pub const fn rule_value(labels: &[LabelDescriptor], name: &str, value: &str) {
    if let Some(label) = find(labels, name)
        && !labels[label].is_open()
        && position(labels[label].values, value).is_none()
    {
        let message = no_value(&labels[label], value);
        panic!("{}", message.rule("label-impossible").as_str());
    }
}

/// A set with rules, be they those of a set inside it, has few enough labels.
#[track_caller]
pub const fn rules_fit(labels: &[LabelDescriptor], rules: &[Rule]) {
    if !rules.is_empty() && labels.len() > Impossible::MOST_LABELS {
        let message = Message::new().text("a set with impossible combinations has at most ");
        let message = message
            .number(Impossible::MOST_LABELS)
            .text(" labels, and this one has ");
        panic!("{}", message.number(labels.len()).rule("label-impossible").as_str());
    }
}

/// A rule must leave some combination; the first that leaves none is to blame.
#[track_caller]
pub const fn leaves_some(labels: &[LabelDescriptor], rules: &[Rule], at: usize) {
    if possible(labels, rules.split_at(at + 1).0, 1) == 0 && possible(labels, rules.split_at(at).0, 1) > 0 {
        let message = Message::new().text("with this rule no combination is possible: nothing could be recorded");
        panic!("{}", message.rule("label-impossible").as_str());
    }
}

/// The position of a label, for a rule; one that does not exist is beyond all others.
#[must_use]
pub const fn label_position(labels: &[LabelDescriptor], name: &str) -> usize {
    match find(labels, name) {
        Some(label) => label,
        None => usize::MAX,
    }
}

/// The position of a value, for a rule; one that does not exist is beyond all others.
#[must_use]
pub const fn value_position(labels: &[LabelDescriptor], name: &str, value: &str) -> usize {
    if let Some(label) = find(labels, name)
        && let Some(value) = position(labels[label].values, value)
    {
        value
    } else {
        usize::MAX
    }
}

/// The most values of an open label are at least one, and few enough for a position.
#[track_caller]
pub const fn open_capacity(max: usize) {
    if max == 0 {
        let message = Message::new().text("an open label without room for values: `max` is at least 1");
        panic!("{}", message.rule("label-open").as_str());
    }
    if max > MOST_OPEN_VALUES {
        let message = Message::new()
            .text("an open label has room for ")
            .number(MOST_OPEN_VALUES);
        panic!("{}", message.text(" values at most").rule("label-open").as_str());
    }
}
