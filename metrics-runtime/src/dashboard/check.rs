//! What is wrong with a dashboard, and what is not on it.

use enumetrics_promql::{Linter, Severity, Usage, with_durations};

use super::metric::Metric;
use super::panel::{Panel, Row};
use super::query::{names, read};
use super::{Dashboard, Edit, To};
use crate::rules::{Exported, RuleFinding, check_query};

impl Dashboard {
    /// What is wrong with the queries: a name, a label or a value that nothing exports, and all else that the linter of rules
    /// knows. `rules!` has held its panels against its own catalog already; here it is the dashboard's, which may have
    /// another prefix. A metric that [`hide`](Self::hide) or [`group`](Self::group) names and that is not there is found, too.
    ///
    /// ```
    /// # use enumetrics_runtime::{Catalog, dashboard::Dashboard};
    /// # static METRICS: Catalog<'static> = Catalog::__new(&[], &[]);
    /// for finding in Dashboard::of(&METRICS).check() {
    ///     eprintln!("{finding}");
    /// }
    /// ```
    #[must_use]
    pub fn check(&self) -> Vec<RuleFinding> {
        let descriptors = self.all_metrics().map(|metric| *metric.descriptor);
        let targets = self.targets();
        let targets: Vec<_> = targets.iter().map(String::as_str).collect();
        let exported = Exported::with_rules(descriptors, &self.rules, &targets);
        let linter = Linter::new(Usage::Panel).schema(&exported);
        let rows = self.rows();
        let panels = rows.iter().flat_map(|row| &row.panels);
        let unknown = self.edits.iter().flat_map(|edit| self.unknown(edit));
        panels.flat_map(|panel| check(panel, &linter)).chain(unknown).collect()
    }

    fn unknown(&self, edit: &Edit) -> Vec<RuleFinding> {
        let is_known = |name: &str| self.all_metrics().any(|metric| metric.name() == name);
        let found = |message: String| {
            let place = (edit.at.file(), edit.at.line());
            RuleFinding::error(message).about(place, edit.what)
        };
        let unknown = edit.metrics.iter().filter(|name| !is_known(name));
        let unknown = unknown.map(|name| found(format!("the catalog has no metric family `{name}`")));
        let is_unreasoned = matches!(&edit.to, To::Nowhere(reason) if reason.trim().is_empty());
        let unreasoned = is_unreasoned.then(|| found("an empty reason: say why nobody wants to see it".to_owned()));
        unknown.chain(unreasoned).collect()
    }

    /// The metrics and the alerts that are on no panel, by their names, in the order of their declaration.
    ///
    /// A metric is on a panel when a query of it names its series; one that [`hide`](Self::hide) took away for a reason, or
    /// that is exported under its former name only, need not be. An alert is on a panel that draws the line at which it
    /// fires, or when panels show all that its expression is made of.
    #[must_use]
    pub fn uncovered(&self) -> Vec<String> {
        let rows = self.rows();
        let mut shown = Vec::new();
        for query in panels(&rows).flat_map(|panel| &panel.queries) {
            shown.extend(read(&query.expression).iter().flat_map(names));
        }
        // What is recorded shows what it is recorded of.
        let mut at = 0;
        while let Some(name) = shown.get(at).cloned() {
            for record in self.rules.iter().flat_map(|rules| rules.records()) {
                if record.name() == name {
                    let made_of = read(record.expression()).map(|expr| names(&expr)).unwrap_or_default();
                    let new: Vec<_> = made_of.into_iter().filter(|name| !shown.contains(name)).collect();
                    shown.extend(new);
                }
            }
            at += 1;
        }
        let hides = |edit: &Edit, name: &str| matches!(edit.to, To::Nowhere(_)) && edit.is_about(name);
        let is_hidden = |metric: &&Metric| self.edits.iter().any(|edit| hides(edit, metric.name()));
        let is_shown = |metric: &&Metric| shown.iter().any(|series| metric.has_series(series));
        let metrics = self
            .all_metrics()
            .filter(|metric| metric.descriptor.renamed_to.is_none());
        let metrics = metrics.filter(|metric| !is_hidden(metric) && !is_shown(metric));
        let mut uncovered: Vec<_> = metrics.map(|metric| metric.name().to_owned()).collect();
        for alert in self.rules.iter().flat_map(|rules| rules.alerts()) {
            let has_line = panels(&rows).any(|panel| !panel.queries.is_empty() && panel.alerts.contains(&alert.name()));
            let made_of = read(alert.expression()).map(|expr| names(&expr)).unwrap_or_default();
            let is_shown = |name: &String| {
                let same =
                    |metric: &Metric| metric.has_series(name) && shown.iter().any(|shown| metric.has_series(shown));
                shown.contains(name) || self.all_metrics().any(same)
            };
            let is_seen = !made_of.is_empty() && made_of.iter().all(is_shown);
            if !has_line && !is_seen {
                uncovered.push(alert.name().to_owned());
            }
        }
        uncovered
    }

    /// A test that everything is on a panel, and that no query has an error or a warning.
    ///
    /// # Panics
    ///
    /// When [`uncovered`](Self::uncovered) names something, or [`check`](Self::check) finds more than notes: then with all
    /// of it.
    #[track_caller]
    #[allow(clippy::panic, reason = "an assertion")]
    pub fn assert_right(&self) {
        let found = self.check().into_iter().filter(|found| found.severity > Severity::Note);
        let mut problems: Vec<_> = found.map(|found| found.to_string()).collect();
        let uncovered = self.uncovered().into_iter();
        problems.extend(uncovered.map(|name| {
            format!(
                "`{name}` is on no panel: declare one with `#[panel]` in `rules!`, or `hide` the metric and say why"
            )
        }));
        if !problems.is_empty() {
            panic!(
                "the dashboard \"{}\" is not right:\n\n{}",
                self.name(),
                problems.join("\n\n")
            );
        }
    }
}

fn panels(rows: &[Row]) -> impl Iterator<Item = &Panel> {
    rows.iter().flat_map(|row| &row.panels)
}

fn check(panel: &Panel, linter: &Linter<'_>) -> Vec<RuleFinding> {
    let queries = panel.queries.iter();
    let found = queries.flat_map(|query| check_query(&with_durations(&query.expression), linter));
    let is_allowed = |found: &RuleFinding| {
        let allows = |id| panel.allowed.iter().any(|(allowed, _)| *allowed == id);
        found.lint.is_some_and(|lint| allows(lint.id))
    };
    found
        .filter(|found| !is_allowed(found))
        .map(|found| found.about(panel.declared_at.unwrap_or(("", 0)), &panel.title))
        .collect()
}
