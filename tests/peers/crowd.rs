//! A crowd of clients, in a process of its own: each end of a connection takes a file, and a process has only so many.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// How many connections are open at once.
const CROWD: usize = 10_000;
const PATHS: usize = 400_000;
/// How many tasks there are in which clients do this.
const TASKS: usize = 50;
/// Longer than anything here should take.
const PATIENCE: Duration = Duration::from_secs(300);

struct Server {
    child: Child,
    addresses: Vec<SocketAddr>,
    /// How many there were of each kind of visit.
    visits: [AtomicUsize; Visit::ALL.len()],
}

impl Server {
    fn start() -> Self {
        let limit = getrlimit(Resource::Nofile);
        let wanted = CROWD as u64 + 100;
        assert!(
            limit.maximum.is_none_or(|maximum| maximum >= wanted),
            "{wanted} files must be allowed to be open at once: raise the limit, as with `ulimit -Hn`; it is {limit:?}"
        );
        setrlimit(
            Resource::Nofile,
            Rlimit {
                current: limit.maximum,
                ..limit
            },
        )
        .unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_crowded-server"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let addresses = lines.take(4).map(|line| line.unwrap().parse().unwrap()).collect();
        Self {
            child,
            addresses,
            visits: Default::default(),
        }
    }

    async fn connect(&self, number: usize) -> TcpStream {
        TcpStream::connect(self.addresses[number % self.addresses.len()])
            .await
            .unwrap()
    }

    /// Each series with its value.
    async fn scrape(&self) -> BTreeMap<String, f64> {
        let mut wire = self.connect(0).await;
        let request = "GET /metrics HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n";
        wire.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        wire.read_to_string(&mut answer).await.unwrap();
        let (head, text) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        let samples = samples.map(|line| line.rsplit_once(' ').unwrap());
        samples
            .map(|(series, value)| (series.to_owned(), value.parse().unwrap()))
            .collect()
    }

    /// What the server has in memory, in bytes.
    fn memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        resident.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
    }

    /// Waits until so many requests are in progress, and scrapes once more: what ended while the last scrape was written
    /// may be missing in what came before its gauges.
    async fn until_in_progress(&self, expected: impl Fn(f64) -> bool) -> BTreeMap<String, f64> {
        let start = Instant::now();
        loop {
            let samples = self.scrape().await;
            let gauges = samples
                .iter()
                .filter(|(series, _)| series.starts_with("http_requests_inprogress"));
            let now = gauges.map(|(_, value)| value).sum();
            if expected(now) {
                return self.scrape().await;
            }
            assert!(start.elapsed() < PATIENCE, "{now} requests are in progress");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that is gone already needs no end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The clients of one task.
struct Crowd {
    task: usize,
    clients: Vec<(Visit, TcpStream)>,
}

/// How many requests are in progress while all of these stay.
fn lasting(crowds: &[Crowd]) -> f64 {
    let clients = crowds.iter().flat_map(|crowd| &crowd.clients);
    clients.filter(|(visit, _)| visit.lasts()).count() as f64
}

fn new_series<'a>(before: &BTreeMap<String, f64>, after: &'a BTreeMap<String, f64>) -> Vec<&'a String> {
    after.keys().filter(|series| !before.contains_key(*series)).collect()
}

/// What a client does before it stays and waits, or is dropped.
#[derive(Clone, Copy)]
enum Visit {
    SaysNothing,
    SendsHalfAHead,
    ReadsAnAnswer,
    AsksForWhatIsNotThere,
    WaitsForAnAnswer,
    ReadsASlowBody,
    SendsASlowBody,
    SendsAWholeBody,
}

impl Visit {
    const ALL: [Self; 8] = [
        Self::SaysNothing,
        Self::SendsHalfAHead,
        Self::ReadsAnAnswer,
        Self::AsksForWhatIsNotThere,
        Self::WaitsForAnAnswer,
        Self::ReadsASlowBody,
        Self::SendsASlowBody,
        Self::SendsAWholeBody,
    ];

    /// Whether the request is in progress while its client stays.
    fn lasts(self) -> bool {
        matches!(
            self,
            Self::WaitsForAnAnswer | Self::ReadsASlowBody | Self::SendsASlowBody
        )
    }

    async fn pay(self, server: &Server, number: usize) -> TcpStream {
        server.visits[self as usize].fetch_add(1, Ordering::Relaxed);
        let mut wire = server.connect(number).await;
        let head = "HTTP/1.1\r\nhost: test\r\n";
        let (request, answer) = match self {
            Self::SaysNothing => (String::new(), ""),
            Self::SendsHalfAHead => (format!("GET /ok {head}"), ""),
            Self::ReadsAnAnswer => (format!("GET /ok {head}\r\n"), "hello"),
            Self::AsksForWhatIsNotThere => (format!("GET /nowhere/{number} {head}\r\n"), "404"),
            Self::WaitsForAnAnswer => (format!("GET /hang {head}\r\n"), ""),
            Self::ReadsASlowBody => (format!("GET /drip {head}\r\n"), "drop"),
            Self::SendsASlowBody => (format!("POST /read {head}content-length: 100\r\n\r\nabc"), ""),
            Self::SendsAWholeBody => (format!("POST /read {head}content-length: 4\r\n\r\n0123"), "\r\n\r\n4"),
        };
        wire.write_all(request.as_bytes()).await.unwrap();
        let mut read = Vec::new();
        while !String::from_utf8_lossy(&read).contains(answer) {
            assert!(wire.read_buf(&mut read).await.unwrap() > 0, "closed before `{answer}`");
        }
        wire
    }
}

/// Numbers that look like chance, the same in each run (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed >> 33) as usize % end
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_connections_that_are_dropped_at_random_leave_nothing_behind() {
    let server = Arc::new(Server::start());
    let mut first = Vec::new();
    for (number, visit) in Visit::ALL.into_iter().enumerate() {
        first.push((visit, visit.pay(&server, number).await));
    }
    let first = [Crowd {
        task: 0,
        clients: first,
    }];
    server.until_in_progress(|number| number == lasting(&first)).await;
    drop(first);
    let before = server.until_in_progress(|number| number == 0.0).await;

    let come = |task: usize| {
        let server = Arc::clone(&server);
        async move {
            let mut clients = Vec::new();
            for number in (task..CROWD).step_by(TASKS) {
                let visit = Visit::ALL[number % Visit::ALL.len()];
                clients.push((visit, visit.pay(&server, number).await));
            }
            Crowd { task, clients }
        }
    };
    let crowd = (0..TASKS).map(come).collect::<JoinSet<_>>().join_all().await;
    // All are there at once.
    server.until_in_progress(|number| number == lasting(&crowd)).await;

    let change = |changes: usize| {
        let server = Arc::clone(&server);
        move |Crowd { task, mut clients }: Crowd| {
            let server = Arc::clone(&server);
            async move {
                let mut chance = Chance(task as u64);
                for number in (task..changes).step_by(TASKS) {
                    let gone = chance.below(clients.len());
                    drop(clients.swap_remove(gone));
                    let visit = Visit::ALL[chance.below(Visit::ALL.len())];
                    clients.push((visit, visit.pay(&server, number).await));
                }
                Crowd { task, clients }
            }
        }
    };
    // First until the memory has found its size, and then again.
    let crowd = crowd
        .into_iter()
        .map(change(2 * CROWD))
        .collect::<JoinSet<_>>()
        .join_all()
        .await;
    server.until_in_progress(|number| number == lasting(&crowd)).await;
    let memory = server.memory();
    let crowd = crowd
        .into_iter()
        .map(change(CROWD))
        .collect::<JoinSet<_>>()
        .join_all()
        .await;
    server.until_in_progress(|number| number == lasting(&crowd)).await;
    let grown = server.memory().saturating_sub(memory);
    assert!(
        grown < memory / 8,
        "{memory} bytes grew by {grown}, with as many connections as before"
    );

    drop(crowd);
    let after = server.until_in_progress(|number| number == 0.0).await;
    assert_eq!(new_series(&before, &after), Vec::<&String>::new());
    // All whose answer began are there, each once.
    for (visit, labels) in [
        (Visit::ReadsAnAnswer, r#"handler="/ok",method="GET",status="2xx""#),
        (
            Visit::AsksForWhatIsNotThere,
            r#"handler="none",method="GET",status="4xx""#,
        ),
        (Visit::ReadsASlowBody, r#"handler="/drip",method="GET",status="2xx""#),
        (Visit::SendsAWholeBody, r#"handler="/read",method="POST",status="2xx""#),
    ] {
        let visits = server.visits[visit as usize].load(Ordering::Relaxed);
        assert_eq!(
            after[&format!("http_requests_total{{{labels}}}")],
            visits as f64,
            "{labels}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_hundred_thousand_paths_are_one() {
    const BATCH: usize = 100;
    let server = Server::start();
    let mut wire = server.connect(0).await;
    let request = |path: usize| match path % 2 {
        0 => format!("GET /wp-content/{path}.php HTTP/1.1\r\nhost: test\r\n\r\n"),
        _ => format!("M{path} /{path} HTTP/1.1\r\nhost: test\r\n\r\n"),
    };
    // All answers are as long as the first.
    wire.write_all(request(0).as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(wire.read_u8().await.unwrap());
    }
    assert!(
        answer.starts_with(b"HTTP/1.1 404"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    let mut answers = vec![0; answer.len() * BATCH];
    let mut ask = async |paths: std::ops::Range<usize>| {
        for first in paths.step_by(BATCH) {
            let requests: String = (first..first + BATCH).map(request).collect();
            wire.write_all(requests.as_bytes()).await.unwrap();
            wire.read_exact(&mut answers).await.unwrap();
            assert!(answers.ends_with(b"\r\n\r\n"));
        }
    };
    ask(0..PATHS / 100).await;
    let (before, memory) = (server.scrape().await, server.memory());
    ask(PATHS / 100..PATHS).await;
    let (after, grown) = (server.scrape().await, server.memory().saturating_sub(memory));
    assert_eq!(new_series(&before, &after), Vec::<&String>::new());
    for (method, requests) in [("GET", PATHS / 2 + 1), ("other", PATHS / 2)] {
        let series = format!(r#"http_requests_total{{handler="none",method="{method}",status="4xx"}}"#);
        assert_eq!(after[&series], requests as f64);
    }
    // A word kept for each path would be more.
    assert!(grown < PATHS * size_of::<usize>(), "the memory grew by {grown} bytes");
}
