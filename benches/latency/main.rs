//! Measures how long an endpoint that does nothing takes to answer while the program is scraped, or its exporter has
//! clients that do nothing, beside the same without: in one process, in turn, over real connections.

mod report;

use std::error::Error;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use enumetrics::http::HttpLayer;
use enumetrics::{Exporter, Gauge, IntRange, LabelSet, catalog, http_metrics, metric_family};
use rustix::process::{Resource, getrlimit, setrlimit};

use self::report::{BEGIN, END, Round, Times};

const HELP: &str = "\
cargo run --release -p enumetrics-latency -- [OPTION...]

  --rounds N       how often each burden is measured; medians are over the rounds (31)
  --markdown FILE  replaces the table between the markers in FILE
";

/// How long one burden is measured before the next one's turn.
const TURN: Duration = Duration::from_millis(500);

/// What the program has to bear meanwhile.
struct Burden {
    name: &'static str,
    /// How long after a scrape the next one begins, if it is scraped.
    pause: Option<Duration>,
    /// How many connect to the exporter's own address and say nothing.
    idle: usize,
}

/// Nothing; scrapes, a hundred times as often as Prometheus usually does; the next scrape as soon as there is the last; and
/// four times as many clients as the exporter keeps.
const BURDENS: [Burden; 4] = [
    Burden {
        name: "no scrape",
        pause: None,
        idle: 0,
    },
    Burden {
        name: "ten scrapes a second",
        pause: Some(Duration::from_millis(100)),
        idle: 0,
    },
    Burden {
        name: "one scrape after the other",
        pause: Some(Duration::ZERO),
        idle: 0,
    },
    Burden {
        name: "1000 idle connections",
        pause: None,
        idle: 1000,
    },
];

http_metrics! { static HTTP: Http; }

#[derive(LabelSet, Clone, Copy)]
struct Shelf {
    row: IntRange<0, 99>,
    column: IntRange<0, 99>,
}

#[metric_family(namespace = "store")]
struct Store {
    /// What lies where: ten thousand series.
    items: Gauge<Shelf>,
}

static STORE: Store = Store::new();
catalog! { static METRICS = [HTTP, STORE]; }

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let (mut rounds, mut markdown) = (31, None);
    let mut arguments = std::env::args().skip(1);
    while let Some(option) = arguments.next() {
        let value = arguments.next();
        match (option.as_str(), value) {
            ("--rounds", Some(number)) => rounds = number.parse::<usize>()?.max(1),
            ("--markdown", Some(file)) => markdown = Some(file),
            _ => return Err(HELP.into()),
        }
    }
    // What cannot be written shall not be found out after the measuring.
    let page = markdown.as_ref().map(std::fs::read_to_string).transpose()?;

    STORE
        .items
        .with(Shelf {
            row: IntRange::clamped(7),
            column: IntRange::clamped(7),
        })
        .set(7);
    allow_many_files()?;
    let served = serve()?;
    let mut client = Client::connect(served.program)?;
    // The first requests open what later ones find open.
    client.ask_for(TURN)?;
    let mut measured = Vec::new();
    for round in 0..rounds {
        eprintln!("round {} of {rounds}", round + 1);
        measured.push(Round(measure(&mut client, served)?));
    }
    let table = report::markdown(&BURDENS.map(|burden| burden.name), &measured);
    print!("{table}");
    if let (Some(file), Some(page)) = (markdown, page) {
        let page = report::splice(&page, &table).ok_or_else(|| format!("{file} has no markers {BEGIN} and {END}"))?;
        std::fs::write(file, page)?;
    }
    Ok(())
}

/// A process may have 1024 files unless it asks for more; here both ends of each connection are files of this one.
fn allow_many_files() -> Result<(), Box<dyn Error>> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    Ok(setrlimit(Resource::Nofile, limit)?)
}

/// Each burden once.
fn measure(client: &mut Client, served: Served) -> Result<Vec<Times>, Box<dyn Error>> {
    BURDENS
        .iter()
        .map(|burden| {
            let stop = &AtomicBool::new(false);
            let idle = connect_idly(burden.idle, served.exporter)?;
            // What the last burden leaves behind is none of this one's.
            client.ask_for(TURN / 5)?;
            let times = thread::scope(|scope| {
                let scraping = burden
                    .pause
                    .map(|pause| scope.spawn(move || scrape(served.program, pause, stop)));
                let times = client.ask_for(TURN);
                stop.store(true, Ordering::Relaxed);
                if let Some(scraping) = scraping {
                    scraping.join().map_err(|_| "the scraper panicked")??;
                }
                Ok::<_, Box<dyn Error>>(times?)
            })?;
            drop(idle);
            Ok(Times::of(times))
        })
        .collect()
}

/// So many clients that say nothing, once the exporter has closed those that are more than it keeps: the oldest.
fn connect_idly(count: usize, exporter: SocketAddr) -> Result<Vec<TcpStream>, std::io::Error> {
    const KEPT: usize = 256;
    let clients = (0..count).map(|_| TcpStream::connect(exporter));
    let mut clients = clients.collect::<Result<Vec<_>, _>>()?;
    for client in clients.iter_mut().take(count.saturating_sub(KEPT)) {
        client.set_read_timeout(Some(Duration::from_secs(60)))?;
        assert_eq!(client.read(&mut [0])?, 0, "it says something");
    }
    Ok(clients)
}

/// Where the program answers, and where its metrics have an address of their own.
#[derive(Clone, Copy)]
struct Served {
    program: SocketAddr,
    exporter: SocketAddr,
}

fn serve() -> Result<Served, Box<dyn Error>> {
    let router = Router::new()
        .route("/nothing", get(|| async {}))
        .route("/metrics", Exporter::new(&METRICS).route())
        .layer(HttpLayer::new(&HTTP));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (listener, server) = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let server = Exporter::new(&METRICS).bind("127.0.0.1:0").await?;
        Ok::<_, Box<dyn Error>>((listener, server))
    })?;
    let served = Served {
        program: listener.local_addr()?,
        exporter: server.local_addr().ok_or("it has no address")?,
    };
    thread::spawn(move || {
        runtime.spawn(server.run());
        runtime.block_on(async { axum::serve(listener, router).await })
    });
    Ok(served)
}

/// Scrapes as Prometheus does, compressed, until it shall stop.
fn scrape(address: SocketAddr, pause: Duration, stop: &AtomicBool) -> Result<(), std::io::Error> {
    const REQUEST: &[u8] = b"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: application/openmetrics-text\r\n\
        Accept-Encoding: gzip\r\nConnection: close\r\n\r\n";
    let mut answer = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(REQUEST)?;
        answer.clear();
        stream.read_to_end(&mut answer)?;
        assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"), "no scrape");
        thread::sleep(pause);
    }
    Ok(())
}

/// Sends one request after the other on one connection.
struct Client(TcpStream);

impl Client {
    fn connect(address: SocketAddr) -> Result<Self, std::io::Error> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self(stream))
    }

    /// How long each request of a while took.
    fn ask_for(&mut self, while_: Duration) -> Result<Vec<Duration>, std::io::Error> {
        let (begin, mut times) = (Instant::now(), Vec::new());
        let mut answer = [0; 1024];
        while begin.elapsed() < while_ {
            let sent = Instant::now();
            self.0.write_all(b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")?;
            let mut length = 0;
            // It has no body: the empty line is its end.
            while !answer[..length].ends_with(b"\r\n\r\n") {
                match self.0.read(&mut answer[length..])? {
                    0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
                    read => length += read,
                }
            }
            times.push(sent.elapsed());
            assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"), "no answer");
        }
        Ok(times)
    }
}
