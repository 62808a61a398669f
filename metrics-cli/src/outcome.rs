//! How a subcommand ends.

use std::fmt;
use std::io::Write as _;
use std::process::ExitCode;

/// What a subcommand has to say, and whether that is good news.
#[derive(Debug, Default)]
pub struct Done {
    /// For the standard output.
    pub text: String,
    /// For people, on the standard error output: what was done.
    pub note: String,
    /// Whether something was found that a pipeline should stop at.
    pub has_findings: bool,
}

/// Why a subcommand could not do what it was asked: wrong usage, or an input that cannot be read.
#[derive(Debug)]
pub struct Failure(String);

pub type Outcome = Result<Done, Failure>;

impl Failure {
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// Of a file, or of something else that has a name.
    pub fn of(what: impl fmt::Display, error: impl fmt::Display) -> Self {
        Self(format!("{what}: {error}"))
    }
}

/// 0 without findings, 1 with some, 2 where the work could not be done.
pub fn report(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(done) => {
            let mut output = std::io::stdout().lock();
            let written = output.write_all(done.text.as_bytes()).and_then(|()| output.flush());
            if !done.note.is_empty() {
                say(done.note.trim_end());
            }
            match written {
                // Whoever closes a pipe has read enough.
                Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                    say(&format!("enumetrics: cannot write to the standard output: {error}"));
                    ExitCode::from(2)
                }
                _ => ExitCode::from(u8::from(done.has_findings)),
            }
        }
        Err(Failure(message)) => {
            say(&format!("enumetrics: {message}"));
            ExitCode::from(2)
        }
    }
}

/// To whom nobody listens, nothing is said.
fn say(text: &str) {
    _ = writeln!(std::io::stderr(), "{text}");
}
