//! The subcommands, and what `--help` says of them.

use clap::{Parser, Subcommand};

use crate::outcome::Outcome;
use crate::{catalogue, completions, diff, explain, fmt, lint};

/// Checks, compares and formats Prometheus rules, Grafana dashboards and queries, beside what is exported.
#[derive(Parser)]
#[command(name = "enumetrics", version, after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  An alert does not fire. Is its expression right, and is what it asks for there?
      enumetrics lint --metrics http://localhost:9464/metrics --query 'rate(http_request_total[5m]) > 1' --as alert
  What is wrong in these files, beside what the program declares?
      enumetrics lint --catalogue metrics.json ops/
  What does this program export?
      enumetrics catalogue http://localhost:9464/metrics
  Whom does the new version break?
      enumetrics diff old.json new.json --rules ops/
  What does this finding mean?
      enumetrics explain hist-no-le

Exit codes: 0 nothing found, 1 something found, 2 wrong usage or an input that cannot be read.";

#[derive(Subcommand)]
enum Command {
    Lint(lint::Options),
    #[command(visible_alias = "catalog")]
    Catalogue(catalogue::Options),
    Diff(diff::Options),
    Fmt(fmt::Options),
    Explain(explain::Options),
    Completions(completions::Options),
}

/// What was typed; ends the program for `--help`, `--version` and wrong usage.
pub fn parse() -> Options {
    Options::parse()
}

impl Options {
    pub fn run(&self) -> Outcome {
        match &self.command {
            Command::Lint(options) => options.run(),
            Command::Catalogue(options) => options.run(),
            Command::Diff(options) => options.run(),
            Command::Fmt(options) => options.run(),
            Command::Explain(options) => options.run(),
            Command::Completions(options) => options.run(),
        }
    }
}
