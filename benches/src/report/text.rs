use std::fmt::Write;

use super::{digits, lineups, optional};
use crate::bench::Figure;
use crate::peers::REFERENCE;
use crate::stats::ratio;
use crate::targets::Outcome;

/// An aligned table of every figure, then the targets.
pub fn text(figures: &[Figure], outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    for lineup in lineups(figures) {
        let best = lineup.best_peer().map(|best| best.value);
        _ = writeln!(
            text,
            "\n{:44} {:>12} {:>14} {:>14}",
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
        );
        for figure in lineup.sorted() {
            _ = writeln!(
                text,
                "  {:42} {:>12} {:>14} {:>14}",
                figure.name,
                digits(figure.value),
                optional(lineup.to_reference(figure.value)),
                optional(best.and_then(|best| ratio(figure.value, best))),
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
    text
}
