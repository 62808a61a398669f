//! What can go wrong before the first scrape.

use std::error::Error;
use std::fmt;
use std::io;

/// Why an [`Exporter`](crate::Exporter) cannot serve. Each message says what to do about it.
#[derive(Debug)]
#[non_exhaustive]
pub enum ExporterError {
    /// The address cannot be listened on.
    Listen {
        /// The address, as it was given.
        address: String,
        /// What the operating system or the name lookup said.
        source: io::Error,
    },
    /// HTTP Basic authentication cannot carry the user name.
    UserName {
        /// The user name, as it was given.
        user: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// HTTP Basic authentication cannot carry the password.
    Password {
        /// What is wrong with it.
        problem: &'static str,
    },
}

impl fmt::Display for ExporterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { address, source } => {
                write!(f, "cannot listen on {address}: ")?;
                match advice(source.kind()) {
                    Some(advice) => f.write_str(advice),
                    None => write!(f, "{source}"),
                }
            }
            Self::UserName { user, problem } => {
                write!(f, "the user name {user:?} {problem}; choose another one")
            }
            Self::Password { problem } => {
                write!(f, "the password {problem}; choose another one")
            }
        }
    }
}

impl Error for ExporterError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Listen { source, .. } => Some(source),
            Self::UserName { .. } | Self::Password { .. } => None,
        }
    }
}

/// The errors that everyone meets once; the others speak for themselves.
fn advice(kind: io::ErrorKind) -> Option<&'static str> {
    Some(match kind {
        io::ErrorKind::AddrInUse => "address in use; stop the program that holds it or choose another address",
        io::ErrorKind::AddrNotAvailable => {
            "no network interface of this machine has that address; 127.0.0.1 is reachable from \
             this machine only, 0.0.0.0 from everywhere"
        }
        io::ErrorKind::PermissionDenied => {
            "permission denied; choose a port from 1024 up, or give the program the right to use it"
        }
        io::ErrorKind::InvalidInput => "not an address; write host and port, such as 127.0.0.1:9464",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listen(source: io::Error) -> ExporterError {
        ExporterError::Listen {
            address: "127.0.0.1:9464".to_owned(),
            source,
        }
    }

    #[test]
    fn an_address_in_use_is_explained() {
        assert_eq!(
            listen(io::ErrorKind::AddrInUse.into()).to_string(),
            "cannot listen on 127.0.0.1:9464: address in use; stop the program that holds it or \
             choose another address"
        );
    }

    #[test]
    fn other_errors_keep_their_words_and_their_cause() {
        let error = listen(io::Error::other("lookup failed"));
        assert_eq!(error.to_string(), "cannot listen on 127.0.0.1:9464: lookup failed");
        assert_eq!(error.source().unwrap().to_string(), "lookup failed");
    }
}
