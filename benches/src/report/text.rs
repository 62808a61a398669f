use std::fmt::Write;

use super::{dearer, digits, lineups, optional, percent};
use crate::bench::Figure;
use crate::peers::REFERENCE;
use crate::stats::ratio;
use crate::targets::Outcome;

/// An aligned table of every figure, then the targets. "itself": how far a contender is from itself, measured twice.
pub fn text(figures: &[Figure], outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    for lineup in lineups(figures) {
        let best = lineup.best_peer().map(|best| best.value);
        _ = writeln!(
            text,
            "\n{:44} {:>12} {:>14} {:>14} {:>8}",
            lineup.row.title,
            lineup
                .row
                .unit
                .name()
                .trim_start_matches("ns ")
                .replace("per call", "ns")
                .replace("per series", "ns/series"),
            format!("x {REFERENCE}"),
            "x best peer",
            "itself",
        );
        for figure in lineup.sorted() {
            _ = writeln!(
                text,
                "  {:42} {:>12} {:>14} {:>14} {:>8}",
                figure.name,
                digits(figure.value),
                optional(lineup.to_reference(figure.value)),
                optional(best.and_then(|best| ratio(figure.value, best))),
                percent(figure.apart),
            );
        }
        let absent = lineup.absent(figures);
        if !absent.is_empty() {
            _ = writeln!(text, "  cannot, or is not asked to: {}", absent.join(", "));
        }
    }
    _ = writeln!(
        text,
        "\n{:40} {:44} {:>9} {:>9}",
        "targets", "against", "at most", "measured"
    );
    for outcome in outcomes {
        _ = writeln!(
            text,
            "{:40} {:44} {:>9} {:>9}  {}",
            outcome.row,
            outcome.against,
            digits(outcome.most),
            digits(outcome.measured),
            if outcome.met { "met" } else { "MISSED" },
        );
    }
    let met = outcomes.iter().filter(|outcome| outcome.met).count();
    _ = writeln!(text, "{met} of {} met", outcomes.len());
    _ = writeln!(
        text,
        "\nDearer than the best peer by more than the noise: {}",
        dearer(figures)
    );
    text
}
