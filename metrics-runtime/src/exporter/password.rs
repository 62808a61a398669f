//! A password and where it comes from.

use std::env::{self, VarError};
use std::error::Error;
use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::auth;

/// The password that scrapes must send.
///
/// It is shown nowhere: `Debug` prints `Password(***)`, and there is no `Display`.
///
/// # Examples
///
/// ```no_run
/// # use enumetrics_runtime as enumetrics;
/// use enumetrics::Password;
///
/// // The file that Prometheus reads with `password_file`, mounted for both.
/// let password = Password::from_file("/run/secrets/metrics_password")?;
/// let password = Password::from_env("METRICS_PASSWORD")?;
/// # Ok::<(), enumetrics::PasswordError>(())
/// ```
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// A password that the program has already.
    ///
    /// It is taken as it is, blanks at its ends included. Whether it can be sent at all is checked
    /// by [`Exporter::basic_auth`](crate::Exporter::basic_auth).
    pub fn new(password: impl Into<String>) -> Self {
        Self(password.into())
    }

    /// The content of a file, without blanks and line breaks at its ends, as Prometheus treats its
    /// `password_file`.
    ///
    /// The file is read now, once: a new password needs a restart.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is empty, is not UTF-8, or holds something that cannot be a
    /// password (control characters, more than 766 bytes). The error names the file and what to do.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, PasswordError> {
        let path = path.as_ref();
        let origin = || format!("the password file {}", path.display());
        let bytes = read_bounded(path).map_err(|source| PasswordError {
            origin: origin(),
            problem: Problem::Unreadable(source),
        })?;
        let text = String::from_utf8(bytes).map_err(|_| PasswordError {
            origin: origin(),
            problem: Problem::NotUtf8,
        })?;
        Self::trimmed(&text, origin)
    }

    /// The value of an environment variable, without blanks and line breaks at its ends.
    ///
    /// The environment of a process is visible to more eyes than a file (`/proc`, crash reports,
    /// child processes): prefer [`from_file`](Self::from_file) where there is a choice.
    ///
    /// # Errors
    ///
    /// When the variable is not set, is empty, is not UTF-8, or holds something that cannot be a
    /// password (control characters, more than 766 bytes). The error names the variable and what to
    /// do.
    pub fn from_env(variable: impl AsRef<OsStr>) -> Result<Self, PasswordError> {
        let variable = variable.as_ref();
        let origin = || format!("the environment variable {}", variable.to_string_lossy());
        // `env::var` panics for none of these: it reports them as "not present".
        let text = env::var(variable).map_err(|error| PasswordError {
            origin: origin(),
            problem: match error {
                VarError::NotPresent => Problem::NotSet,
                VarError::NotUnicode(_) => Problem::NotUtf8,
            },
        })?;
        Self::trimmed(&text, origin)
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }

    fn trimmed(text: &str, origin: impl Fn() -> String) -> Result<Self, PasswordError> {
        let text = text.trim();
        let problem = if text.is_empty() {
            Problem::Empty
        } else if text.chars().any(char::is_control) {
            Problem::ControlCharacter
        } else if text.len() > auth::MAX_PASSWORD {
            Problem::TooLong
        } else {
            return Ok(Self(text.to_owned()));
        };
        Err(PasswordError {
            origin: origin(),
            problem,
        })
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}

/// Why there is no password. It names the file or the variable, never what is in it.
#[derive(Debug)]
pub struct PasswordError {
    origin: String,
    problem: Problem,
}

#[derive(Debug)]
enum Problem {
    Unreadable(io::Error),
    NotSet,
    Empty,
    NotUtf8,
    ControlCharacter,
    TooLong,
}

impl fmt::Display for PasswordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = &self.origin;
        match &self.problem {
            Problem::Unreadable(source) => write!(
                f,
                "cannot read {origin}: {source}; it must hold the password alone and be readable by \
                 this program"
            ),
            Problem::NotSet => write!(f, "{origin} is not set; set it to the password"),
            Problem::Empty => write!(f, "{origin} is empty; put the password there"),
            Problem::NotUtf8 => write!(f, "{origin} is not UTF-8; store the password as UTF-8"),
            Problem::ControlCharacter => write!(
                f,
                "{origin} has a line break or another control character inside the password; put \
                 the password there alone, on one line"
            ),
            Problem::TooLong => write!(
                f,
                "{origin} holds more than the {} bytes that a password may have",
                auth::MAX_PASSWORD
            ),
        }
    }
}

impl Error for PasswordError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.problem {
            Problem::Unreadable(source) => Some(source),
            _ => None,
        }
    }
}

/// Reads a little more than a password may have, so that a wrong path (a disk, `/dev/zero`) is told
/// and not loaded.
fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(16 * auth::MAX_PASSWORD as u64)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::{fs, process};

    use super::*;

    /// A file that is gone when the test is.
    struct TemporaryFile(PathBuf);

    impl TemporaryFile {
        fn holding(content: &[u8]) -> Self {
            static NUMBER: AtomicU32 = AtomicU32::new(0);
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let path = env::temp_dir().join(format!("enumetrics-{}-{number}", process::id()));
            fs::write(&path, content).unwrap();
            Self(path)
        }
    }

    impl Drop for TemporaryFile {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.0);
        }
    }

    fn error_of(content: &[u8]) -> String {
        let file = TemporaryFile::holding(content);
        let error = Password::from_file(&file.0).unwrap_err().to_string();
        assert!(error.contains(&file.0.display().to_string()), "{error}");
        error
    }

    #[test]
    fn a_file_is_trimmed_at_its_ends_only() {
        for content in ["s e cret", "s e cret\n", "\r\n\t s e cret \r\n\n"] {
            let file = TemporaryFile::holding(content.as_bytes());
            assert_eq!(Password::from_file(&file.0).unwrap().reveal(), "s e cret");
        }
    }

    #[test]
    fn a_file_that_holds_no_password_is_an_error() {
        for empty in ["", "\n", " \r\n\t"] {
            let error = error_of(empty.as_bytes());
            assert!(error.ends_with("is empty; put the password there"), "{error}");
        }
        assert!(error_of(b"\xff\xfe").contains("is not UTF-8"));
        assert!(error_of(b"two\nlines").contains("control character"));
        assert!(error_of(&[b'x'; auth::MAX_PASSWORD + 1]).contains("more than the 766 bytes"));
        assert!(error_of(&[b'x'; 1 << 20]).contains("more than the 766 bytes"));
    }

    #[test]
    fn a_missing_file_is_an_error_with_its_cause() {
        let error = Password::from_file("/nonexistent/password").unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("cannot read the password file /nonexistent/password: "),
            "{error}"
        );
        let source = error.source().unwrap().downcast_ref::<io::Error>().unwrap();
        assert_eq!(source.kind(), io::ErrorKind::NotFound);
        // A directory can be opened but not read.
        assert!(Password::from_file(env::temp_dir()).is_err());
    }

    #[test]
    fn a_variable_that_is_not_set_is_an_error() {
        let error = Password::from_env("ENUMETRICS_TEST_NO_SUCH_VARIABLE").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the environment variable ENUMETRICS_TEST_NO_SUCH_VARIABLE is not set; set it to the password"
        );
        assert!(Password::from_env("").is_err());
        assert!(Password::from_env("a=b").is_err());
    }

    #[test]
    fn a_variable_is_read() {
        // Cargo sets it for tests; setting one here would need `unsafe`.
        let password = Password::from_env("CARGO_PKG_NAME").unwrap();
        assert_eq!(password.reveal(), "enumetrics-runtime");
    }

    #[test]
    fn nothing_shows_a_password() {
        let file = TemporaryFile::holding(b"hunter2\nhunter2");
        let error = Password::from_file(&file.0).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
        assert_eq!(format!("{:?}", Password::new("hunter2")), "Password(***)");
    }
}
