//! The gateway over real HTTP, with real modules behind it.

use super::*;
use crate::api::DEMO_ADDRESS;
use crate::http_client::HttpClient;
use crate::metrics::{Handler, HttpExchange, Module, Status};
use crate::modules::{self, Services};
use axum::http::{self, header};
use axum::routing::get;
use enumetrics::http::StatusGroup;
use enumetrics::{LabelValue, Method};
use http_body_util::Full;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU8, Ordering};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, MutexGuard};

/// How long the gateway under test waits for a module.
const PATIENCE: Duration = Duration::from_secs(1);

/// A gateway with clients that no limit stops, because each request has an address of its own.
struct Client {
    http: HttpClient,
    gateway: SocketAddr,
    _services: Services,
    /// The metrics are the program's, so only one test at a time can compare them.
    _alone: MutexGuard<'static, ()>,
}

impl Client {
    async fn new() -> Self {
        static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());
        let alone = ONE_AT_A_TIME.lock().await;
        let (addresses, services) = modules::start().await.unwrap();
        let gateway = Gateway::new(Modules::new(addresses, PATIENCE), Duration::from_secs(60));
        let metrics = get(async || crate::metrics::METRICS.render());
        let service = router(Arc::new(gateway), metrics).into_make_service_with_connect_info::<SocketAddr>();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gateway = listener.local_addr().unwrap();
        tokio::spawn(async { axum::serve(listener, service).await });
        Self {
            http: HttpClient::new(),
            gateway,
            _services: services,
            _alone: alone,
        }
    }

    async fn send(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        static ADDRESS: AtomicU8 = AtomicU8::new(0);
        let address = format!("198.18.0.{}", ADDRESS.fetch_add(1, Ordering::Relaxed));
        self.send_from(&address, method, path, body).await
    }

    async fn send_from(&self, address: &str, method: &str, path: &str, body: &str) -> (u16, Value) {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.gateway))
            .header(DEMO_ADDRESS, address)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::from(body.to_owned()))
            .unwrap();
        let answer = self.http.send(request).await.unwrap();
        (
            answer.status.as_u16(),
            serde_json::from_slice(&answer.body).unwrap_or_default(),
        )
    }

    /// A request of a new session, with the standard's specimen passport.
    async fn request(&self, device: &str) -> Value {
        let (status, session) = self
            .send("POST", "/sessions", &json!({ "device_id": device }).to_string())
            .await;
        assert_eq!(status, 201, "{session}");
        json!({
            "session_id": session["session_id"],
            "country": "UTO",
            "liveness": { "motion": 0.8, "moire": 0.1, "mask": 0.1, "synthesis": 0.1 },
            "document": { "mrz": [
                "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
                "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
            ] },
            "faces": { "selfie": [1, 0, 0, 0, 0, 0, 0, 0], "document": [1, 0, 0, 0, 0, 0, 0, 0] },
        })
    }

    async fn verify(&self, request: &Value) -> (u16, Value) {
        self.send("POST", "/verify", &request.to_string()).await
    }
}

fn misbehaving(mut request: Value, module: &str, behaviour: &str) -> Value {
    request["simulate"] = json!({ "module": module, "behaviour": behaviour });
    request
}

/// What the tests compare: durations of the pipeline and of each module, endings, sessions.
#[derive(Debug, PartialEq)]
struct Numbers {
    pipeline: u64,
    modules: [u64; 5],
    endings: u64,
    sessions: i64,
}

impl Numbers {
    fn now() -> Self {
        Self {
            pipeline: KYC.verification_duration_seconds.count(),
            modules: std::array::from_fn(|at| KYC.module_duration_seconds.with(Module::VARIANTS[at]).count()),
            endings: Status::VARIANTS
                .iter()
                .map(|status| KYC.verifications_total.with(*status).get())
                .sum(),
            sessions: KYC.active_sessions.get(),
        }
    }

    fn since(&self, before: &Self) -> Self {
        let modules = std::array::from_fn(|module| self.modules[module] - before.modules[module]);
        Self {
            pipeline: self.pipeline - before.pipeline,
            modules,
            endings: self.endings - before.endings,
            sessions: self.sessions - before.sessions,
        }
    }
}

#[tokio::test]
async fn a_decision_ends_the_session() {
    let client = Client::new().await;
    let before = Numbers::now();
    let request = client.request("decided").await;
    let (status, answer) = client.verify(&request).await;
    assert_eq!(
        (status, &answer["status"], &answer["reasons"]),
        (200, &json!("REJECTED"), &json!(["document_expired"]))
    );
    let change = Numbers::now().since(&before);
    assert_eq!(
        change,
        Numbers {
            pipeline: 1,
            modules: [1; 5],
            endings: 1,
            sessions: 0
        }
    );

    let (status, answer) = client.verify(&request).await;
    assert_eq!((status, &answer["error"]), (404, &json!("unknown_session")));
}

#[tokio::test]
async fn a_refused_document_says_where() {
    let client = Client::new().await;
    let mut request = client.request("unreadable").await;
    request["document"]["mrz"][1] = json!("L898902C36UTO7408122F1204159ZE184226B<<<<<11");
    let (_, answer) = client.verify(&request).await;
    assert_eq!(answer["status"], "MANUAL_REVIEW");
    assert_eq!(
        answer["unreadable"],
        "line 2, composite check digit: expected 0, found \"1\""
    );
}

#[tokio::test]
async fn a_failed_module_is_named_and_the_session_goes_on() {
    let client = Client::new().await;
    let before = Numbers::now();
    let request = client.request("failed").await;
    let failing = misbehaving(request.clone(), "antifraud", "fail");
    for _ in 0..3 {
        let (status, answer) = client.verify(&failing).await;
        assert_eq!(
            (status, &answer["status"], &answer["module"]),
            (502, &json!("ERROR"), &json!("antifraud"))
        );
    }
    let change = Numbers::now().since(&before);
    assert_eq!(
        change,
        Numbers {
            pipeline: 3,
            modules: [3, 3, 3, 3, 0],
            endings: 3,
            sessions: 1
        }
    );

    let (status, answer) = client.verify(&request).await;
    assert_eq!((status, &answer["reason"]), (429, &json!("session_limit")));
    let path = format!("/sessions/{}", request["session_id"].as_str().unwrap());
    assert_eq!(client.send("DELETE", &path, "").await.0, 204);
    assert_eq!(client.send("DELETE", &path, "").await.0, 404);
    assert_eq!(Numbers::now().sessions, before.sessions);
}

#[tokio::test]
async fn a_hanging_module_is_dropped_and_timed() {
    let client = Client::new().await;
    let before = Numbers::now();
    let request = misbehaving(client.request("hanging").await, "ocr", "hang");
    let (status, answer) = client.verify(&request).await;
    assert_eq!(
        (status, &answer["status"], &answer["module"]),
        (504, &json!("ERROR"), &json!("ocr"))
    );
    assert_eq!(answer["message"], "the module ocr gave no report within 1s");
    let change = Numbers::now().since(&before);
    assert_eq!(
        change,
        Numbers {
            pipeline: 1,
            modules: [1, 1, 1, 0, 0],
            endings: 1,
            sessions: 1
        }
    );
}

#[tokio::test]
async fn a_client_that_leaves_leaves_a_duration_and_no_status() {
    let client = Client::new().await;
    let before = Numbers::now();
    let cancelled = HTTP.http_requests_total.with(HttpExchange {
        handler: Handler::Verify,
        method: Method::Post,
        status: StatusGroup::Cancelled,
    });
    let cancelled_before = cancelled.get();
    let request = misbehaving(client.request("gone").await, "liveness", "hang");
    let answer = tokio::time::timeout(PATIENCE / 3, client.verify(&request)).await;
    assert!(answer.is_err(), "{answer:?}");
    // The gateway notices a moment later, and well before it would lose patience with the module.
    for _ in 0..100 {
        if cancelled.get() > cancelled_before {
            break;
        }
        tokio::time::sleep(PATIENCE / 200).await;
    }
    assert_eq!(cancelled.get() - cancelled_before, 1);
    let change = Numbers::now().since(&before);
    assert_eq!(
        change,
        Numbers {
            pipeline: 1,
            modules: [1, 1, 1, 0, 0],
            endings: 0,
            sessions: 0
        }
    );
}

#[tokio::test]
async fn nonsense_is_refused_with_the_name_of_the_field() {
    let client = Client::new().await;
    let request = client.request("nonsense").await;
    let before = Numbers::now();
    for (pointer, value, message) in [
        (
            "/country",
            json!("utopia"),
            "country: expected one to three capital letters",
        ),
        (
            "/liveness/motion",
            json!(1.5),
            "liveness.motion: expected a number from 0 to 1, found 1.5",
        ),
        ("/liveness/motion", json!("x"), "liveness.motion: invalid type: string"),
        (
            "/document/mrz",
            json!(1),
            "document.mrz: invalid type: integer `1`, expected a sequence",
        ),
        (
            "/faces/selfie",
            json!([1]),
            "faces.selfie: invalid length 1, expected an array of length 8",
        ),
        (
            "/faces/selfie",
            json!([0, 0, 0, 0, 0, 0, 0, 0]),
            "faces.selfie: expected numbers that are not all 0",
        ),
        (
            "/faces",
            json!({"selfie": [1, 0, 0, 0, 0, 0, 0, 0]}),
            "faces: missing field `document`",
        ),
        ("", json!({}), "missing field `session_id`"),
        (
            "/faces",
            json!({"sefie": []}),
            "faces.sefie: unknown field `sefie`, expected `selfie` or `document`",
        ),
    ] {
        let mut request = request.clone();
        *request.pointer_mut(pointer).unwrap() = value;
        let (status, answer) = client.verify(&request).await;
        assert_eq!(
            (status, &answer["error"]),
            (422, &json!("malformed_request")),
            "{answer}"
        );
        assert!(answer["message"].as_str().unwrap().contains(message), "{answer}");
    }
    let (status, answer) = client.verify(&misbehaving(request.clone(), "orc", "slow")).await;
    assert_eq!(status, 422);
    assert!(
        answer["message"]
            .as_str()
            .unwrap()
            .contains("simulate.module: unknown variant `orc`"),
        "{answer}"
    );

    let (status, answer) = client.send("POST", "/verify", "{").await;
    assert_eq!((status, &answer["error"]), (400, &json!("malformed_request")));
    let (status, answer) = client.send("POST", "/verify", &" ".repeat(LONGEST_BODY + 1)).await;
    assert_eq!(
        (status, &answer["message"]),
        (413, &json!("the body is longer than 16384 bytes"))
    );
    let (status, answer) = client.send("GET", "/verify", "").await;
    assert_eq!((status, &answer["error"]), (405, &json!("wrong_method")));
    let (status, answer) = client.send("POST", "/verfy", "").await;
    assert_eq!((status, &answer["error"]), (404, &json!("unknown_path")));
    let (status, answer) = client.send_from("nowhere", "POST", "/sessions", "").await;
    assert_eq!((status, &answer["error"]), (400, &json!("malformed_request")));
    assert!(
        answer["message"].as_str().unwrap().contains("x-demo-address"),
        "{answer}"
    );

    assert_eq!(Numbers::now(), before);
}

#[tokio::test]
async fn an_address_is_limited() {
    let client = Client::new().await;
    let mut refused = 0;
    for _ in 0..20 {
        let (status, answer) = client.send_from("203.0.113.1", "POST", "/verify", "").await;
        if status == 429 {
            assert_eq!(answer["reason"], "ip_limit");
            refused += 1;
        }
    }
    assert!((1..=8).contains(&refused), "{refused}");
}
