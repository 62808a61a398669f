//! What was recorded, a row for each function.

use std::fmt::Write;

use crate::functions::{Call, End, FUNCTIONS, WORK};
use crate::peers::{Peer, Recorded};

const BEGIN: &str = "<!-- ends: written by enumetrics-ends -->";
const END: &str = "<!-- end of ends -->";

pub fn markdown(peers: &[Peer]) -> String {
    let names: Vec<_> = peers.iter().map(|peer| peer.name).collect();
    let mut text = format!("| | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(names.len()));
    for (at, (name, title)) in FUNCTIONS.iter().enumerate() {
        _ = write!(text, "| {title} |");
        for peer in peers {
            _ = write!(text, " {} |", cell(&peer.calls[at], &(peer.recorded)(name)));
        }
        text.push('\n');
    }
    text
}

/// Durations, calls by their ends, and what is left in flight; bold where all of it is as it was.
fn cell(call: &Call, recorded: &Recorded) -> String {
    let Recorded {
        durations,
        seconds,
        ends,
        left,
    } = recorded;
    let number = |number: Option<i64>| number.map_or_else(|| "–".to_owned(), |number| number.to_string());
    // What ended before the work did is the making of a future.
    let whole = *durations == 0 || *seconds >= WORK.as_secs_f64() / 2.0;
    let told = format!(
        "{durations}{} · {} · {}",
        if whole { "" } else { " creations" },
        ends.map(|calls| number(calls.map(|calls| calls as i64))).join(" "),
        number(*left),
    );
    let calls = call.ends().count() as u64;
    let were = End::ALL.map(|end| Some(u64::from(call.ends().any(|other| other == end))));
    if whole && *durations == calls && *ends == were && *left == Some(0) {
        format!("**{told}**")
    } else {
        told
    }
}

/// `page` with what is between its two markers replaced; `None` when it has no such markers.
pub fn splice(page: &str, table: &str) -> Option<String> {
    let begin = page.find(BEGIN)? + BEGIN.len();
    let end = begin + page[begin..].find(END)?;
    Some(format!("{}\n\n{table}\n{}", &page[..begin], &page[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(recorded: &Recorded) -> String {
        cell(&Call::Async(|_| Box::pin(async { true })), recorded)
    }

    #[test]
    fn only_what_is_as_it_was_is_bold() {
        let right = Recorded {
            durations: 4,
            seconds: 0.01,
            ends: [Some(1); 4],
            left: Some(0),
        };
        assert_eq!(told(&right), "**4 · 1 1 1 1 · 0**");
        assert_eq!(told(&Recorded { seconds: 1e-6, ..right }), "4 creations · 1 1 1 1 · 0");
        assert_eq!(told(&Recorded { left: Some(1), ..right }), "4 · 1 1 1 1 · 1");
        let unknown = [Some(1), None, None, None];
        assert_eq!(told(&Recorded { ends: unknown, ..right }), "4 · 1 – – – · 0");
    }

    #[test]
    fn splicing_twice_is_splicing_once() {
        let page = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        let once = splice(&page, "new\n").expect("there are markers");
        assert_eq!(once, format!("before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"));
        assert_eq!(splice(&once, "new\n"), Some(once));
        assert_eq!(splice("no markers", "new\n"), None);
    }
}
