//! A password or token, and where it comes from.

use std::env::{self, VarError};
use std::error::Error;
use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

#[cfg(feature = "bcrypt")]
use super::bcrypt::Hash;
use super::token::MAX_CREDENTIALS;

/// The most bytes that a secret may have: a password beside a user name of one byte.
const MAX_SECRET: usize = MAX_CREDENTIALS - 2;

/// The password or token that scrapes must send.
///
/// It is shown nowhere: `Debug` prints `Secret(***)`, and there is no `Display`.
///
/// # Examples
///
/// ```no_run
/// # use enumetrics_runtime as enumetrics;
/// use enumetrics::Secret;
///
/// // The file that Prometheus reads with `password_file`, mounted for both.
/// let password = Secret::from_file("/run/secrets/metrics_password")?;
/// let password = Secret::from_env("METRICS_PASSWORD")?;
/// # Ok::<(), enumetrics::SecretError>(())
/// ```
#[derive(Clone)]
pub struct Secret(pub(super) Held);

#[derive(Clone)]
pub(super) enum Held {
    Text(String),
    File(PathBuf),
    #[cfg(feature = "bcrypt")]
    Hash(Hash),
}

impl Secret {
    /// A secret that the program has already.
    ///
    /// It is taken as it is, blanks at its ends included. Whether it can be sent at all is checked
    /// by [`Exporter::basic_auth`](crate::Exporter::basic_auth) and
    /// [`Exporter::bearer_token`](crate::Exporter::bearer_token).
    pub fn new(secret: impl Into<String>) -> Self {
        Self(Held::Text(secret.into()))
    }

    /// The content of a file, without blanks and line breaks at its ends, as Prometheus treats its
    /// `password_file` and `credentials_file`.
    ///
    /// The exporter reads it again while it runs, at most once a second: whoever changes the file changes the secret.
    /// While the file cannot be read or holds no secret, the last good one stays in force, and a comment in the scrape
    /// says what is wrong.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is empty, is not UTF-8, or holds something that cannot be a
    /// secret (control characters, more than 766 bytes). The error names the file and what to do.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, SecretError> {
        read_secret(path.as_ref())?;
        Ok(Self(Held::File(path.as_ref().to_owned())))
    }

    /// The value of an environment variable, without blanks and line breaks at its ends.
    ///
    /// The environment of a process is visible to more eyes than a file (`/proc`, crash reports,
    /// child processes): prefer [`from_file`](Self::from_file) where there is a choice.
    ///
    /// # Errors
    ///
    /// When the variable is not set, is empty, is not UTF-8, or holds something that cannot be a
    /// secret (control characters, more than 766 bytes). The error names the variable and what to
    /// do.
    pub fn from_env(variable: impl AsRef<OsStr>) -> Result<Self, SecretError> {
        let variable = variable.as_ref();
        let origin = || format!("the environment variable {}", variable.to_string_lossy());
        // `env::var` panics for none of these: it reports them as "not present".
        let text = env::var(variable).map_err(|error| SecretError {
            origin: origin(),
            problem: match error {
                VarError::NotPresent => Problem::NotSet,
                VarError::NotUnicode(_) => Problem::NotUtf8,
            },
        })?;
        trimmed(&text, origin).map(Self::new)
    }

    /// A password of which only the bcrypt hash is known here, as in Prometheus' own web configuration
    /// (`htpasswd -nBC 10 "" | tr -d ':\n'` makes one). Passwords only, not tokens.
    ///
    /// Checking one takes as long as the hash wants (some 50 ms at cost 10), on a thread for blocking work and one at a
    /// time; the password that was right last is remembered, so that it is checked once.
    ///
    /// # Errors
    ///
    /// When it is no bcrypt hash (`$2a$`, `$2b$` or `$2y$`, cost, 53 characters), or costs more than 16, which is
    /// seconds for each check.
    #[cfg(feature = "bcrypt")]
    pub fn bcrypt(hash: impl AsRef<str>) -> Result<Self, SecretError> {
        let hash = Hash::parse(hash.as_ref()).map_err(|problem| SecretError {
            origin: "the hash".to_owned(),
            problem: Problem::Hash(problem),
        })?;
        Ok(Self(Held::Hash(hash)))
    }
}

/// The secret in a file.
pub(super) fn read_secret(path: &Path) -> Result<String, SecretError> {
    let origin = || format!("the secret file {}", path.display());
    let bytes = read_bounded(path).map_err(|source| SecretError {
        origin: origin(),
        problem: Problem::Unreadable(source),
    })?;
    let text = String::from_utf8(bytes).map_err(|_| SecretError {
        origin: origin(),
        problem: Problem::NotUtf8,
    })?;
    trimmed(&text, origin)
}

fn trimmed(text: &str, origin: impl Fn() -> String) -> Result<String, SecretError> {
    let text = text.trim();
    let problem = if text.is_empty() {
        Problem::Empty
    } else if text.chars().any(char::is_control) {
        Problem::ControlCharacter
    } else if text.len() > MAX_SECRET {
        Problem::TooLong
    } else {
        return Ok(text.to_owned());
    };
    Err(SecretError {
        origin: origin(),
        problem,
    })
}

/// Reads a little more than a secret may have, so that a wrong path (a disk, `/dev/zero`) is told
/// and not loaded.
fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(16 * MAX_SECRET as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// Why there is no secret. It names the file or the variable, never what is in it.
#[derive(Debug)]
pub struct SecretError {
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
    #[cfg(feature = "bcrypt")]
    Hash(&'static str),
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = &self.origin;
        match &self.problem {
            Problem::Unreadable(source) => write!(
                f,
                "cannot read {origin}: {source}; it must hold the secret alone and be readable by \
                 this program"
            ),
            Problem::NotSet => write!(f, "{origin} is not set; set it to the secret"),
            Problem::Empty => write!(f, "{origin} is empty; put the secret there"),
            Problem::NotUtf8 => write!(f, "{origin} is not UTF-8; store the secret as UTF-8"),
            Problem::ControlCharacter => write!(
                f,
                "{origin} has a line break or another control character inside the secret; put \
                 the secret there alone, on one line"
            ),
            Problem::TooLong => write!(
                f,
                "{origin} holds more than the {MAX_SECRET} bytes that a secret may have"
            ),
            #[cfg(feature = "bcrypt")]
            Problem::Hash(problem) => write!(f, "{origin} {problem}"),
        }
    }
}

impl Error for SecretError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.problem {
            Problem::Unreadable(source) => Some(source),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exporter::fixture::TemporaryFile;

    fn text(secret: Secret) -> String {
        match secret.0 {
            Held::Text(text) => text,
            _ => panic!("no text"),
        }
    }

    fn error_of(content: &[u8]) -> String {
        let file = TemporaryFile::holding(content);
        let error = Secret::from_file(file.path()).unwrap_err().to_string();
        assert!(error.contains(&file.path().display().to_string()), "{error}");
        error
    }

    #[test]
    fn a_file_is_trimmed_at_its_ends_only() {
        for content in ["s e cret", "s e cret\n", "\r\n\t s e cret \r\n\n"] {
            let file = TemporaryFile::holding(content.as_bytes());
            assert_eq!(read_secret(file.path()).unwrap(), "s e cret");
        }
    }

    #[test]
    fn a_file_that_holds_no_secret_is_an_error() {
        for empty in ["", "\n", " \r\n\t"] {
            let error = error_of(empty.as_bytes());
            assert!(error.ends_with("is empty; put the secret there"), "{error}");
        }
        assert!(error_of(b"\xff\xfe").contains("is not UTF-8"));
        assert!(error_of(b"two\nlines").contains("control character"));
        assert!(error_of(&[b'x'; MAX_SECRET + 1]).contains("more than the 766 bytes"));
        assert!(error_of(&[b'x'; 1 << 20]).contains("more than the 766 bytes"));
    }

    #[test]
    fn a_missing_file_is_an_error_with_its_cause() {
        let error = Secret::from_file("/nonexistent/password").unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("cannot read the secret file /nonexistent/password: "),
            "{error}"
        );
        let source = error.source().unwrap().downcast_ref::<io::Error>().unwrap();
        assert_eq!(source.kind(), io::ErrorKind::NotFound);
        // A directory can be opened but not read.
        assert!(Secret::from_file(env::temp_dir()).is_err());
    }

    #[test]
    fn a_variable_that_is_not_set_is_an_error() {
        let error = Secret::from_env("ENUMETRICS_TEST_NO_SUCH_VARIABLE").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the environment variable ENUMETRICS_TEST_NO_SUCH_VARIABLE is not set; set it to the secret"
        );
        assert!(Secret::from_env("").is_err());
        assert!(Secret::from_env("a=b").is_err());
    }

    #[test]
    fn a_variable_is_read() {
        // Whichever this process was given: setting one here would need `unsafe`.
        let (variable, value) = env::vars()
            .find(|(_, value)| (1..100).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic()))
            .expect("an environment");
        assert_eq!(text(Secret::from_env(variable).unwrap()), value);
    }

    #[test]
    fn nothing_shows_a_secret() {
        let file = TemporaryFile::holding(b"hunter2\nhunter2");
        let error = Secret::from_file(file.path()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(***)");
    }
}
