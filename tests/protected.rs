//! A protected exporter and real Prometheus servers: TLS in both directions, tokens, hashed passwords, compression.
mod support;

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use enumetrics::{Counter, Exporter, Secret, Tls, catalog, metric_family};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::json;
use support::http;
use support::prometheus::{Prometheus, Release, Scrape, promtool};

/// What the tests export.
#[metric_family(namespace = "guarded")]
pub struct Guarded {
    /// Secrets told.
    pub secrets_total: Counter,
}

pub static GUARDED: Guarded = Guarded::new();
catalog! { pub static METRICS = [GUARDED]; }

/// Of `open sesame`, at the lowest cost that there is.
const HASH: &str = "$2y$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy";

/// Certificates in files, as they are in a deployment.
struct Certificates {
    directory: PathBuf,
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl Certificates {
    fn new(test: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("enumetrics-{test}-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let certificates = Self { directory, authority };
        fs::write(certificates.file("ca.crt"), certificates.authority.pem()).unwrap();
        certificates
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Writes `name.crt` and `name.key`.
    fn sign(&self, name: &str, subject: &str) -> [PathBuf; 2] {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([subject.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.authority).unwrap();
        let files = [self.file(&format!("{name}.crt")), self.file(&format!("{name}.key"))];
        fs::write(&files[0], certificate.pem()).unwrap();
        fs::write(&files[1], key.serialize_pem()).unwrap();
        files
    }
}

impl Drop for Certificates {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn serve(exporter: Exporter) -> (tokio::runtime::Runtime, SocketAddr) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(exporter.bind("127.0.0.1:0")).unwrap();
    let address = server.local_addr().unwrap();
    runtime.spawn(server.run());
    (runtime, address)
}

/// What the one target of a job says is wrong; nothing, if it was scraped.
fn health(prometheus: &Prometheus, job: &str) -> Option<f64> {
    let up = prometheus.query(&format!("up{{job=\"{job}\"}}"));
    up.first().map(|(_, value)| *value)
}

#[test]
fn prometheus_gets_in_with_certificate_and_secret_and_not_without() {
    GUARDED.secrets_total.inc_by(42);
    let certificates = Certificates::new("protected");
    let [certificate, key] = certificates.sign("server", "127.0.0.1");
    let [own_certificate, own_key] = certificates.sign("prometheus", "prometheus");
    fs::write(certificates.file("token"), "a-token\n").unwrap();
    let exporter = Exporter::new(&METRICS)
        .tls(Tls::new(certificate, key).client_ca(certificates.file("ca.crt")))
        .unwrap()
        .bearer_token(Secret::from_file(certificates.file("token")).unwrap())
        .unwrap()
        .basic_auth("prometheus", Secret::bcrypt(HASH).unwrap())
        .unwrap()
        .allow_from(["127.0.0.0/8"])
        .unwrap();
    let (_runtime, address) = serve(exporter);

    let mutual = json!({
        "ca_file": certificates.file("ca.crt"), "cert_file": own_certificate, "key_file": own_key,
    });
    let one_sided = json!({ "ca_file": certificates.file("ca.crt") });
    let job = |name: &str, tls: &serde_json::Value| {
        let job = Scrape::new(name, address);
        job.with("scheme", json!("https")).with("tls_config", tls.clone())
    };
    let token = |token: &str| json!({ "credentials": token });
    let jobs = [
        job("token", &mutual).with("authorization", token("a-token")),
        job("password", &mutual).basic_auth("prometheus", "open sesame"),
        job("wrong-token", &mutual).with("authorization", token("another")),
        job("wrong-password", &mutual).basic_auth("prometheus", "open"),
        job("no-secret", &mutual),
        job("no-certificate", &one_sided).with("authorization", token("a-token")),
        Scrape::new("plain", address).with("authorization", token("a-token")),
    ];
    for release in Release::ALL {
        let prometheus = Prometheus::start(release, &jobs);
        for (job, up) in [
            ("token", 1.0),
            ("password", 1.0),
            ("wrong-token", 0.0),
            ("wrong-password", 0.0),
            ("no-secret", 0.0),
            ("no-certificate", 0.0),
            ("plain", 0.0),
        ] {
            prometheus.wait_until(job, || health(&prometheus, job) == Some(up));
        }
        let told = prometheus.query("guarded_secrets_total");
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told.iter().all(|(_, value)| *value == 42.0), "{told:?}");
    }
}

#[test]
fn the_web_configuration_of_prometheus_is_understood_here_too() {
    let certificates = Certificates::new("web-config");
    let [certificate, key] = certificates.sign("server", "127.0.0.1");
    let file = certificates.file("web.yml");
    // Paths are relative to the file, in Prometheus too.
    let [certificate, key] = [certificate, key].map(|file| file.file_name().unwrap().to_owned().into_string().unwrap());
    let configuration = format!(
        "tls_server_config:\n  cert_file: {certificate}\n  key_file: {key}\n  min_version: TLS13\n\
         http_server_config:\n  headers:\n    X-Frame-Options: deny\n\
         basic_auth_users:\n  prometheus: {HASH}\n"
    );
    fs::write(&file, configuration).unwrap();
    for release in Release::ALL {
        let checked = promtool(release, &["check", "web-config", &file.to_string_lossy()], "");
        assert!(checked.status.success(), "{checked:?}");
    }

    let (_runtime, address) = serve(Exporter::new(&METRICS).web_config(&file).unwrap());
    let job = |name: &str| {
        let job = Scrape::new(name, address);
        let tls = json!({ "ca_file": certificates.file("ca.crt") });
        job.with("scheme", json!("https")).with("tls_config", tls)
    };
    let jobs = [
        job("user").basic_auth("prometheus", "open sesame"),
        job("stranger").basic_auth("grafana", "open sesame"),
    ];
    for release in Release::ALL {
        let prometheus = Prometheus::start(release, &jobs);
        prometheus.wait_until("the user gets in", || health(&prometheus, "user") == Some(1.0));
        prometheus.wait_until("the stranger does not", || health(&prometheus, "stranger") == Some(0.0));
    }
}

#[test]
fn prometheus_reads_what_is_compressed() {
    let (_runtime, address) = serve(Exporter::new(&METRICS));
    // As Prometheus asks.
    let answer = http::get(address, "/metrics", &[("Accept-Encoding", "gzip")]);
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    for release in Release::ALL {
        let prometheus = Prometheus::start(release, &[Scrape::new("compressed", address)]);
        prometheus.wait_until_scraped();
        assert_eq!(prometheus.query("guarded_secrets_total").len(), 1);
    }
}
