//! What is said of a dashboard once, of however many panels it is true.

use super::Dashboard;
use super::query::is_of_variable;
use crate::ast::Expr;
use crate::files::yaml::Node;
use crate::lint::{DASHBOARD_JOB, DASHBOARD_SOURCE, DASHBOARD_TEXT, DASHBOARD_UNIT, Lint, Severity};
use crate::meaning::selector_of;

/// What is counted while panels are read.
#[derive(Default)]
pub(super) struct Style {
    /// Those that ask Prometheus.
    panels: Tally,
    without_title: Tally,
    without_description: Tally,
    pub(super) without_unit: Tally,
    by_name: Tally,
    /// Whether a query says whose metrics it asks for, or lets the reader say it.
    pub(super) chooses: bool,
}

/// How many there are of something, and where the first is.
#[derive(Default)]
pub(super) struct Tally {
    count: usize,
    place: usize,
    title: String,
}

impl Tally {
    pub(super) fn add(&mut self, place: usize, title: &str) {
        if self.count == 0 {
            self.place = place;
            title.clone_into(&mut self.title);
        }
        self.count += 1;
    }
}

impl Dashboard<'_, '_> {
    /// Counts a panel with queries, the first of which stands at `place`.
    pub(super) fn count(&mut self, panel: &Node, place: usize, title: &str) {
        let is_blank = |key: &str| panel.text(key).is_none_or(|text| text.text.trim().is_empty());
        self.style.panels.add(place, title);
        if is_blank("title") {
            self.style.without_title.add(place, title);
        } else if is_blank("description") {
            self.style.without_description.add(place, title);
        }
    }

    /// Whether that is a data source which only one Grafana has.
    pub(super) fn source(&mut self, of: &Node, title: &str) {
        let source = match of.get("datasource") {
            Some(Node::Text(name)) if name.is_quoted(self.found.file) => Some(name),
            Some(source) => source.text("uid"),
            None => None,
        };
        // `-- Mixed --` and its like are Grafana's own, and the others are whatever is the default.
        let is_fixed =
            |name: &str| !name.is_empty() && !name.starts_with("--") && !name.contains(['$', '[']) && name != "default";
        if let Some(name) = source.filter(|name| is_fixed(&name.text)) {
            self.style.by_name.add(name.place(0), title);
        }
    }

    /// Whether a query says whose metrics it asks for, or tells them apart.
    pub(super) fn chosen(&mut self, expr: &Expr) {
        let targets = self.linter.all_target_labels();
        let of_targets = |label: &str| targets.iter().any(|target| target == label);
        self.style.chooses |= targets.iter().any(|target| self.linter.labels(expr).groups_by(target));
        expr.walk(&mut |part| {
            let matchers = selector_of(part).map_or(&[][..], |selector| &selector.matchers);
            self.style.chooses |= matchers
                .iter()
                .any(|matcher| is_of_variable(matcher) || of_targets(&matcher.label.name));
        });
    }

    /// Says it all.
    pub(super) fn say_once(&mut self) {
        let style = std::mem::take(&mut self.style);
        let many = |few: &Tally, one: &str, several: &str| match few.count {
            1 => one.to_owned(),
            count => format!("{count} {several}"),
        };
        self.say(&style.by_name, DASHBOARD_SOURCE, &|few| {
            let asks = many(few, "a data source is", "data sources are");
            let message = format!("{asks} asked for by the name or id that one Grafana has given");
            (
                message,
                "`${datasource}`, and a variable of the type `datasource`".to_owned(),
            )
        });
        self.say(&style.without_title, DASHBOARD_TEXT, &|few| {
            let message = format!("{} no title", many(few, "a panel has", "panels have"));
            (message, "what is shown, in a few words".to_owned())
        });
        self.say(&style.without_description, DASHBOARD_TEXT, &|few| {
            let message = format!("{} no description", many(few, "a panel has", "panels have"));
            (message, "what is normal, and what to do if it is not".to_owned())
        });
        self.say(&style.without_unit, DASHBOARD_UNIT, &|few| {
            let shows = many(few, "a panel shows", "panels show");
            let message = format!("{shows} values without the unit that they have");
            (
                message,
                "Grafana writes 0.25 s as 250 ms where it knows the unit".to_owned(),
            )
        });
        if !style.chooses {
            self.say(&style.panels, DASHBOARD_JOB, &|_| {
                let message = "no query and no variable says whose metrics are shown: all that export them".to_owned();
                (
                    message,
                    "a variable `label_values(…, job)`, and `{job=~\"$job\"}`".to_owned(),
                )
            });
        }
    }

    fn say(&mut self, few: &Tally, lint: &'static Lint, say: &dyn Fn(&Tally) -> (String, String)) {
        if few.count > 0 {
            let (message, help) = say(few);
            // One may do without, but for what only works in one place.
            let severity = match lint == DASHBOARD_SOURCE {
                true => lint.severity,
                false => Severity::Note,
            };
            self.found
                .add_as(severity, few.place, &few.title, lint, &message, Some(help));
        }
    }
}
