//! The expressions in `tests/expressions`, and real servers to ask about them.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The lines of a file in `tests/expressions`, without comments.
pub(crate) fn expressions(file: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/expressions")
        .join(file);
    let text = fs::read_to_string(&path).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(str::to_owned).collect()
}

/// A running Prometheus, gone with its handle.
pub(crate) struct Server {
    process: Child,
    directory: PathBuf,
    address: SocketAddr,
}

impl Server {
    /// `release` is `stable` (2.42) or `current` (3.5); `features` is what `--enable-feature` takes.
    pub(crate) fn start(release: &str, features: &str) -> Self {
        Self::start_with(release, features, "")
    }

    /// With samples, in OpenMetrics' text format.
    pub(crate) fn start_with(release: &str, features: &str, samples: &str) -> Self {
        let program = tool(release, "prometheus");
        // Another process may take the port before the server does.
        (0..5)
            .find_map(|_| Self::try_start(&program, features, &tool(release, "promtool"), samples))
            .expect("no attempt found a free port")
    }

    fn try_start(program: &Path, features: &str, promtool: &Path, samples: &str) -> Option<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let directory =
            std::env::temp_dir().join(format!("enumetrics-promql-{}-{}", std::process::id(), address.port()));
        fs::create_dir_all(&directory).unwrap();
        let configuration = directory.join("prometheus.yml");
        fs::write(&configuration, "global: {}\n").unwrap();
        if !samples.is_empty() {
            let file = directory.join("samples.txt");
            fs::write(&file, samples).unwrap();
            let output = Command::new(promtool)
                .args(["tsdb", "create-blocks-from", "openmetrics", "--quiet"])
                .args([file, directory.join("data")])
                .output()
                .unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        let process = Command::new(program)
            .arg(format!("--config.file={}", configuration.display()))
            .arg(format!("--storage.tsdb.path={}", directory.join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .arg(format!("--enable-feature={features}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut server = Self {
            process,
            directory,
            address,
        };
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(60) {
            if server.process.try_wait().unwrap().is_some() {
                return None;
            }
            if server
                .post("/-/ready", "GET", "")
                .is_some_and(|answer| answer.contains("Ready"))
            {
                return Some(server);
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        panic!("{} was not ready within a minute", program.display());
    }

    /// The tree that the server makes of an expression, as JSON. `Err` with its message if it refuses it.
    pub(crate) fn parse(&self, expression: &str) -> Result<String, String> {
        self.ask("parse_query", expression)
    }

    /// The expression as the server writes it; every version has this one.
    pub(crate) fn format(&self, expression: &str) -> Result<String, String> {
        self.ask("format_query", expression)
    }

    /// What the expression results in at a time, in seconds since 1970: the answer as JSON.
    pub(crate) fn query(&self, expression: &str, time: i64) -> String {
        let query = form("query", expression) + &format!("&time={time}");
        self.post("/api/v1/query", "POST", &query).expect("the server answers")
    }

    fn ask(&self, what: &str, expression: &str) -> Result<String, String> {
        let query = form("query", expression);
        let answer = self
            .post(&format!("/api/v1/{what}"), "POST", &query)
            .expect("the server answers");
        match answer.strip_prefix("{\"status\":\"success\",\"data\":") {
            // It writes bytes that are no UTF-8 as this escape, and we read them as the character.
            Some(data) => Ok(data.replace("\\ufffd", "\u{FFFD}")),
            None => Err(answer),
        }
    }

    /// The body of the answer.
    fn post(&self, path: &str, method: &str, body: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.0\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned())
    }
}

fn tool(release: &str, name: &str) -> PathBuf {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../target/tools/prometheus-{release}/{name}"));
    assert!(program.is_file(), "there is no {}: run tests/tools", program.display());
    program
}

fn form(key: &str, value: &str) -> String {
    let escaped: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("{key}={escaped}")
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        _ = self.process.kill();
        _ = self.process.wait();
        _ = fs::remove_dir_all(&self.directory);
    }
}
