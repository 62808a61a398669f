//! Who is told of which alert.

use enumetrics_promql::{Linter, Usage, parse};

use super::pace::{Pace, seconds};
use crate::label::LabelValue;
use crate::rules::{AlertRule, Exported, Rules};
use crate::yaml::Yaml;

/// A configuration of Alertmanager: who is told of which alert, and which alerts say nothing new while another fires.
///
/// It has no secrets, only the files that they are in.
///
/// ```
/// use enumetrics_runtime::Severity;
/// use enumetrics_runtime::operations::{Alertmanager, Receiver, Route};
///
/// let pager = Receiver::pager_duty("pager", "/run/secrets/pagerduty");
/// Alertmanager::new(Receiver::webhook("chat", "http://chat:8080/alerts"))
///     .severity(&Severity::Critical, Route::to(pager).wait("0s").repeat("1h"))
///     .inhibit("GatewayDown", ["HighErrorRate"], ["component"]);
/// ```
#[derive(Clone, Debug)]
pub struct Alertmanager {
    default: Receiver,
    routes: Vec<(String, &'static str, Route)>,
    inhibitions: Vec<Inhibition>,
}

/// Where some alerts go, and how soon.
#[derive(Clone, Debug)]
pub struct Route {
    receiver: Receiver,
    wait: String,
    interval: String,
    repeat: String,
}

/// Somebody who is told of alerts.
#[derive(Clone, Debug)]
pub struct Receiver {
    name: String,
    kind: &'static str,
    settings: Vec<(&'static str, String)>,
    credentials_file: Option<String>,
}

#[derive(Clone, Debug)]
struct Inhibition {
    source: String,
    targets: Vec<String>,
    equal: Vec<String>,
}

impl Receiver {
    /// A program that takes alerts as JSON.
    #[must_use]
    pub fn webhook(name: &str, url: &str) -> Self {
        Self::new(name, "webhook_configs", &[("url", url)])
    }

    /// A channel of Slack; the file has the URL of its webhook.
    #[must_use]
    pub fn slack(name: &str, channel: &str, api_url_file: &str) -> Self {
        Self::new(
            name,
            "slack_configs",
            &[("channel", channel), ("api_url_file", api_url_file)],
        )
    }

    /// A service of PagerDuty; the file has the routing key of its integration.
    #[must_use]
    pub fn pager_duty(name: &str, routing_key_file: &str) -> Self {
        Self::new(name, "pagerduty_configs", &[("routing_key_file", routing_key_file)])
    }

    /// E-mail, through the server `host:port`; the file has the password of `from`.
    #[must_use]
    pub fn email(name: &str, to: &str, from: &str, server: &str, password_file: &str) -> Self {
        let settings = [
            ("to", to),
            ("from", from),
            ("smarthost", server),
            ("auth_username", from),
            ("auth_password_file", password_file),
        ];
        Self::new(name, "email_configs", &settings)
    }

    /// With a bearer token for a webhook, of which this is the file.
    #[must_use]
    pub fn bearer_token(mut self, file: &str) -> Self {
        self.credentials_file = Some(file.to_owned());
        self
    }

    fn new(name: &str, kind: &'static str, settings: &[(&'static str, &str)]) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            settings: settings
                .iter()
                .map(|(key, value)| (*key, (*value).to_owned()))
                .collect(),
            credentials_file: None,
        }
    }

    fn document(&self) -> Yaml {
        let credentials = self.credentials_file.as_ref().map(|file| {
            let file = Yaml::texts([("credentials_file", file)]);
            Yaml::map([("authorization", file)])
        });
        let config = Yaml::texts(self.settings.iter().map(|(key, value)| (*key, value.as_str())))
            // Who is told of a beginning is told of the end.
            .with("send_resolved", Yaml::Bool(true))
            .with_some("http_config", credentials);
        Yaml::texts([("name", &self.name)]).with(self.kind, Yaml::list([config]))
    }

    fn secret_files(&self) -> impl Iterator<Item = &str> {
        let files = self.settings.iter().filter(|(key, _)| key.ends_with("_file"));
        files
            .map(|(_, file)| file.as_str())
            .chain(self.credentials_file.as_deref())
    }
}

impl Route {
    /// To this receiver: after 30 s, changes after 5 min, again after 4 h.
    #[must_use]
    pub fn to(receiver: Receiver) -> Self {
        Self {
            receiver,
            wait: "30s".to_owned(),
            interval: "5m".to_owned(),
            repeat: "4h".to_owned(),
        }
    }

    /// How long to wait for other alerts of the same group before the first message.
    #[must_use]
    pub fn wait(mut self, wait: &str) -> Self {
        wait.clone_into(&mut self.wait);
        self
    }

    /// How long to wait before telling of new alerts in the same group.
    #[must_use]
    pub fn interval(mut self, interval: &str) -> Self {
        interval.clone_into(&mut self.interval);
        self
    }

    /// When to say it again.
    #[must_use]
    pub fn repeat(mut self, repeat: &str) -> Self {
        repeat.clone_into(&mut self.repeat);
        self
    }

    fn timing(&self, route: Yaml, pace: Pace, problems: &mut Vec<String>) -> Yaml {
        let times = [
            ("group_wait", &self.wait),
            ("group_interval", &self.interval),
            ("repeat_interval", &self.repeat),
        ];
        let mut timed = route;
        for (key, text) in times {
            if !seconds(text).is_finite() {
                let receiver = &self.receiver.name;
                problems.push(format!(
                    "the route to `{receiver}`: `{text}` is no duration such as 30s"
                ));
            }
            let is_nothing = seconds(text) == 0.0;
            let text = if is_nothing { text.clone() } else { pace.duration(text) };
            timed = timed.with(key, Yaml::text(text));
        }
        timed
    }
}

impl Alertmanager {
    /// Whatever no route takes goes there.
    #[must_use]
    pub fn new(default: Receiver) -> Self {
        Self {
            default,
            routes: Vec::new(),
            inhibitions: Vec::new(),
        }
    }

    /// Alerts of this severity go there. An alert takes every route that it fits: that of its severity, and that of its
    /// component.
    #[must_use]
    pub fn severity<S: LabelValue>(self, severity: &S, route: Route) -> Self {
        self.label("severity", severity, route)
    }

    /// Alerts with this label go there, too: `labels(component = Component::Database)` on an alert gives it one.
    #[must_use]
    pub fn label<L: LabelValue>(mut self, label: &str, value: &L, route: Route) -> Self {
        self.routes.push((label.to_owned(), value.value(), route));
        self
    }

    /// While the first alert fires, nobody is told of the others, where these labels are the same. All of them must have
    /// the labels: Alertmanager takes two that are missing for equal.
    ///
    /// That the budget of an objective burns fast mutes that it burns slowly, without being said.
    #[must_use]
    pub fn inhibit<T: Into<String>, E: Into<String>>(
        mut self,
        source: &str,
        targets: impl IntoIterator<Item = T>,
        equal: impl IntoIterator<Item = E>,
    ) -> Self {
        self.inhibitions.push(Inhibition {
            source: source.to_owned(),
            targets: targets.into_iter().map(Into::into).collect(),
            equal: equal.into_iter().map(Into::into).collect(),
        });
        self
    }

    pub(super) fn secret_files(&self) -> Vec<String> {
        let receivers = self.receivers();
        let mut files: Vec<_> = receivers
            .iter()
            .flat_map(|receiver| receiver.secret_files().map(str::to_owned))
            .collect();
        files.sort();
        files.dedup();
        files
    }

    /// Each once, by its name.
    fn receivers(&self) -> Vec<&Receiver> {
        let mut receivers: Vec<&Receiver> = Vec::new();
        for receiver in std::iter::once(&self.default).chain(self.routes.iter().map(|(.., route)| &route.receiver)) {
            if !receivers.iter().any(|known| known.name == receiver.name) {
                receivers.push(receiver);
            }
        }
        receivers
    }

    pub(super) fn document(&self, rules: &[Rules], pace: Pace, problems: &mut Vec<String>) -> Yaml {
        let alerts: Vec<Known> = rules.iter().flat_map(Known::all).collect();
        let mut routes = Vec::new();
        for (label, value, route) in &self.routes {
            let fits = |alert: &Known| alert.rule.labels().any(|(name, text)| name == label && text == *value);
            if !alerts.iter().any(fits) {
                let advice = "leave the route out, or give an alert the label";
                problems.push(format!(
                    "no alert has {label}=\"{value}\", which a route is for: {advice}"
                ));
            }
            let matchers = Yaml::list([Yaml::text(format!("{label}=\"{value}\""))]);
            let head = Yaml::texts([("receiver", &route.receiver.name)])
                .with("matchers", matchers)
                .with("continue", Yaml::Bool(true));
            routes.push(route.timing(head, pace, problems));
        }
        let default = Route::to(self.default.clone());
        let top = Yaml::texts([("receiver", &self.default.name)])
            .with("group_by", Yaml::list(["alertname", "job"].map(Yaml::from)));
        let top = default.timing(top, pace, problems);
        let receivers = self.receivers().into_iter().map(Receiver::document);
        Yaml::map([("route", top.with("routes", Yaml::List(routes)))])
            .with(
                "inhibit_rules",
                Yaml::list(self.inhibit_rules(&alerts, rules, problems)),
            )
            .with("receivers", Yaml::list(receivers))
    }

    fn inhibit_rules(&self, alerts: &[Known], rules: &[Rules], problems: &mut Vec<String>) -> Vec<Yaml> {
        let mut all = Vec::new();
        for Inhibition { source, targets, equal } in &self.inhibitions {
            for name in std::iter::once(source).chain(targets) {
                let Some(alert) = alerts.iter().find(|alert| alert.rule.name() == name) else {
                    problems.push(format!(
                        "`{name}` inhibits or is inhibited, and is no alert of these rules"
                    ));
                    continue;
                };
                for label in equal.iter().filter(|label| !alert.has(label)) {
                    problems.push(format!(
                        "an inhibition compares the label `{label}`, which `{name}` does not have: keep it in the \
                         expression, or give the alert one [alert-inhibit]"
                    ));
                }
            }
            all.push(inhibit_rule(source, targets, equal));
        }
        for slo in rules.iter().flat_map(|rules| rules.slos()) {
            let mut names: Vec<_> = slo.burns().iter().map(|burn| burn.alert().to_owned()).collect();
            names.dedup();
            if let [fast, slow] = &names[..] {
                let equal = ["slo", "slo_group"].into_iter().chain(slo.by().iter().copied());
                let equal: Vec<_> = equal.map(str::to_owned).collect();
                all.push(inhibit_rule(fast, std::slice::from_ref(slow), &equal));
            }
        }
        all
    }
}

fn inhibit_rule(source: &str, targets: &[String], equal: &[String]) -> Yaml {
    let matchers = |matcher: String| Yaml::list([Yaml::text(matcher)]);
    let target = match targets {
        [one] => format!("alertname=\"{one}\""),
        many => format!("alertname=~\"{}\"", many.join("|")),
    };
    Yaml::map([
        ("source_matchers", matchers(format!("alertname=\"{source}\""))),
        ("target_matchers", matchers(target)),
        ("equal", Yaml::list(equal.iter().map(|label| label.as_str().into()))),
    ])
}

/// An alert, and the labels that its expression gives it.
struct Known {
    rule: &'static AlertRule,
    labels: Vec<String>,
}

impl Known {
    fn all(rules: &Rules) -> Vec<Self> {
        let exported = Exported::of(rules);
        let linter = Linter::new(Usage::Alert).schema(&exported);
        let alerts = rules.alerts().iter();
        alerts
            .map(|rule| {
                let labels = parse(rule.expression())
                    .map(|expr| linter.labels(&expr))
                    .unwrap_or_default();
                let known = labels.known().map(|labels| labels.map(str::to_owned).collect());
                Self {
                    rule,
                    labels: known.unwrap_or_default(),
                }
            })
            .collect()
    }

    fn has(&self, label: &str) -> bool {
        self.labels.iter().any(|known| known == label) || self.rule.labels().any(|(name, _)| name == label)
    }
}
