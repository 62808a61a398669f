//! Rules as Prometheus reads them.

use super::{Floats, Rules};
use crate::yaml::Yaml;

impl Rules {
    /// A rule file with this group, in YAML: what stands behind `rule_files` in Prometheus' configuration. It is the same
    /// text each time.
    ///
    /// What alerts ask of native histograms is recorded just before them, as `level:metric:operations`: promtool's tests
    /// can feed these numbers. `histogram_quantile(0.9, sum by (path) (rate(wait_seconds[5m]))) > 1` becomes
    /// `path:wait_seconds:quantile_0_9_rate5m > 1`.
    ///
    /// ```
    /// # use enumetrics_runtime::Rules;
    /// # fn write(rules: &Rules) -> std::io::Result<()> {
    /// std::fs::write("rules.yml", rules.to_yaml())?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn to_yaml(&self) -> String {
        let group = self.group(&str::to_owned, &str::to_owned);
        let document = Yaml::map([("groups", Yaml::list([group]))]);
        format!("{}{document}", self.stamp())
    }

    /// Which names these are, if not those that are declared: a comment.
    pub(crate) fn stamp(&self) -> String {
        self.adapted.map_or_else(String::new, |stamp| format!("# {stamp}\n"))
    }

    /// The group, with other expressions and durations.
    pub(crate) fn group(&self, expression: &dyn Fn(&str) -> String, duration: &dyn Fn(&str) -> String) -> Yaml {
        let lasting = |text: Option<&str>| text.map(|text| Yaml::text(duration(text)));
        let rule = |kind: &str, name: &str, text: &str| Yaml::texts([(kind, name), ("expr", &expression(text))]);
        let floats = Floats::of(self);
        let records = floats.records.iter().map(|record| {
            let labels = some(record.labels.iter().copied());
            rule("record", &record.name, &record.expression).with_some("labels", labels)
        });
        let alerts = self.alerts.iter().zip(&floats.alerts).map(|(alert, expression)| {
            rule("alert", alert.name(), expression)
                .with_some("for", lasting(alert.hold))
                .with_some("keep_firing_for", lasting(alert.keep_firing_for))
                .with_some("labels", some(alert.labels()))
                .with_some("annotations", some(alert.annotations.iter().copied()))
        });
        Yaml::texts([("name", self.name)])
            .with_some("interval", lasting(self.interval))
            .with("rules", Yaml::list(records.chain(alerts)))
    }
}

fn some(entries: impl Iterator<Item = (&'static str, &'static str)>) -> Option<Yaml> {
    let mut entries = entries.peekable();
    entries.peek().is_some().then(|| Yaml::texts(entries))
}
