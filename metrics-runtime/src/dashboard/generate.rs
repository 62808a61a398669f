//! The panels that suit each kind of metric.

use super::metric::{Label, Metric};
use super::panel::{Panel, Shape};
use super::query::legend_of;
use super::unit;
use crate::descriptor::Kind;

/// How many series a panel shows that tells them apart by several labels at once.
const MOST_COMBINED: usize = 12;
/// How many of a label with many values are shown.
const TOP: usize = 10;

/// The quantiles that are shown of a histogram.
pub(super) const QUANTILES: [(f64, &str); 3] = [(0.5, "p50"), (0.95, "p95"), (0.99, "p99")];

/// The panels of a metric.
pub(super) fn panels(metric: &Metric) -> Vec<Panel> {
    let mut panels = match metric.descriptor.kind {
        Kind::Counter => counter(metric),
        Kind::Gauge if metric.is_time() => vec![time_since(metric)],
        Kind::Gauge | Kind::Unknown => gauge(metric),
        Kind::Histogram => histogram(metric),
        Kind::Summary => summary(metric),
        Kind::Info => vec![info(metric)],
        Kind::StateSet => vec![state_set(metric)],
    };
    for panel in &mut panels {
        panel.about = metric.descriptor.help_parts().concat();
        panel.is_from_zero = matches!(metric.descriptor.kind, Kind::Counter | Kind::Histogram | Kind::Summary);
        panel.metric = Some(metric.name());
        panel.declared_at = metric.descriptor.declared_at;
    }
    panels
}

/// By what a metric is shown: by all labels at once where these are few series, and otherwise by each.
fn groupings(metric: &Metric) -> Vec<Vec<Label>> {
    let labels = &metric.labels;
    let combinations: usize = labels.iter().map(|label| label.values.len()).product();
    match labels.iter().any(|label| label.is_wide()) || combinations > MOST_COMBINED {
        true => labels.iter().map(|label| vec![*label]).collect(),
        false => vec![labels.clone()],
    }
}

/// `sum by (…) (…)`, of many the top ones.
fn aggregated(op: &str, by: &[Label], of: &str) -> String {
    let whole = match by {
        [] => format!("{op}({of})"),
        _ => format!("{op} by ({}) ({of})", list(by, ", ")),
    };
    match by.iter().any(|label| label.is_wide()) {
        true => format!("topk({TOP}, {whole})"),
        false => whole,
    }
}

fn list(labels: &[Label], between: &str) -> String {
    labels.iter().map(|label| label.name).collect::<Vec<_>>().join(between)
}

/// The key and the title of a panel that shows a metric by some labels.
fn named(metric: &Metric, what: &str, by: &[Label]) -> (String, String) {
    let what = match what {
        "" => String::new(),
        what => format!(", {what}"),
    };
    let (mut key, mut title) = (format!("{}{what}", metric.name()), format!("{}{what}", metric.title));
    if !by.is_empty() {
        key += &format!(" by {}", list(by, " and "));
        title += &format!(" by {}", list(by, " and ").replace('_', " "));
    }
    (key, title)
}

fn legend(metric: &Metric, by: &[Label]) -> String {
    match by {
        [] => metric.title.clone(),
        _ => legend_of(&by.iter().map(|label| label.name).collect::<Vec<_>>()),
    }
}

fn counter(metric: &Metric) -> Vec<Panel> {
    let rate = format!("rate({}[$__rate_interval])", metric.name());
    let panel = |by: Vec<Label>| {
        let (key, title) = named(metric, "", &by);
        let shape = if by.is_empty() { Shape::Lines } else { Shape::Stack };
        Panel::new(key, title, shape)
            .unit(unit::per_second(metric.descriptor.unit))
            .query(aggregated("sum", &by, &rate), legend(metric, &by))
    };
    groupings(metric).into_iter().map(panel).collect()
}

fn gauge(metric: &Metric) -> Vec<Panel> {
    let declared = metric.descriptor.unit;
    let op = if unit::adds_up(declared) { "sum" } else { "max" };
    let panel = |by: Vec<Label>| {
        let (key, title) = named(metric, "", &by);
        Panel::new(key, title, Shape::Lines)
            .unit(unit::of(declared))
            .query(aggregated(op, &by, metric.name()), legend(metric, &by))
    };
    groupings(metric).into_iter().map(panel).collect()
}

/// What was never set is 0, which is no time.
fn time_since(metric: &Metric) -> Panel {
    let by = &metric.labels;
    let last = aggregated("max", by, &format!("{} > 0", metric.name()));
    let (key, title) = named(metric, "", by);
    Panel::new(key, format!("Time since: {title}"), Shape::Stat)
        .unit("s")
        .query(format!("time() - {last}"), legend(metric, by))
}

fn histogram(metric: &Metric) -> Vec<Panel> {
    // Native buckets are in the series itself, classic ones in a series each.
    let is_classic = !metric.descriptor.buckets.is_empty();
    let (suffix, le): (_, &[Label]) = match is_classic {
        true => (
            "_bucket",
            &[Label {
                name: "le",
                values: &[""],
            }],
        ),
        false => ("", &[]),
    };
    let summed = |by: &[Label]| {
        let buckets = format!("(rate({}{suffix}[$__rate_interval]))", metric.name());
        match &*[le, by].concat() {
            [] => format!("sum{buckets}"),
            by => format!("sum by ({}) {buckets}", list(by, ", ")),
        }
    };
    let quantile = |quantile: f64, by: &[Label]| format!("histogram_quantile({quantile}, {})", summed(by));
    let new = |what: &str, by: &[Label], shape| {
        let (key, title) = named(metric, what, by);
        Panel::new(key, title, shape).unit(unit::of(metric.descriptor.unit))
    };
    let with_objectives = |panel: Panel| {
        let each = metric.descriptor.slo.iter();
        each.fold(panel, |panel, bound| panel.limit(*bound, true, "orange"))
    };
    let mut quantiles = new("quantiles", &[], Shape::Lines);
    for (number, name) in QUANTILES {
        quantiles = quantiles.query(quantile(number, &[]), name);
    }
    let heatmap = new("distribution", &[], Shape::Heatmap).query(summed(&[]), if is_classic { "{{le}}" } else { "" });
    let by_label = metric.labels.iter().map(|label| {
        let by = [*label];
        let expression = match label.is_wide() {
            true => format!("topk({TOP}, {})", quantile(0.95, &by)),
            false => quantile(0.95, &by),
        };
        with_objectives(new("p95", &by, Shape::Lines).query(expression, legend(metric, &by)))
    });
    [with_objectives(quantiles), heatmap]
        .into_iter()
        .chain(by_label)
        .collect()
}

fn summary(metric: &Metric) -> Vec<Panel> {
    let name = metric.name();
    let sum = format!("rate({name}_sum[$__rate_interval])");
    let count = format!("rate({name}_count[$__rate_interval])");
    let new = |what: &str, by: &[Label]| {
        let (key, title) = named(metric, what, by);
        Panel::new(key, title, Shape::Lines).unit(unit::of(metric.descriptor.unit))
    };
    let mean = |by: Vec<Label>| {
        let [sum, count] = [&sum, &count].map(|rate| match &by[..] {
            [] => format!("sum({rate})"),
            by => format!("sum by ({}) ({rate})", list(by, ", ")),
        });
        let mean = match by.iter().any(|label| label.is_wide()) {
            true => format!("topk({TOP}, {sum} / {count})"),
            false => format!("{sum} / {count}"),
        };
        new("mean", &by).query(mean, legend(metric, &by))
    };
    let mut panels: Vec<_> = groupings(metric).into_iter().map(mean).collect();
    if !metric.descriptor.quantiles.is_empty() {
        // Quantiles of several instances have no average: the worst is shown.
        let quantiles = new("quantiles", &[]).query(format!("max by (quantile) ({name})"), "quantile {{quantile}}");
        panels.push(quantiles);
    }
    panels
}

/// How many instances say what.
fn info(metric: &Metric) -> Panel {
    let by = list(&metric.labels, ", ");
    Panel::new(metric.name(), &metric.title, Shape::Table).query(format!("count by ({by}) ({})", metric.name()), "")
}

/// A bar for each state, where it is the current one.
fn state_set(metric: &Metric) -> Panel {
    let mut by: Vec<_> = metric.labels.iter().map(|label| label.name).collect();
    by.push(metric.name());
    let states = format!("max by ({}) ({}) == 1", by.join(", "), metric.name());
    Panel::new(metric.name(), &metric.title, Shape::StateTimeline).query(states, legend_of(&by))
}
