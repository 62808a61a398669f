//! The exporter over real sockets, and as a route.
//!
//! Requests are written byte by byte, so that they can be wrong; no client library hides anything.

use std::net::SocketAddr;
use std::time::Duration;

use enumetrics_runtime::{Catalog, Exporter, ExporterError, Format, Secret};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Much longer than anything here takes, so that only a hang fails.
const LONG: Duration = Duration::from_secs(60);

const GET: &str = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
const GET_AND_CLOSE: &str = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

/// The catalog of these tests, which has one counter `requests_total`. The macros write this for users.
fn catalog() -> &'static Catalog<'static> {
    use enumetrics_runtime::__private::Reading;
    use enumetrics_runtime::{Counter, Descriptor, Kind, Metric as _, MetricFamily};

    struct Requests(Counter);

    impl MetricFamily for Requests {
        const DESCRIPTORS: &'static [Descriptor] =
            &[Descriptor::new("requests_total", "Requests.", Kind::Counter, &[])];

        fn read(&self, visit: &mut dyn FnMut(&'static Descriptor, Reading<'_>)) {
            visit(&Self::DESCRIPTORS[0], self.0.read());
        }
    }

    static REQUESTS: Requests = Requests(Counter::new());
    static CATALOG: Catalog<'static> = Catalog::__new(&[&REQUESTS], &[Requests::DESCRIPTORS]);
    &CATALOG
}

/// A server that runs until it is dropped.
struct Running {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Running {
    async fn start(exporter: Exporter) -> Self {
        let server = exporter.bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr().unwrap();
        let task = tokio::spawn(server.run());
        Self { address, task }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends `request` on a new connection and reads until the server closes it.
    async fn talk(&self, request: &str) -> Response {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        let read = timeout(LONG, stream.read_to_end(&mut bytes)).await;
        read.expect("the server closes the connection").unwrap();
        Response::parse(&bytes)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Debug)]
struct Response {
    status_line: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Response {
    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").expect("a whole head");
        let mut lines = head.split("\r\n");
        let status_line = lines.next().unwrap().to_owned();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value.to_owned())
        });
        Self {
            status_line,
            headers: headers.collect(),
            body: body.to_owned(),
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(other, _)| other == name);
        let value = values.next().map(|(_, value)| &**value);
        assert!(values.next().is_none(), "{name} occurs twice");
        value
    }

    fn status(&self) -> u16 {
        let code = self.status_line.split(' ').nth(1).unwrap();
        code.parse().unwrap()
    }

    #[track_caller]
    fn assert_whole_scrape(&self) {
        assert_eq!(self.status(), 200, "{self:?}");
        assert_eq!(
            self.header("content-type"),
            Some("text/plain; version=0.0.4; charset=utf-8")
        );
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert_eq!(self.header("content-length"), Some(&*self.body.len().to_string()));
        assert!(self.body.starts_with(&catalog().render()), "{}", self.body);
        assert!(self.body.ends_with('\n'));
    }
}

/// One response with a `Content-Length` from a connection that stays open.
async fn read_one(stream: &mut TcpStream) -> Response {
    let read = async {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            bytes.push(stream.read_u8().await.unwrap());
        }
        let mut response = Response::parse(&bytes);
        let length = response.header("content-length").unwrap().parse().unwrap();
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        response.body = String::from_utf8(body).unwrap();
        response
    };
    timeout(LONG, read).await.expect("a whole response")
}

#[tokio::test]
async fn get_answers_with_the_whole_catalog() {
    let server = Running::start(Exporter::new(catalog())).await;
    let response = server.talk(GET_AND_CLOSE).await;
    assert_eq!(response.status_line, "HTTP/1.1 200 OK");
    response.assert_whole_scrape();
    assert_eq!(response.body, catalog().render());
}

#[tokio::test]
async fn the_client_gets_the_format_that_it_asks_for() {
    let server = Running::start(Exporter::new(catalog())).await;
    for (accept, format) in [
        (
            "application/openmetrics-text;version=1.0.0;q=0.9,text/plain;q=0.5",
            Format::OpenMetrics,
        ),
        ("text/plain;version=1.0.0", Format::Text1),
        ("text/plain", Format::Text),
    ] {
        let request = GET_AND_CLOSE.replace("Host: x", &format!("Host: x\r\nAccept: {accept}"));
        let response = server.talk(&request).await;
        assert_eq!(response.header("content-type"), Some(format.content_type()));
        assert_eq!(response.body, catalog().render_as(format));
        assert_eq!(
            response.header("content-length"),
            Some(&*response.body.len().to_string())
        );
    }
}

#[tokio::test]
async fn the_query_asks_for_families_and_nothing_else() {
    let server = Running::start(Exporter::new(catalog())).await;
    for target in [
        "/metrics?",
        "/metrics?names=x&y",
        "/metrics?name[]=requests_total",
        "http://any.host/metrics",
    ] {
        let request = GET_AND_CLOSE.replace("/metrics", target);
        server.talk(&request).await.assert_whole_scrape();
    }
    let request = GET_AND_CLOSE.replace("/metrics", "/metrics?name[]=x");
    let response = server.talk(&request).await;
    assert_eq!((response.status(), &*response.body), (200, ""));
}

#[tokio::test]
async fn head_answers_with_the_headers_of_get_and_no_body() {
    let server = Running::start(Exporter::new(catalog())).await;
    let response = server.talk(&GET_AND_CLOSE.replace("GET", "HEAD")).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.body, "");
    assert_eq!(
        response.header("content-length"),
        Some(&*catalog().render().len().to_string())
    );
}

#[tokio::test]
async fn other_methods_and_paths_are_told_what_to_do() {
    let server = Running::start(Exporter::new(catalog())).await;
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "BREW"] {
        let response = server.talk(&GET_AND_CLOSE.replace("GET", method)).await;
        assert_eq!(response.status(), 405, "{method}");
        assert_eq!(response.header("allow"), Some("GET, HEAD"));
    }
    for path in ["/nothing", "/metrics/", "/metric", "/healthy?to=/metrics"] {
        let response = server.talk(&GET_AND_CLOSE.replace("/metrics", path)).await;
        assert_eq!(response.status(), 404, "{path}");
        assert!(response.body.contains("/metrics"), "{}", response.body);
    }
}

#[tokio::test]
async fn malformed_requests_get_400_and_harm_nobody() {
    let server = Running::start(Exporter::new(catalog())).await;
    for request in [
        "hello\r\n\r\n",
        "GET /metrics\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nno colon\r\n\r\n",
        "GET  /metrics HTTP/1.1\r\n\r\n",
        "\u{0}\u{1}\u{2}\r\n\r\n",
    ] {
        assert_eq!(server.talk(request).await.status(), 400, "{request:?}");
    }
    server.talk(GET_AND_CLOSE).await.assert_whole_scrape();
}

#[tokio::test]
async fn http_1_0_is_answered_and_closed() {
    let server = Running::start(Exporter::new(catalog())).await;
    let response = server.talk("GET /metrics HTTP/1.0\r\n\r\n").await;
    assert_eq!(response.status_line, "HTTP/1.0 200 OK");
    response.assert_whole_scrape();
}

#[tokio::test]
async fn a_connection_serves_request_after_request() {
    let server = Running::start(Exporter::new(catalog())).await;
    let mut stream = server.connect().await;
    for _ in 0..3 {
        stream.write_all(GET.as_bytes()).await.unwrap();
        read_one(&mut stream).await.assert_whole_scrape();
    }
    // A refusal does not end the connection either.
    let elsewhere = GET.replace("/metrics", "/nothing");
    stream.write_all(elsewhere.as_bytes()).await.unwrap();
    assert_eq!(read_one(&mut stream).await.status(), 404);
    stream.write_all(GET.as_bytes()).await.unwrap();
    read_one(&mut stream).await.assert_whole_scrape();
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let server = Running::start(Exporter::new(catalog())).await;
    let mut stream = server.connect().await;
    let requests = [GET, &GET.replace("/metrics", "/nothing"), GET].concat();
    stream.write_all(requests.as_bytes()).await.unwrap();
    read_one(&mut stream).await.assert_whole_scrape();
    assert_eq!(read_one(&mut stream).await.status(), 404);
    read_one(&mut stream).await.assert_whole_scrape();
}

#[tokio::test]
async fn a_request_that_arrives_in_pieces_is_answered() {
    let server = Running::start(Exporter::new(catalog())).await;
    let mut stream = server.connect().await;
    stream.set_nodelay(true).unwrap();
    for byte in GET.as_bytes() {
        stream.write_all(&[*byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    read_one(&mut stream).await.assert_whole_scrape();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_clients_at_once_get_whole_answers() {
    let server = Running::start(Exporter::new(catalog())).await;
    let clients: Vec<_> = (0..50)
        .map(|_| {
            let address = server.address;
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                for _ in 0..4 {
                    stream.write_all(GET.as_bytes()).await.unwrap();
                    read_one(&mut stream).await.assert_whole_scrape();
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
}

#[tokio::test]
async fn credentials_are_asked_for_and_checked() {
    let exporter = Exporter::new(catalog())
        .basic_auth("prometheus", Secret::new("secret"))
        .unwrap();
    let server = Running::start(exporter).await;
    let with = |authorization: &str| GET_AND_CLOSE.replace("Host: x", &format!("Host: x\r\n{authorization}"));
    // prometheus:secret
    for right in [
        "Authorization: Basic cHJvbWV0aGV1czpzZWNyZXQ=",
        "authorization:   basic cHJvbWV0aGV1czpzZWNyZXQ=  ",
    ] {
        server.talk(&with(right)).await.assert_whole_scrape();
    }
    let mut bodies = Vec::new();
    for wrong in [
        "X: no header at all",
        "Authorization: Basic cHJvbWV0aGV1czpzZWNyZXR=",
        "Authorization: Basic cHJvbWV0aGV1czpzZWNyZXQ",
        "Authorization: Bearer cHJvbWV0aGV1czpzZWNyZXQ=",
        "Authorization: nonsense",
    ] {
        let response = server.talk(&with(wrong)).await;
        assert_eq!(response.status(), 401, "{wrong}");
        assert_eq!(
            response.header("www-authenticate"),
            Some("Basic realm=\"metrics\", charset=\"UTF-8\"")
        );
        assert!(!response.body.contains("requests_total"), "{}", response.body);
        bodies.push(response.body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    // HEAD tells no more than GET.
    let head = with("X: y").replace("GET", "HEAD");
    assert_eq!(server.talk(&head).await.status(), 401);
}

#[tokio::test]
async fn credentials_that_cannot_be_sent_are_refused_before_anything_is_served() {
    let error = Exporter::new(catalog())
        .basic_auth("team:prometheus", Secret::new("secret"))
        .unwrap_err();
    assert!(matches!(error, ExporterError::UserName { .. }));
    assert_eq!(
        error.to_string(),
        "the user name \"team:prometheus\" contains a colon, which ends the user name in HTTP \
         Basic authentication; choose another one"
    );
}

#[tokio::test]
async fn an_address_in_use_is_named_with_a_way_out() {
    let server = Running::start(Exporter::new(catalog())).await;
    let error = Exporter::new(catalog()).bind(server.address).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "cannot listen on {}: address in use; stop the program that holds it or choose another \
             address",
            server.address
        )
    );
}

#[tokio::test]
async fn what_is_no_address_is_named_with_an_example() {
    for address in ["9464", "", "127.0.0.1"] {
        let error = Exporter::new(catalog()).bind(address).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "cannot listen on {address}: not an address; write host and port, such as \
                 127.0.0.1:9464"
            )
        );
    }
    // An address of nobody (RFC 5737).
    let error = Exporter::new(catalog()).bind("192.0.2.1:9464").await.unwrap_err();
    assert!(
        error.to_string().contains("192.0.2.1:9464: no network interface"),
        "{error}"
    );
}

#[tokio::test]
async fn a_shutdown_closes_idle_connections_and_the_listener() {
    let server = Exporter::new(catalog()).bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(server.run_until(stopped));

    let mut used = TcpStream::connect(address).await.unwrap();
    used.write_all(GET.as_bytes()).await.unwrap();
    read_one(&mut used).await.assert_whole_scrape();
    let mut fresh = TcpStream::connect(address).await.unwrap();

    stop.send(()).unwrap();
    // Less than the 10 seconds that running requests would get.
    timeout(Duration::from_secs(9), running)
        .await
        .expect("nothing runs, so nothing is waited for")
        .unwrap();
    for stream in [&mut used, &mut fresh] {
        let mut rest = Vec::new();
        // A connection that was not yet accepted is reset.
        let _ = stream.read_to_end(&mut rest).await;
        assert_eq!(rest, b"");
    }
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_shutdown_before_the_first_request_ends_at_once() {
    let server = Exporter::new(catalog()).bind("127.0.0.1:0").await.unwrap();
    timeout(LONG, server.run_until(async {})).await.unwrap();
}

/// The test starts itself again, in a process that may have few open files.
#[cfg(target_os = "linux")]
#[test]
fn exhausted_file_descriptors_are_waited_out() {
    const NAME: &str = "exhausted_file_descriptors_are_waited_out";
    const CHILD: &str = "ENUMETRICS_TEST_FEW_FILES";

    if std::env::var_os(CHILD).is_some() {
        return in_a_process_with_few_files();
    }
    let said = in_a_process_of_its_own(NAME, CHILD, 64);
    assert!(said.contains("answered after the shortage"), "{said}");
}

/// Runs a test once more in a process that may have so many files open, and which finds this variable; what it said.
#[cfg(target_os = "linux")]
fn in_a_process_of_its_own(test: &str, variable: &str, files: usize) -> String {
    let output = std::process::Command::new("sh")
        .args([
            "-c",
            &format!("ulimit -n {files} && exec \"$0\" --exact \"$1\" --nocapture"),
        ])
        .arg(std::env::current_exe().unwrap())
        .arg(test)
        .env(variable, "1")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "`ulimit -n {files}` and the test in it, which the hard limit (`ulimit -Hn`) must allow: {output:?}"
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A thousand clients that connect and say nothing, or half a head.
#[cfg(target_os = "linux")]
#[test]
fn a_thousand_idle_connections_harm_neither_scrapes_nor_the_program() {
    const NAME: &str = "a_thousand_idle_connections_harm_neither_scrapes_nor_the_program";
    const CHILD: &str = "ENUMETRICS_TEST_IDLE_CONNECTIONS";

    if std::env::var_os(CHILD).is_some() {
        return under_a_thousand_idle_connections();
    }
    // Both ends of each connection are in one process.
    let said = in_a_process_of_its_own(NAME, CHILD, 3_000);
    assert!(said.contains("answered beside a thousand"), "{said}");
}

#[cfg(target_os = "linux")]
fn under_a_thousand_idle_connections() {
    use std::fs;
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};

    /// As `Server` documents.
    const MOST: usize = 256;
    const IDLE: usize = 1_000;

    // One thread for the exporter and what else the program does.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let server = runtime.block_on(Running::start(Exporter::new(catalog())));
    let application = TcpListener::bind("127.0.0.1:0").unwrap();
    application.set_nonblocking(true).unwrap();
    let application_address = application.local_addr().unwrap();
    runtime.spawn(async move {
        let application = tokio::net::TcpListener::from_std(application).unwrap();
        while let Ok((mut client, _)) = application.accept().await {
            client.write_all(b"ok").await.unwrap();
        }
    });
    let ask_both = || {
        let mut client = TcpStream::connect(server.address).unwrap();
        client.set_read_timeout(Some(LONG)).unwrap();
        client.write_all(GET_AND_CLOSE.as_bytes()).unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).unwrap();
        Response::parse(&answer).assert_whole_scrape();
        let mut client = TcpStream::connect(application_address).unwrap();
        client.set_read_timeout(Some(LONG)).unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "ok");
    };
    let resident_kib = || {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
    };

    ask_both();
    let before = resident_kib();
    let mut clients = Vec::new();
    for client in 0..IDLE {
        let mut stream = TcpStream::connect(server.address).unwrap();
        if client % 2 == 0 {
            stream.write_all(b"GET /metrics HTTP/1.1\r\nHost:").unwrap();
        }
        clients.push(stream);
        if client % 100 == 0 {
            ask_both();
        }
    }
    (0..20).for_each(|_| ask_both());
    let grown = resident_kib().saturating_sub(before);
    // A connection holds a few KiB; each one's buffers may be as large as a head.
    assert!(grown < 64 * 1024, "{grown} KiB more");
    // The server's ends of the others are closed.
    let is_open = |mut client: &TcpStream| {
        client.set_nonblocking(true).unwrap();
        matches!(client.read(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
    };
    let open = clients.iter().filter(|client| is_open(client)).count();
    assert!((1..=MOST).contains(&open), "{open} are open");
    println!("answered beside a thousand");
}

#[cfg(target_os = "linux")]
fn in_a_process_with_few_files() {
    use std::fs::{self, File};
    use std::io::{Read as _, Write as _};

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(Running::start(Exporter::new(catalog())));
    let mut files = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        files.push(file);
    }
    // One descriptor for our end; none is left for the server's.
    files.pop();
    let mut client = std::net::TcpStream::connect(server.address).unwrap();
    client.write_all(GET_AND_CLOSE.as_bytes()).unwrap();
    client.set_read_timeout(Some(Duration::from_millis(1500))).unwrap();
    assert!(client.read(&mut [0]).is_err(), "there was no shortage");

    drop(files);
    client.set_read_timeout(Some(LONG)).unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    Response::parse(&answer).assert_whole_scrape();

    // 14th and 15th field: ticks of 10 ms in user and kernel mode. Spinning takes 1.5 s of them.
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let ticks = fields.split(' ').skip(11).take(2);
    let ticks: u64 = ticks.map(|field| field.parse::<u64>().unwrap()).sum();
    assert!(ticks < 75, "accepting spins: {ticks} ticks");
    println!("answered after the shortage");
}

#[cfg(feature = "prometheus")]
mod foreign {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex, mpsc};

    use prometheus::{IntCounter, IntGaugeVec, Opts, PullingGauge, Registry};

    use super::*;

    fn registry_of(collector: impl prometheus::core::Collector + 'static) -> Registry {
        let registry = Registry::new();
        registry.register(Box::new(collector)).unwrap();
        registry
    }

    fn pulled(value: impl Fn() -> f64 + Send + Sync + 'static) -> Registry {
        registry_of(PullingGauge::new("pulled", "Pulled.", Box::new(value)).unwrap())
    }

    #[tokio::test]
    async fn registries_follow_the_catalog() {
        let registry = pulled(|| 2.5);
        let late = registry.clone();
        let server = Running::start(Exporter::new(catalog()).registry(&registry)).await;
        // Registered after the start, exported all the same.
        let counter = IntCounter::new("late_total", "Late.").unwrap();
        late.register(Box::new(counter.clone())).unwrap();
        counter.inc();
        let response = server.talk(GET_AND_CLOSE).await;
        response.assert_whole_scrape();
        let rest = response.body.strip_prefix(&catalog().render()).unwrap();
        assert_eq!(
            rest,
            "# HELP late_total Late.\n# TYPE late_total counter\nlate_total 1\n\
             # HELP pulled Pulled.\n# TYPE pulled gauge\npulled 2.5\n"
        );
    }

    #[tokio::test]
    async fn a_family_of_the_catalogs_name_is_left_out_and_said_so() {
        let registry = registry_of(IntCounter::new("requests_total", "Another.").unwrap());
        let server = Running::start(Exporter::new(catalog()).registry(&registry)).await;
        let response = server.talk(GET_AND_CLOSE).await;
        response.assert_whole_scrape();
        let rest = response.body.strip_prefix(&catalog().render()).unwrap();
        assert_eq!(
            rest,
            "# enumetrics: left out family \"requests_total\" of registry 1: the catalog exports \
             requests_total\n"
        );
    }

    #[tokio::test]
    async fn a_panicking_collector_costs_its_registry() {
        let panics = Arc::new(AtomicBool::new(true));
        let seen = Arc::clone(&panics);
        let registry = pulled(move || {
            assert!(!seen.load(Ordering::Relaxed), "in a collector, on purpose");
            1.0
        });
        let server = Running::start(Exporter::new(catalog()).registry(&registry)).await;
        let mut stream = server.connect().await;
        for _ in 0..10 {
            stream.write_all(GET.as_bytes()).await.unwrap();
            let response = read_one(&mut stream).await;
            response.assert_whole_scrape();
            let said = response.body.lines().last().unwrap();
            assert!(
                said.starts_with("# enumetrics: left out registry 1: a collector panicked"),
                "{said}"
            );
            assert!(!response.body.contains("on purpose"), "{}", response.body);
        }
        panics.store(false, Ordering::Relaxed);
        stream.write_all(GET.as_bytes()).await.unwrap();
        let response = read_one(&mut stream).await;
        response.assert_whole_scrape();
        assert!(response.body.ends_with("\npulled 1\n"));
    }

    /// A collector that says when it runs, and ends when it is told to.
    fn slow() -> (Registry, mpsc::Receiver<()>, mpsc::Sender<()>) {
        let (entered, has_entered) = mpsc::channel();
        let (release, released) = mpsc::channel();
        let released = Mutex::new(released);
        let registry = pulled(move || {
            entered.send(()).unwrap();
            released.lock().unwrap().recv().unwrap();
            1.0
        });
        (registry, has_entered, release)
    }

    #[tokio::test]
    async fn a_slow_collector_does_not_hold_up_the_runtime() {
        let (registry, entered, release) = slow();
        let server = Running::start(Exporter::new(catalog()).registry(&registry)).await;
        let mut slow = server.connect().await;
        slow.write_all(GET.as_bytes()).await.unwrap();
        let entered = tokio::task::spawn_blocking(move || entered.recv().unwrap());
        timeout(LONG, entered).await.unwrap().unwrap();
        // One thread runs this test and the server: another request is answered meanwhile.
        let other = server.talk(&GET_AND_CLOSE.replace("/metrics", "/nothing")).await;
        assert_eq!(other.status(), 404);
        release.send(()).unwrap();
        read_one(&mut slow).await.assert_whole_scrape();
    }

    #[tokio::test]
    async fn a_shutdown_lets_a_running_scrape_finish() {
        let (registry, entered, release) = slow();
        let exporter = Exporter::new(catalog()).registry(&registry);
        let server = exporter.bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(server.run_until(stopped));

        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(GET.as_bytes()).await.unwrap();
        let entered = tokio::task::spawn_blocking(move || entered.recv().unwrap());
        timeout(LONG, entered).await.unwrap().unwrap();
        stop.send(()).unwrap();
        // The listener is closed before the scrape ends.
        let refused = async {
            while TcpStream::connect(address).await.is_ok() {
                tokio::task::yield_now().await;
            }
        };
        timeout(LONG, refused).await.expect("nothing more is accepted");
        assert!(!running.is_finished());
        release.send(()).unwrap();
        let response = read_one(&mut client).await;
        response.assert_whole_scrape();
        assert_eq!(response.header("connection"), Some("close"));
        timeout(LONG, running).await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_client_that_hangs_up_leaves_the_server_as_it_was() {
        let (registry, entered, release) = slow();
        let server = Running::start(Exporter::new(catalog()).registry(&registry)).await;
        let mut client = server.connect().await;
        client.write_all(GET.as_bytes()).await.unwrap();
        let entered = tokio::task::spawn_blocking(move || {
            entered.recv().unwrap();
            entered
        });
        let entered = timeout(LONG, entered).await.unwrap().unwrap();
        drop(client);
        release.send(()).unwrap();
        release.send(()).unwrap();
        server.talk(GET_AND_CLOSE).await.assert_whole_scrape();
        drop(entered);
    }

    #[tokio::test]
    async fn a_large_scrape_arrives_whole_at_a_slow_reader() {
        let gauges = IntGaugeVec::new(Opts::new("wide", "Wide."), &["n"]).unwrap();
        for n in 0..50_000 {
            gauges.with_label_values(&[&n.to_string()]).set(n);
        }
        let server = Running::start(Exporter::new(catalog()).registry(&registry_of(gauges))).await;
        let mut stream = server.connect().await;
        stream.write_all(GET_AND_CLOSE.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        let mut piece = vec![0; 8192];
        loop {
            let read = timeout(LONG, stream.read(&mut piece)).await.unwrap().unwrap();
            if read == 0 {
                break;
            }
            bytes.extend_from_slice(&piece[..read]);
            tokio::task::yield_now().await;
        }
        let response = Response::parse(&bytes);
        // Nobody knows its length before its end.
        assert_eq!(response.header("content-length"), None);
        assert_eq!(response.header("transfer-encoding"), Some("chunked"));
        let text = joined(&response.body);
        assert!(text.starts_with(&catalog().render()));
        assert_eq!(text.matches("\nwide{").count(), 50_000);
        assert_eq!(text.matches("# TYPE wide gauge\n").count(), 1);
    }

    /// What chunks hold.
    fn joined(mut chunks: &str) -> String {
        let mut text = String::new();
        loop {
            let (size, rest) = chunks.split_once("\r\n").unwrap();
            let (chunk, rest) = rest.split_at(usize::from_str_radix(size, 16).unwrap());
            chunks = rest.strip_prefix("\r\n").unwrap();
            if chunk.is_empty() {
                return text;
            }
            text.push_str(chunk);
        }
    }

    #[cfg(all(feature = "process", target_os = "linux"))]
    #[tokio::test]
    async fn process_metrics_are_exported_once() {
        let alone = Exporter::new(catalog()).process_metrics();
        let beside_the_default_registry = Exporter::new(catalog())
            .process_metrics()
            .registry(prometheus::default_registry());
        for exporter in [alone, beside_the_default_registry] {
            let server = Running::start(exporter).await;
            let body = server.talk(GET_AND_CLOSE).await.body;
            assert_eq!(body.matches("\nprocess_open_fds ").count(), 1, "{body}");
            assert_eq!(body.matches("# TYPE process_open_fds gauge\n").count(), 1);
        }
    }
}

#[cfg(feature = "axum")]
mod axum_route {
    use axum::Router;
    use axum::body::Body;
    use axum::http::{Method, Request, StatusCode, header};
    use axum::response::Response;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    async fn call(router: Router, method: Method, path: &str) -> Response {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        router.oneshot(request).await.unwrap()
    }

    async fn body(response: Response) -> String {
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await;
        String::from_utf8(bytes.unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn it_answers_at_whatever_path_with_whatever_state() {
        #[derive(Clone)]
        struct State(#[allow(dead_code)] String);

        let inner: Router<State> = Router::new()
            .route("/numbers", Exporter::new(catalog()).route())
            .route("/other", get(|| async { "other" }));
        let router = Router::new().nest("/internal", inner).with_state(State("x".to_owned()));
        let response = call(router.clone(), Method::GET, "/internal/numbers?x=y").await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "text/plain; version=0.0.4; charset=utf-8"
        );
        assert_eq!(body(response).await, catalog().render());
        let other = call(router, Method::GET, "/internal/other").await;
        assert_eq!(body(other).await, "other");
    }

    #[tokio::test]
    async fn head_has_the_length_and_no_body() {
        let router = Router::new().route("/metrics", Exporter::new(catalog()).route());
        let response = call(router, Method::HEAD, "/metrics").await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(
            response.headers()[header::CONTENT_LENGTH],
            catalog().render().len().to_string()
        );
        assert_eq!(body(response).await, "");
    }

    #[tokio::test]
    async fn other_methods_get_405() {
        let router = Router::new().route("/metrics", Exporter::new(catalog()).route());
        let response = call(router, Method::POST, "/metrics").await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()[header::ALLOW], "GET,HEAD");
    }

    #[tokio::test]
    async fn it_asks_for_credentials() {
        let exporter = Exporter::new(catalog())
            .basic_auth("prometheus", Secret::new("secret"))
            .unwrap();
        let router = Router::new().route("/metrics", exporter.route());
        let response = call(router.clone(), Method::GET, "/metrics").await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(
            response.headers()[header::WWW_AUTHENTICATE],
            "Basic realm=\"metrics\", charset=\"UTF-8\""
        );
        assert!(!body(response).await.contains("requests_total"));

        let request = Request::builder()
            .uri("/metrics")
            .header(header::AUTHORIZATION, "Basic cHJvbWV0aGV1czpzZWNyZXQ=")
            .body(Body::empty())
            .unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(body(response).await, catalog().render());
    }
}
