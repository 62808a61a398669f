//! Measures how long an endpoint that does nothing takes to answer while the program is scraped, beside the same without
//! a scrape: in one process, in turn, over real connections.

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

use self::report::{BEGIN, END, Round, Times};

const HELP: &str = "\
cargo run --release -p enumetrics-latency -- [OPTION...]

  --rounds N       how often each pace of scrapes is measured; medians are over the rounds (31)
  --markdown FILE  replaces the table between the markers in FILE
";

/// How long one pace is measured before the next one's turn.
const TURN: Duration = Duration::from_millis(500);

/// How often the program is scraped: not at all; a hundred times as often as Prometheus usually does; and the next scrape
/// as soon as there is the last.
const PACES: [(&str, Option<Duration>); 3] = [
    ("no scrape", None),
    ("ten scrapes a second", Some(Duration::from_millis(100))),
    ("one scrape after the other", Some(Duration::ZERO)),
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
    let address = serve()?;
    let mut client = Client::connect(address)?;
    // The first requests open what later ones find open.
    client.ask_for(TURN)?;
    let mut measured = Vec::new();
    for round in 0..rounds {
        eprintln!("round {} of {rounds}", round + 1);
        measured.push(Round(measure(&mut client, address)?));
    }
    let table = report::markdown(&PACES.map(|(name, _)| name), &measured);
    print!("{table}");
    if let (Some(file), Some(page)) = (markdown, page) {
        let page = report::splice(&page, &table).ok_or_else(|| format!("{file} has no markers {BEGIN} and {END}"))?;
        std::fs::write(file, page)?;
    }
    Ok(())
}

/// Each pace once.
fn measure(client: &mut Client, address: SocketAddr) -> Result<Vec<Times>, Box<dyn Error>> {
    PACES
        .iter()
        .map(|(_, pace)| {
            let stop = &AtomicBool::new(false);
            thread::scope(|scope| {
                let scraping = pace.map(|pause| scope.spawn(move || scrape(address, pause, stop)));
                let times = client.ask_for(TURN);
                stop.store(true, Ordering::Relaxed);
                if let Some(scraping) = scraping {
                    scraping.join().map_err(|_| "the scraper panicked")??;
                }
                Ok(Times::of(times?))
            })
        })
        .collect()
}

fn serve() -> Result<SocketAddr, Box<dyn Error>> {
    let router = Router::new()
        .route("/nothing", get(|| async {}))
        .route("/metrics", Exporter::new(&METRICS).route())
        .layer(HttpLayer::new(&HTTP));
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    thread::spawn(move || {
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            axum::serve(listener, router).await
        })
    });
    Ok(address)
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
