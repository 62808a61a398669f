//! Panels of dashboards, as data.

use super::{Common, accessors};

/// What a panel of a dashboard shows: an expression that `#[panel(…)]` in `rules!` declares. Those of one name are one panel.
///
/// `dashboard::Dashboard` (feature `dashboards`) puts it beside the panels that it generates.
#[derive(Clone, Copy, Debug)]
pub struct PanelQuery {
    pub(crate) common: Common,
    about: &'static str,
    title: Option<&'static str>,
    row: Option<&'static str>,
    unit: Option<&'static str>,
    legend: Option<&'static str>,
    kind: PanelKind,
    is_replacing: bool,
}

/// How a panel shows what it shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PanelKind {
    /// Lines over time.
    #[default]
    TimeSeries,
    /// The last value as a number.
    Stat,
    /// The last values with their labels.
    Table,
    /// Buckets over time: the expression keeps `le`.
    Heatmap,
    /// One bar for each series, which is there while the series is.
    StateTimeline,
}

/// For `rules!`.
#[doc(hidden)]
impl PanelQuery {
    #[must_use]
    pub const fn __new(
        name: &'static str,
        about: &'static str,
        expression: &'static str,
        allowed: &'static [(&'static str, &'static str)],
        declared_at: (&'static str, u32),
    ) -> Self {
        Self {
            common: Common {
                name,
                expression,
                labels: &[],
                allowed,
                declared_at,
            },
            about,
            title: None,
            row: None,
            unit: None,
            legend: None,
            kind: PanelKind::TimeSeries,
            is_replacing: false,
        }
    }

    #[must_use]
    pub const fn __title(mut self, title: &'static str) -> Self {
        self.title = Some(title);
        self
    }

    #[must_use]
    pub const fn __row(mut self, row: &'static str) -> Self {
        self.row = Some(row);
        self
    }

    #[must_use]
    pub const fn __unit(mut self, unit: &'static str) -> Self {
        self.unit = Some(unit);
        self
    }

    #[must_use]
    pub const fn __legend(mut self, legend: &'static str) -> Self {
        self.legend = Some(legend);
        self
    }

    #[must_use]
    pub const fn __kind(mut self, kind: PanelKind) -> Self {
        self.kind = kind;
        self
    }

    #[must_use]
    pub const fn __replacing(mut self) -> Self {
        self.is_replacing = true;
        self
    }
}

accessors!(PanelQuery: "The panel's name.", "What it shows, in PromQL with Grafana's durations: `$__rate_interval`.");

impl PanelQuery {
    /// The same with another expression.
    pub(super) const fn with_common(self, common: Common) -> Self {
        Self { common, ..self }
    }

    /// What it means: the paragraphs of the doc comment.
    #[must_use]
    pub const fn about(&self) -> &'static str {
        self.about
    }

    /// What stands above it, if not its name in words.
    #[must_use]
    pub const fn title(&self) -> Option<&'static str> {
        self.title
    }

    /// The row that it is in, if not that of the first metric that it names.
    #[must_use]
    pub const fn row(&self) -> Option<&'static str> {
        self.row
    }

    /// The unit as Grafana calls it, such as `percentunit`, if not that of what it names.
    #[must_use]
    pub const fn unit(&self) -> Option<&'static str> {
        self.unit
    }

    /// What each series is called, such as `{{module}}`, if not by its labels.
    #[must_use]
    pub const fn legend(&self) -> Option<&'static str> {
        self.legend
    }

    /// How it is shown.
    #[must_use]
    pub const fn kind(&self) -> PanelKind {
        self.kind
    }

    /// Whether it stands in the place of what is generated for the metrics that it names.
    #[must_use]
    pub const fn is_replacing(&self) -> bool {
        self.is_replacing
    }
}
