//! `enumetrics catalogue`

use clap::ValueEnum;

use crate::outcome::{Done, Outcome};
use crate::source::{Login, read};

/// Print what is exported: of a live program, a scrape that was kept, or a catalogue file
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// Address of live metrics, or a file
    #[arg(value_name = "SOURCE")]
    source: String,
    /// How it is written
    #[arg(short, long, value_name = "FORMAT", default_value = "markdown")]
    format: Format,
    #[command(flatten)]
    login: Login,
}

const EXAMPLES: &str = "\
Examples:
  enumetrics catalogue http://localhost:9464/metrics
  enumetrics catalogue --format json http://localhost:9464/metrics > metrics.json
  enumetrics catalogue metrics.json > metrics.md

A live program shows which labels there are, and not which values they can have.";

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// For people
    Markdown,
    /// For `lint` and `diff`
    Json,
}

impl Options {
    pub fn run(&self) -> Outcome {
        let catalogue = read(&self.source, &self.login)?;
        Ok(Done {
            text: match self.format {
                Format::Markdown => catalogue.to_markdown(),
                Format::Json => catalogue.to_json(),
            },
            ..Done::default()
        })
    }
}
