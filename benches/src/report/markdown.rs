use std::fmt::Write;

use super::{dearer, digits, lineups, optional, percent};
use crate::bench::Figure;
use crate::peers::{OURS, REFERENCE};
use crate::stats::ratio;
use crate::targets::Outcome;

const BEGIN: &str = "<!-- ratios: written by the benches -->";
const END: &str = "<!-- end of ratios -->";

/// The tables of the documentation: ratios only, because times are the machine's.
pub fn markdown(figures: &[Figure], outcomes: &[Outcome]) -> String {
    let mut text = format!(
        "| | {OURS} to `{REFERENCE}` | best peer, to `{REFERENCE}` | {OURS} to it | noise |\n|---|---|---|---|---|\n"
    );
    for lineup in lineups(figures) {
        let (Some(ours), Some(best)) = (lineup.ours(), lineup.best_peer()) else {
            continue;
        };
        _ = writeln!(
            text,
            "| {} | {} | {} {} | {} | {} |",
            lineup.row.title,
            optional(lineup.to_reference(ours)),
            best.name,
            optional(lineup.to_reference(best.value)),
            optional(ratio(ours, best.value)),
            percent(lineup.noise()),
        );
    }
    _ = writeln!(
        text,
        "\nDearer than the best peer by more than the noise: {}.",
        dearer(figures)
    );
    let met = outcomes.iter().filter(|outcome| outcome.met).count();
    _ = writeln!(text, "\nTargets: {met} of {} met.\n", outcomes.len());
    text.push_str("| target | against | at most | measured | |\n|---|---|---|---|---|\n");
    for outcome in outcomes {
        _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            outcome.row,
            outcome.against,
            digits(outcome.most),
            digits(outcome.measured),
            if outcome.met { "met" } else { "**missed**" },
        );
    }
    text.push_str("\nEverybody, as ratios to `prometheus`, the best first:\n\n");
    for lineup in lineups(figures) {
        let everybody: Vec<_> = lineup
            .sorted()
            .into_iter()
            .map(|figure| format!("{} {}", figure.name, optional(lineup.to_reference(figure.value))))
            .collect();
        _ = writeln!(text, "- {}: {}", lineup.row.title, everybody.join("; "));
    }
    text
}

/// `page` with what is between its two markers replaced; `None` when it has no such markers.
pub fn splice(page: &str, tables: &str) -> Option<String> {
    let begin = page.find(BEGIN)? + BEGIN.len();
    let end = begin + page[begin..].find(END)?;
    Some(format!("{}\n\n{}\n{}", &page[..begin], tables, &page[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splicing_twice_is_splicing_once() {
        let page = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        let once = splice(&page, "| new |\n").expect("there are markers");
        assert_eq!(once, format!("before\n{BEGIN}\n\n| new |\n\n{END}\nafter\n"));
        assert_eq!(splice(&once, "| new |\n"), Some(once));
    }

    #[test]
    fn a_page_without_markers_is_left_alone() {
        assert_eq!(splice("text", "| new |\n"), None);
        assert_eq!(splice(&format!("{END} {BEGIN}"), "| new |\n"), None);
    }
}
