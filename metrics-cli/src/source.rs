//! What is exported: catalogue files and live programs.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use enumetrics_promql::{Details, Family, Labels, MetricKind, Schema};
use enumetrics_runtime::catalogue::{Catalogue, Entry};
use ureq::http::Uri;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use crate::files::{name_of, read_text};
use crate::outcome::Failure;
use crate::scrape;

/// How to get in where not everybody may scrape. Secrets come from files or the environment, never from the command line,
/// which all users of a machine can read.
#[derive(clap::Args)]
#[command(next_help_heading = "Access to live metrics")]
pub struct Login {
    /// User of HTTP's basic authentication; its password comes from `--password-file` or ENUMETRICS_PASSWORD
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    /// File with the password
    #[arg(long, value_name = "FILE", requires = "username")]
    password_file: Option<PathBuf>,
    /// File with a bearer token, which may be in ENUMETRICS_TOKEN instead
    #[arg(long, value_name = "FILE", conflicts_with = "username")]
    token_file: Option<PathBuf>,
    /// PEM file with the certificates that https is trusted by, instead of those of the public authorities
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

/// How long a program may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// A million series are some 100 MB.
const MOST_BYTES: u64 = 1 << 30;

/// Whether this is the address of a live program, and no file.
pub fn is_url(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

/// What a file or an address says is exported.
pub fn read(source: &str, login: &Login) -> Result<Catalogue, Failure> {
    match is_url(source) {
        true => login.scrape(source),
        false => read_file(Path::new(source)),
    }
}

/// A catalogue as `Catalogue::to_json` or `enumetrics catalogue` writes it, or a scrape that was kept.
pub fn read_file(path: &Path) -> Result<Catalogue, Failure> {
    let text = read_text(path)?;
    let name = name_of(path);
    // A scrape may begin with a name in quotes, behind a brace too.
    let is_scrape = text.trim_start().starts_with("{\"") && scrape::read(&text).is_ok();
    if text.trim_start().starts_with(['{', '[']) && !is_scrape || has_json_name(path) {
        return Catalogue::from_json(&text).map_err(|error| Failure::of(name, error));
    }
    scrape::read(&text).map_err(|error| Failure::of(name, format!("neither a catalogue in JSON nor a scrape: {error}")))
}

fn has_json_name(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "json")
}

impl Login {
    fn scrape(&self, url: &str) -> Result<Catalogue, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::of(url, error);
        url.parse::<Uri>().map_err(|error| failed(&error))?;
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .user_agent(concat!("enumetrics/", env!("CARGO_PKG_VERSION")))
            .tls_config(TlsConfig::builder().root_certs(self.root_certificates()?).build())
            .build()
            .into();
        // The format with the most exact types that is text.
        let mut request = agent.get(url).header(
            "accept",
            "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5",
        );
        if let Some(credentials) = self.credentials()? {
            request = request.header("authorization", credentials);
        }
        let mut response = request.call().map_err(|error| {
            let problem = error.to_string();
            let help = match problem.contains("peer certificate: UnknownIssuer") {
                true => ": pass `--ca-file` with the certificate of its authority",
                false => "",
            };
            failed(&format!("{problem}{help}"))
        })?;
        let status = response.status();
        if !status.is_success() {
            let help = match status.as_u16() {
                401 | 403 => ": pass `--username` with a password, or a token (`enumetrics lint --help`)",
                404 => ": is this the path of the metrics?",
                _ => "",
            };
            return Err(failed(&format!("the answer is {status}{help}")));
        }
        let body = response
            .body_mut()
            .with_config()
            .limit(MOST_BYTES)
            .lossy_utf8(true)
            .read_to_string();
        scrape::read(&body.map_err(|error| failed(&error))?)
            .map_err(|error| failed(&format!("these are no metrics: {error}")))
    }

    fn credentials(&self) -> Result<Option<String>, Failure> {
        let secret = |file: &Option<PathBuf>, variable: &str| match file {
            // Editors end a file with a line break, which is no part of a secret.
            Some(file) => read_text(file).map(|text| Some(text.trim_end_matches(['\r', '\n']).to_owned())),
            None => Ok(std::env::var(variable).ok().filter(|value| !value.is_empty())),
        };
        if let Some(username) = &self.username {
            let Some(password) = secret(&self.password_file, "ENUMETRICS_PASSWORD")? else {
                let message = "--username needs a password: --password-file, or ENUMETRICS_PASSWORD in the environment";
                return Err(Failure::new(message));
            };
            return Ok(Some(format!(
                "Basic {}",
                BASE64.encode(format!("{username}:{password}"))
            )));
        }
        let token = secret(&self.token_file, "ENUMETRICS_TOKEN")?;
        Ok(token.map(|token| format!("Bearer {token}")))
    }

    fn root_certificates(&self) -> Result<RootCerts, Failure> {
        let Some(file) = &self.ca_file else {
            return Ok(RootCerts::WebPki);
        };
        let text = read_text(file)?;
        let certificates: Vec<Certificate<'static>> = parse_pem(text.as_bytes())
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect();
        match certificates.is_empty() {
            true => Err(Failure::of(name_of(file), "there is no certificate in it")),
            false => Ok(RootCerts::from(certificates.into_iter())),
        }
    }
}

/// What Prometheus itself says of each scrape, without being asked.
const OF_PROMETHEUS: [&str; 8] = [
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
    "scrape_timeout_seconds",
    "scrape_sample_limit",
    "scrape_body_size_bytes",
];

/// Everything that expressions may name.
pub struct Known {
    families: Vec<Family>,
    details: HashMap<String, Details>,
    unknown: Vec<(String, Labels)>,
    target_labels: Vec<String>,
    /// Whether some of it was seen at one moment only, so that there may be more.
    pub is_live: bool,
}

impl Known {
    /// All of several sources, if they agree.
    pub fn of(sources: &[(String, Catalogue)], target_labels: &[String]) -> Result<Self, Failure> {
        let mut all = Catalogue::default();
        let mut declared: HashMap<&str, (&str, usize)> = HashMap::new();
        for (name, catalogue) in sources {
            for entry in &catalogue.metrics {
                let Some(&(first, at)) = declared.get(entry.name.as_str()) else {
                    declared.insert(&entry.name, (name, all.metrics.len()));
                    all.metrics.push(entry.clone());
                    continue;
                };
                let known = &mut all.metrics[at];
                if known.kind == entry.kind && (is_url(first) || is_url(name)) {
                    add(known, entry);
                } else if !is_same(known, entry) {
                    return Err(Failure::new(format!(
                        "{first} and {name} declare `{}` differently: check the rules of each program beside its own",
                        entry.name
                    )));
                }
            }
        }
        let mut families = all.families();
        for name in OF_PROMETHEUS.into_iter().filter(|name| !declared.contains_key(name)) {
            families.push(Family {
                name: name.to_owned(),
                kind: MetricKind::Gauge,
                labels: Vec::new(),
            });
        }
        Ok(Self {
            // The catalogue looks each of them up; a schema is asked once for each expression.
            details: families
                .iter()
                .map(|family| (family.name.clone(), all.details(&family.name)))
                .collect(),
            unknown: all.recorded(),
            families,
            target_labels: ["job", "instance"]
                .map(str::to_owned)
                .into_iter()
                .chain(target_labels.iter().cloned())
                .collect(),
            is_live: sources.iter().any(|(name, _)| is_url(name)),
        })
    }
}

/// Adds what another program shows of a metric: a scrape has only those labels that there were series with.
fn add(known: &mut Entry, entry: &Entry) {
    for (label, values) in &entry.labels {
        match known.labels.iter_mut().find(|(name, _)| name == label) {
            None => known.labels.push((label.clone(), Vec::new())),
            // One of the two does not say which there are.
            Some((_, known)) if *known != *values => known.clear(),
            Some(_) => {}
        }
    }
    let new = |known: &[f64], numbers: &[f64]| -> Vec<f64> {
        numbers
            .iter()
            .copied()
            .filter(|number| !known.contains(number))
            .collect()
    };
    known.buckets.extend(new(&known.buckets, &entry.buckets));
    known.buckets.sort_by(f64::total_cmp);
    known.quantiles.extend(new(&known.quantiles, &entry.quantiles));
    known.quantiles.sort_by(f64::total_cmp);
}

/// Whether rules may ask both for the same.
fn is_same(a: &Entry, b: &Entry) -> bool {
    a.kind == b.kind
        && a.unit == b.unit
        && a.labels == b.labels
        && a.constant_labels == b.constant_labels
        && a.buckets == b.buckets
        && a.quantiles == b.quantiles
        && a.native == b.native
}

impl Schema for Known {
    fn families(&self) -> Vec<Family> {
        self.families.clone()
    }

    fn recorded(&self) -> Vec<(String, Labels)> {
        self.unknown.clone()
    }

    fn details(&self, family: &str) -> Details {
        self.details.get(family).cloned().unwrap_or_default()
    }

    fn target_labels(&self) -> Vec<String> {
        self.target_labels.clone()
    }
}

/// The same, and what rules record that stand elsewhere. Their labels are those that their expressions leave, and more.
pub struct WithRecords<'a> {
    pub known: &'a Known,
    pub records: Vec<String>,
}

impl Schema for WithRecords<'_> {
    fn families(&self) -> Vec<Family> {
        self.known.families()
    }

    fn recorded(&self) -> Vec<(String, Labels)> {
        let records = self.records.iter().map(|name| (name.clone(), Labels::default()));
        self.known.recorded().into_iter().chain(records).collect()
    }

    fn details(&self, family: &str) -> Details {
        self.known.details(family)
    }

    fn target_labels(&self) -> Vec<String> {
        self.known.target_labels()
    }
}
