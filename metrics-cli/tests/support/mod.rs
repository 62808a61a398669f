//! Runs the real binary.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

/// What a run of the binary gave.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_enumetrics"));
    command
        .args(arguments)
        .env_remove("ENUMETRICS_PASSWORD")
        .env_remove("ENUMETRICS_TOKEN");
    // Requests stay on this machine.
    for proxy in [
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
    ] {
        command.env_remove(proxy);
    }
    command
}

pub fn run(arguments: &[&str]) -> Run {
    finish(command(arguments), "")
}

pub fn finish(mut command: Command, input: &str) -> Run {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary is built");
    // Who does not read its input may have closed it.
    _ = child.stdin.take().expect("it is piped").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("it ends");
    Run {
        code: output.status.code().expect("it ends by itself"),
        out: String::from_utf8(output.stdout).expect("it writes UTF-8"),
        err: String::from_utf8(output.stderr).expect("it writes UTF-8"),
    }
}

impl Run {
    /// Clean, and this on the standard output.
    #[track_caller]
    pub fn is_clean(&self, out: &str) {
        assert_eq!((self.code, self.out.as_str()), (0, out), "{}", self.err);
    }

    #[track_caller]
    pub fn found(&self, out: &str) {
        assert_eq!((self.code, self.out.as_str()), (1, out), "{}", self.err);
    }

    /// Not done, because of this.
    #[track_caller]
    pub fn failed(&self, problem: &str) {
        assert_eq!((self.code, self.out.as_str()), (2, ""), "{}", self.err);
        assert!(self.err.contains(problem), "{}", self.err);
        assert!(!self.err.contains("panicked"), "{}", self.err);
    }
}

/// A folder of this test alone.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{name}"));
        // What an earlier run left.
        _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("the folder can be made");
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().expect("it is in the folder")).expect("the folder can be made");
        std::fs::write(path, text).expect("the file can be written");
        name.to_owned()
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).expect("the file is there")
    }

    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).expect("the folder is there");
        let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    /// The binary, in this folder.
    pub fn run(&self, arguments: &[&str]) -> Run {
        self.run_with(arguments, "")
    }

    pub fn run_with(&self, arguments: &[&str], input: &str) -> Run {
        let mut command = command(arguments);
        command.current_dir(&self.0);
        finish(command, input)
    }

    /// In this folder, with something in its environment.
    pub fn run_in(&self, environment: &[(&str, &str)], arguments: &[&str]) -> Run {
        let mut command = command(arguments);
        command.current_dir(&self.0).envs(environment.iter().copied());
        finish(command, "")
    }
}

/// A rule file with one alert.
pub fn alert(expr: &str) -> String {
    format!(
        "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: {expr}\n    for: 5m\n    labels: {{severity: page}}\n    annotations: {{summary: s}}\n"
    )
}

/// A catalogue with one metric: a counter with a label.
pub fn catalogue(name: &str, values: &str) -> String {
    format!(
        r#"{{"version": 1, "metrics": [{{"name": "{name}", "kind": "counter", "help": "H.", "labels": [{{"name": "code", "values": {values}}}],
            "constant_labels": [], "buckets": [], "quantiles": [], "slo": [], "max_series": 2}}]}}"#
    )
}

/// Serves one answer to each request, and tells the requests' heads.
pub struct Server {
    pub url: String,
    requests: Receiver<String>,
}

impl Server {
    pub fn new(status: &'static str, body: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let url = format!("http://{}/metrics", listener.local_addr().expect("it listens"));
        let (sender, requests) = channel();
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.expect("a connection");
                let mut reader = BufReader::new(connection.try_clone().expect("it can be read"));
                let mut head = String::new();
                while reader.read_line(&mut head).expect("a line") > 2 {}
                let answer = format!(
                    "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                connection.write_all(answer.as_bytes()).expect("it is read");
                _ = sender.send(head.to_lowercase());
                // Until the client has closed it.
                _ = connection.set_read_timeout(Some(std::time::Duration::from_secs(60)));
                _ = reader.read(&mut [0]);
            }
        });
        Self { url, requests }
    }

    /// The head of the next request, in lower case.
    pub fn request(&self) -> String {
        self.requests
            .recv_timeout(std::time::Duration::from_secs(60))
            .expect("a request came")
    }
}

/// The repository's own files.
pub fn example(name: &str) -> String {
    format!("{}/../examples/kyc_gateway/{name}", env!("CARGO_MANIFEST_DIR"))
}
