//! What the figures are held against.

use crate::bench::Figure;
use crate::peers::{BASELINE, OURS, REFERENCE};
use crate::rows::{self, Row};
use crate::stats::ratio;

/// One promise about one row.
pub struct Target {
    row: Row,
    against: Against,
    most: f64,
}

enum Against {
    /// A contender's figure: the limit is a ratio.
    Contender(&'static str),
    /// A contender's figure, after what the row costs without metrics is taken off both.
    ContenderOverNothing(&'static str),
    /// Nobody: the limit is a figure, and what is measured is rounded to a tenth of its unit.
    Nobody,
}

macro_rules! targets {
    ($($row:ident $against:ident $(($name:expr))? <= $most:literal;)*) => {
        &[$(Target { row: rows::$row, against: Against::$against $(($name))?, most: $most }),*]
    };
}

const THREAD_LOCAL: &str = "foundations thread-local";
const LOW: &str = "foundations LowCardinality";
const LOW_THREAD_LOCAL: &str = "foundations LowCardinality + thread-local";

pub const TARGETS: &[Target] = targets! {
    COUNTER Contender(REFERENCE) <= 0.10;
    COUNTER Contender(THREAD_LOCAL) <= 0.35;
    COUNTER_1 Contender(REFERENCE) <= 0.03;
    COUNTER_1 Contender(LOW_THREAD_LOCAL) <= 0.40;
    COUNTER_1 Contender("measured") <= 0.20;
    COUNTER_3 Contender(REFERENCE) <= 0.035;
    COUNTER_3 Contender(LOW_THREAD_LOCAL) <= 0.40;
    COUNTER_3 Contender("measured") <= 0.20;
    HISTOGRAM Contender(REFERENCE) <= 0.17;
    HISTOGRAM Contender("metered") <= 0.35;
    HISTOGRAM_1 Contender(REFERENCE) <= 0.09;
    HISTOGRAM_1 Contender(LOW) <= 0.27;
    TIMED_FN Contender(REFERENCE) <= 0.30;
    TIMED_FN Contender("vise") <= 0.42;
    TIMED_FN_INSTANT Contender(REFERENCE) <= 0.62;
    TIMED_FN_INSTANT Contender("vise") <= 0.88;
    TIMED_ASYNC_OUTCOME ContenderOverNothing(REFERENCE) <= 0.18;
    TIMED_ASYNC_OUTCOME ContenderOverNothing("measured") <= 0.30;
    TIMED_ASYNC_OUTCOME ContenderOverNothing("autometrics") <= 0.12;
    THREADS_COUNTER Contender(REFERENCE) <= 0.04;
    THREADS_COUNTER Contender(THREAD_LOCAL) <= 0.35;
    THREADS_COUNTER_3 Contender(REFERENCE) <= 0.02;
    THREADS_COUNTER_3 Contender("metriken, sharded") <= 0.25;
    THREADS_HISTOGRAM_1 Contender(REFERENCE) <= 0.03;
    THREADS_HISTOGRAM_1 Contender(LOW) <= 0.06;
    SCRAPE_1K Contender(REFERENCE) <= 0.02;
    SCRAPE_1K Contender("measured") <= 0.12;
    SCRAPE_10K Contender(REFERENCE) <= 0.02;
    SCRAPE_10K Contender("measured") <= 0.12;
    SCRAPE_100K Contender(REFERENCE) <= 0.02;
    SCRAPE_100K Contender("measured") <= 0.12;
    SCRAPE_HISTOGRAMS Contender(REFERENCE) <= 0.04;
    SCRAPE_HISTOGRAMS Contender("fastmetrics") <= 0.17;
    SCRAPE_ALLOCATIONS_AGAIN Nobody <= 0.0;
    // One thread records, so there is one live lane; five of them shall need no more than metered's one cell.
    MEMORY_COUNTER Nobody <= 8.0;
    MEMORY_COUNTER Contender("metered") <= 0.25;
    MEMORY_HISTOGRAM Nobody <= 128.0;
};

/// How one target came out.
#[derive(Debug, PartialEq)]
pub struct Outcome {
    pub row: &'static str,
    pub against: String,
    pub most: f64,
    pub measured: f64,
    pub met: bool,
}

/// Those targets whose rows and contenders were measured.
pub fn outcomes(targets: &[Target], figures: &[Figure]) -> Vec<Outcome> {
    targets.iter().filter_map(|target| target.outcome(figures)).collect()
}

impl Target {
    fn outcome(&self, figures: &[Figure]) -> Option<Outcome> {
        let of = |name: &str| {
            let found = figures
                .iter()
                .find(|figure| figure.row == self.row && figure.name == name)?;
            Some(found.value)
        };
        let ours = of(OURS)?;
        let (against, measured) = match self.against {
            Against::Contender(name) => (name.to_owned(), ratio(ours, of(name)?)?),
            Against::ContenderOverNothing(name) => {
                let nothing = of(BASELINE)?;
                (
                    format!("{name}, over nothing"),
                    ratio(ours - nothing, of(name)? - nothing)?,
                )
            }
            Against::Nobody => (self.row.unit.name().to_owned(), (ours * 10.0).round() / 10.0),
        };
        Some(Outcome {
            row: self.row.title,
            against,
            most: self.most,
            measured,
            met: measured <= self.most,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(row: Row, values: &[(&str, f64)]) -> Vec<Figure> {
        let figure = |&(name, value): &(&str, f64)| Figure {
            row,
            name: name.to_owned(),
            value,
            apart: 0.0,
        };
        values.iter().map(figure).collect()
    }

    fn outcome_of(target: &[Target], figures: &[Figure]) -> (f64, bool) {
        let outcomes = outcomes(target, figures);
        assert_eq!(outcomes.len(), 1, "{outcomes:?}");
        (outcomes[0].measured, outcomes[0].met)
    }

    #[test]
    fn a_ratio_is_met_up_to_its_limit() {
        let target: &[Target] = targets! { COUNTER Contender("prometheus") <= 0.25; };
        let with = |ours| figures(rows::COUNTER, &[(OURS, ours), ("prometheus", 4.0)]);
        assert_eq!(outcome_of(target, &with(1.0)), (0.25, true));
        assert_eq!(outcome_of(target, &with(2.0)), (0.5, false));
    }

    #[test]
    fn over_nothing_takes_the_baseline_off_both() {
        let target: &[Target] = targets! { TIMED_ASYNC_OUTCOME ContenderOverNothing("prometheus") <= 0.5; };
        let figures = figures(
            rows::TIMED_ASYNC_OUTCOME,
            &[(OURS, 6.0), ("prometheus", 12.0), (BASELINE, 4.0)],
        );
        assert_eq!(outcome_of(target, &figures), (0.25, true));
    }

    #[test]
    fn a_figure_is_held_against_a_limit_in_its_unit() {
        let target: &[Target] = targets! { MEMORY_COUNTER Nobody <= 8.0; };
        // A registry around a thousand series is not a tenth of a byte more for each.
        assert_eq!(
            outcome_of(target, &figures(rows::MEMORY_COUNTER, &[(OURS, 8.01)])),
            (8.0, true)
        );
        assert_eq!(
            outcome_of(target, &figures(rows::MEMORY_COUNTER, &[(OURS, 8.56)])),
            (8.6, false)
        );
        assert_eq!(
            outcome_of(target, &figures(rows::MEMORY_COUNTER, &[(OURS, 16.0)])),
            (16.0, false)
        );
    }

    #[test]
    fn what_was_not_measured_is_not_judged() {
        let others = figures(rows::COUNTER, &[("prometheus", 4.0)]);
        assert_eq!(outcomes(TARGETS, &others), []);
        let another_row = figures(rows::GAUGE_1, &[(OURS, 1.0), ("prometheus", 4.0)]);
        assert_eq!(outcomes(TARGETS, &another_row), []);
    }
}
