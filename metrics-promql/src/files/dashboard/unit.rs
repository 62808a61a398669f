//! Units as Grafana calls them, beside those that expressions have.

use super::Dashboard;
use crate::ast::Expr;
use crate::files::yaml::{Node, Text};
use crate::lint::DASHBOARD_UNIT;
use crate::meaning::{Facts, Nature, Unit};

/// What a panel says of the unit of its values.
pub(super) enum PanelUnit<'n> {
    /// Of all of them this.
    Named(&'n Text),
    /// Nothing.
    Missing,
    /// Of some of them something, or of what is computed from them.
    Several,
}

impl<'n> PanelUnit<'n> {
    pub(super) fn of(panel: &'n Node) -> Self {
        let is_there = |key: &str, part: &Node| part.get(key).is_some_and(Node::is_something);
        let overridden = panel
            .get("fieldConfig")
            .map_or(&[][..], |config| config.list("overrides"))
            .iter()
            .flat_map(|each| each.list("properties"))
            .filter_map(|property| property.text("id"))
            .any(|id| id.text == "unit" || id.text.starts_with("custom.axis"));
        // On the right there is another axis.
        let has_right = panel.list("seriesOverrides").iter().any(|each| is_there("yaxis", each));
        if overridden || has_right || !panel.list("transformations").is_empty() {
            return Self::Several;
        }
        let unit = match panel.text("type").map_or("", |kind| kind.text.as_str()) {
            "graph" => panel.list("yaxes").first().and_then(|axis| axis.text("format")),
            "singlestat" => panel.text("format"),
            "timeseries" | "stat" | "gauge" | "bargauge" | "barchart" => panel
                .get("fieldConfig")
                .and_then(|config| config.get("defaults"))
                .and_then(|defaults| defaults.text("unit")),
            _ => return Self::Several,
        };
        match unit.filter(|unit| !matches!(unit.text.as_str(), "" | "none" | "short" | "null")) {
            Some(unit) => Self::Named(unit),
            None => Self::Missing,
        }
    }
}

impl Dashboard<'_, '_> {
    /// Whether that is the unit of what an expression gives.
    pub(super) fn unit(&mut self, unit: &PanelUnit<'_>, query: &Text, expr: &Expr, title: &str) -> bool {
        let facts = self.linter.facts(expr);
        match unit {
            PanelUnit::Several => true,
            PanelUnit::Missing => {
                if facts.nature != Nature::Time && facts.unit.as_ref().and_then(of_grafana).is_some_and(is_base) {
                    self.style.without_unit.add(query.place(0), title);
                }
                true
            }
            PanelUnit::Named(unit) => match Wrong::of(&unit.text, &facts) {
                None => true,
                Some(Wrong { message, help }) => {
                    self.found.add(unit.place(0), title, DASHBOARD_UNIT, &message, help);
                    false
                }
            },
        }
    }
}

/// What is wrong with a unit.
struct Wrong {
    message: String,
    help: Option<String>,
}

impl Wrong {
    fn of(name: &str, facts: &Facts) -> Option<Self> {
        let interval = facts.interval;
        let wrong = |message: String, help: &str| {
            Some(Self {
                message,
                help: Some(help.to_owned()),
            })
        };
        if name == "percent" && interval.least >= 0.0 && interval.most <= 1.0 {
            let message = "the values are from 0 to 1, and `percent` shows 1 as 1 %".to_owned();
            return wrong(message, "`percentunit`");
        }
        if name == "percentunit" && interval.least == 0.0 && interval.most == 100.0 {
            let message = "the values are from 0 to 100, and `percentunit` shows 1 as 100 %".to_owned();
            return wrong(message, "`percent`");
        }
        let unit = facts.unit.as_ref()?;
        if facts.nature == Nature::Time {
            let message = format!("the values are in seconds, and `{name}` is of milliseconds");
            return if name.starts_with("dateTime") {
                wrong(message, "`… * 1000`")
            } else {
                None
            };
        }
        let (shown, factor) = shown(name)?;
        // How many of what a share or a number of times may be is for its author to say.
        let is_any = *unit == Unit::none() && facts.nature != Nature::Count;
        if is_any || shown == unit.to_string() && (factor == 1.0 || shown == NUMBER) {
            return None;
        }
        Some(Self {
            message: format!("the values are in {unit}, and the panel shows them as `{name}`"),
            help: of_grafana(unit).map(|right| format!("`{right}`")),
        })
    }
}

/// How [`Unit`] writes that there is none.
const NUMBER: &str = "a number";

/// A unit that somebody has to be told.
fn is_base(name: &str) -> bool {
    name != "short" && name != "cps"
}

/// What Grafana calls a unit.
fn of_grafana(unit: &Unit) -> Option<&'static str> {
    Some(match unit.to_string().as_str() {
        NUMBER => "short",
        "1/seconds" => "cps",
        "seconds" => "s",
        "bytes" => "bytes",
        "bytes/seconds" => "binBps",
        "celsius" => "celsius",
        "meters" => "lengthm",
        "volts" => "volt",
        "amperes" => "amp",
        "joules" => "joule",
        "joules/seconds" => "watt",
        "grams" => "massg",
        _ => return None,
    })
}

/// What Grafana takes a number for, as [`Unit`] writes it, and how many of those one is. Of what it only writes behind the
/// number nothing is known.
fn shown(name: &str) -> Option<(&'static str, f64)> {
    const KIBI: f64 = 1024.0;
    Some(match name {
        "percent" | "humidity" => (NUMBER, 0.01),
        "percentunit" => (NUMBER, 1.0),
        "ns" => ("seconds", 1e-9),
        "µs" => ("seconds", 1e-6),
        "ms" | "dtdurationms" | "clockms" => ("seconds", 1e-3),
        "s" | "dtdurations" | "dthms" | "dtdhms" | "clocks" => ("seconds", 1.0),
        "m" => ("seconds", 60.0),
        "h" => ("seconds", 3600.0),
        "d" => ("seconds", 86400.0),
        "bytes" | "decbytes" => ("bytes", 1.0),
        "bits" | "decbits" => ("bytes", 0.125),
        "kbytes" => ("bytes", KIBI),
        "deckbytes" => ("bytes", 1e3),
        "mbytes" => ("bytes", KIBI * KIBI),
        "decmbytes" => ("bytes", 1e6),
        "gbytes" => ("bytes", KIBI * KIBI * KIBI),
        "decgbytes" => ("bytes", 1e9),
        "Bps" | "binBps" => ("bytes/seconds", 1.0),
        "bps" | "binbps" => ("bytes/seconds", 0.125),
        "KiBs" => ("bytes/seconds", KIBI),
        "KBs" => ("bytes/seconds", 1e3),
        "MiBs" => ("bytes/seconds", KIBI * KIBI),
        "MBs" => ("bytes/seconds", 1e6),
        "cps" | "ops" | "reqps" | "rps" | "wps" | "iops" | "eps" | "mps" | "pps" | "recps" | "rowsps" | "hertz" => {
            ("1/seconds", 1.0)
        }
        "cpm" | "opm" | "reqpm" | "rpm" | "wpm" | "epm" | "mpm" | "recpm" | "rowspm" => ("1/seconds", 1.0 / 60.0),
        "celsius" => ("celsius", 1.0),
        "fahrenheit" | "kelvin" => ("another scale", 1.0),
        "volt" => ("volts", 1.0),
        "mvolt" => ("volts", 1e-3),
        "amp" => ("amperes", 1.0),
        "mamp" => ("amperes", 1e-3),
        "joule" => ("joules", 1.0),
        "watt" => ("joules/seconds", 1.0),
        "lengthm" => ("meters", 1.0),
        "lengthmm" => ("meters", 1e-3),
        "lengthkm" => ("meters", 1e3),
        "massg" => ("grams", 1.0),
        "masskg" => ("grams", 1e3),
        _ => return None,
    })
}
