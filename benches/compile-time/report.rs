//! The figures as a table: absolute ones for the terminal, ratios for the documentation.

use std::fmt::Write;

use crate::contenders::REFERENCE;
use crate::{Figures, SIZES};

const BEGIN: &str = "<!-- compile time: written by enumetrics-compile-time -->";
const END: &str = "<!-- end of compile time -->";

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn of<'a>(figures: &'a [Figures], contender: &str, families: usize) -> Option<&'a Figures> {
    figures
        .iter()
        .find(|figures| figures.contender == contender && figures.families == families)
}

/// Everything that was measured.
pub fn text(figures: &[Figures]) -> String {
    let mut text = format!(
        "{:26}{:>10}{:>10}{:>10}{:>12}{:>12}{:>14}{:>14}\n",
        "processor seconds", "families", "crates", "lines", "clean", "again", "clean, ratio", "again, ratio",
    );
    for figures_of in figures {
        let Figures {
            contender,
            families,
            crates,
            lines,
            clean,
            again,
        } = figures_of;
        let reference = of(figures, REFERENCE, *families);
        let (clean, again) = (median(clean), median(again));
        let ratio = |value: f64, of: fn(&Figures) -> &[f64]| reference.map_or(f64::NAN, |it| value / median(of(it)));
        _ = writeln!(
            text,
            "{contender:26}{families:10}{crates:10}{lines:10}{clean:12.2}{again:12.2}{:14.2}{:14.2}",
            ratio(clean, |it| &it.clean),
            ratio(again, |it| &it.again),
        );
    }
    text
}

/// Ratios to the reference, and what does not depend on the machine.
pub fn markdown(figures: &[Figures]) -> String {
    let mut text = String::from("| | crates |");
    for families in SIZES {
        _ = write!(text, " {families} families: clean | again | expanded lines |");
    }
    _ = writeln!(text, "\n|---|---|{}", "---|".repeat(3 * SIZES.len()));
    for first in figures.iter().filter(|figures| figures.families == SIZES[0]) {
        _ = write!(text, "| {} | {} |", first.contender, first.crates);
        for families in SIZES {
            let row = of(figures, first.contender, families).zip(of(figures, REFERENCE, families));
            let Some((it, reference)) = row else { continue };
            let clean = median(&it.clean) / median(&reference.clean);
            let again = median(&it.again) / median(&reference.again);
            _ = write!(text, " {clean:.2} | {again:.2} | {} |", it.lines);
        }
        text.push('\n');
    }
    text
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

    fn figures(contender: &'static str, families: usize, clean: [f64; 3]) -> Figures {
        Figures {
            contender,
            families,
            crates: 7,
            lines: 100 * families,
            clean: clean.to_vec(),
            again: vec![0.5],
        }
    }

    #[test]
    fn the_table_has_ratios_of_medians() {
        let all = [
            figures("ours", 10, [3.0, 9.0, 2.0]),
            figures("ours", 100, [4.0; 3]),
            figures(REFERENCE, 10, [2.0; 3]),
            figures(REFERENCE, 100, [8.0; 3]),
        ];
        let table = markdown(&all);
        assert!(
            table.contains("| ours | 7 | 1.50 | 1.00 | 1000 | 0.50 | 1.00 | 10000 |"),
            "{table}"
        );
        let (head, rule) = table.split_once('\n').expect("lines");
        assert_eq!(
            head.matches('|').count(),
            rule.lines().next().expect("a rule").matches('|').count()
        );
    }

    #[test]
    fn a_page_keeps_what_is_around_the_table() {
        let page = format!("before\n{BEGIN}\nold\n{END}\nafter");
        assert_eq!(
            splice(&page, "new\n").expect("markers"),
            format!("before\n{BEGIN}\n\nnew\n\n{END}\nafter")
        );
        assert_eq!(splice("no markers", "new"), None);
    }
}
