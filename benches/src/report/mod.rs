//! The figures, for people and programs.

mod chart;
mod json;
mod markdown;
mod text;

pub use chart::svg;
pub use json::json;
pub use markdown::{markdown, splice};
pub use text::text;

use crate::bench::Figure;
use crate::peers::{ADDITION, BASELINE, CLOCK, OURS, REFERENCE};
use crate::rows::{self, Row};
use crate::stats::ratio;

/// One row with everybody in it.
struct Lineup<'a> {
    row: Row,
    figures: Vec<&'a Figure>,
}

fn lineups(figures: &[Figure]) -> Vec<Lineup<'_>> {
    rows::ALL
        .iter()
        .map(|&row| Lineup {
            row,
            figures: figures.iter().filter(|figure| figure.row == row).collect(),
        })
        .filter(|lineup| !lineup.figures.is_empty())
        .collect()
}

impl<'a> Lineup<'a> {
    fn value(&self, name: &str) -> Option<f64> {
        Some(self.figures.iter().find(|figure| figure.name == name)?.value)
    }

    fn to_reference(&self, value: f64) -> Option<f64> {
        ratio(value, self.value(REFERENCE)?)
    }

    fn ours(&self) -> Option<f64> {
        self.value(OURS)
    }

    /// The fastest, or smallest, of all others.
    fn best_peer(&self) -> Option<&'a Figure> {
        self.figures
            .iter()
            .copied()
            .filter(|figure| !figure.name.starts_with(OURS) && !is_floor(figure))
            .min_by(|one, other| one.value.total_cmp(&other.value))
    }

    /// How far figures are apart here that should be the same: the most of ours and of those within a tenth of the best
    /// peer's, any of which may be the best by chance; and how far above that peer the part is that nobody can do without.
    fn noise(&self) -> f64 {
        let best = self.best_peer().map_or(0.0, |best| best.value);
        let noises = self.figures.iter().map(|figure| {
            if is_floor(figure) {
                return ratio(figure.value, best).map_or(0.0, |ratio| ratio - 1.0);
            }
            let is_near = figure.value <= best * 1.1 && !figure.name.starts_with(OURS);
            if is_near || figure.name == OURS {
                figure.apart
            } else {
                0.0
            }
        });
        noises.fold(0.0, f64::max)
    }

    /// Our figure as a ratio to the best peer's, where it is larger by more than the noise.
    fn dearer(&self) -> Option<f64> {
        let ratio = ratio(self.ours()?, self.best_peer()?.value)?;
        (ratio > 1.0 + self.noise()).then_some(ratio)
    }

    /// All, the best first.
    fn sorted(&self) -> Vec<&'a Figure> {
        let mut sorted = self.figures.clone();
        sorted.sort_by(|one, other| one.value.total_cmp(&other.value));
        sorted
    }

    /// Which crates have no figure in this row, of those that have one somewhere.
    fn absent(&self, all: &[Figure]) -> Vec<String> {
        let crate_of = |name: &str| name.split([',', ' ']).next().unwrap_or(name).to_owned();
        let mut absent = Vec::new();
        for figure in all.iter().filter(|figure| !is_floor(figure)) {
            let name = crate_of(&figure.name);
            if !absent.contains(&name) && !self.figures.iter().any(|present| crate_of(&present.name) == name) {
                absent.push(name);
            }
        }
        absent
    }
}

/// The rows where ours is dearer than the best peer, if there are any.
fn dearer(figures: &[Figure]) -> String {
    let dearer: Vec<_> = lineups(figures)
        .iter()
        .filter_map(|lineup| Some(format!("{} ({})", lineup.row.title, digits(lineup.dearer()?))))
        .collect();
    match dearer.is_empty() {
        true => "none".to_owned(),
        false => dearer.join("; "),
    }
}

/// What no contender can be below.
fn is_floor(figure: &Figure) -> bool {
    [BASELINE, CLOCK, ADDITION].contains(&figure.name.as_str())
}

/// As many digits as mean something: three.
fn digits(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value if value >= 1.0 || value == 0.0 => format!("{value:.2}"),
        value if value < 0.0005 => "<0.001".to_owned(),
        value => format!("{value:.3}"),
    }
}

/// As hundredths; nothing where it was measured once.
fn percent(part: f64) -> String {
    match part {
        0.0 => "-".to_owned(),
        part => format!("{:.1} %", part * 100.0),
    }
}

fn optional(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(row: Row, name: &str, value: f64) -> Figure {
        Figure {
            row,
            name: name.to_owned(),
            value,
            apart: 0.0,
        }
    }

    #[test]
    fn what_is_within_the_noise_is_not_dearer() {
        let apart = |name, value, apart| Figure {
            apart,
            ..figure(rows::GAUGE_1, name, value)
        };
        let figures = [
            apart(OURS, 10.2, 0.01),
            apart("measured", 10.0, 0.0),
            apart("vise", 10.9, 0.03),
            apart("metrics", 30.0, 0.5),
            apart(BASELINE, 1.0, 0.5),
        ];
        let noise = |figures: &[Figure]| lineups(figures)[0].noise();
        assert_eq!((noise(&figures), dearer(&figures)), (0.03, "none".to_owned()));
        // Without the one that is near and unsteady.
        let mut steady: Vec<_> = figures.into_iter().filter(|figure| figure.name != "vise").collect();
        assert_eq!(
            (noise(&steady), dearer(&steady)),
            (0.01, "gauge, +1 and -1, 1 label (1.02)".to_owned())
        );
        // What is below all of them by its nature is measured above the best.
        steady.push(apart(ADDITION, 12.5, 0.0));
        assert_eq!((noise(&steady), dearer(&steady)), (0.25, "none".to_owned()));
    }

    #[test]
    fn the_best_peer_is_neither_us_nor_nothing() {
        let figures = [
            figure(rows::COUNTER, BASELINE, 0.1),
            figure(rows::COUNTER, CLOCK, 0.1),
            figure(rows::COUNTER, OURS, 0.2),
            figure(rows::COUNTER, "enumetrics, dense", 0.2),
            figure(rows::COUNTER, REFERENCE, 4.0),
            figure(rows::COUNTER, "measured", 2.0),
            figure(rows::GAUGE_1, "vise", 0.3),
        ];
        let lineups = lineups(&figures);
        assert_eq!(lineups.len(), 2);
        assert_eq!(lineups[0].best_peer().map(|best| best.name.as_str()), Some("measured"));
        assert_eq!(lineups[0].to_reference(2.0), Some(0.5));
        assert_eq!(lineups[1].to_reference(2.0), None);
    }

    #[test]
    fn a_crate_is_absent_when_none_of_its_contenders_is_there() {
        let figures = [
            figure(rows::COUNTER, "prometheus, cached", 1.0),
            figure(rows::COUNTER, "foundations thread-local", 1.0),
            figure(rows::GAUGE_1, "prometheus", 1.0),
        ];
        assert_eq!(lineups(&figures)[1].absent(&figures), ["foundations"]);
    }

    #[test]
    fn figures_have_three_digits() {
        let figures = [1234.5, 12.345, 1.234, 0.1234, 0.0001, 0.0].map(digits);
        assert_eq!(figures, ["1234", "12.3", "1.23", "0.123", "<0.001", "0.00"]);
    }
}
