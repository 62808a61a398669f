//! Proves what the other tests stand on: that `support` starts real servers, and tells the truth about what they see.
mod support;

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use support::http;
use support::prometheus::{Prometheus, Release, Scrape, promtool};

const USER: &str = "scraper";
const PASSWORD: &str = "open sesame";
/// `scraper:open sesame`
const AUTHORIZATION: &str = "Basic c2NyYXBlcjpvcGVuIHNlc2FtZQ==";

const EXPOSITION: &str = r#"# HELP demo_requests_total Requests.
# TYPE demo_requests_total counter
demo_requests_total{path="/a \"quoted\" path",status="ok"} 42
demo_requests_total{path="/b",status="error"} 3
# HELP demo_temperature Temperature.
# TYPE demo_temperature gauge
demo_temperature{edge="inf"} +Inf
demo_temperature{edge="nan"} NaN
"#;

#[test]
fn stable_server_tells_what_it_scraped() {
    tells_what_it_scraped(Release::Stable);
}

#[test]
fn current_server_tells_what_it_scraped() {
    tells_what_it_scraped(Release::Current);
}

fn tells_what_it_scraped(release: Release) {
    let site = Site::serving(EXPOSITION);
    let prometheus = Prometheus::start(release, &[Scrape::new("demo", site.address).basic_auth(USER, PASSWORD)]);
    prometheus.wait_until_scraped();

    let samples = prometheus.query("demo_requests_total{status=\"ok\"}");
    let [(labels, value)] = samples.as_slice() else {
        panic!("not one sample: {samples:?}")
    };
    let labels: Vec<_> = labels
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let instance = site.address.to_string();
    assert_eq!(
        labels,
        [
            ("__name__", "demo_requests_total"),
            ("instance", instance.as_str()),
            ("job", "demo"),
            ("path", "/a \"quoted\" path"),
            ("status", "ok"),
        ]
    );
    assert_eq!(*value, 42.0);
    assert_eq!(number(&prometheus, "sum(demo_requests_total)"), 45.0);
    assert_eq!(number(&prometheus, "demo_temperature{edge=\"inf\"}"), f64::INFINITY);
    assert!(number(&prometheus, "demo_temperature{edge=\"nan\"}").is_nan());
    assert_eq!(number(&prometheus, "scalar(sum(demo_requests_total)) + 1"), 46.0);
    assert_eq!(prometheus.query("demo_requests_total{status=\"other\"}"), []);
    let refused = prometheus.try_query("sum(").unwrap_err();
    assert!(refused.contains("parse error"), "{refused}");

    let targets = prometheus.targets();
    let [target] = targets.as_slice() else {
        panic!("not one target: {targets:?}")
    };
    assert_eq!(
        (target.job.as_str(), target.instance.as_str()),
        ("demo", instance.as_str())
    );
    assert_eq!((target.health.as_str(), target.last_error.as_str()), ("up", ""));
}

#[test]
fn stable_server_has_what_was_true_before_the_wait() {
    has_what_was_true_before_the_wait(Release::Stable);
}

#[test]
fn current_server_has_what_was_true_before_the_wait() {
    has_what_was_true_before_the_wait(Release::Current);
}

fn has_what_was_true_before_the_wait(release: Release) {
    let site = Site::serving("demo_value 0\n");
    let other = Site::serving("demo_other 0\n");
    // Often, and with the two out of step, so that a wait that returns a scrape too early is caught.
    let often = Duration::from_millis(200);
    let prometheus = Prometheus::start(
        release,
        &[
            Scrape::new("demo", site.address)
                .basic_auth(USER, PASSWORD)
                .every(often),
            Scrape::new("other", other.address)
                .basic_auth(USER, PASSWORD)
                .every(often * 2),
        ],
    );
    for value in 1..=10 {
        site.serve(&format!("demo_value {value}\n"));
        other.serve(&format!("demo_other {value}\n"));
        prometheus.wait_until_scraped();
        // Both jobs, the slower as well as the faster; over time, because a later scrape may fail and hide the sample.
        assert_eq!(number(&prometheus, "last_over_time(demo_value[1m])"), f64::from(value));
        assert_eq!(number(&prometheus, "last_over_time(demo_other[1m])"), f64::from(value));
    }
}

#[test]
fn stable_server_is_turned_away_with_a_wrong_password() {
    is_turned_away_with_a_wrong_password(Release::Stable);
}

#[test]
fn current_server_is_turned_away_with_a_wrong_password() {
    is_turned_away_with_a_wrong_password(Release::Current);
}

fn is_turned_away_with_a_wrong_password(release: Release) {
    let site = Site::serving(EXPOSITION);
    let prometheus = Prometheus::start(release, &[Scrape::new("demo", site.address).basic_auth(USER, "guess")]);
    prometheus.wait_until("the target is down", || {
        prometheus.targets().iter().any(|target| target.health == "down")
    });

    let error = &prometheus.targets()[0].last_error;
    assert!(error.contains("401"), "{error}");
    assert_eq!(prometheus.query("demo_requests_total"), []);
}

#[test]
fn a_stopped_server_leaves_nothing() {
    for release in Release::ALL {
        let prometheus = Prometheus::start(release, &[]);
        let (address, directory) = (prometheus.address(), prometheus.directory().to_owned());
        assert!(directory.join("prometheus.yml").is_file());
        prometheus.stop();
        assert!(TcpStream::connect(address).is_err());
        assert!(!directory.exists());
    }
}

#[test]
#[should_panic(expected = "its stderr")]
fn a_server_that_does_not_start_says_why() {
    let site = Site::serving("");
    // No job has an empty name.
    Prometheus::start(Release::Current, &[Scrape::new("", site.address)]);
}

#[test]
fn promtool_is_of_the_release_that_was_asked_for() {
    for (release, version) in [(Release::Stable, "version 2.42."), (Release::Current, "version 3.")] {
        let output = promtool(release, &["--version"], "");
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && text.contains(version), "{output:?}");
    }
}

#[test]
fn promtool_reads_its_input_and_gives_its_verdict() {
    for release in Release::ALL {
        let good = promtool(release, &["check", "metrics"], EXPOSITION);
        assert!(good.status.success(), "{good:?}");
        let bad = promtool(release, &["check", "metrics"], "demo_requests_total{ 42\n");
        assert!(!bad.status.success(), "{bad:?}");
    }
}

#[test]
fn http_client_joins_chunks_and_sees_what_is_cut_off() {
    let answer = |raw: &'static str| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let head = read_head(&mut stream);
            stream.write_all(raw.as_bytes()).unwrap();
            head
        });
        let response = http::request(address, "GET", "/x", &[("Accept", "text/plain")], None);
        (response, server.join().unwrap())
    };

    let (response, head) = answer(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b:c\r\n\r\n3;e=1\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: u\r\n\r\n",
    );
    let response = response.unwrap();
    assert_eq!((response.status, response.text()), (200, "abc0123456789"));
    assert_eq!(response.header("x-a"), Some("b:c"));
    assert_eq!(head[0], "GET /x HTTP/1.1");
    assert!(
        head.contains(&"Accept: text/plain".to_owned()) && head.contains(&"Connection: close".to_owned()),
        "{head:?}"
    );

    let (response, _) = answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcdefg");
    assert_eq!(response.unwrap().text(), "abcde");
    let (response, _) = answer("HTTP/1.1 503 No\r\n\r\nuntil the end");
    assert_eq!(response.unwrap().text(), "until the end");
    let (response, _) = answer("HTTP/1.1 204 No Content\r\n\r\n");
    assert_eq!(response.unwrap().text(), "");

    for cut_off in [
        "",
        "HTTP/1.1 200 OK\r\nContent-Len",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
    ] {
        let (response, _) = answer(cut_off);
        assert!(response.is_err(), "{cut_off:?} gave {response:?}");
    }
}

#[test]
fn http_client_posts_json() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut input = BufReader::new(stream.try_clone().unwrap());
        let mut length = 0;
        let mut json = false;
        loop {
            let mut line = String::new();
            input.read_line(&mut line).unwrap();
            match line.trim_end() {
                "" => break,
                "Content-Type: application/json" => json = true,
                line => {
                    if let Some(value) = line.strip_prefix("Content-Length: ") {
                        length = value.parse().unwrap();
                    }
                }
            }
        }
        assert!(json);
        let mut body = vec![0; length];
        std::io::Read::read_exact(&mut input, &mut body).unwrap();
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").unwrap();
        stream.write_all(&body).unwrap();
    });
    let body = serde_json::json!({ "name": "Ada \u{1f980}", "n": [1, 2] });
    assert_eq!(http::post_json(address, "/verify", &body).json(), body);
    server.join().unwrap();
}

#[test]
fn query_strings_are_encoded_byte_by_byte() {
    assert_eq!(http::encode("a{b=\"c d\"}+é~"), "a%7Bb%3D%22c%20d%22%7D%2B%C3%A9~");
}

fn number(prometheus: &Prometheus, promql: &str) -> f64 {
    match prometheus.query(promql).as_slice() {
        [(_, value)] => *value,
        samples => panic!("{promql} is not one sample: {samples:?}"),
    }
}

/// A site that shows one page to whoever has the password, until it is dropped.
struct Site {
    address: SocketAddr,
    page: Arc<Mutex<String>>,
    closing: Arc<AtomicBool>,
    server: Option<JoinHandle<()>>,
}

impl Site {
    fn serving(page: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let page = Arc::new(Mutex::new(page.to_owned()));
        let closing = Arc::new(AtomicBool::new(false));
        let server = std::thread::spawn({
            let (page, closing) = (Arc::clone(&page), Arc::clone(&closing));
            move || {
                while let Ok((stream, _)) = listener.accept() {
                    if closing.load(Ordering::SeqCst) {
                        break;
                    }
                    let page = page.lock().unwrap().clone();
                    answer(stream, &page);
                }
            }
        });
        Self {
            address,
            page,
            closing,
            server: Some(server),
        }
    }

    fn serve(&self, page: &str) {
        page.clone_into(&mut self.page.lock().unwrap());
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::SeqCst);
        // Wakes `accept`.
        _ = TcpStream::connect(self.address);
        _ = self.server.take().map(JoinHandle::join);
    }
}

/// Errors are the client's: it hung up, and does not wait for an answer.
fn answer(mut stream: TcpStream, page: &str) {
    let head = read_head(&mut stream);
    let known = head
        .iter()
        .any(|line| line.strip_prefix("Authorization: ") == Some(AUTHORIZATION));
    let (status, page) = if known {
        ("200 OK", page)
    } else {
        ("401 Unauthorized", "")
    };
    _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
        page.len()
    );
}

fn read_head(stream: &mut TcpStream) -> Vec<String> {
    BufReader::new(stream)
        .lines()
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
        .collect()
}
