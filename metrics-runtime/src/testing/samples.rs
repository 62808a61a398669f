use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use crate::catalog::Catalog;

/// The samples of a catalog at one moment, or how they changed.
///
/// A series is written as in a scrape, `kyc_verifications_total{status="VERIFIED"}`; so is a value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples(BTreeMap<String, f64>);

impl Samples {
    /// What the catalog holds now.
    #[must_use]
    pub fn of(catalog: &Catalog<'_>) -> Self {
        Self::parse(&catalog.render())
    }

    /// What `work` recorded, and what it returned: [`since`](Self::since) around it.
    ///
    /// ```
    /// # use enumetrics_runtime::testing::Samples;
    /// # static METRICS: enumetrics_runtime::Catalog<'static> = enumetrics_runtime::Catalog::__new(&[], &[]);
    /// let (answer, recorded) = Samples::capture(&METRICS, || 6 * 7);
    /// assert_eq!(answer, 42);
    /// recorded.assert_eq("");
    /// ```
    pub fn capture<R>(catalog: &Catalog<'_>, work: impl FnOnce() -> R) -> (R, Self) {
        let before = Self::of(catalog);
        let returned = work();
        (returned, Self::of(catalog).since(&before))
    }

    /// How much each series has changed since; those that have not are left out.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let changed = self.0.iter().filter_map(|(series, now)| {
            let before = earlier.0.get(series).copied();
            // A series that is new, or was no number before, changed to what it is.
            let change = now - before.filter(|before| before.is_finite()).unwrap_or(0.0);
            let is_same = before.is_some_and(|before| before.to_bits() == now.to_bits());
            (!is_same && change != 0.0).then(|| (series.clone(), change))
        });
        Self(changed.collect())
    }

    /// The samples of one family only: of a histogram its buckets, sum and count.
    #[must_use]
    pub fn family(&self, name: &str) -> Self {
        self.filtered(|series| {
            let suffix = series.strip_prefix(name);
            let suffix = suffix.map(|rest| rest.split('{').next().unwrap_or(rest));
            suffix.is_some_and(|suffix| ["", "_bucket", "_sum", "_count"].contains(&suffix))
        })
    }

    /// The samples without those of histogram buckets and sums: what remains is the same however long things took.
    #[must_use]
    pub fn without_durations(&self) -> Self {
        let is_of_time = |series: &str| {
            let name = series.split('{').next().unwrap_or(series);
            name.ends_with("_bucket") || name.ends_with("_sum")
        };
        self.filtered(|series| !is_of_time(series))
    }

    /// The samples whose series `keep` returns true for.
    #[must_use]
    pub fn filtered(&self, mut keep: impl FnMut(&str) -> bool) -> Self {
        let kept = self.0.iter().filter(|(series, _)| keep(series));
        Self(kept.map(|(series, value)| (series.clone(), *value)).collect())
    }

    /// The value of a series, written as in a scrape.
    #[must_use]
    pub fn get(&self, series: &str) -> Option<f64> {
        self.0.get(series).copied()
    }

    /// Each series with its value, sorted by the series' text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(series, value)| (series.as_str(), *value))
    }

    /// These must be the samples, one on a line, in any order; blank lines and the spaces around a line do not count.
    ///
    /// # Panics
    ///
    /// When they are not: with what is missing, what is there unexpectedly, and what has another value.
    ///
    /// ```should_panic
    /// # use enumetrics_runtime::testing::Samples;
    /// # static METRICS: enumetrics_runtime::Catalog<'static> = enumetrics_runtime::Catalog::__new(&[], &[]);
    /// Samples::of(&METRICS).assert_eq(r#"
    ///     kyc_verifications_total{status="VERIFIED"} 1
    ///     kyc_active_sessions 0
    /// "#);
    /// ```
    #[track_caller]
    #[allow(clippy::panic, reason = "an assertion")]
    pub fn assert_eq(&self, expected: &str) {
        let expected = Self::parse(expected);
        let difference = self.difference(&expected);
        assert!(
            difference.is_empty(),
            "not what was expected (- expected, + recorded):\n{difference}"
        );
    }

    /// The lines in which the two differ, in the order of the series.
    fn difference(&self, expected: &Self) -> String {
        let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || a == b;
        let mut lines = String::new();
        let mut all: Vec<_> = self.0.keys().chain(expected.0.keys()).collect();
        all.sort_unstable();
        all.dedup();
        for series in all {
            let (recorded, expected) = (self.0.get(series), expected.0.get(series));
            if let (Some(recorded), Some(expected)) = (recorded, expected)
                && same(*recorded, *expected)
            {
                continue;
            }
            for (sign, value) in [('-', expected), ('+', recorded)] {
                if let Some(value) = value {
                    let _ = writeln!(lines, "{sign} {series} {value}");
                }
            }
        }
        lines
    }

    /// The lines of a scrape that are samples.
    #[track_caller]
    #[allow(clippy::panic, reason = "an assertion")]
    fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim);
        let samples = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let samples = samples.map(|line| {
            let sample = line.rsplit_once(' ').and_then(|(series, value)| {
                let value = value.parse().ok()?;
                Some((series.to_owned(), value))
            });
            sample.unwrap_or_else(|| panic!("not a sample, `name{{label=\"value\"}} number`: {line}"))
        });
        Self(samples.collect())
    }
}

/// One sample on a line, as [`assert_eq`](Samples::assert_eq) reads them.
impl fmt::Display for Samples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|(series, value)| writeln!(f, "{series} {value}"))
    }
}

#[cfg(test)]
mod tests {
    use super::Samples;

    #[test]
    fn only_what_changed_is_a_change() {
        let before = Samples::parse("a 1\nb{x=\"y z\"} 2\nc NaN\nd 5\ne NaN");
        let after = Samples::parse("# HELP a A.\na 3\nb{x=\"y z\"} 2\nc NaN\nd 1\ne 2\nf 7\ng 0");
        assert_eq!(after.since(&before).to_string(), "a 2\nd -4\ne 2\nf 7\n");
    }

    #[test]
    fn a_family_is_all_its_samples_and_no_other() {
        let samples = Samples::parse("x 1\nx_total 1\nx_bucket{le=\"1.0\"} 2\nx_sum 2\nx_count{a=\"b\"} 3\nxy 1");
        assert_eq!(
            samples.family("x").to_string(),
            "x 1\nx_bucket{le=\"1.0\"} 2\nx_count{a=\"b\"} 3\nx_sum 2\n"
        );
        assert_eq!(
            samples.without_durations().to_string(),
            "x 1\nx_count{a=\"b\"} 3\nx_total 1\nxy 1\n"
        );
        assert_eq!(samples.get("x_total"), Some(1.0));
        assert_eq!(samples.iter().count(), 6);
    }

    #[test]
    fn differences_are_named() {
        let recorded = Samples::parse("a 1\nb 2\nc 3\nn NaN");
        let expected = Samples::parse("a 1.0\nb 5\nd 4\nn NaN");
        assert_eq!(recorded.difference(&expected), "- b 5\n+ b 2\n+ c 3\n- d 4\n");
        recorded.assert_eq("  c 3\n\n n NaN\n a 1\n b 2");
    }

    #[test]
    #[should_panic(expected = "not a sample")]
    fn a_line_that_is_no_sample_is_shown() {
        Samples::default().assert_eq("kyc_verifications_total");
    }
}
