//! An exporter beside an application, over real connections: clients that harm, threads that come and go.

mod support;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use enumetrics::{
    Counter, Exporter, Format, Gauge, Histogram, InFlight, LabelValue, Secret, Summary, catalog, metric_family,
};
use support::http;
use tokio::runtime::Runtime;

#[derive(LabelValue, Clone, Copy)]
pub enum Side {
    Left,
    Right,
}

#[metric_family(namespace = "walk")]
pub struct Walk {
    /// Steps.
    pub steps_total: Counter<Side>,
    /// Waiting.
    pub waiting_seconds_total: Counter<Side, f64>,
    /// Seconds of a step.
    #[metric(buckets = [0.5, 1])]
    pub step_seconds: Histogram<Side>,
    /// Weight.
    pub weight_grams: Summary<Side>,
    /// Steps in the cells of all threads.
    #[metric(shared)]
    pub shared_steps_total: Counter,
    /// Who walks.
    pub walking: InFlight,
    /// Height.
    pub height_meters: Gauge,
}

pub static WALK: Walk = Walk::new();
catalog! { pub static METRICS = [WALK]; }

fn serve(exporter: Exporter) -> (Runtime, SocketAddr) {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(exporter.bind("127.0.0.1:0")).unwrap();
    let address = server.local_addr().unwrap();
    runtime.spawn(server.run());
    (runtime, address)
}

/// Each sample whose value may only grow.
fn growing(text: &str) -> BTreeMap<&str, f64> {
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    let samples = samples.map(|line| line.rsplit_once(' ').unwrap());
    let name = |series: &str| series.split('{').next().unwrap_or_default().to_owned();
    samples
        .filter(|(series, _)| {
            ["_total", "_bucket", "_count", "_sum"]
                .iter()
                .any(|suffix| name(series).ends_with(suffix))
        })
        .map(|(series, value)| (series, value.parse().unwrap()))
        .collect()
}

#[test]
fn no_counter_goes_backwards_over_http() {
    const THREADS: u64 = 60;
    const STEPS: u64 = 10_000;
    let (_runtime, address) = serve(Exporter::new(&METRICS));
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let scrapers: Vec<_> = [Format::Text, Format::OpenMetrics, Format::Text1]
            .into_iter()
            .map(|format| {
                let is_over = &is_over;
                scope.spawn(move || {
                    let (mut last, mut scrapes) = (String::new(), 0);
                    loop {
                        let was_over = is_over.load(Ordering::Relaxed);
                        let answer = http::get(address, "/metrics", &[("Accept", format.content_type())]);
                        assert_eq!(answer.status, 200);
                        let (before, now) = (growing(&last), growing(answer.text()));
                        assert_eq!(now.len(), METRICS.max_series() - 2, "all but the gauges");
                        for (series, value) in before {
                            assert!(now[series] >= value, "{series}: {value}, then {}", now[series]);
                        }
                        for side in ["left", "right"] {
                            let all = format!("walk_step_seconds_bucket{{side=\"{side}\",le=\"+Inf\"}}");
                            let count = format!("walk_step_seconds_count{{side=\"{side}\"}}");
                            assert_eq!(now[&*all], now[&*count]);
                        }
                        last = answer.text().to_owned();
                        scrapes += 1;
                        if was_over {
                            return (last, scrapes);
                        }
                    }
                })
            })
            .collect();
        // Four at a time, so that lanes are left and taken again.
        for _ in 0..THREADS / 4 {
            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        let _walking = WALK.walking.track();
                        for step in 0..STEPS {
                            let side = if step % 2 == 0 { Side::Left } else { Side::Right };
                            WALK.steps_total.with(side).inc();
                            WALK.waiting_seconds_total.with(side).inc_by(0.25);
                            WALK.step_seconds.with(side).observe(0.25 * (step % 8) as f64);
                            WALK.weight_grams.with(side).observe(3.0);
                            WALK.shared_steps_total.inc();
                        }
                    });
                }
            });
        }
        is_over.store(true, Ordering::Relaxed);
        for scraper in scrapers {
            let (last, scrapes) = scraper.join().unwrap();
            assert!(scrapes > 1);
            let last = growing(&last);
            let half = (THREADS * STEPS / 2) as f64;
            assert_eq!(last["walk_steps_total{side=\"left\"}"], half);
            assert_eq!(last["walk_waiting_seconds_total{side=\"right\"}"], half / 4.0);
            assert_eq!(last["walk_step_seconds_count{side=\"left\"}"], half);
            assert_eq!(last["walk_weight_grams_sum{side=\"right\"}"], half * 3.0);
            assert_eq!(last["walk_shared_steps_total"], half * 2.0);
        }
    });
}

/// A process may have 1024 files unless it asks for more.
fn allow_many_files() {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    #[allow(unsafe_code, reason = "there is no safe way to ask for it")]
    // SAFETY: both calls are given a limit that lives until they return.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit), 0);
        limit.rlim_cur = limit.rlim_max.min(4096);
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &limit), 0);
    }
}

#[test]
fn a_thousand_clients_that_do_nothing_right_harm_nobody() {
    allow_many_files();
    let exporter = Exporter::new(&METRICS)
        .basic_auth("prometheus", Secret::new("secret"))
        .unwrap();
    let (runtime, metrics) = serve(exporter);
    // The application, in the same runtime.
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let application = listener.local_addr().unwrap();
    let router = Router::new().route("/nothing", get(|| async { "nothing" }));
    runtime.spawn(async { axum::serve(listener, router).await.unwrap() });

    let long = "x".repeat(40_000);
    let sent = [
        // Nothing; a part of a head; a head that is too long; what is no request; a wrong secret; a scrape of
        // which nobody reads a byte.
        String::new(),
        "GET /metrics HTTP/1.1\r\nHost: x\r\nAuthor".to_owned(),
        format!("GET /metrics HTTP/1.1\r\nHost: x\r\nCookie: {long}\r\n\r\n"),
        "\u{0}\u{1}\u{2} nonsense\r\n\r\n".to_owned(),
        "GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Basic \u{fffd}\r\nAccept: ;;q=,\r\n\r\n".to_owned(),
        "GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Basic cHJvbWV0aGV1czpzZWNyZXQ=\r\n\r\n".to_owned(),
    ];
    let clients: Vec<_> = (0..1000)
        .map(|number| {
            let mut client = TcpStream::connect(metrics).unwrap();
            client.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
            // The server may have closed it already, which is its good right.
            let _ = client.write_all(sent[number % sent.len()].as_bytes());
            client
        })
        .collect();

    let right = [("Authorization", "Basic cHJvbWV0aGV1czpzZWNyZXQ=")];
    let mut slowest = Duration::ZERO;
    for _ in 0..50 {
        let scrape = http::get(metrics, "/metrics", &right);
        assert_eq!(scrape.status, 200);
        assert!(scrape.text().contains("\nwalk_height_meters 0\n"));
        let began = Instant::now();
        assert_eq!(http::get(application, "/nothing", &[]).text(), "nothing");
        slowest = slowest.max(began.elapsed());
    }
    // A wrong secret is answered after half a second: who asks for something else does not wait for that.
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    assert_eq!(http::get(metrics, "/metrics", &[]).status, 401);
    drop(clients);
    assert_eq!(http::get(metrics, "/metrics", &right).status, 200);
}

#[test]
fn one_address_speaks_both_versions_of_http() {
    use axum::http::{Request, Version};
    use http_body_util::{BodyExt as _, Empty};
    use hyper::body::Bytes;
    use hyper_util::rt::{TokioExecutor, TokioIo};

    let exporter = Exporter::new(&METRICS).bearer_token(Secret::new("token")).unwrap();
    let (runtime, address) = serve(exporter);
    let right = [("Authorization", "Bearer token")];
    let first = http::get(address, "/metrics", &right);
    assert_eq!(first.status, 200);
    runtime.block_on(async {
        let stream = TokioIo::new(tokio::net::TcpStream::connect(address).await.unwrap());
        let (mut client, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream)
            .await
            .unwrap();
        tokio::spawn(connection);
        // Several at once on one connection.
        let asked: Vec<_> = [Some("Bearer token"), None, Some("Bearer token")]
            .into_iter()
            .map(|secret| {
                let mut request = Request::get(format!("http://{address}/metrics"));
                if let Some(secret) = secret {
                    request = request.header("authorization", secret);
                }
                client.send_request(request.body(Empty::<Bytes>::new()).unwrap())
            })
            .collect();
        let mut statuses = Vec::new();
        for answer in asked {
            let answer = answer.await.unwrap();
            assert_eq!(answer.version(), Version::HTTP_2);
            statuses.push(answer.status().as_u16());
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            if statuses.last() == Some(&200) {
                assert!(
                    std::str::from_utf8(&body)
                        .unwrap()
                        .ends_with("\nwalk_height_meters 0\n")
                );
            }
        }
        assert_eq!(statuses, [200, 401, 200]);
    });
}
