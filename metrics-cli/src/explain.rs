//! `enumetrics explain`

use std::fmt::Write as _;

use enumetrics_promql::Lint;

use crate::outcome::{Done, Failure, Outcome};

/// Say what a finding means, why it matters and what is right; without an id, list all lints
#[derive(clap::Args)]
pub struct Options {
    /// As it stands in the brackets of a finding: `hist-no-le`
    #[arg(value_name = "ID")]
    id: Option<String>,
}

impl Options {
    pub fn run(&self) -> Outcome {
        let text = match &self.id {
            Some(id) => page(id)?,
            None => list(),
        };
        Ok(Done {
            text,
            ..Done::default()
        })
    }
}

/// What an expression that cannot be read is found by.
pub const SYNTAX: &str = "syntax";

const SYNTAX_PAGE: &str = "\
The expression is not PromQL: Prometheus would refuse it, and with it the whole rule file. What is accepted is what
Prometheus 3.5 accepts; MetricsQL, which VictoriaMetrics reads, is more than that.";

/// Everything about one lint.
pub fn page(id: &str) -> Result<String, Failure> {
    if id == SYNTAX {
        return Ok(format!("{SYNTAX} (error)\n\n{SYNTAX_PAGE}\n"));
    }
    let lint = lint(id)?;
    Ok(format!("{} ({})\n\n{}\n", lint.id, lint.severity, lint.explanation()))
}

/// The lint of that id, or which was probably meant.
pub fn lint(id: &str) -> Result<&'static Lint, Failure> {
    Lint::named(id).ok_or_else(|| {
        let meant = Lint::ALL.iter().filter(|lint| shares(lint.id, id)).map(|lint| lint.id);
        let meant: Vec<_> = meant.collect();
        let help = match meant.is_empty() {
            true => "`enumetrics explain` lists them".to_owned(),
            false => format!("did you mean {}?", meant.join(", ")),
        };
        Failure::new(format!("there is no lint `{id}`; {help}"))
    })
}

/// Whether two ids are nearly the same: but for one letter, or one is a part of the other.
fn shares(known: &str, id: &str) -> bool {
    let ends = known.bytes().zip(id.bytes()).take_while(|(a, b)| a == b).count()
        + known
            .bytes()
            .rev()
            .zip(id.bytes().rev())
            .take_while(|(a, b)| a == b)
            .count();
    ends + 1 >= known.len().max(id.len()) || id.len() > 2 && known.contains(id)
}

fn list() -> String {
    let widest = Lint::ALL.iter().map(|lint| lint.id.len()).max().unwrap_or_default();
    let mut text = String::new();
    for lint in Lint::ALL {
        // Writing to a `String` cannot fail.
        let severity = lint.severity.to_string();
        _ = writeln!(text, "{:widest$}  {severity:7}  {}", lint.id, lint.about);
    }
    text
}
