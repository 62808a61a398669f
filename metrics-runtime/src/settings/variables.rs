//! The variables of the environment.

use std::ffi::OsString;
use std::fmt::Display;

use super::{Exporter, ExporterError, SettingMistake};
use crate::Secret;
#[cfg(feature = "tls")]
use crate::Tls;

/// Their names and what each is for. (Not `METRICS_PORT`: Kubernetes sets that, beside a service called `metrics`.)
pub(super) const VARIABLES: &[(&str, &str)] = &[
    (
        "ENABLE_METRICS",
        "`true` or `1`, and if not set: measured and served; `false` or `0`: neither, and nothing else is looked at",
    ),
    ("METRICS_NAMESPACE", "the beginning of every name"),
    ("METRICS_SUBSYSTEM", "what comes after that"),
    (
        "CUSTOM_LABELS",
        "labels of every series: `service=cart,environment=staging`",
    ),
    #[cfg(feature = "http")]
    (
        "METRICS_EXCLUDED_HANDLERS",
        "routes that are not measured: regular expressions, separated by commas, looked for anywhere in a route's template",
    ),
    (
        "METRICS_ADDRESS",
        "addresses of the metrics' own, separated by commas: `0.0.0.0:9464`, `unix:/run/metrics.sock`",
    ),
    (
        "METRICS_FORMATS",
        "the formats that may be answered, separated by commas; the first for who likes none of them",
    ),
    ("METRICS_COMPRESSION", "`false`: answers are never packed"),
    (
        "METRICS_USERNAME",
        "who may scrape, with the password; `prometheus` if not set",
    ),
    (
        "METRICS_PASSWORD_FILE",
        "a file with the password, as Prometheus' `password_file`",
    ),
    ("METRICS_PASSWORD", "or the password itself"),
    (
        "METRICS_CREDENTIALS_FILE",
        "a file with a bearer token, as Prometheus' `credentials_file`",
    ),
    (
        "METRICS_ALLOW_FROM",
        "addresses and networks of clients, separated by commas: `10.0.0.0/8,::1`",
    ),
    (
        "METRICS_TLS_CERT_FILE",
        "a certificate, for TLS on the addresses of their own",
    ),
    ("METRICS_TLS_KEY_FILE", "its key"),
    (
        "METRICS_TLS_CLIENT_CA_FILE",
        "who signs the certificates that clients must have",
    ),
    (
        "METRICS_WEB_CONFIG_FILE",
        "a web configuration file, as Prometheus' `--web.config.file`",
    ),
];

/// The variable with the name of who may scrape.
pub(super) const USER: &str = "METRICS_USERNAME";

/// The only variable whose value is a secret, which is never shown.
const PASSWORD: &str = "METRICS_PASSWORD";

/// Adds to who may scrape.
type Protect = Box<dyn FnOnce(Exporter) -> Result<Exporter, ExporterError>>;

/// The environment, and what is wrong with it.
pub(super) struct Environment<'a> {
    read: &'a dyn Fn(&str) -> Option<OsString>,
    mistakes: Vec<SettingMistake>,
}

impl<'a> Environment<'a> {
    pub(super) fn new(read: &'a dyn Fn(&str) -> Option<OsString>, mistakes: Vec<SettingMistake>) -> Self {
        Self { read, mistakes }
    }

    pub(super) fn into_mistakes(self) -> Vec<SettingMistake> {
        self.mistakes
    }

    /// A variable's text, if it is set; perhaps an empty one.
    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        match (self.read)(name)?.into_string() {
            Ok(text) => Some(text.trim().to_owned()),
            Err(bytes) => {
                let shown = match name {
                    PASSWORD => "it".into(),
                    _ => format!("`{}`", bytes.to_string_lossy()),
                };
                self.wrong(name, format!("{shown} is not UTF-8: write it in UTF-8, or unset it"));
                None
            }
        }
    }

    pub(super) fn flag(&mut self, name: &'static str) -> Option<bool> {
        let text = self.text(name)?;
        let is = |word: &str| text.eq_ignore_ascii_case(word);
        match () {
            () if is("true") || is("1") => Some(true),
            () if is("false") || is("0") => Some(false),
            () => {
                self.wrong(
                    name,
                    format!("`{text}` is neither `true` (or `1`) nor `false` (or `0`)"),
                );
                None
            }
        }
    }

    /// What stands between commas; each mistake is one.
    pub(super) fn list<T, E: Display>(
        &mut self,
        name: &'static str,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Option<Vec<T>> {
        let text = self.text(name)?;
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        Some(parts.filter_map(|part| self.unwrap(name, read(part))).collect())
    }

    pub(super) fn labels(&mut self, name: &'static str) -> Option<Vec<(String, String)>> {
        self.list(name, |label| match label.split_once('=') {
            Some((label, value)) if !value.trim().is_empty() => Ok((label.trim().to_owned(), value.trim().to_owned())),
            Some((label, _)) => Err(format!("the label `{label}` has no value: write one, or leave it out")),
            None => Err(format!(
                "`{label}` is no label: write `name=value`, and several with commas between them"
            )),
        })
    }

    /// What the variables about who may scrape ask for.
    pub(super) fn protection(&mut self) -> Vec<(&'static str, Protect)> {
        let mut protection: Vec<(&'static str, Protect)> = Vec::new();
        self.password(&mut protection);
        if let Some(file) = self.path("METRICS_CREDENTIALS_FILE")
            && let Some(token) = self.unwrap("METRICS_CREDENTIALS_FILE", Secret::from_file(file))
        {
            let token: Protect = Box::new(|exporter| exporter.bearer_token(token));
            protection.push(("METRICS_CREDENTIALS_FILE", token));
        }
        let networks = self.list("METRICS_ALLOW_FROM", |network| {
            Ok::<_, ExporterError>(network.to_owned())
        });
        if networks.as_ref().is_some_and(Vec::is_empty) {
            self.wrong(
                "METRICS_ALLOW_FROM",
                "it is empty: name addresses or networks, or unset it",
            );
        }
        for network in networks.into_iter().flatten() {
            let network: Protect = Box::new(move |exporter| exporter.allow_from([network.as_str()]));
            protection.push(("METRICS_ALLOW_FROM", network));
        }
        self.encryption(&mut protection);
        #[cfg(feature = "web-config")]
        if let Some(file) = self.path("METRICS_WEB_CONFIG_FILE") {
            protection.push((
                "METRICS_WEB_CONFIG_FILE",
                Box::new(|exporter| exporter.web_config(file)),
            ));
        }
        #[cfg(not(feature = "web-config"))]
        self.needs("web-config", &["METRICS_WEB_CONFIG_FILE"]);
        protection
    }

    fn password(&mut self, protection: &mut Vec<(&'static str, Protect)>) {
        const FILE: &str = "METRICS_PASSWORD_FILE";
        let user = self.text(USER);
        let (name, secret) = match (self.path(FILE), self.text(PASSWORD), &user) {
            (Some(_), Some(_), _) => return self.wrong(PASSWORD, format!("{FILE} is set, too: unset one of them")),
            (Some(file), None, _) => (FILE, self.unwrap(FILE, Secret::from_file(file))),
            (None, Some(text), _) => (PASSWORD, Some(Secret::new(text))),
            (None, None, Some(user)) => {
                return self.wrong(
                    USER,
                    format!("there is no password for `{user}`: set {FILE} or {PASSWORD}, or unset it"),
                );
            }
            (None, None, None) => return,
        };
        if let Some(secret) = secret {
            let user = user.unwrap_or_else(|| "prometheus".to_owned());
            protection.push((name, Box::new(|exporter| exporter.basic_auth(user, secret))));
        }
    }

    #[cfg(feature = "tls")]
    fn encryption(&mut self, protection: &mut Vec<(&'static str, Protect)>) {
        const CERT: &str = "METRICS_TLS_CERT_FILE";
        const KEY: &str = "METRICS_TLS_KEY_FILE";
        const CA: &str = "METRICS_TLS_CLIENT_CA_FILE";
        let ca = self.path(CA);
        match (self.path(CERT), self.path(KEY)) {
            (Some(cert), Some(key)) => {
                let tls = Tls::new(cert, key);
                let tls = match ca {
                    Some(ca) => tls.client_ca(ca),
                    None => tls,
                };
                protection.push((CERT, Box::new(|exporter| exporter.tls(tls))));
            }
            (Some(cert), None) => self.wrong(CERT, format!("there is no key to `{cert}`: set {KEY}, or unset it")),
            (None, Some(key)) => self.wrong(
                KEY,
                format!("there is no certificate to `{key}`: set {CERT}, or unset it"),
            ),
            (None, None) => {
                if let Some(ca) = ca {
                    self.wrong(
                        CA,
                        format!("without TLS nobody sees certificates that `{ca}` signed: set {CERT} and {KEY}"),
                    );
                }
            }
        }
    }

    #[cfg(not(feature = "tls"))]
    fn encryption(&mut self, _: &mut Vec<(&'static str, Protect)>) {
        self.needs(
            "tls",
            &[
                "METRICS_TLS_CERT_FILE",
                "METRICS_TLS_KEY_FILE",
                "METRICS_TLS_CLIENT_CA_FILE",
            ],
        );
    }

    /// Which variable asks for TLS.
    pub(super) fn tls(&self) -> Option<&'static str> {
        let name = "METRICS_TLS_CERT_FILE";
        (self.read)(name).map(|_| name)
    }

    /// What would protect, and cannot here, is not ignored.
    #[cfg(not(all(feature = "tls", feature = "web-config")))]
    fn needs(&mut self, feature: &str, names: &[&'static str]) {
        for name in names {
            if (self.read)(name).is_some() {
                self.wrong(
                    name,
                    format!("this program is built without it: enable the feature `{feature}` of enumetrics"),
                );
            }
        }
    }

    /// A path. An empty one is a mistake: what it should have protected would be open.
    fn path(&mut self, name: &'static str) -> Option<String> {
        let path = self.text(name)?;
        if path.is_empty() {
            self.wrong(name, "it is empty: name a file, or unset it");
            return None;
        }
        Some(path)
    }

    pub(super) fn unwrap<T, E: Display>(&mut self, name: &'static str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.wrong(name, error)).ok()
    }

    pub(super) fn wrong(&mut self, name: &'static str, problem: impl Display) {
        self.mistakes.push(SettingMistake::new(name, problem));
    }
}

/// Regular expressions between commas. A comma within brackets belongs to an expression: `^/v[1,2]/`, `/a{1,3}`.
#[cfg(feature = "http")]
pub(super) fn patterns(text: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let mut before = ' ';
    let parts = text.split(|c| {
        match c {
            _ if before == '\\' => {}
            '[' | '{' | '(' => depth += 1,
            ']' | '}' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        // A backslash that is escaped escapes nothing.
        before = if before == '\\' { ' ' } else { c };
        c == ',' && depth == 0
    });
    parts.map(str::trim).filter(|part| !part.is_empty()).collect()
}
