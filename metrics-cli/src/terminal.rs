//! Colours and progress, where somebody sees them.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use enumetrics_promql::Severity;

/// Colours of the standard output, or none.
#[derive(Clone, Copy)]
pub struct Paint {
    is_on: bool,
}

impl Paint {
    /// On a terminal, unless `NO_COLOR` is set or the terminal has no colours.
    pub fn of_stdout() -> Self {
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            is_on: std::io::stdout().is_terminal() && !is_set("NO_COLOR") && !is_dumb,
        }
    }

    pub fn severity(self, severity: Severity, text: &str) -> String {
        self.in_colour(
            match severity {
                Severity::Error => "1;31",
                Severity::Warning => "1;33",
                Severity::Note => "1;36",
            },
            text,
        )
    }

    pub fn bold(self, text: &str) -> String {
        self.in_colour("1", text)
    }

    fn in_colour(self, code: &str, text: &str) -> String {
        match self.is_on {
            true => format!("\x1b[{code}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }
}

/// How far long work is, on the standard error output if that is a terminal.
pub struct Progress {
    what: &'static str,
    total: usize,
    done: usize,
    shown: Option<Instant>,
    is_on: bool,
}

impl Progress {
    const PAUSE: Duration = Duration::from_millis(100);

    pub fn new(what: &'static str, total: usize) -> Self {
        Self {
            what,
            total,
            done: 0,
            // What is quick is not worth a line.
            shown: Some(Instant::now()),
            is_on: std::io::stderr().is_terminal(),
        }
    }

    /// Another one begins.
    pub fn next(&mut self, name: &str) {
        self.done += 1;
        if self.is_on && self.shown.is_none_or(|shown| shown.elapsed() > Self::PAUSE) {
            self.shown = Some(Instant::now());
            let Self { what, total, done, .. } = self;
            _ = write!(std::io::stderr(), "\r\x1b[K{what} {done} of {total}: {name}");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_on {
            _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
