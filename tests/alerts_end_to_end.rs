//! The example gateway's operations, as they run: a real Prometheus and a real Alertmanager read the generated files, the
//! gateway gets into the trouble that each alert is about, and whoever is to be told of it is told, and told of its end.
//!
//! All durations of the generated files are shorter by [`FASTER`], and nothing else is changed but addresses, the folder of
//! secrets, and how often and how long is scraped. No trouble lasts for a certain time: each does until it was noticed.

mod support;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::example::example;
use support::gateway::{Gateway, PASSWORD};
use support::http;
use support::prometheus::{Directory, OwnedChild, Prometheus, Release, free_address};

/// Six hours, the longest that an alert needs to end, are less than two minutes.
const FASTER: &str = "200";
/// Long enough for a machine that does other things, too.
const PATIENCE: Duration = Duration::from_secs(240);

/// Who is told of which alert.
const TOLD: [(&str, &[&str]); 9] = [
    ("HighVerificationLatency", &["pager", "pipeline-team"]),
    ("HighErrorRate", &["chat", "pipeline-team"]),
    ("SpoofingSpike", &["pager", "fraud-desk"]),
    ("HttpErrors", &["pager"]),
    ("GatewayDown", &["pager"]),
    ("VerificationsAreDecidedFastBurn", &["pager", "pipeline-team"]),
    ("VerificationsAreDecidedSlowBurn", &["chat", "pipeline-team"]),
    ("VerificationsAreQuickFastBurn", &["pager", "pipeline-team"]),
    ("VerificationsAreQuickSlowBurn", &["chat", "pipeline-team"]),
];

#[test]
fn each_alert_fires_reaches_its_people_and_ends() {
    let receivers = Receivers::start();
    // Its modules may take nine seconds: who waits for one that hangs waits longer than eight.
    let gateway = Gateway::start_at("127.0.0.1:0", "9");
    let address = gateway.address;
    let (alertmanager_address, servers) = (free_address(), Directory::new());
    let rewrite = |text: &str, secrets: &Path| {
        let mut text = text
            .replace("scrape_interval: 75ms", "scrape_interval: 250ms")
            .replace("scrape_timeout: 50ms", "scrape_timeout: 250ms")
            .replace("kyc-gateway:8000", &address.to_string())
            .replace("alertmanager:9093", &alertmanager_address.to_string())
            .replace("/run/secrets", secrets.to_str().unwrap());
        for name in ["chat", "pager", "pipeline-team", "fraud-desk"] {
            text = text.replace(
                &format!("http://{name}:8080/alerts"),
                &format!("http://{}/{name}", receivers.address),
            );
        }
        text
    };
    let status = Command::new(example("kyc_gateway"))
        .env("ENUMETRICS_OPERATIONS", &servers.0)
        .env("ENUMETRICS_OPERATIONS_FASTER", FASTER)
        .status()
        .expect("the example starts");
    assert!(status.success(), "the example writes its files");
    let rules = fs::read_to_string(servers.0.join("prometheus/rules/kyc-gateway.yml")).unwrap();
    let alerts: Vec<_> = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .collect();
    assert_eq!(alerts, TOLD.map(|(name, _)| name), "all alerts are here");
    let secrets = servers.0.join("secrets");
    fs::create_dir_all(&secrets).unwrap();
    fs::write(secrets.join("kyc-metrics-password"), PASSWORD).unwrap();
    for name in ["chat", "pager", "pipeline-team", "fraud-desk"] {
        fs::write(secrets.join(format!("{name}-token")), "secret").unwrap();
    }
    for path in ["prometheus/prometheus.yml", "alertmanager/alertmanager.yml"] {
        let path = servers.0.join(path);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(path, rewrite(&text, &secrets)).unwrap();
    }
    let _alertmanager = alertmanager(&servers.0, alertmanager_address);
    let prometheus = Prometheus::start_in(Release::Current, 1, &[], |folder| {
        let from = servers.0.join("prometheus");
        fs::copy(from.join("prometheus.yml"), folder.join("prometheus.yml")).unwrap();
        fs::create_dir_all(folder.join("rules")).unwrap();
        for entry in fs::read_dir(from.join("rules")).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), folder.join("rules").join(entry.file_name())).unwrap();
        }
    });
    let seen = Seen::new(alertmanager_address, &receivers);

    // Nothing is wrong yet.
    prometheus.wait_until("the gateway is scraped", || {
        !prometheus.query("up{job=\"kyc-gateway\"} == 1").is_empty()
    });
    for person in 0..10 {
        assert_eq!(visit(&gateway, person, json!({})).status, 200);
    }
    // But for the moments before the first scrape, whose alert ends.
    prometheus.wait_until("nothing fires", || prometheus.query("ALERTS").is_empty());
    receivers.forget();

    // People meet a module that hangs, until all has happened that follows: slow verifications, errors, answers with 504.
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let (gateway, is_over) = (&gateway, &is_over);
        let _over = OnDrop(|| is_over.store(true, Ordering::Relaxed));
        scope.spawn(move || {
            thread::scope(|scope| {
                for person in 100.. {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    let hanging = json!({ "simulate": { "module": "ocr", "behaviour": "hang" } });
                    scope.spawn(move || assert_eq!(visit(gateway, person, hanging).status, 504));
                    thread::sleep(Duration::from_millis(100));
                }
            });
        });
        for (alert, _) in TOLD
            .iter()
            .filter(|(alert, _)| !["SpoofingSpike", "GatewayDown"].contains(alert))
        {
            seen.wait(alert, "fires", || seen.fired(alert));
        }
        // Who is told of the cause need not be told of what follows from it.
        for (source, target) in [
            ("HighVerificationLatency", "VerificationsAreQuickFastBurn"),
            ("VerificationsAreDecidedFastBurn", "VerificationsAreDecidedSlowBurn"),
        ] {
            seen.wait(target, &format!("is muted by {source}"), || seen.was_inhibited(target));
        }
    });

    // Somebody holds photographs into the camera.
    let mut person = 10_000;
    let deadline = Instant::now() + PATIENCE;
    while !receivers.has("fraud-desk", "SpoofingSpike", "firing") {
        let photo = json!({ "liveness": { "motion": 0.1, "moire": 0.1, "mask": 0.1, "synthesis": 0.1 } });
        visit(&gateway, person, photo);
        person += 1;
        assert!(Instant::now() < deadline, "nobody notices the photographs");
    }

    // The gateway stops, and comes again.
    drop(gateway);
    seen.wait("GatewayDown", "reaches the pager", || {
        receivers.has("pager", "GatewayDown", "firing")
    });
    let _gateway = Gateway::start_at(&address.to_string(), "9");

    for (alert, told) in TOLD {
        for receiver in told {
            for status in ["firing", "resolved"] {
                let what = format!("{status} reaches {receiver}");
                seen.wait(alert, &what, || receivers.has(receiver, alert, status));
            }
        }
        assert_eq!(receivers.told_of(alert), told.iter().copied().collect(), "{alert}");
    }
}

/// Also when an assertion fails: who waits for the others would wait for ever.
struct OnDrop<F: Fn()>(F);

impl<F: Fn()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Somebody with an address and a device of their own.
fn visit(gateway: &Gateway, person: u32, changed: Value) -> http::Response {
    let from = format!(
        "198.{}.{}.{}",
        51 + person / 62_500,
        person / 250 % 250,
        person % 250 + 1
    );
    gateway.verify_from([&from, &from], &format!("phone-{person}"), changed)
}

fn alertmanager(folder: &Path, address: SocketAddr) -> OwnedChild {
    let program = Release::Current.program("alertmanager");
    let child = Command::new(&program)
        // Where tests/tools puts its templates.
        .current_dir(program.parent().unwrap())
        .arg(format!(
            "--config.file={}",
            folder.join("alertmanager/alertmanager.yml").display()
        ))
        .arg(format!("--storage.path={}", folder.join("alertmanager-data").display()))
        .arg(format!("--web.listen-address={address}"))
        .arg("--cluster.listen-address=")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(folder.join("alertmanager.log")).unwrap())
        .spawn()
        .expect("Alertmanager starts");
    let mut child = OwnedChild(child);
    let deadline = Instant::now() + PATIENCE;
    while !http::request(address, "GET", "/-/ready", &[], None).is_ok_and(|response| response.status == 200) {
        let log = || fs::read_to_string(folder.join("alertmanager.log")).unwrap_or_default();
        let has_ended = child.0.try_wait().expect("the child can be asked").is_some();
        assert!(
            !has_ended && Instant::now() < deadline,
            "Alertmanager is not ready:\n{}",
            log()
        );
        thread::sleep(Duration::from_millis(50));
    }
    child
}

/// A message: to whom, of which alert, and whether it fires or has ended.
type Message = (String, String, String);

/// Everybody who can be told, behind one address.
struct Receivers {
    address: SocketAddr,
    messages: Arc<Mutex<Vec<Message>>>,
}

impl Receivers {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let messages = Arc::default();
        let written = Arc::clone(&messages);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let written = Arc::clone(&written);
                // Alertmanager keeps its connections.
                thread::spawn(move || receive(stream, &written));
            }
        });
        Self { address, messages }
    }

    fn has(&self, receiver: &str, alert: &str, status: &str) -> bool {
        let is_it = |(to, of, is): &Message| to == receiver && of == alert && is == status;
        self.messages.lock().unwrap().iter().any(is_it)
    }

    fn told_of(&self, alert: &str) -> BTreeSet<&'static str> {
        let messages = self.messages.lock().unwrap();
        let all = ["chat", "pager", "pipeline-team", "fraud-desk"];
        all.into_iter()
            .filter(|name| messages.iter().any(|(to, of, _)| to == name && of == alert))
            .collect()
    }

    fn forget(&self) {
        self.messages.lock().unwrap().clear();
    }
}

/// Requests until the connection ends: each with the token of its receiver, as its configuration says.
fn receive(stream: TcpStream, messages: &Mutex<Vec<Message>>) -> Option<()> {
    let mut answers = stream.try_clone().ok()?;
    let mut reader = BufReader::new(stream);
    loop {
        let (mut receiver, mut length, mut has_token) = (String::new(), 0, false);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim_end().to_owned();
            if line.is_empty() {
                break;
            }
            if let Some(path) = line.strip_prefix("POST /") {
                receiver = path.split(' ').next()?.to_owned();
            }
            let lower = line.to_ascii_lowercase();
            if let Some(number) = lower.strip_prefix("content-length: ") {
                length = number.parse().ok()?;
            }
            has_token |= lower == "authorization: bearer secret";
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let body: Value = serde_json::from_slice(&body).ok()?;
        if has_token {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let alerts = body["alerts"].as_array()?.iter();
            let alerts = alerts.map(|alert| {
                (
                    receiver.clone(),
                    text(&alert["labels"]["alertname"]),
                    text(&alert["status"]),
                )
            });
            messages.lock().ok()?.extend(alerts);
        }
        let status = if has_token { "200 OK" } else { "401 Unauthorized" };
        write!(answers, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").ok()?;
    }
}

/// What Alertmanager ever said of each alert, asked all the time.
struct Seen<'r> {
    receivers: &'r Receivers,
    alerts: Arc<Mutex<BTreeSet<(String, bool)>>>,
}

impl<'r> Seen<'r> {
    fn new(alertmanager: SocketAddr, receivers: &'r Receivers) -> Self {
        let alerts: Arc<Mutex<BTreeSet<(String, bool)>>> = Arc::default();
        let written = Arc::downgrade(&alerts);
        thread::spawn(move || {
            while let Some(written) = written.upgrade() {
                // It is gone when the test is over.
                let Ok(response) = http::request(alertmanager, "GET", "/api/v2/alerts", &[], None) else {
                    break;
                };
                for alert in response.json().as_array().into_iter().flatten() {
                    let name = alert["labels"]["alertname"].as_str().unwrap_or_default().to_owned();
                    let is_inhibited = alert["status"]["inhibitedBy"]
                        .as_array()
                        .is_some_and(|by| !by.is_empty());
                    written.lock().unwrap().insert((name, is_inhibited));
                }
                thread::sleep(Duration::from_millis(100));
            }
        });
        Self { receivers, alerts }
    }

    fn fired(&self, alert: &str) -> bool {
        self.alerts.lock().unwrap().iter().any(|(name, _)| name == alert)
    }

    fn was_inhibited(&self, alert: &str) -> bool {
        self.alerts.lock().unwrap().contains(&(alert.to_owned(), true))
    }

    fn wait(&self, alert: &str, what: &str, mut holds: impl FnMut() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds() {
            if Instant::now() > deadline {
                let messages = self.receivers.messages.lock().unwrap();
                let seen = self.alerts.lock().unwrap();
                panic!("{alert}: not yet: {what}\n{messages:#?}\n{seen:#?}");
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}
