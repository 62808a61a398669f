//! Prometheus' own web configuration file, which its servers and exporters share.
//!
//! Source: <https://prometheus.io/docs/prometheus/latest/configuration/https/>.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use serde::Deserialize;

use super::Exporter;
use super::access::{Hash, Hashed};
use super::error::ExporterError;
use super::reload::Reloaded;
use super::serve::tls::{Oldest, Tls};

/// The headers that the file may set: those that Prometheus' own servers know.
const HEADERS: [&str; 5] = [
    "content-security-policy",
    "x-frame-options",
    "x-content-type-options",
    "x-xss-protection",
    "strict-transport-security",
];

impl Exporter {
    /// Takes what a [web configuration file](https://prometheus.io/docs/prometheus/latest/configuration/https/) says, as
    /// Prometheus, Alertmanager and the node exporter do with `--web.config.file`: users with hashed passwords, TLS, and
    /// headers of answers.
    ///
    /// ```yaml
    /// tls_server_config:
    ///   cert_file: tls.crt
    ///   key_file: tls.key
    ///   client_auth_type: RequireAndVerifyClientCert
    ///   client_ca_file: ca.crt
    /// basic_auth_users:
    ///   prometheus: $2y$10$…
    /// ```
    ///
    /// Paths are relative to the file. The users, and what is in the files that it names, are read again when they change,
    /// as [`Secret::from_file`](crate::Secret::from_file) and [`Tls`](crate::Tls) describe; other changes take a restart.
    ///
    /// # Errors
    ///
    /// [`ExporterError::WebConfig`] when the file cannot be read or has something that this exporter does not know.
    /// Nothing is ignored, because it could be what protects: `cipher_suites` and `curve_preferences` (rustls has safe
    /// ones only), `client_allowed_sans`, certificates within the file, and client certificates that nobody verifies are
    /// refused. [`ExporterError::Tls`] when a file for TLS cannot be used.
    pub fn web_config(mut self, file: impl AsRef<Path>) -> Result<Self, ExporterError> {
        let file = file.as_ref().to_owned();
        let config = WebConfig::read(&file).map_err(|problem| ExporterError::WebConfig { problem })?;
        let directory = file.parent().unwrap_or(Path::new("")).to_owned();
        if let Some(tls) = config.tls_server_config {
            let tls = tls.files(&file, &directory);
            let tls = tls.map_err(|problem| ExporterError::WebConfig { problem })?;
            self = self.tls(tls)?;
        }
        if let Some(http) = config.http_server_config {
            self.headers = http
                .headers(&file)
                .map_err(|problem| ExporterError::WebConfig { problem })?;
            #[cfg(feature = "http2")]
            {
                self.http2 = http.http2;
            }
        }
        if !config.basic_auth_users.is_empty() {
            let named = file.clone();
            let users = Reloaded::new(
                move || WebConfig::read(&file)?.users(&file),
                move |users: &Vec<_>| hashed(users, &named),
            );
            let users = users.map_err(|problem| ExporterError::WebConfig { problem })?;
            self.access.add_users(Arc::new(users));
        }
        Ok(self)
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WebConfig {
    tls_server_config: Option<TlsServerConfig>,
    http_server_config: Option<HttpServerConfig>,
    #[serde(default)]
    basic_auth_users: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TlsServerConfig {
    cert_file: PathBuf,
    key_file: PathBuf,
    #[serde(default)]
    client_auth_type: ClientAuthType,
    client_ca_file: Option<PathBuf>,
    #[serde(default)]
    min_version: Version,
    max_version: Option<Version>,
    /// Accepted, because Go ignores it too.
    #[allow(dead_code, reason = "it has no effect")]
    prefer_server_cipher_suites: Option<bool>,
}

#[derive(Clone, Copy, Default, Deserialize)]
enum ClientAuthType {
    #[default]
    NoClientCert,
    RequestClientCert,
    RequireAnyClientCert,
    VerifyClientCertIfGiven,
    RequireAndVerifyClientCert,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq)]
enum Version {
    TLS10,
    TLS11,
    #[default]
    TLS12,
    TLS13,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpServerConfig {
    #[serde(default = "yes")]
    #[cfg_attr(not(feature = "http2"), allow(dead_code, reason = "it is not spoken anyway"))]
    http2: bool,
    #[serde(default)]
    headers: HashMap<String, String>,
}

fn yes() -> bool {
    true
}

impl WebConfig {
    fn read(file: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(file).map_err(|error| {
            format!(
                "cannot read the web configuration {}: {error}; it must be a file in YAML that this process can read",
                file.display()
            )
        })?;
        // An empty file says nothing.
        if text
            .lines()
            .all(|line| line.trim().is_empty() || line.trim().starts_with('#'))
        {
            return Ok(Self::default());
        }
        serde_saphyr::from_str(&text)
            .map_err(|error| format!("the web configuration {}{}", file.display(), shown(&error)))
    }

    /// Its users, of which there must be one: a file that had users and has none is half written, and would let
    /// everyone in.
    fn users(self, file: &Path) -> Result<Vec<(String, String)>, String> {
        let file = file.display();
        if self.basic_auth_users.is_empty() {
            return Err(format!("the web configuration {file} has no users any more"));
        }
        Ok(self.basic_auth_users.into_iter().collect())
    }
}

/// Where an error is, and what it is if that is about keys: it could show a line with a password otherwise.
fn shown(error: &serde_saphyr::Error) -> String {
    let place = error
        .location()
        .map(|place| format!(", line {}, column {}", place.line(), place.column()));
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    let about_keys = ["unknown field", "missing field", "unknown variant"];
    let problem = about_keys
        .iter()
        .find_map(|words| line.find(words))
        .map(|start| &line[start..]);
    let problem = problem.unwrap_or("not what can stand there in YAML, or in a web configuration");
    format!("{}: {problem}", place.unwrap_or_default())
}

fn hashed(users: &[(String, String)], file: &Path) -> Result<Vec<Hashed>, String> {
    let hashed = users.iter().map(|(user, hash)| match Hash::parse(hash) {
        Ok(hash) => Ok(Hashed::new(user, hash)),
        Err(problem) => Err(format!(
            "the web configuration {}: what stands as the password of {user:?} {problem}",
            file.display()
        )),
    });
    hashed.collect()
}

impl TlsServerConfig {
    fn files(self, file: &Path, directory: &Path) -> Result<Tls, String> {
        let refused = |problem: &str| Err(format!("the web configuration {}: {problem}", file.display()));
        let tls = Tls::new(directory.join(self.cert_file), directory.join(self.key_file));
        let tls = match (self.client_auth_type, self.client_ca_file) {
            (ClientAuthType::NoClientCert, None) => tls,
            (ClientAuthType::RequireAndVerifyClientCert, Some(ca)) => tls.client_ca(directory.join(ca)),
            (ClientAuthType::VerifyClientCertIfGiven, Some(ca)) => tls.client_ca_if_given(directory.join(ca)),
            (ClientAuthType::NoClientCert, Some(_)) => {
                return refused("client_ca_file has no effect without client_auth_type: RequireAndVerifyClientCert");
            }
            (ClientAuthType::RequestClientCert | ClientAuthType::RequireAnyClientCert, _) => {
                return refused(
                    "client_auth_type asks for certificates that nobody verifies; write RequireAndVerifyClientCert",
                );
            }
            (_, None) => return refused("client_auth_type needs client_ca_file"),
        };
        match (self.min_version, self.max_version) {
            (Version::TLS10 | Version::TLS11, _) | (_, Some(Version::TLS10 | Version::TLS11)) => {
                refused("min_version and max_version can be TLS12 and TLS13; older versions are broken")
            }
            (Version::TLS13, Some(Version::TLS12)) => refused("min_version is newer than max_version"),
            (_, Some(Version::TLS12)) => refused("max_version TLS12 would exclude the better TLS13; leave it away"),
            (Version::TLS13, _) => Ok(tls.oldest(Oldest::Tls13)),
            (Version::TLS12, _) => Ok(tls),
        }
    }
}

impl HttpServerConfig {
    fn headers(&self, file: &Path) -> Result<Vec<(HeaderName, HeaderValue)>, String> {
        let headers = self.headers.iter().map(|(name, value)| {
            let known = HEADERS.iter().find(|known| name.eq_ignore_ascii_case(known));
            let value = HeaderValue::from_str(value);
            match (known, value) {
                (Some(known), Ok(value)) => Ok((HeaderName::from_static(known), value)),
                (None, _) => Err(format!(
                    "the web configuration {}: the header {name:?} cannot be set; these can: {}",
                    file.display(),
                    HEADERS.join(", ")
                )),
                (_, Err(_)) => Err(format!(
                    "the web configuration {}: the header {name} has a value that no header can have",
                    file.display()
                )),
            }
        });
        headers.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exporter::fixture::{TemporaryFile, catalog};

    /// Of "secret".
    const HASH: &str = "$2y$04$abcdefghijklmnopqrstuu";

    fn exporter(config: &str) -> Result<Exporter, ExporterError> {
        let file = TemporaryFile::holding(config.as_bytes());
        Exporter::new(catalog()).web_config(file.path())
    }

    #[test]
    fn an_empty_file_changes_nothing() {
        for config in ["", "# nothing\n\n", "tls_server_config:\n"] {
            let exporter = exporter(config).unwrap();
            assert!(exporter.tls.is_none() && exporter.headers.is_empty(), "{config}");
        }
    }

    #[test]
    fn headers_and_versions_are_taken_over() {
        let exporter = exporter(
            "http_server_config:\n  http2: false\n  headers:\n    X-Frame-Options: deny\n    strict-transport-security: max-age=1\n",
        )
        .unwrap();
        #[cfg(feature = "http2")]
        assert!(!exporter.http2);
        let mut headers: Vec<_> = exporter.headers.iter().map(|(name, _)| name.as_str()).collect();
        headers.sort_unstable();
        assert_eq!(headers, ["strict-transport-security", "x-frame-options"]);
    }

    #[test]
    fn what_is_wrong_is_named_with_the_file() {
        let tls = |more: &str| format!("tls_server_config:\n  cert_file: a\n  key_file: b\n{more}");
        for (config, problem) in [
            ("users: {}".to_owned(), "users"),
            ("basic_auth_users: [".to_owned(), "line 1"),
            ("basic_auth_users: secret".to_owned(), "line 1, column "),
            ("basic_auth_users:\n- secret".to_owned(), "line 2, column "),
            (
                "basic_auth_users:\n  a: secret".to_owned(),
                "the password of \"a\" is no bcrypt hash",
            ),
            (
                format!("basic_auth_users:\n  a: {HASH}"),
                "the password of \"a\" is no bcrypt hash",
            ),
            ("tls_server_config:\n  cert_file: a".to_owned(), "key_file"),
            (tls("  cipher_suites: [a]"), "cipher_suites"),
            (tls("  client_auth_type: RequireAnyClientCert"), "nobody verifies"),
            (
                tls("  client_auth_type: RequireAndVerifyClientCert"),
                "needs client_ca_file",
            ),
            (tls("  client_ca_file: c"), "no effect"),
            (tls("  min_version: TLS11"), "older versions are broken"),
            (tls("  max_version: TLS12"), "leave it away"),
            (
                "http_server_config:\n  headers:\n    Server: x".to_owned(),
                "\"Server\" cannot be set",
            ),
        ] {
            let error = exporter(&config).unwrap_err().to_string();
            assert!(error.starts_with("the web configuration "), "{error}");
            assert!(error.contains(problem) && !error.contains("secret"), "{error}");
        }
        let error = Exporter::new(catalog())
            .web_config("/nonexistent.yml")
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("cannot read the web configuration /nonexistent.yml: "),
            "{error}"
        );
        // Beside the file.
        let file = TemporaryFile::holding(tls("").as_bytes());
        let error = Exporter::new(catalog())
            .web_config(file.path())
            .unwrap_err()
            .to_string();
        let certificate = file.path().parent().unwrap().join("a");
        assert!(error.contains(&*certificate.to_string_lossy()), "{error}");
    }

    #[test]
    fn users_are_read_again_and_never_forgotten() {
        let users = |names: &[&str]| {
            let lines = names
                .iter()
                .map(|name| format!("  {name}: {}\n", bcrypt::hash("x", 4).unwrap()));
            format!("basic_auth_users:\n{}", lines.collect::<String>())
        };
        let file = TemporaryFile::holding(users(&["a"]).as_bytes());
        let path = file.path().to_owned();
        let named = path.clone();
        let reloaded = Reloaded::new(
            move || WebConfig::read(&path)?.users(&path),
            move |users: &Vec<_>| hashed(users, &named),
        )
        .unwrap();
        use crate::exporter::reload::Reload as _;
        for (config, count, problem) in [
            (users(&["a", "b"]), 2, None),
            (String::new(), 2, Some("has no users any more")),
            ("basic_auth_users: {}\n".to_owned(), 2, Some("no users")),
            ("basic_auth_us".to_owned(), 2, Some("the web configuration")),
            (users(&["b"]), 1, None),
        ] {
            fs::write(file.path(), &config).unwrap();
            reloaded.reload();
            assert_eq!(reloaded.get().len(), count, "{config}");
            match (reloaded.problem(), problem) {
                (None, None) => {}
                (Some(said), Some(problem)) => assert!(said.contains(problem), "{said}"),
                other => panic!("{other:?}"),
            }
        }
    }
}
