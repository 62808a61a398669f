//! The example gateway, as it runs, and real Prometheus servers that scrape it: their query API must return the very
//! numbers that were recorded.

mod support;

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use support::example::example;
use support::gateway::{Gateway, PASSWORD};
use support::http;
use support::prometheus::{Prometheus, Release, Scrape};

/// Sends requests whose every end is known: what must be recorded, by series.
fn send_known_requests(gateway: &Gateway) -> BTreeMap<&'static str, f64> {
    let status = |response: &http::Response| response.json()["status"].as_str().map(str::to_owned);
    for device in ["a", "b", "c"] {
        let response = gateway.verify(device, json!({}));
        assert_eq!(status(&response).as_deref(), Some("VERIFIED"), "{}", response.text());
    }
    let masked = json!({ "liveness": { "motion": 0.8, "moire": 0.1, "mask": 0.9, "synthesis": 0.1 } });
    let response = gateway.verify("d", masked);
    assert_eq!(status(&response).as_deref(), Some("REJECTED"), "{}", response.text());

    let failing = json!({ "simulate": { "module": "ocr", "behaviour": "fail" } });
    assert_eq!(gateway.verify("e", failing).status, 502);
    let hanging = json!({ "simulate": { "module": "antifraud", "behaviour": "hang" } });
    assert_eq!(gateway.verify("f", hanging).status, 504);
    assert_eq!(
        gateway.post("203.0.113.3", "/verify", &json!({ "country": 7 })).status,
        422
    );
    assert_eq!(http::get(gateway.address, "/nothing/here", &[]).status, 404);

    // Left open, so that the gauge has something to show.
    for device in ["g", "h"] {
        let opened = gateway.post("203.0.113.3", "/sessions", &json!({ "device_id": device }));
        assert_eq!(opened.status, 201);
    }

    // One address sends more than it may. How many get through depends on the clock.
    let hasty = || gateway.post("203.0.113.4", "/verify", &json!({})).status;
    let (refused, malformed): (Vec<_>, Vec<_>) = (0..20).map(|_| hasty()).partition(|status| *status == 429);
    assert!(!refused.is_empty() && malformed.iter().all(|status| *status == 422));
    let (refused, malformed) = (refused.len() as f64, malformed.len() as f64);

    BTreeMap::from([
        ("kyc_verifications_total{status=\"VERIFIED\"}", 3.0),
        ("kyc_verifications_total{status=\"REJECTED\"}", 1.0),
        ("kyc_verifications_total{status=\"MANUAL_REVIEW\"}", 0.0),
        ("kyc_verifications_total{status=\"ERROR\"}", 2.0),
        ("kyc_liveness_failures_total{attack_type=\"mask\"}", 1.0),
        ("kyc_liveness_failures_total{attack_type=\"photo\"}", 0.0),
        (
            "kyc_rate_limit_hits_total{endpoint=\"verify\",reason=\"ip_limit\"}",
            refused,
        ),
        // Two that are open, and those of the two errors, which may be tried again.
        ("kyc_active_sessions", 4.0),
        ("kyc_verification_duration_seconds_count", 6.0),
        ("kyc_module_duration_seconds_count{module=\"liveness\"}", 6.0),
        ("kyc_module_duration_seconds_count{module=\"ocr\"}", 6.0),
        ("kyc_module_duration_seconds_count{module=\"face_match\"}", 6.0),
        ("kyc_module_duration_seconds_count{module=\"antifraud\"}", 5.0),
        ("kyc_module_duration_seconds_count{module=\"decision\"}", 4.0),
        (
            "http_requests_total{handler=\"/sessions\",method=\"POST\",status=\"2xx\"}",
            8.0,
        ),
        (
            "http_requests_total{handler=\"/verify\",method=\"POST\",status=\"2xx\"}",
            4.0,
        ),
        (
            "http_requests_total{handler=\"/verify\",method=\"POST\",status=\"4xx\"}",
            1.0 + refused + malformed,
        ),
        (
            "http_requests_total{handler=\"/verify\",method=\"POST\",status=\"5xx\"}",
            2.0,
        ),
        (
            "http_requests_total{handler=\"other\",method=\"GET\",status=\"4xx\"}",
            1.0,
        ),
    ])
}

/// The samples of a scrape that do not change while nothing but scrapes happens, by series.
fn settled(scrape: &str) -> BTreeMap<String, f64> {
    scrape
        .lines()
        .filter(|line| !line.starts_with('#') && !line.starts_with("process_"))
        .map(|line| {
            let (series, value) = line.rsplit_once(' ').expect("a sample has a value");
            (series.to_owned(), value.parse().expect("a value is a number"))
        })
        .collect()
}

#[test]
fn prometheus_reads_from_the_gateway_the_very_numbers_that_were_recorded() {
    let gateway = Gateway::start();

    let refused = http::get(gateway.address, "/metrics", &[]);
    assert_eq!(refused.status, 401);
    assert!(!refused.text().contains("kyc_"), "{}", refused.text());
    let wrong = http::get(
        gateway.address,
        "/metrics",
        &[("Authorization", "Basic cHJvbWV0aGV1czp4")],
    );
    assert_eq!(wrong.status, 401);

    let recorded = send_known_requests(&gateway);
    let scrape = gateway.scrape();
    let samples = settled(&scrape);
    for (series, value) in &recorded {
        assert_eq!(samples.get(*series), Some(value), "{series} in\n{scrape}");
    }
    // The call that hung was given half a second, and its time is on record.
    assert!(samples["kyc_module_duration_seconds_sum{module=\"antifraud\"}"] >= 0.5);

    for release in Release::ALL {
        let job = Scrape::new("kyc-gateway", gateway.address).basic_auth("prometheus", PASSWORD);
        let prometheus = Prometheus::start(release, &[job]);
        let at = prometheus.time_when("the gateway is scraped", |_| true);
        for (series, value) in &samples {
            let found = prometheus.query_at(series, at);
            assert_eq!(found.len(), 1, "{release:?}: {series}: {found:?}");
            assert_eq!(found[0].1, *value, "{release:?}: {series}");
        }
        // Nothing is there that the scrape did not say, and no bound is spelled in another way.
        let count = |query: &str| prometheus.query_at(query, at)[0].1;
        let expected = samples.keys().filter(|series| series.starts_with("kyc_")).count();
        assert_eq!(count("count({__name__=~\"kyc_.+\"})"), expected as f64, "{release:?}");
        assert_eq!(
            count("kyc_verification_duration_seconds_bucket{le=\"8.0\"}"),
            6.0,
            "{release:?}"
        );
        assert!(count("process_resident_memory_bytes") > 0.0, "{release:?}");
        let quantile = "histogram_quantile(0.95, sum by (le) (kyc_verification_duration_seconds_bucket)) <= 1";
        assert_eq!(prometheus.query_at(quantile, at).len(), 1, "{release:?}");
    }
}

#[test]
fn prometheus_with_another_password_is_told_why_it_gets_nothing() {
    let gateway = Gateway::start();
    let job = Scrape::new("kyc-gateway", gateway.address).basic_auth("prometheus", "another password");
    let prometheus = Prometheus::start(Release::Current, &[job]);
    prometheus.wait_until("the scrape is refused", || {
        let targets = prometheus.targets();
        targets.len() == 1 && targets[0].health == "down" && targets[0].last_error.contains("401")
    });
    assert!(prometheus.query("kyc_active_sessions").is_empty());
}

#[test]
fn a_client_that_leaves_is_recorded_too() {
    let gateway = Gateway::start();
    let opened = http::post_json(gateway.address, "/sessions", &json!({ "device_id": "impatient" }));
    let body = json!({
        "session_id": opened.json()["session_id"],
        "country": "UTO",
        "liveness": { "motion": 0.8, "moire": 0.1, "mask": 0.1, "synthesis": 0.1 },
        "document": { "mrz": ["", "", ""] },
        "faces": { "selfie": [1, 0, 0, 0, 0, 0, 0, 0], "document": [1, 0, 0, 0, 0, 0, 0, 0] },
        "simulate": { "module": "face_match", "behaviour": "hang" },
    })
    .to_string();
    let mut stream = std::net::TcpStream::connect(gateway.address).expect("the gateway listens");
    let head = format!(
        "POST /verify HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    std::io::Write::write_all(&mut stream, head.as_bytes()).expect("the gateway reads");
    // Long enough for the call to begin, shorter than the gateway's own patience.
    std::thread::sleep(Duration::from_millis(150));
    drop(stream);

    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let samples = settled(&gateway.scrape());
        if samples["http_requests_total{handler=\"/verify\",method=\"POST\",status=\"cancelled\"}"] == 1.0 {
            assert_eq!(samples["kyc_module_duration_seconds_count{module=\"face_match\"}"], 1.0);
            assert_eq!(samples["kyc_verification_duration_seconds_count"], 1.0);
            assert_eq!(samples["kyc_active_sessions"], 0.0);
            break;
        }
        assert!(Instant::now() < deadline, "{samples:#?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Runs the example to its end: exit code, what it printed, what it complained of.
fn run(arguments: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let output = Command::new(example("kyc_gateway"))
        .args(arguments)
        .env("KYC_ADDRESS", "127.0.0.1:0")
        .env_remove("KYC_METRICS_PASSWORD_FILE")
        .env_remove("KYC_METRICS_PASSWORD")
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .expect("the example starts");
    let text = |bytes| String::from_utf8(bytes).expect("the example writes text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_example_agrees_with_its_own_scrape() {
    let (code, printed, complaints) = run(&["--requests", "150", "--seed", "7"], &[]);
    assert_eq!(code, Some(0), "{printed}\n{complaints}");
    assert!(printed.contains("series compared, all equal"), "{printed}");
}

#[test]
fn bad_input_is_named_and_nothing_starts() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let taken = taken
        .local_addr()
        .map(|address| (address.to_string(), taken))
        .expect("a bound socket has an address");
    for (environment, code, named) in [
        (("KYC_ADDRESS", "nowhere"), 2, ["KYC_ADDRESS", "nowhere"]),
        (
            ("KYC_MODULE_TIMEOUT_SECONDS", "-1"),
            2,
            ["KYC_MODULE_TIMEOUT_SECONDS", "-1"],
        ),
        (
            ("KYC_METRICS_PASSWORD_FILE", "/no/such/file"),
            1,
            ["KYC_METRICS_PASSWORD_FILE", "/no/such/file"],
        ),
        (("KYC_METRICS_PASSWORD", ""), 1, ["KYC_METRICS_PASSWORD", "empty"]),
        (("KYC_ADDRESS", &taken.0), 1, ["KYC_ADDRESS", &taken.0]),
    ] {
        let (exit, printed, complaints) = run(&["--no-traffic"], &[environment]);
        assert_eq!(exit, Some(code), "{environment:?}: {printed}\n{complaints}");
        for name in named {
            assert!(complaints.contains(name), "{environment:?}: {complaints}");
        }
        assert!(
            !complaints.contains("panicked") && !printed.contains("listening"),
            "{complaints}\n{printed}"
        );
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_the_example_cleanly() {
    let mut gateway = Gateway::start();
    let hanging = json!({ "simulate": { "module": "ocr", "behaviour": "hang" } });
    std::thread::scope(|scope| {
        let request = scope.spawn(|| gateway.verify("slow", hanging));
        std::thread::sleep(Duration::from_millis(150));
        let pid = gateway.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &pid]).status().expect("kill runs");
        assert!(sent.success());
        // Its answer is still awaited.
        assert_eq!(request.join().expect("the request ends").status, 504);
    });
    let status = gateway.child.wait().expect("the example ends");
    assert_eq!(status.code(), Some(0));
}
