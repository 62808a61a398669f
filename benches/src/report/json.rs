use super::lineups;
use crate::bench::Figure;
use crate::targets::Outcome;

/// Everything, with the ratio to the reference beside each figure. Names and titles need no escaping: they are ours.
pub fn json(figures: &[Figure], outcomes: &[Outcome]) -> String {
    let figures: Vec<_> = lineups(figures)
        .iter()
        .flat_map(|lineup| {
            lineup.figures.iter().map(|figure| {
                let ratio = lineup.to_reference(figure.value);
                format!(
                    r#"    {{"row": "{}", "title": "{}", "unit": "{}", "contender": "{}", "value": {:.4}, "apart": {:.4}, "to_prometheus": {}}}"#,
                    figure.row.id,
                    figure.row.title,
                    figure.row.unit.name(),
                    figure.name,
                    figure.value,
                    figure.apart,
                    ratio.map_or_else(|| "null".to_owned(), |ratio| format!("{ratio:.5}")),
                )
            })
        })
        .collect();
    let outcomes: Vec<_> = outcomes
        .iter()
        .map(|outcome| {
            format!(
                r#"    {{"title": "{}", "against": "{}", "at_most": {}, "measured": {:.5}, "met": {}}}"#,
                outcome.row, outcome.against, outcome.most, outcome.measured, outcome.met,
            )
        })
        .collect();
    format!(
        "{{\n  \"figures\": [\n{}\n  ],\n  \"targets\": [\n{}\n  ]\n}}\n",
        figures.join(",\n"),
        outcomes.join(",\n"),
    )
}
