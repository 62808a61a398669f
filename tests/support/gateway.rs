//! The example gateway, as it runs.

use super::example::example;
use super::http;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

pub(crate) const PASSWORD: &str = "correct horse battery staple";
/// `prometheus:` and the password, in base64.
pub(crate) const AUTHORIZATION: (&str, &str) = (
    "Authorization",
    "Basic cHJvbWV0aGV1czpjb3JyZWN0IGhvcnNlIGJhdHRlcnkgc3RhcGxl",
);

/// The running example.
pub(crate) struct Gateway {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
}

impl Gateway {
    /// On a free port, with modules that may take half a second.
    pub(crate) fn start() -> Self {
        Self::start_at("127.0.0.1:0", "0.5")
    }

    pub(crate) fn start_at(address: &str, module_timeout: &str) -> Self {
        let password_file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!(
            "gateway-password-{}-{:?}",
            std::process::id(),
            std::thread::current().id()
        ));
        // With a line feed, as an editor leaves it.
        std::fs::write(&password_file, format!("{PASSWORD}\n")).expect("the password file can be written");
        let mut child = Command::new(example("kyc_gateway"))
            .arg("--no-traffic")
            .env("KYC_ADDRESS", address)
            .env("KYC_METRICS_PASSWORD_FILE", &password_file)
            .env("KYC_MODULE_TIMEOUT_SECONDS", module_timeout)
            .env_remove("KYC_METRICS_PASSWORD")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the example starts");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        let address = lines
            .by_ref()
            .map(|line| line.expect("the example writes text"))
            .find_map(|line| line.strip_prefix("listening on http://")?.parse().ok());
        // Somebody must read on, or the example would block when the pipe is full.
        std::thread::spawn(move || lines.for_each(drop));
        match address {
            Some(address) => Self { child, address },
            None => panic!("the example ended without listening: {:?}", child.wait()),
        }
    }

    /// Sends a request as if from this address, which the gateway believes of clients on its own machine.
    pub(crate) fn post(&self, from: &str, path: &str, body: &Value) -> http::Response {
        let headers = [("Content-Type", "application/json"), ("X-Demo-Address", from)];
        http::request(self.address, "POST", path, &headers, Some(body.to_string().as_bytes()))
            .expect("the gateway answers")
    }

    /// Opens a session of a device of its own and verifies `changed` from a person who is accepted.
    pub(crate) fn verify(&self, device: &str, changed: Value) -> http::Response {
        self.verify_from(["203.0.113.1", "203.0.113.2"], device, changed)
    }

    /// The same from other addresses: each may only send so many requests.
    pub(crate) fn verify_from(&self, addresses: [&str; 2], device: &str, changed: Value) -> http::Response {
        let opened = self.post(addresses[0], "/sessions", &json!({ "device_id": device }));
        assert_eq!(opened.status, 201, "{}", opened.text());
        let mut request = json!({
            "session_id": opened.json()["session_id"],
            "country": "UTO",
            "liveness": { "motion": 0.8, "moire": 0.1, "mask": 0.1, "synthesis": 0.1 },
            "document": { "mrz": [
                "I<UTOD231458907<<<<<<<<<<<<<<<",
                "7408122F4504159UTO<<<<<<<<<<<0",
                "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
            ] },
            "faces": {
                "selfie": [0.3, 0.1, 0, 0, 0, 0, 0, 0],
                "document": [0.3, 0.1, 0, 0, 0, 0, 0, 0],
            },
        });
        for (key, value) in changed.as_object().expect("what is changed is an object") {
            request[key] = value.clone();
        }
        self.post(addresses[1], "/verify", &request)
    }

    pub(crate) fn scrape(&self) -> String {
        let response = http::get(self.address, "/metrics", &[AUTHORIZATION]);
        assert_eq!(response.status, 200);
        assert_eq!(
            response.header("content-type"),
            Some("text/plain; version=0.0.4; charset=utf-8")
        );
        response.text().to_owned()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
