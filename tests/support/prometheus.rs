//! Real Prometheus servers, each with a directory and a port of its own, gone with their handle.

use super::http;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Starting takes a quarter of a second; the rest is for a machine that is busy with other things.
const START_TIMEOUT: Duration = Duration::from_secs(60);
const SCRAPE_TIMEOUT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(25);
/// How often another process may take the port between our finding it and the server's binding it.
const PORT_ATTEMPTS: u32 = 5;

/// The two releases that `tests/tools` provides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Release {
    /// 2.42, the oldest release that we promise to work with.
    Stable,
    /// 3.5 or newer.
    Current,
}

impl Release {
    pub(crate) const ALL: [Self; 2] = [Self::Stable, Self::Current];

    pub(crate) fn program(self, name: &str) -> PathBuf {
        let product = match name {
            "prometheus" | "promtool" => "prometheus",
            _ => "alertmanager",
        };
        let release = match self {
            Self::Stable => "stable",
            Self::Current => "current",
        };
        let program = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("target/tools")
            .join(format!("{product}-{release}"))
            .join(name);
        assert!(program.is_file(), "there is no {}: run tests/tools", program.display());
        program
    }
}

/// One job with one target.
#[derive(Debug, Clone)]
pub(crate) struct Scrape {
    job: String,
    target: SocketAddr,
    path: String,
    basic_auth: Option<(String, String)>,
    interval: Duration,
    protocols: Vec<String>,
    others: Vec<(String, Value)>,
}

impl Scrape {
    /// Scrapes `/metrics` of `target` once a second.
    pub(crate) fn new(job: &str, target: SocketAddr) -> Self {
        Self {
            job: job.to_owned(),
            target,
            path: "/metrics".to_owned(),
            basic_auth: None,
            interval: Duration::from_secs(1),
            protocols: Vec::new(),
            others: Vec::new(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.job
    }

    /// The password reaches Prometheus in a file, as it does in a deployment.
    pub(crate) fn basic_auth(mut self, user: &str, password: &str) -> Self {
        self.basic_auth = Some((user.to_owned(), password.to_owned()));
        self
    }

    /// Whatever else a scrape configuration has: `tls_config`, `authorization`, …
    pub(crate) fn with(mut self, key: &str, value: Value) -> Self {
        self.others.push((key.to_owned(), value));
        self
    }

    pub(crate) fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// Asks for these formats and no others, such as `PrometheusText0.0.4`; only [`Release::Current`] can be told so.
    pub(crate) fn protocols(mut self, protocols: &[&str]) -> Self {
        self.protocols = protocols.iter().map(|&protocol| protocol.to_owned()).collect();
        self
    }

    /// Also the limit for one scrape, so a short one fails now and then on a busy machine.
    pub(crate) fn every(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }
}

/// A target as `/api/v1/targets` tells of it.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) job: String,
    pub(crate) instance: String,
    /// `up`, `down`, or `unknown` before the first scrape.
    pub(crate) health: String,
    pub(crate) last_error: String,
}

/// An exemplar as `/api/v1/query_exemplars` tells of it.
#[derive(Debug, Clone)]
pub(crate) struct Exemplar {
    pub(crate) series: BTreeMap<String, String>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: String,
    /// In seconds since the Unix epoch.
    pub(crate) time: f64,
}

/// The labels of one sample, `__name__` among them, and its value.
pub(crate) type Sample = (BTreeMap<String, String>, f64);

/// The labels of one series, and its values by time, as they are written.
pub(crate) type Course = (BTreeMap<String, String>, Vec<(f64, String)>);

/// A running server.
#[derive(Debug)]
pub(crate) struct Prometheus {
    server: Server,
    jobs: usize,
}

impl Prometheus {
    /// Returns once the server is ready. It looks at its targets for the first time five seconds later.
    pub(crate) fn start(release: Release, scrapes: &[Scrape]) -> Self {
        Self::start_with(release, scrapes, &[])
    }

    /// The same with features that are off by default, such as `exemplar-storage`.
    pub(crate) fn start_with(release: Release, scrapes: &[Scrape], features: &[&str]) -> Self {
        Self::start_in(release, scrapes.len(), features, |directory| {
            write_configuration(directory, scrapes)
        })
    }

    /// The same with a configuration for so many jobs that is written into its directory, as `prometheus.yml`.
    pub(crate) fn start_in(release: Release, jobs: usize, features: &[&str], write: impl FnOnce(&Path)) -> Self {
        let directory = Directory::new();
        write(&directory.0);
        let mut directory = Some(directory);
        for _ in 0..PORT_ATTEMPTS {
            let owned = directory.take().expect("each attempt hands it back or ends the loop");
            match Server::start(release, owned, features) {
                Ok(server) => return Self { server, jobs },
                Err(unused) => directory = Some(unused),
            }
        }
        panic!("{PORT_ATTEMPTS} free ports were taken by others before Prometheus could bind them");
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// Where its configuration, data and log lie while it runs.
    pub(crate) fn directory(&self) -> &Path {
        &self.server.directory.0
    }

    /// Evaluates `promql` now. A scalar is one sample without labels.
    pub(crate) fn query(&self, promql: &str) -> Vec<Sample> {
        self.try_query(promql)
            .unwrap_or_else(|error| panic!("query {promql:?}: {error}"))
    }

    /// [`Self::query`], with the server's own words for an expression that it refuses.
    pub(crate) fn try_query(&self, promql: &str) -> Result<Vec<Sample>, String> {
        self.evaluate(promql, "")
    }

    /// Evaluates `promql` at a time, in seconds since the Unix epoch.
    pub(crate) fn query_at(&self, promql: &str, time: f64) -> Vec<Sample> {
        self.evaluate(promql, &format!("&time={time:.3}"))
            .unwrap_or_else(|error| panic!("query {promql:?} at {time}: {error}"))
    }

    /// A time at which all of `holds` is so, once there is one: it is told a time that is past by more than a scrape can take,
    /// so that what is asked for this time stays as it is.
    pub(crate) fn time_when(&self, what: &str, holds: impl Fn(f64) -> bool) -> f64 {
        let mut time = 0.0;
        self.wait_until(what, || {
            time = self.query("time()")[0].1 - 2.0;
            self.query_at("up == 1", time).len() == self.jobs && holds(time)
        });
        time
    }

    /// Evaluates `promql` at each of these times, which follow each other by `step` seconds: for each series its labels and
    /// its values, as they are written.
    pub(crate) fn query_range(&self, promql: &str, [start, end, step]: [u64; 3]) -> Vec<Course> {
        let query = http::encode(promql);
        let path = format!("/api/v1/query_range?query={query}&start={start}&end={end}&step={step}");
        let data = self
            .api(&path)
            .unwrap_or_else(|error| panic!("query {promql:?}: {error}"));
        let course = |series: &Value| {
            let values = series["values"].as_array().expect("values are an array").iter();
            let value = |pair: &Value| (pair[0].as_f64().expect("a time is a number"), text(&pair[1]));
            (labels(&series["metric"]), values.map(value).collect())
        };
        data["result"]
            .as_array()
            .expect("a matrix is an array")
            .iter()
            .map(course)
            .collect()
    }

    /// The groups of rules that the server has, as `/api/v1/rules` tells of them.
    pub(crate) fn rule_groups(&self) -> Value {
        let mut rules = self
            .api("/api/v1/rules")
            .unwrap_or_else(|error| panic!("rules: {error}"));
        rules["groups"].take()
    }

    fn evaluate(&self, promql: &str, at: &str) -> Result<Vec<Sample>, String> {
        let response = self.api(&format!("/api/v1/query?query={}{at}", http::encode(promql)))?;
        let result = &response["result"];
        Ok(match response["resultType"].as_str().expect("a result has a type") {
            "vector" => {
                let vector = result.as_array().expect("a vector is an array");
                vector
                    .iter()
                    .map(|sample| (labels(&sample["metric"]), value(&sample["value"])))
                    .collect()
            }
            "scalar" => vec![(BTreeMap::new(), value(result))],
            other => panic!("query {promql:?} is a {other}, which is no instant vector"),
        })
    }

    /// The exemplars of the series that `promql` selects, as `/api/v1/query_exemplars` tells of them: those of one series
    /// after those of another.
    pub(crate) fn exemplars(&self, promql: &str) -> Vec<Exemplar> {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("this is after 1970");
        let (query, end) = (http::encode(promql), now.as_secs() + 60);
        let data = self
            .api(&format!(
                "/api/v1/query_exemplars?query={query}&start={}&end={end}",
                end - 3_600
            ))
            .unwrap_or_else(|error| panic!("exemplars of {promql:?}: {error}"));
        let of_one = |series: &Value| {
            let exemplars = series["exemplars"].as_array().expect("exemplars are an array").iter();
            let exemplars = exemplars.map(|exemplar| Exemplar {
                series: labels(&series["seriesLabels"]),
                labels: labels(&exemplar["labels"]),
                value: exemplar["value"].as_str().expect("a value is a string").to_owned(),
                time: exemplar["timestamp"].as_f64().expect("a time is a number"),
            });
            exemplars.collect::<Vec<_>>()
        };
        data.as_array()
            .expect("series are an array")
            .iter()
            .flat_map(of_one)
            .collect()
    }

    /// What the server takes `promql` for, as JSON; only [`Release::Current`] tells.
    pub(crate) fn parse_query(&self, promql: &str) -> Result<Value, String> {
        self.api(&format!("/api/v1/parse_query?query={}", http::encode(promql)))
    }

    /// Every active target, in the server's order.
    pub(crate) fn targets(&self) -> Vec<Target> {
        let data = self
            .api("/api/v1/targets?state=active")
            .unwrap_or_else(|error| panic!("targets: {error}"));
        let targets = data["activeTargets"].as_array().expect("active targets are an array");
        targets
            .iter()
            .map(|target| {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                Target {
                    job: text(&target["labels"]["job"]),
                    instance: text(&target["labels"]["instance"]),
                    health: text(&target["health"]),
                    last_error: text(&target["lastError"]),
                }
            })
            .collect()
    }

    /// Type, unit and help of a family as the targets tell of it, without what is empty.
    pub(crate) fn metadata(&self, family: &str) -> BTreeMap<String, String> {
        let metadata = self
            .api(&format!("/api/v1/metadata?metric={family}"))
            .unwrap_or_else(|error| panic!("metadata of {family}: {error}"));
        let mut metadata = labels(&metadata[family][0]);
        metadata.retain(|_, value| !value.is_empty());
        metadata
    }

    /// Blocks until every job has a successful scrape that began after this call and can be queried.
    pub(crate) fn wait_until_scraped(&self) {
        self.wait_until_scraped_after(SystemTime::now());
    }

    /// Blocks until every job has a successful scrape that began after `moment` and can be queried.
    ///
    /// The server reports `lastScrape` before it commits what it scraped, so that time alone would let a test query too
    /// early. `up` is committed together with the scrape, at the time at which the scrape began: once the new `up` can be
    /// read, so can the rest.
    pub(crate) fn wait_until_scraped_after(&self, moment: SystemTime) {
        let moment = moment.duration_since(UNIX_EPOCH).expect("this is after 1970");
        // Samples have whole milliseconds, rounded down.
        let query = format!("timestamp(up) > {}e-3 and (up == 1)", moment.as_millis());
        self.wait_until("every job is scraped", || self.query(&query).len() == self.jobs);
    }

    /// Blocks until `condition` holds; tells what the targets say when that takes too long.
    pub(crate) fn wait_until(&self, what: &str, mut condition: impl FnMut() -> bool) {
        let deadline = Instant::now() + SCRAPE_TIMEOUT;
        while !condition() {
            assert!(
                Instant::now() < deadline,
                "after {SCRAPE_TIMEOUT:?} not yet: {what}; {:#?}",
                self.targets()
            );
            std::thread::sleep(POLL);
        }
    }

    /// Ends the server and removes its directory; dropping it does the same.
    pub(crate) fn stop(self) {}

    fn api(&self, path: &str) -> Result<Value, String> {
        let mut response = http::get(self.server.address, path, &[]).json();
        if response["status"] == "success" {
            Ok(response["data"].take())
        } else {
            Err(response["error"].to_string())
        }
    }
}

/// Puts what is known of the past into the data of a server that is yet to start in this directory: `openmetrics` is an
/// exposition in which each sample has its time, with its end.
pub(crate) fn backfill(release: Release, directory: &Path, openmetrics: &str) {
    let input = directory.join("past.txt");
    fs::write(&input, openmetrics).expect("the past can be written");
    let (input, data) = (
        input.display().to_string(),
        directory.join("data").display().to_string(),
    );
    let output = promtool(
        release,
        &["tsdb", "create-blocks-from", "openmetrics", &input, &data],
        "",
    );
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{release:?}: {said}");
}

/// Runs `promtool`, for example `promtool(release, &["check", "metrics"], &exposition)`.
pub(crate) fn promtool(release: Release, arguments: &[&str], stdin: &str) -> Output {
    tool(release, "promtool", arguments, stdin)
}

/// The same with another program of the release: `amtool`.
pub(crate) fn tool(release: Release, program: &str, arguments: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(release.program(program))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the tool starts");
    let mut pipe = child.stdin.take().expect("stdin is piped");
    std::thread::scope(|scope| {
        // On a thread: a long answer to a long question would block both sides. promtool may also end without reading.
        scope.spawn(move || pipe.write_all(stdin.as_bytes()));
        child.wait_with_output().expect("the tool ends")
    })
}

fn write_configuration(directory: &Path, scrapes: &[Scrape]) {
    let scrape_configs: Vec<_> = scrapes
        .iter()
        .enumerate()
        .map(|(index, scrape)| {
            let interval = format!("{}ms", scrape.interval.as_millis());
            let mut config = json!({
                "job_name": scrape.job,
                "metrics_path": scrape.path,
                "scrape_interval": interval,
                "scrape_timeout": interval,
                "static_configs": [{ "targets": [scrape.target.to_string()] }],
            });
            if !scrape.protocols.is_empty() {
                config["scrape_protocols"] = json!(scrape.protocols);
            }
            if let Some((user, password)) = &scrape.basic_auth {
                let password_file = directory.join(format!("password-{index}"));
                fs::write(&password_file, password).expect("the password file can be written");
                config["basic_auth"] = json!({ "username": user, "password_file": password_file });
            }
            for (key, value) in &scrape.others {
                config[key] = value.clone();
            }
            config
        })
        .collect();
    // JSON is YAML, and quotes whatever it is given.
    let configuration = json!({ "scrape_configs": scrape_configs });
    fs::write(directory.join("prometheus.yml"), configuration.to_string()).expect("the configuration can be written");
}

fn labels(metric: &Value) -> BTreeMap<String, String> {
    let metric = metric.as_object().expect("labels are an object");
    metric
        .iter()
        .map(|(name, value)| {
            (
                name.clone(),
                value.as_str().expect("a label value is a string").to_owned(),
            )
        })
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a value is a string").to_owned()
}

/// `[time, "1.5"]`; Rust reads `+Inf` and `NaN` as Prometheus writes them.
fn value(pair: &Value) -> f64 {
    let text = pair[1].as_str().expect("a value is a string");
    text.parse()
        .unwrap_or_else(|error| panic!("the value {text:?}: {error}"))
}

// --- the process -----------------------------------------------------------------------------------------------------

#[derive(Debug)]
struct Server {
    // Ends before its directory goes: fields are dropped in this order.
    child: OwnedChild,
    directory: Directory,
    address: SocketAddr,
}

impl Server {
    /// Hands the directory back when another process took the port.
    fn start(release: Release, directory: Directory, features: &[&str]) -> Result<Self, Directory> {
        let address = free_address();
        let data = directory.0.join("data");
        let log = directory.0.join("stderr");
        let child = Command::new(release.program("prometheus"))
            .arg(format!(
                "--config.file={}",
                directory.0.join("prometheus.yml").display()
            ))
            .arg(format!("--storage.tsdb.path={}", data.display()))
            .arg(format!("--web.listen-address={address}"))
            .args(features.iter().map(|feature| format!("--enable-feature={feature}")))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            // A file, because nobody reads a pipe while the server runs.
            .stderr(File::create(&log).expect("the log can be created"))
            .spawn()
            .expect("Prometheus starts");
        let mut server = Self {
            child: OwnedChild(child),
            directory,
            address,
        };

        let deadline = Instant::now() + START_TIMEOUT;
        let problem = loop {
            if let Some(status) = server.child.0.try_wait().expect("the child can be asked") {
                break format!("ended with {status}");
            }
            if server.is_ready(&data) {
                return Ok(server);
            }
            if Instant::now() >= deadline {
                break format!("is not ready after {START_TIMEOUT:?}");
            }
            std::thread::sleep(POLL);
        };
        let log = fs::read_to_string(&log).unwrap_or_else(|error| format!("(no stderr: {error})"));
        if log.contains("address already in use") {
            return Err(server.into_directory());
        }
        panic!("Prometheus {problem}; its stderr:\n{log}");
    }

    /// Whoever took the port in the meantime may be a Prometheus too, so the one that answers must also have our data.
    fn is_ready(&self, data: &Path) -> bool {
        let answers = |path| {
            http::request(self.address, "GET", path, &[], None)
                .ok()
                .filter(|response| response.status == 200)
        };
        answers("/-/ready").is_some()
            && answers("/api/v1/status/flags")
                .is_some_and(|flags| flags.json()["data"]["storage.tsdb.path"].as_str() == data.to_str())
    }

    fn into_directory(self) -> Directory {
        let Self { child, directory, .. } = self;
        drop(child);
        directory
    }
}

pub(crate) fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    listener.local_addr().expect("a bound socket has an address")
}

#[derive(Debug)]
pub(crate) struct OwnedChild(pub(crate) Child);

impl Drop for OwnedChild {
    fn drop(&mut self) {
        // Both fail only where it has ended and been waited for already.
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

#[derive(Debug)]
pub(crate) struct Directory(pub(crate) PathBuf);

impl Directory {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "prometheus-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        // Left behind by a process of the same number that was killed.
        _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("the temporary directory can be created");
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}
