//! A client that writes and reads bytes, and can leave at any time.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection.
pub(crate) struct Wire(TcpStream);

impl Wire {
    pub(crate) async fn to(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    pub(crate) async fn send(&mut self, bytes: &str) {
        self.0.write_all(bytes.as_bytes()).await.unwrap();
    }

    /// Sends and reads until the other side closes.
    pub(crate) async fn exchange(&mut self, request: &str) -> String {
        self.send(request).await;
        self.rest().await
    }

    /// Reads until the text is there, and returns all that came.
    pub(crate) async fn until(&mut self, text: &str) -> String {
        let mut read = Vec::new();
        let reading = async {
            while !String::from_utf8_lossy(&read).contains(text) {
                let came = self.0.read_buf(&mut read).await.unwrap();
                assert!(came > 0, "closed before `{text}`: {}", String::from_utf8_lossy(&read));
            }
        };
        tokio::time::timeout(crate::PATIENCE, reading).await.expect(text);
        String::from_utf8_lossy(&read).into_owned()
    }

    /// Reads until the other side closes.
    pub(crate) async fn rest(&mut self) -> String {
        let mut read = Vec::new();
        // A connection that is reset is closed as well.
        let _ = tokio::time::timeout(crate::PATIENCE, self.0.read_to_end(&mut read))
            .await
            .expect("it is closed");
        String::from_utf8_lossy(&read).into_owned()
    }
}

/// One request on a connection of its own, and all of its answer.
pub(crate) async fn exchange(address: SocketAddr, method: &str, path: &str, body: &str) -> String {
    Wire::to(address).await.exchange(&request(method, path, body)).await
}

/// The bytes of a request after which the connection is closed.
pub(crate) fn request(method: &str, path: &str, body: &str) -> String {
    let length = body.len();
    format!("{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
}
