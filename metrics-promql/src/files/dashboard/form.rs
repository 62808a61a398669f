//! How a dashboard's file is made: what Grafana expects where, and where panels lie.

use crate::files::Found;
use crate::files::yaml::Node;
use crate::lint::RULE_YAML;

/// What stands somewhere.
#[derive(Clone, Copy)]
enum Form {
    Text,
    Number,
    /// An object with these.
    Map(&'static [(&'static str, Self)]),
    /// A list of these.
    List(&'static Self),
    /// A panel, which may have others in it.
    Panel,
}

/// As much of Grafana's classic model as is read here.
const DASHBOARD: Form = Form::Map(&[
    ("title", Form::Text),
    ("panels", Form::List(&Form::Panel)),
    ("rows", Form::List(&Form::Map(&[("panels", Form::List(&Form::Panel))]))),
    ("templating", Form::Map(&[("list", Form::List(&VARIABLE))])),
    (
        "annotations",
        Form::Map(&[("list", Form::List(&Form::Map(&[("expr", Form::Text)])))]),
    ),
]);
const VARIABLE: Form = Form::Map(&[("name", Form::Text), ("type", Form::Text)]);
const PANEL: Form = Form::Map(&[
    ("type", Form::Text),
    ("title", Form::Text),
    ("description", Form::Text),
    (
        "gridPos",
        Form::Map(&[
            ("x", Form::Number),
            ("y", Form::Number),
            ("w", Form::Number),
            ("h", Form::Number),
        ]),
    ),
    (
        "fieldConfig",
        Form::Map(&[("defaults", Form::Map(&[("unit", Form::Text)]))]),
    ),
    ("targets", Form::List(&TARGET)),
    ("panels", Form::List(&Form::Panel)),
]);
const TARGET: Form = Form::Map(&[
    ("refId", Form::Text),
    ("expr", Form::Text),
    ("legendFormat", Form::Text),
    ("format", Form::Text),
]);

/// Says where something else stands than Grafana expects.
pub(super) fn check(dashboard: &Node, found: &mut Found<'_>) {
    below(dashboard, DASHBOARD, "", 0, found);
}

/// `at` is where the key or the list stands, for what has no place of its own.
fn below(node: &Node, form: Form, path: &str, at: usize, found: &mut Found<'_>) {
    let fits = match (form, node) {
        // What is not there, or `null`, is the default.
        (_, Node::Nothing) => true,
        (_, Node::Text(text)) if text.text == "null" && !text.is_quoted(found.file) => true,
        (Form::Panel, _) => return below(node, PANEL, path, at, found),
        (Form::Text, Node::Text(_)) => true,
        (Form::Number, Node::Text(text)) => text.text.parse::<f64>().is_ok(),
        (Form::List(form), Node::List(items)) => {
            for (position, item) in items.iter().enumerate() {
                below(item, *form, &format!("{path}[{position}]"), at, found);
            }
            true
        }
        (Form::Map(forms), Node::Map(entries)) => {
            for (key, value) in entries {
                if let Some((_, form)) = forms.iter().find(|(name, _)| *name == key.text) {
                    let dot = if path.is_empty() { "" } else { "." };
                    below(value, *form, &format!("{path}{dot}{}", key.text), key.place(0), found);
                }
            }
            true
        }
        _ => false,
    };
    if !fits {
        let is = match node {
            Node::Text(_) => "a text",
            Node::List(_) => "a list",
            Node::Map(_) | Node::Nothing => "an object",
        };
        let expected = match form {
            Form::Text => "a text",
            Form::Number => "a number",
            Form::List(_) => "a list",
            Form::Map(_) | Form::Panel => "an object",
        };
        let place = match node {
            Node::Text(text) => text.start,
            _ => at,
        };
        let message = format!("`{path}` is {is}, and Grafana expects {expected}");
        found.add(place, "", RULE_YAML, &message, None);
    }
}

/// Where a panel lies, in Grafana's columns and rows.
pub(super) struct Grid {
    /// Where that stands in the file.
    pub(super) place: usize,
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

impl Grid {
    /// Of a panel, if that is said.
    pub(super) fn of(panel: &Node) -> Option<Self> {
        let grid = panel.get("gridPos")?;
        let number = |key: &str| grid.text(key)?.text.parse().ok();
        Some(Self {
            place: grid.text("x")?.place(0),
            left: number("x")?,
            top: number("y")?,
            width: number("w")?,
            height: number("h")?,
        })
    }

    pub(super) fn is_over(&self, other: &Self) -> bool {
        self.left < other.left + other.width
            && other.left < self.left + self.width
            && self.top < other.top + other.height
            && other.top < self.top + self.height
    }
}
