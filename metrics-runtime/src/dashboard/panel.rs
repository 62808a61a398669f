//! Panels, before they are written.

use super::query::Query;
use crate::rules::PanelKind;

pub(super) struct Row {
    pub(super) title: String,
    pub(super) panels: Vec<Panel>,
}

pub(super) struct Panel {
    /// What it is, whatever stands beside it: its id follows from this.
    pub(super) key: String,
    pub(super) title: String,
    pub(super) about: String,
    pub(super) shape: Shape,
    pub(super) unit: String,
    pub(super) queries: Vec<Query>,
    pub(super) limits: Vec<Limit>,
    /// Whether no value is below 0.
    pub(super) is_from_zero: bool,
    /// Titles and addresses of runbooks.
    pub(super) links: Vec<(String, String)>,
    /// How many of the 24 columns it has.
    pub(super) width: u32,
    /// The metric that it is about.
    pub(super) metric: Option<&'static str>,
    /// Whether it is declared, and not generated.
    pub(super) is_own: bool,
    /// The alerts of which it shows when they fire.
    pub(super) alerts: Vec<&'static str>,
    /// Ids of lints that do not apply.
    pub(super) allowed: &'static [(&'static str, &'static str)],
    pub(super) declared_at: Option<(&'static str, u32)>,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Shape {
    Lines,
    /// Lines on top of each other: parts of a whole.
    Stack,
    Stat,
    Table,
    Heatmap,
    StateTimeline,
    /// Which alerts there are now; Grafana asks for them itself.
    AlertList,
}

impl From<PanelKind> for Shape {
    fn from(kind: PanelKind) -> Self {
        match kind {
            PanelKind::TimeSeries => Self::Lines,
            PanelKind::Stat => Self::Stat,
            PanelKind::Table => Self::Table,
            PanelKind::Heatmap => Self::Heatmap,
            PanelKind::StateTimeline => Self::StateTimeline,
        }
    }
}

/// Where it begins to be bad.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Limit {
    pub(super) value: f64,
    /// Whether what is above is bad.
    pub(super) is_most: bool,
    pub(super) color: &'static str,
}

impl Panel {
    pub(super) fn new(key: impl Into<String>, title: impl Into<String>, shape: Shape) -> Self {
        Self {
            key: key.into(),
            title: title.into(),
            about: String::new(),
            shape,
            unit: "short".to_owned(),
            queries: Vec::new(),
            limits: Vec::new(),
            is_from_zero: false,
            is_own: false,
            links: Vec::new(),
            width: 8,
            metric: None,
            alerts: Vec::new(),
            allowed: &[],
            declared_at: None,
        }
    }

    pub(super) fn unit(self, unit: impl Into<String>) -> Self {
        Self {
            unit: unit.into(),
            ..self
        }
    }

    pub(super) fn query(mut self, expression: impl Into<String>, legend: impl Into<String>) -> Self {
        self.queries.push(Query::new(expression, legend));
        self
    }

    pub(super) fn limit(mut self, value: f64, is_most: bool, color: &'static str) -> Self {
        self.add_limit(Limit { value, is_most, color });
        self
    }

    pub(super) fn add_limit(&mut self, limit: Limit) {
        let has_it = |known: &Limit| known.value == limit.value && known.is_most == limit.is_most;
        match self.limits.iter_mut().find(|known| has_it(known)) {
            Some(known) => known.color = limit.color,
            None => self.limits.push(limit),
        }
    }
}
