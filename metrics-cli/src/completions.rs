//! `enumetrics completions`

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::outcome::{Done, Failure, Outcome};

/// Print what completes this command line in a shell
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// Which shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  enumetrics completions bash > ~/.local/share/bash-completion/completions/enumetrics
  enumetrics completions zsh > ~/.zfunc/_enumetrics
  enumetrics completions fish > ~/.config/fish/completions/enumetrics.fish";

impl Options {
    pub fn run(&self) -> Outcome {
        let mut script = Vec::new();
        clap_complete::generate(
            self.shell,
            &mut crate::options::Options::command(),
            "enumetrics",
            &mut script,
        );
        Ok(Done {
            text: String::from_utf8(script).map_err(|error| Failure::of("completions", error))?,
            ..Done::default()
        })
    }
}
