//! Objectives, as data.

/// How much has to be good over which time. `rules!` makes recording rules and two alerts of each: see
/// [`Rules::slos`](crate::Rules::slos).
#[derive(Clone, Copy, Debug)]
pub struct Slo {
    name: &'static str,
    about: &'static str,
    objective: f64,
    windows: &'static [&'static str],
    indicator: SloIndicator,
    by: &'static [&'static str],
    burns: &'static [SloBurn],
    declared_at: (&'static str, u32),
}

/// What an objective counts, as selectors of PromQL.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum SloIndicator {
    /// So many are bad of so many.
    Bad {
        /// What is bad.
        bad: &'static str,
        /// Everything.
        total: &'static str,
    },
    /// So many are good of so many.
    Good {
        /// What is good.
        good: &'static str,
        /// Everything.
        total: &'static str,
    },
    /// Observations at or below the bound of a bucket are good.
    Under {
        /// The histogram, without the suffix of its series.
        histogram: &'static str,
        /// The bound.
        bound: f64,
    },
}

/// When an alert of an objective fires: when in both windows the budget is used up so much too fast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SloBurn {
    alert: &'static str,
    long: &'static str,
    short: &'static str,
    factor: f64,
}

impl Slo {
    /// For `rules!`.
    #[doc(hidden)]
    #[must_use]
    #[allow(clippy::too_many_arguments, reason = "a macro calls it")]
    pub const fn __new(
        name: &'static str,
        about: &'static str,
        objective: f64,
        windows: &'static [&'static str],
        indicator: SloIndicator,
        by: &'static [&'static str],
        burns: &'static [SloBurn],
        declared_at: (&'static str, u32),
    ) -> Self {
        Self {
            name,
            about,
            objective,
            windows,
            indicator,
            by,
            burns,
            declared_at,
        }
    }

    /// Its name, which is the label `slo` of what is recorded.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What it means: the paragraphs of the doc comment.
    #[must_use]
    pub const fn about(&self) -> &'static str {
        self.about
    }

    /// How much has to be good, in percent: `99.9`.
    #[must_use]
    pub const fn objective(&self) -> f64 {
        self.objective
    }

    /// Over which times, such as `30d`: the alerts are about the first.
    #[must_use]
    pub const fn windows(&self) -> &'static [&'static str] {
        self.windows
    }

    /// What is counted.
    #[must_use]
    pub const fn indicator(&self) -> SloIndicator {
        self.indicator
    }

    /// The same about metrics of other names.
    pub(super) const fn with_indicator(self, indicator: SloIndicator) -> Self {
        Self { indicator, ..self }
    }

    /// The labels by which it is judged separately.
    #[must_use]
    pub const fn by(&self) -> &'static [&'static str] {
        self.by
    }

    /// When its alerts fire.
    #[must_use]
    pub const fn burns(&self) -> &'static [SloBurn] {
        self.burns
    }

    /// The file and line of the declaration.
    #[must_use]
    pub const fn declared_at(&self) -> (&'static str, u32) {
        self.declared_at
    }
}

impl SloBurn {
    /// For `rules!`.
    #[doc(hidden)]
    #[must_use]
    pub const fn __new(alert: &'static str, long: &'static str, short: &'static str, factor: f64) -> Self {
        Self {
            alert,
            long,
            short,
            factor,
        }
    }

    /// The name of the alert.
    #[must_use]
    pub const fn alert(&self) -> &'static str {
        self.alert
    }

    /// The window that says how much of the budget is gone.
    #[must_use]
    pub const fn long(&self) -> &'static str {
        self.long
    }

    /// The window that says that it still goes.
    #[must_use]
    pub const fn short(&self) -> &'static str {
        self.short
    }

    /// How many times as fast as the objective allows.
    #[must_use]
    pub const fn factor(&self) -> f64 {
        self.factor
    }
}
