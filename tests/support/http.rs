//! A small blocking HTTP/1.1 client.
//!
//! What a client library would do on its own (decompress, redirect, add headers) is what the tests want to see, so the
//! bytes are written and read here.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Longer than anything here should take, short enough that a hanging server fails its test and not the whole run.
const TIMEOUT: Duration = Duration::from_secs(20);

#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// In the order of arrival, spelled as they arrived.
    pub(crate) headers: Vec<(String, String)>,
    /// As transferred: chunks are joined, compression is kept.
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// The first header of this name, in any case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {}", String::from_utf8_lossy(&self.body)))
    }
}

/// GETs `path` with exactly these headers (and `Host` and `Connection: close`).
pub(crate) fn get(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Response {
    request(address, "GET", path, headers, None).unwrap_or_else(|error| panic!("GET http://{address}{path}: {error}"))
}

pub(crate) fn post_json(address: SocketAddr, path: &str, body: &serde_json::Value) -> Response {
    let body = body.to_string();
    request(
        address,
        "POST",
        path,
        &[("Content-Type", "application/json")],
        Some(body.as_bytes()),
    )
    .unwrap_or_else(|error| panic!("POST http://{address}{path}: {error}"))
}

/// One request on a connection of its own.
pub(crate) fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&[u8]>,
) -> io::Result<Response> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;

    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(body) = body {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.unwrap_or_default())?;

    read_response(&mut BufReader::new(stream), method == "HEAD")
}

/// Percent-encodes one value of a query string.
pub(crate) fn encode(value: &str) -> String {
    value
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn read_response(input: &mut impl BufRead, without_body: bool) -> io::Result<Response> {
    let status_line = read_line(input)?;
    let status = match status_line.split(' ').collect::<Vec<_>>().as_slice() {
        ["HTTP/1.1" | "HTTP/1.0", status, ..] => status.parse().map_err(invalid)?,
        _ => return Err(invalid(format!("no HTTP/1 status line: {status_line:?}"))),
    };

    let mut headers = Vec::new();
    loop {
        let line = read_line(input)?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line
            .split_once(':')
            .ok_or_else(|| invalid(format!("no header: {line:?}")))?;
        headers.push((name.to_owned(), value.trim().to_owned()));
    }

    let mut response = Response {
        status,
        headers,
        body: Vec::new(),
    };
    if without_body || status == 204 || status == 304 {
        return Ok(response);
    }
    response.body = if response
        .header("transfer-encoding")
        .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
    {
        read_chunks(input)?
    } else if let Some(length) = response.header("content-length") {
        let mut body = vec![0; length.parse().map_err(invalid)?];
        input.read_exact(&mut body)?; // a body that ends early is an error, not a shorter body
        body
    } else {
        let mut body = Vec::new();
        input.read_to_end(&mut body)?;
        body
    };
    Ok(response)
}

fn read_chunks(input: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = read_line(input)?;
        let size = line.split(';').next().unwrap_or_default().trim(); // extensions follow a semicolon
        let size = u64::from_str_radix(size, 16).map_err(invalid)?;
        if size == 0 {
            while !read_line(input)?.is_empty() {} // trailers
            return Ok(body);
        }
        let before = body.len();
        input.by_ref().take(size).read_to_end(&mut body)?;
        if (body.len() - before) as u64 != size || !read_line(input)?.is_empty() {
            return Err(invalid("a chunk does not have the length that it announced"));
        }
    }
}

fn read_line(input: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    input.read_until(b'\n', &mut line)?;
    let line = line
        .strip_suffix(b"\r\n")
        .ok_or_else(|| invalid("the response ends within its head"))?;
    String::from_utf8(line.to_vec()).map_err(invalid)
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
