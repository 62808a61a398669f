//! A dashboard as Grafana reads it: its classic model, schema version 42.
//!
//! What each field may be is said by the schemas of <https://github.com/grafana/grafana-foundation-sdk> (`jsonschema/`), against
//! which the tests hold what is written.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value, json};

use super::Dashboard;
use super::metric::Metric;
use super::panel::{Limit, Panel, Row, Shape};
use super::query::{Choices, DATA_SOURCE};
use crate::rules::AlertRule;

/// Of the classic model: <https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/>.
const SCHEMA_VERSION: u32 = 42;
const COLUMNS: u32 = 24;
const HEIGHT: u32 = 8;
/// What Grafana stores for "All".
const ALL: &str = "$__all";

impl Dashboard {
    pub(super) fn write(&self, rows: &[Row]) -> String {
        let choices = self.choices();
        let mut ids = Ids::default();
        let mut panels = Vec::new();
        let mut y = 0;
        for row in rows.iter().filter(|row| !row.panels.is_empty()) {
            panels.push(json!({
                "type": "row",
                "id": ids.of(&format!("row {}", row.title)),
                "title": row.title,
                "collapsed": false,
                "gridPos": { "x": 0, "y": y, "w": COLUMNS, "h": 1 },
                "panels": [],
            }));
            y += 1;
            let mut x = 0;
            for panel in &row.panels {
                if x + panel.width > COLUMNS {
                    (x, y) = (0, y + HEIGHT);
                }
                let mut written = self.panel(panel, &choices);
                written["id"] = ids.of(&panel.key).into();
                written["gridPos"] = json!({ "x": x, "y": y, "w": panel.width, "h": HEIGHT });
                panels.push(written);
                x += panel.width;
            }
            y += HEIGHT;
        }
        let title = self.name();
        let mut dashboard = json!({
            "schemaVersion": SCHEMA_VERSION,
            "uid": self.id(),
            "title": title,
            "tags": self.tags,
            "editable": true,
            "graphTooltip": 1,
            "timezone": "browser",
            "refresh": self.refresh,
            "time": { "from": format!("now-{}", self.range), "to": "now" },
            "panels": panels,
            "templating": { "list": self.variables(&choices) },
            "annotations": { "list": self.annotations() },
        });
        if !self.about.is_empty() {
            dashboard["description"] = json!(self.about);
        }
        format!("{:#}\n", sorted(dashboard))
    }

    fn panel(&self, panel: &Panel, choices: &Choices<'_>) -> Value {
        let (kind, options) = match panel.shape {
            Shape::Lines | Shape::Stack => ("timeseries", lines()),
            Shape::Stat => ("stat", stat()),
            Shape::Table => (
                "table",
                json!({ "showHeader": true, "frameIndex": 0, "cellHeight": "sm" }),
            ),
            Shape::Heatmap => ("heatmap", heatmap(&panel.unit)),
            Shape::StateTimeline => ("state-timeline", state_timeline()),
            Shape::AlertList => ("alertlist", alert_list(&panel.alerts)),
        };
        let mut written = json!({
            "type": kind,
            "title": panel.title,
            "options": options,
            "fieldConfig": { "defaults": field(panel), "overrides": [] },
        });
        if !panel.about.is_empty() {
            written["description"] = json!(panel.about);
        }
        if !panel.links.is_empty() {
            let links: Vec<_> = panel.links.iter().map(|(title, url)| link(title, url)).collect();
            written["links"] = json!(links);
        }
        if panel.queries.is_empty() {
            return written;
        }
        written["datasource"] = datasource();
        // What `$__rate_interval` is computed from.
        if let Some(interval) = &self.scrape_interval {
            written["interval"] = json!(interval);
        }
        let is_now = matches!(panel.shape, Shape::Table);
        let has_exemplars = panel.metric.is_some() && matches!(panel.shape, Shape::Lines | Shape::Heatmap);
        let queries = panel.queries.iter().zip('A'..='Z').map(|(query, id)| {
            let expression = choices.restrict(&query.expression);
            let mut target = json!({
                "refId": id.to_string(),
                "datasource": datasource(),
                "expr": expression,
                "legendFormat": query.legend,
                "editorMode": "code",
                "format": match panel.shape {
                    Shape::Heatmap => "heatmap",
                    Shape::Table => "table",
                    _ => "time_series",
                },
                "instant": is_now,
                "range": !is_now,
            });
            if has_exemplars && expression.contains("_bucket") {
                target["exemplar"] = json!(true);
            }
            target
        });
        written["targets"] = queries.collect();
        if is_now {
            // Of an info metric the value is how many say so.
            let value = if panel.is_own { "value" } else { "instances" };
            let renamed = json!({ "Value": value });
            written["transformations"] = json!([{
                "id": "organize",
                "options": { "excludeByName": { "Time": true }, "renameByName": renamed },
            }]);
        }
        written
    }

    fn variables(&self, choices: &Choices<'_>) -> Vec<Value> {
        let mut variables = vec![json!({
            "type": "datasource",
            "name": DATA_SOURCE,
            "label": "Data source",
            "query": "prometheus",
            "includeAll": false,
            "multi": false,
            "current": { "text": "default", "value": "default" },
            "hide": 0,
            "refresh": 1,
            "regex": "",
            "skipUrlSync": false,
            "options": [],
        })];
        // One that is there from the first scrape, and is not about other targets.
        let asked = choices.metrics.iter();
        let says_target = |metric: &Metric| choices.targets.iter().any(|label| metric.has_label(label));
        let asked = asked
            .clone()
            .find(|metric| metric.descriptor.is_dense() && !says_target(metric))
            .or_else(|| asked.clone().next());
        let Some(asked) = asked else { return variables };
        for (at, label) in choices.targets.iter().enumerate() {
            variables.push(asked_of(label, &label_values(label, asked, &choices.targets[..at])));
        }
        for variable in &choices.variables {
            let values = &variable.values;
            // Grafana takes ` : ` for the end of what is shown and the beginning of what is put in.
            let is_listable = values
                .iter()
                .all(|value| !value.contains(" : ") && value.trim() == *value);
            variables.push(match variable.metrics.first() {
                Some(metric) if values.is_empty() || !is_listable => {
                    let query = label_values(variable.label, metric, &choices.targets);
                    asked_of(&variable.name, &query)
                }
                _ => listed(&variable.name, values),
            });
        }
        variables
    }

    fn annotations(&self) -> Vec<Value> {
        let mut annotations = vec![json!({
            "name": "Annotations & Alerts",
            "type": "dashboard",
            "builtIn": 1,
            "datasource": { "type": "grafana", "uid": "-- Grafana --" },
            "enable": true,
            "hide": true,
            "iconColor": "rgba(0, 211, 255, 1)",
        })];
        for rules in self.rules.iter().filter(|rules| !rules.alerts().is_empty()) {
            let names: Vec<_> = rules.alerts().iter().map(AlertRule::name).collect();
            annotations.push(json!({
                "name": format!("Alerts of {}", rules.name()),
                "datasource": datasource(),
                "enable": true,
                "hide": false,
                "iconColor": "red",
                "expr": format!("ALERTS{{alertname=~\"{}\",alertstate=\"firing\"}}", alternatives(&names)),
                "step": "60s",
                "titleFormat": "{{alertname}}",
                "textFormat": "{{severity}}",
                "tagKeys": "severity",
                "useValueForTime": false,
            }));
        }
        annotations
    }
}

/// Each name once: an alert may be there with several labels.
fn alternatives(names: &[&str]) -> String {
    let mut once: Vec<&str> = Vec::new();
    for name in names {
        if !once.contains(name) {
            once.push(name);
        }
    }
    once.join("|")
}

fn datasource() -> Value {
    json!({ "type": "prometheus", "uid": format!("${{{DATA_SOURCE}}}") })
}

fn link(title: &str, url: &str) -> Value {
    json!({
        "title": title,
        "url": url,
        "type": "link",
        "icon": "doc",
        "tooltip": "",
        "tags": [],
        "asDropdown": false,
        "targetBlank": true,
        "includeVars": false,
        "keepTime": false,
    })
}

/// The values of a label, where other labels are chosen before.
fn label_values(label: &str, metric: &Metric, before: &[String]) -> String {
    let matchers: Vec<_> = before.iter().map(|name| format!("{name}=~\"${name}\"")).collect();
    let matchers = match matchers.is_empty() {
        true => String::new(),
        false => format!("{{{}}}", matchers.join(", ")),
    };
    format!("label_values({}{matchers}, {label})", metric.some_series())
}

/// A variable whose values Prometheus knows.
fn asked_of(name: &str, query: &str) -> Value {
    json!({
        "type": "query",
        "name": name,
        "label": name,
        "datasource": datasource(),
        "query": query,
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "regex": "",
        "includeAll": true,
        "allValue": ".*",
        "multi": true,
        "current": { "text": ["All"], "value": [ALL] },
        "options": [],
        "hide": 0,
        "skipUrlSync": false,
    })
}

/// A variable whose values are declared: it works before there is data.
fn listed(name: &str, values: &[&str]) -> Value {
    let option = |text: &str, value: &str| json!({ "text": text, "value": value, "selected": value == ALL });
    let options = [option("All", ALL)]
        .into_iter()
        .chain(values.iter().map(|value| option(value, value)));
    let query: Vec<_> = values.iter().map(|value| value.replace(',', "\\,")).collect();
    json!({
        "type": "custom",
        "name": name,
        "label": name,
        "query": query.join(","),
        "options": options.collect::<Vec<_>>(),
        "includeAll": true,
        "allValue": ".*",
        "multi": true,
        "current": { "text": ["All"], "value": [ALL] },
        "hide": 0,
        "skipUrlSync": false,
    })
}

fn field(panel: &Panel) -> Value {
    let mut field = json!({
        "unit": panel.unit,
        "thresholds": { "mode": "absolute", "steps": steps(&panel.limits) },
        "color": { "mode": "palette-classic" },
        "mappings": [],
        "custom": {},
    });
    if panel.is_from_zero {
        field["min"] = json!(0);
    }
    match panel.shape {
        Shape::Lines | Shape::Stack => {
            let is_stacked = panel.shape == Shape::Stack;
            field["custom"] = json!({
                "drawStyle": "line",
                "lineWidth": 1,
                "fillOpacity": if is_stacked { 30 } else { 10 },
                "showPoints": "never",
                "stacking": { "mode": if is_stacked { "normal" } else { "none" }, "group": "A" },
                "thresholdsStyle": { "mode": if panel.limits.is_empty() { "off" } else { "dashed" } },
            });
        }
        Shape::Stat => field["color"] = json!({ "mode": "thresholds" }),
        Shape::StateTimeline => {
            field["custom"] = json!({ "fillOpacity": 70, "lineWidth": 0 });
            field["mappings"] = json!([{ "type": "value", "options": { "1": { "text": " ", "index": 0 } } }]);
        }
        Shape::Heatmap => field["custom"] = json!({ "scaleDistribution": { "type": "linear" } }),
        Shape::Table => {
            field["custom"] = json!({ "align": "auto", "cellOptions": { "type": "auto" }, "inspect": false });
        }
        Shape::AlertList => {}
    }
    field
}

/// From the smallest value on: what is too little, what is right, what is too much.
fn steps(limits: &[Limit]) -> Vec<Value> {
    let ascending = |is_most: bool| {
        let mut limits: Vec<_> = limits.iter().filter(|limit| limit.is_most == is_most).collect();
        limits.sort_by(|a, b| a.value.total_cmp(&b.value));
        limits
    };
    let (least, mut most) = (ascending(false), ascending(true));
    // What is too little for one alert is not too much for another.
    most.retain(|limit| least.iter().all(|least| least.value < limit.value));
    let mut steps = Vec::new();
    let mut from = Value::Null;
    for limit in least {
        steps.push(json!({ "value": from, "color": limit.color }));
        from = json!(limit.value);
    }
    steps.push(json!({ "value": from, "color": "green" }));
    steps.extend(
        most.iter()
            .map(|limit| json!({ "value": limit.value, "color": limit.color })),
    );
    steps
}

fn legend(calcs: &[&str]) -> Value {
    json!({ "displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": calcs })
}

fn lines() -> Value {
    json!({ "legend": legend(&["lastNotNull", "max"]), "tooltip": { "mode": "multi", "sort": "desc" } })
}

fn stat() -> Value {
    json!({
        "graphMode": "area",
        "colorMode": "value",
        "justifyMode": "auto",
        "textMode": "auto",
        "wideLayout": true,
        "showPercentChange": false,
        "percentChangeColorMode": "standard",
        "orientation": "auto",
        "reduceOptions": { "calcs": ["lastNotNull"], "fields": "", "values": false },
    })
}

fn heatmap(unit: &str) -> Value {
    json!({
        "calculate": false,
        "cellGap": 1,
        "color": {
            "mode": "scheme",
            "scheme": "Oranges",
            "fill": "dark-orange",
            "scale": "exponential",
            "exponent": 0.5,
            "steps": 64,
            "reverse": false,
        },
        "exemplars": { "color": "rgba(255,0,255,0.7)" },
        "filterValues": { "le": 1e-9 },
        "legend": { "show": true },
        "rowsFrame": { "layout": "auto" },
        "showValue": "never",
        "tooltip": { "mode": "single", "yHistogram": false, "showColorScale": true },
        "yAxis": { "axisPlacement": "left", "reverse": false, "unit": unit },
    })
}

fn state_timeline() -> Value {
    json!({
        "showValue": "never",
        "rowHeight": 0.9,
        "mergeValues": true,
        "alignValue": "left",
        "legend": { "displayMode": "list", "placement": "bottom", "showLegend": false, "calcs": [] },
        "tooltip": { "mode": "single", "sort": "none" },
    })
}

/// Grafana has no schema for this one: the options are those of `UnifiedAlertListOptions` in its sources.
fn alert_list(names: &[&str]) -> Value {
    json!({
        "viewMode": "list",
        "groupMode": "default",
        "groupBy": [],
        "maxItems": 20,
        "sortOrder": 3,
        "dashboardAlerts": false,
        "alertName": "",
        "alertInstanceLabelFilter": format!("{{alertname=~\"{}\"}}", alternatives(names)),
        "stateFilter": { "firing": true, "pending": true, "noData": false, "normal": false, "error": true },
    })
}

/// Ids that follow from names: that of a panel stays when others come and go.
#[derive(Default)]
struct Ids(HashSet<u32>);

impl Ids {
    fn of(&mut self, key: &str) -> u32 {
        // FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/. Grafana's ids are positive and have 31 bits.
        let hash = key.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        let mut id = (hash & 0x7fff_ffff).max(1);
        while !self.0.insert(id) {
            id = id % 0x7fff_ffff + 1;
        }
        id
    }
}

/// The same text whatever features of `serde_json` a program has: with one of them objects are in the order in which they
/// are made.
fn sorted(value: Value) -> Value {
    match value {
        Value::Array(values) => values.into_iter().map(sorted).collect(),
        Value::Object(fields) => {
            let fields: BTreeMap<_, _> = fields.into_iter().map(|(name, value)| (name, sorted(value))).collect();
            Value::Object(Map::from_iter(fields))
        }
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use super::{Ids, Limit, steps};
    use serde_json::json;

    #[test]
    fn ids_follow_from_names_and_are_all_different() {
        let mut ids = Ids::default();
        let first = ids.of("kyc_sessions");
        assert_eq!(first, Ids::default().of("kyc_sessions"));
        assert_eq!(ids.of("kyc_sessions"), first + 1);
        assert!(first > 0 && first < 1 << 31);
    }

    #[test]
    fn what_is_right_lies_between_the_limits() {
        let limit = |value, is_most, color| Limit { value, is_most, color };
        let found = steps(&[
            limit(5.0, true, "red"),
            limit(1.0, false, "orange"),
            limit(3.0, true, "blue"),
        ]);
        let expected = [
            json!({ "value": null, "color": "orange" }),
            json!({ "value": 1.0, "color": "green" }),
            json!({ "value": 3.0, "color": "blue" }),
            json!({ "value": 5.0, "color": "red" }),
        ];
        assert_eq!(found, expected);
        assert_eq!(steps(&[]), [json!({ "value": null, "color": "green" })]);
    }
}
