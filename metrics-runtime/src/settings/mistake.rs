//! What is wrong with settings.

use std::error::Error;
use std::fmt;

/// All that is wrong with the [`Settings`](super::Settings) of a program, each on a line of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    mistakes: Vec<SettingMistake>,
}

impl SettingsError {
    pub(super) const fn new(mistakes: Vec<SettingMistake>) -> Self {
        Self { mistakes }
    }

    /// What is wrong, in the order in which it was found; at least one.
    #[must_use]
    pub fn mistakes(&self) -> &[SettingMistake] {
        &self.mistakes
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, mistake) in self.mistakes.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            mistake.fmt(f)?;
        }
        Ok(())
    }
}

impl Error for SettingsError {}

/// One thing that is wrong: with which setting, with its value (unless it is a secret), and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingMistake {
    setting: String,
    problem: String,
}

impl SettingMistake {
    pub(super) fn new(setting: impl Into<String>, problem: impl fmt::Display) -> Self {
        Self {
            setting: setting.into(),
            problem: problem.to_string(),
        }
    }

    /// The variable, the method of [`SettingsBuilder`](super::SettingsBuilder), or the generated file.
    #[must_use]
    pub fn setting(&self) -> &str {
        &self.setting
    }
}

impl fmt::Display for SettingMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.setting, self.problem)
    }
}
