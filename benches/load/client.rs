//! The client: a process for each server, and connections to it that stay open.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::SERVE;
use crate::server::{Contender, Line, Order};

/// How many requests are under way at once.
const CONNECTIONS: usize = 8;

/// What is asked for.
#[derive(Clone)]
pub struct Question {
    pub name: &'static str,
    method: Method,
    path: &'static str,
    body: Bytes,
}

impl Question {
    pub fn all() -> [Self; 3] {
        let lines = (1..=20).map(|line| Line {
            article: format!("{line}-7F3A-{}", line * 7919),
            description: "a thing that has a name of some length, as things have".to_owned(),
            quantity: line,
            cents: u64::from(line) * 199,
        });
        let order = Order {
            customer: "8203".to_owned(),
            lines: lines.collect(),
        };
        [
            Self {
                name: "a no-op: `GET`, two bytes",
                method: Method::GET,
                path: "/noop/7",
                body: Bytes::new(),
            },
            Self {
                name: "the service template: `PUT`, an item of fifty bytes",
                method: Method::PUT,
                path: "/items/7",
                body: Bytes::from_static(b"a thing that has a name of some length, as things "),
            },
            Self {
                name: "a small endpoint: `POST`, an order of twenty lines as JSON, and its prices as JSON",
                method: Method::POST,
                path: "/orders/7",
                body: serde_json::to_vec(&order).expect("an order is JSON").into(),
            },
        ]
    }

    fn request(&self) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = Uri::from_static(self.path);
        let headers = request.headers_mut();
        headers.insert(header::HOST, HeaderValue::from_static("localhost"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static("load"));
        headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
        if self.body.starts_with(b"{") {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        request
    }
}

type Connection = SendRequest<Full<Bytes>>;

pub struct Server {
    child: Child,
    connections: Vec<Connection>,
}

impl Server {
    pub async fn start(contender: &Contender) -> Result<Self, Box<dyn Error>> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command.args([SERVE, contender.name]).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().ok_or("the server has no output")?;
        let mut server = Self {
            child,
            connections: Vec::new(),
        };
        let mut address = String::new();
        BufReader::new(stdout).read_line(&mut address)?;
        for _ in 0..CONNECTIONS {
            let stream = TcpStream::connect(address.trim()).await?;
            stream.set_nodelay(true)?;
            let (connection, driver) = handshake(TokioIo::new(stream)).await?;
            tokio::spawn(driver);
            server.connections.push(connection);
        }
        Ok(server)
    }

    /// What the server took so far, in the kernel and outside of it.
    pub fn cpu_time(&self) -> Result<Duration, Box<dyn Error>> {
        let path = format!("/proc/{}/schedstat", self.child.id());
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let nanoseconds = text.split(' ').next().unwrap_or_default().parse()?;
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// Asks so many times, and notes how long each answer took.
    pub async fn load(&mut self, question: &Question, requests: usize) -> Result<Vec<Duration>, Box<dyn Error>> {
        let mut clients = JoinSet::new();
        for connection in self.connections.drain(..) {
            clients.spawn(ask(connection, question.clone(), requests / CONNECTIONS));
        }
        let mut latencies = Vec::with_capacity(requests);
        while let Some(client) = clients.join_next().await {
            let (connection, taken) = client??;
            self.connections.push(connection);
            latencies.extend(taken);
        }
        Ok(latencies)
    }
}

async fn ask(
    mut connection: Connection,
    question: Question,
    requests: usize,
) -> Result<(Connection, Vec<Duration>), String> {
    let broken = |error: hyper::Error| format!("{}: {error}", question.path);
    let mut latencies = Vec::with_capacity(requests);
    for _ in 0..requests {
        let request = question.request();
        let start = Instant::now();
        connection.ready().await.map_err(broken)?;
        let response = connection.send_request(request).await.map_err(broken)?;
        let status = response.status();
        if !status.is_success() {
            return Err(format!("{} answers {status}", question.path));
        }
        response.into_body().collect().await.map_err(broken)?;
        latencies.push(start.elapsed());
    }
    Ok((connection, latencies))
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that is gone already needs no end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
