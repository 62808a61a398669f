//! Where clients connect.

use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::os::unix::fs::FileTypeExt as _;
#[cfg(unix)]
use std::os::unix::net::UnixStream as StdUnixStream;
#[cfg(unix)]
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};
use tokio::time::{Sleep, sleep};

use crate::exporter::access::Client;
use crate::exporter::error::ExporterError;

/// One address, or one file.
#[derive(Debug)]
pub(super) enum Listener {
    Tcp(TcpListener, SocketAddr),
    #[cfg(unix)]
    Unix(
        UnixListener,
        #[allow(dead_code, reason = "it removes the file when it is dropped")] Owned,
    ),
}

/// A connection, and who is at the other end.
#[derive(Debug)]
pub(super) enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Listener {
    pub(super) async fn tcp(address: String) -> Result<Self, ExporterError> {
        let bound = async {
            let listener = TcpListener::bind(&*address).await?;
            let local_addr = listener.local_addr()?;
            io::Result::Ok(Self::Tcp(listener, local_addr))
        };
        bound.await.map_err(|source| ExporterError::Listen { address, source })
    }

    #[cfg(unix)]
    pub(super) fn unix(path: &Path) -> Result<Self, ExporterError> {
        let bound = || {
            // A socket at which nobody answers. (A file that is none refuses connections too, and is left alone.)
            let is_socket = std::fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
            let is_refused = |error: io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
            if is_socket && StdUnixStream::connect(path).is_err_and(is_refused) {
                std::fs::remove_file(path)?;
            }
            Ok(Self::Unix(UnixListener::bind(path)?, Owned(path.to_owned())))
        };
        bound().map_err(|source| ExporterError::Listen {
            address: path.display().to_string(),
            source,
        })
    }

    pub(super) fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(_, address) => Some(*address),
            #[cfg(unix)]
            Self::Unix(..) => None,
        }
    }

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Stream, Client)>> {
        match self {
            Self::Tcp(listener, _) => {
                let accepted = listener.poll_accept(cx);
                accepted.map_ok(|(stream, address)| (Stream::Tcp(stream), Client::At(address.ip())))
            }
            #[cfg(unix)]
            Self::Unix(listener, _) => {
                let accepted = listener.poll_accept(cx);
                accepted.map_ok(|(stream, _)| (Stream::Unix(stream), Client::Local))
            }
        }
    }
}

/// The file of a Unix socket, which nobody needs when nobody listens.
#[cfg(unix)]
#[derive(Debug)]
pub(super) struct Owned(PathBuf);

#[cfg(unix)]
impl Drop for Owned {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The connections that come in, wherever.
pub(super) struct Incoming {
    listeners: Vec<Listener>,
    /// The one that is asked first, so that a flood at one address does not keep the others waiting.
    first: usize,
    /// After an error that would come again at once.
    pause: Option<Pin<Box<Sleep>>>,
}

impl Incoming {
    pub(super) fn new(listeners: Vec<Listener>) -> Self {
        Self {
            listeners,
            first: 0,
            pause: None,
        }
    }

    /// The next connection.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<(Stream, Client)> {
        loop {
            if let Some(pause) = &mut self.pause {
                std::task::ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            let Some(accepted) = self.poll_listeners(cx) else {
                return Poll::Pending;
            };
            match accepted {
                Ok(accepted) => return Poll::Ready(accepted),
                Err(error) => self.pause = pause_after(&error).map(|pause| Box::pin(sleep(pause))),
            }
        }
    }

    fn poll_listeners(&mut self, cx: &mut Context<'_>) -> Option<io::Result<(Stream, Client)>> {
        let count = self.listeners.len();
        for position in (0..count).map(|position| (self.first + position) % count) {
            if let Poll::Ready(accepted) = self.listeners[position].poll_accept(cx) {
                self.first = (position + 1) % count;
                return Some(accepted);
            }
        }
        None
    }
}

/// How long to wait before accepting again. A connection that died in the queue is no reason to;
/// anything else (mostly: no file descriptors left) would come again at once.
fn pause_after(error: &io::Error) -> Option<Duration> {
    match error.kind() {
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => None,
        _ => Some(Duration::from_millis(100)),
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[test]
    fn only_errors_that_stay_are_waited_out() {
        assert_eq!(pause_after(&io::ErrorKind::ConnectionAborted.into()), None);
        let exhausted = io::Error::other("too many open files");
        assert!(pause_after(&exhausted).is_some());
    }

    #[tokio::test]
    async fn no_address_keeps_the_others_waiting() {
        let listeners = [
            Listener::tcp("127.0.0.1:0".to_owned()).await,
            Listener::tcp("127.0.0.1:0".to_owned()).await,
        ];
        let listeners = listeners.map(Result::unwrap);
        let [busy, quiet] = [0, 1].map(|position: usize| listeners[position].local_addr().unwrap());
        let mut incoming = Incoming::new(listeners.into());
        let mut clients = Vec::new();
        for address in [busy, busy, busy, quiet] {
            clients.push(TcpStream::connect(address).await.unwrap());
        }
        let mut served = Vec::new();
        for _ in 0..2 {
            let (stream, _) = poll_fn(|cx| incoming.poll_next(cx)).await;
            let Stream::Tcp(stream) = stream else { panic!() };
            served.push(stream.local_addr().unwrap());
        }
        assert!(served.contains(&quiet));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_file_that_is_left_over_is_replaced_and_one_in_use_is_not() {
        let path = std::env::temp_dir().join(format!("enumetrics-{}.sock", std::process::id()));
        // Dropped without being removed, as by a program that was killed.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let listener = Listener::unix(&path).unwrap();
        let error = Listener::unix(&path).unwrap_err().to_string();
        assert!(error.contains(".sock: address in use"), "{error}");
        drop(listener);
        assert!(!path.exists());

        std::fs::write(&path, "no socket").unwrap();
        assert!(Listener::unix(&path).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"no socket");
        std::fs::remove_file(&path).unwrap();
    }
}
