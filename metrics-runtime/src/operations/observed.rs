//! What native histograms hold, as far as constant rates go.

/// So many observations of each value.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Observed(Vec<(f64, f64)>);

impl Observed {
    pub(super) fn of(value: f64, count: f64) -> Self {
        Self(vec![(value, count)])
    }

    #[must_use]
    pub(super) fn times(mut self, factor: f64) -> Self {
        self.0.iter_mut().for_each(|(_, count)| *count *= factor);
        self
    }

    #[must_use]
    pub(super) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    pub(super) fn count(&self) -> f64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    pub(super) fn sum(&self) -> f64 {
        self.0.iter().map(|(value, count)| value * count).sum()
    }

    /// The mean square of the distances to the mean.
    pub(super) fn variance(&self) -> f64 {
        let mean = self.sum() / self.count();
        let squares = self.0.iter().map(|(value, count)| count * (value - mean).powi(2));
        squares.sum::<f64>() / self.count()
    }

    /// No number where nothing is observed.
    pub(super) fn fraction(&self, from: f64, to: f64) -> f64 {
        let inside = self.0.iter().filter(|(value, _)| from <= *value && *value <= to);
        inside.map(|(_, count)| count).sum::<f64>() / self.count()
    }

    /// No number where nothing is observed.
    pub(super) fn quantile(&self, quantile: f64) -> f64 {
        let rank = quantile * self.count();
        let mut sorted: Vec<_> = self.0.iter().filter(|(_, count)| *count > 0.0).collect();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut below = 0.0;
        let reached = sorted.iter().find(|(_, count)| {
            below += count;
            below >= rank
        });
        reached.or(sorted.last()).map_or(f64::NAN, |(value, _)| *value)
    }
}
