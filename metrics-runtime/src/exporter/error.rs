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
    /// No client could send the password or token, or its file cannot be read.
    Secret {
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// The files for TLS cannot be used.
    #[cfg(feature = "tls")]
    Tls {
        /// Which file, and what is wrong with it.
        problem: String,
    },
    /// The web configuration file cannot be used.
    #[cfg(feature = "web-config")]
    WebConfig {
        /// Which file, and what is wrong with it.
        problem: String,
    },
    /// It is no network that clients could be in.
    Network {
        /// What was given.
        network: String,
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
            Self::Secret { problem } => f.write_str(problem),
            #[cfg(feature = "tls")]
            Self::Tls { problem } => f.write_str(problem),
            #[cfg(feature = "web-config")]
            Self::WebConfig { problem } => f.write_str(problem),
            Self::Network { network } => {
                write!(
                    f,
                    "{network:?} is no network; write an address, or one with its length, such as 10.0.0.0/8"
                )
            }
        }
    }
}

impl Error for ExporterError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Listen { source, .. } => Some(source),
            _ => None,
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
