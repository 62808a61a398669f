//! Requests of any head, answered by a service: a line of method and target, and lines of headers.
#![no_main]

use std::io::Read as _;

use enumetrics::{Exporter, ExporterService, Secret};
use enumetrics_fuzz::{demo, reader};
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::BodyExt as _;
use libfuzzer_sys::{Corpus, fuzz_target};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt as _;

fuzz_target!(|head: &[u8]| -> Corpus { answer(head) });

fn answer(head: &[u8]) -> Corpus {
    let Some(request) = request(head) else {
        return Corpus::Reject;
    };
    thread_local! {
        static SERVER: Server = Server::new();
    }
    SERVER.with(|server| server.answer(&request));
    Corpus::Keep
}

fn request(head: &[u8]) -> Option<Request<()>> {
    let mut lines = head.split(|byte| *byte == b'\n');
    let first = str::from_utf8(lines.next()?).ok()?;
    let (method, target) = first.split_once(' ')?;
    let mut request = Request::new(());
    *request.method_mut() = method.parse().ok()?;
    *request.uri_mut() = target.parse::<Uri>().ok()?;
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..colon]).ok()?;
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
        request.headers_mut().append(name, value);
    }
    Some(request)
}

struct Server {
    runtime: Runtime,
    open: ExporterService,
    guarded: ExporterService,
}

impl Server {
    fn new() -> Self {
        let guarded = Exporter::new(&demo::METRICS)
            .basic_auth("prometheus", Secret::new("secret"))
            .and_then(|exporter| exporter.bearer_token(Secret::new("token")));
        Self {
            // Wrong secrets are answered late: nobody waits for that here.
            runtime: Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .unwrap(),
            open: Exporter::new(&demo::METRICS).self_metrics().into_service(),
            guarded: guarded.unwrap().into_service(),
        }
    }

    fn answer(&self, request: &Request<()>) {
        let is_read = [Method::GET, Method::HEAD].contains(request.method());
        let (status, _) = self.ask(&self.open, request);
        assert_eq!(status, if is_read { 200 } else { 405 }, "{request:?}");
        let (status, _) = self.ask(&self.guarded, request);
        let sent: Vec<_> = request.headers().get_all("authorization").iter().collect();
        let sent = match sent[..] {
            [sent] => sent.to_str().unwrap_or_default(),
            _ => "",
        };
        let is_known = |(scheme, secret): (&str, &str)| {
            // prometheus:secret
            scheme.eq_ignore_ascii_case("basic") && secret.trim() == "cHJvbWV0aGV1czpzZWNyZXQ="
                || scheme.eq_ignore_ascii_case("bearer") && secret.trim() == "token"
        };
        let is_known = sent.trim().split_once(' ').is_some_and(is_known);
        match status {
            200 => assert!(is_read && is_known, "{request:?}"),
            401 => assert!(is_read && !is_known, "{request:?}"),
            405 => assert!(!is_read, "{request:?}"),
            other => panic!("{other}: {request:?}"),
        }
    }

    fn ask(&self, service: &ExporterService, request: &Request<()>) -> (u16, String) {
        let (head, body) = self.runtime.block_on(async {
            let answer = service.clone().oneshot(request.clone()).await.unwrap();
            let (head, body) = answer.into_parts();
            (head, body.collect().await.unwrap().to_bytes())
        });
        let header = |name: &str| head.headers.get(name).map_or("", |value| value.to_str().unwrap());
        let mut text = String::new();
        match header("content-encoding") {
            "" => text.push_str(str::from_utf8(&body).unwrap()),
            "gzip" => drop(
                flate2::read::GzDecoder::new(&body[..])
                    .read_to_string(&mut text)
                    .unwrap(),
            ),
            "zstd" => text = String::from_utf8(zstd::decode_all(&body[..]).unwrap()).unwrap(),
            other => panic!("{other}"),
        }
        if head.status == 200 {
            reader::read(header("content-type"), &text);
        }
        (head.status.as_u16(), text)
    }
}
