//! What operators set of a program's metrics, from the environment or in code.

mod mistake;
mod variables;

use std::ffi::OsString;

pub use self::mistake::{SettingMistake, SettingsError};
use self::variables::Environment;
use crate::catalog::{AdaptError, Catalog};
use crate::exporter::{Exporter, ExporterError};
#[cfg(feature = "http")]
use crate::http::{HttpLayer, HttpMetrics, Patterns};
use crate::storage::set_recording;
use crate::{Format, LabelValue as _};

/// What operators set of a program's metrics: whether there are any, what their names begin with, labels of all of them,
/// where they are served, to whom, and how.
///
/// [`from_env`](Self::from_env) reads the variables that [`VARIABLES`](Self::VARIABLES) lists;
/// [`builder`](Self::builder) says the same in code, or what holds where the environment says nothing.
///
/// ```no_run
/// # use enumetrics_runtime as enumetrics;
/// use enumetrics::{Catalog, Settings};
///
/// # async fn serve(metrics: &'static Catalog<'static>) -> Result<(), Box<dyn std::error::Error>> {
/// // Stops the start where a variable is wrong, and says all that are.
/// let settings = Settings::builder(metrics).address("127.0.0.1:9464").env().build()?;
/// if let Some(exporter) = settings.exporter() {
///     tokio::spawn(exporter.bind_all(settings.addresses()).await?.run());
/// }
/// # Ok(()) }
/// ```
///
/// # Names that an operator chooses
///
/// With a namespace every name that is declared begins differently, so that a rule that names the old one finds nothing,
/// and never fires. What is generated from the declarations takes the same settings: see [`Catalog::stamp`],
/// [`SettingsBuilder::generated`], and with the feature `rules` `Rules::adapted_to`. And where a namespace is set, the
/// scrape has `enumetrics_names_info{prefix="shop_cart"} 1`, for an alert on any other prefix than that of the rules:
/// `enumetrics_names_info{prefix!="shop_cart"}`.
#[derive(Clone, Debug)]
pub struct Settings {
    enabled: bool,
    catalog: Catalog<'static>,
    exporter: Exporter,
    addresses: Vec<String>,
    #[cfg(feature = "http")]
    excluded: Patterns,
}

impl Settings {
    /// The variables that are read, and what each is for, such as for `--help`.
    pub const VARIABLES: &'static [(&'static str, &'static str)] = variables::VARIABLES;

    /// What the environment says of the metrics of a catalog: the same as `Settings::builder(catalog).env().build()`.
    ///
    /// # Errors
    ///
    /// All variables that are wrong, each with its value and what is allowed.
    pub fn from_env(catalog: &Catalog<'static>) -> Result<Self, SettingsError> {
        Self::builder(catalog).env().build()
    }

    /// Settings in code.
    pub fn builder(catalog: &Catalog<'static>) -> SettingsBuilder {
        SettingsBuilder {
            enabled: true,
            catalog: *catalog,
            exporter: Exporter::new(catalog),
            namespace: None,
            subsystem: None,
            labels: Said::default(),
            addresses: Vec::new(),
            tls: None,
            generated: Vec::new(),
            #[cfg(feature = "http")]
            excluded: Patterns::default(),
            mistakes: Vec::new(),
        }
    }

    /// Whether there are metrics.
    #[must_use]
    pub const fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// The catalog under the names and with the labels that are in force: what generated files are generated from.
    #[must_use]
    pub const fn catalog(&self) -> &Catalog<'static> {
        &self.catalog
    }

    /// Where the metrics are to be served, for [`Exporter::bind_all`]. Nowhere, where they are a route of the program's own
    /// server.
    #[must_use]
    pub fn addresses(&self) -> &[String] {
        &self.addresses
    }

    /// An exporter as it is set up here, to which the program can add its own.
    ///
    /// None where metrics are switched off. From this call on nothing is recorded then, as after
    /// [`set_recording(false)`](set_recording).
    #[must_use]
    pub fn exporter(&self) -> Option<Exporter> {
        if !self.enabled {
            set_recording(false);
        }
        self.enabled.then(|| self.exporter.clone())
    }

    /// A layer that records into these metrics what is not excluded. It records nothing where metrics are switched off,
    /// which costs a branch.
    #[cfg(feature = "http")]
    #[must_use]
    pub fn layer<M: HttpMetrics>(&self, http: &'static M) -> HttpLayer<M> {
        HttpLayer::new(http).enabled(self.enabled).exclude_all(&self.excluded)
    }
}

/// [`Settings`] in code. What is wrong is said by [`build`](Self::build), all of it together.
#[derive(Clone, Debug)]
#[must_use = "settings do nothing until `build` is called"]
pub struct SettingsBuilder {
    enabled: bool,
    catalog: Catalog<'static>,
    exporter: Exporter,
    namespace: Option<Said<String>>,
    subsystem: Option<Said<String>>,
    labels: Said<Vec<(String, String)>>,
    addresses: Vec<String>,
    /// Which setting asks for TLS, which a route of another server cannot have.
    tls: Option<&'static str>,
    generated: Vec<(String, String)>,
    #[cfg(feature = "http")]
    excluded: Patterns,
    mistakes: Vec<SettingMistake>,
}

/// A value, and which setting says it.
#[derive(Clone, Debug, Default)]
struct Said<T> {
    by: &'static str,
    value: T,
}

impl SettingsBuilder {
    /// Whether there are metrics; there are, unless this says `false`.
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    /// What stands before every name: `shop` makes `shop_http_requests_total` of `http_requests_total`.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(Said::new("namespace", namespace.into()));
        self
    }

    /// What stands before every name, after the namespace.
    pub fn subsystem(mut self, subsystem: impl Into<String>) -> Self {
        self.subsystem = Some(Said::new("subsystem", subsystem.into()));
        self
    }

    /// A label of all series. Called several times, it adds to them; `CUSTOM_LABELS` replaces them.
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.by = "label";
        self.labels.value.push((name.into(), value.into()));
        self
    }

    /// Handlers of which an HTTP layer records nothing: regular expressions, as in
    /// [`HttpLayer::exclude`]. Called several times, it adds to them; `METRICS_EXCLUDED_HANDLERS` replaces them.
    #[cfg(feature = "http")]
    pub fn exclude<P: AsRef<str>>(mut self, handlers: impl IntoIterator<Item = P>) -> Self {
        if let Err(error) = self.excluded.add(handlers) {
            self.mistakes.push(SettingMistake::new("exclude", error));
        }
        self
    }

    /// An address of the exporter's own: `127.0.0.1:9464`, or `unix:` and a path. Called several times, it adds to them;
    /// `METRICS_ADDRESS` replaces them.
    pub fn address(mut self, address: impl Into<String>) -> Self {
        let address = address.into();
        match address_problem(&address) {
            Some(problem) => self.mistakes.push(SettingMistake::new("address", problem)),
            None => self.addresses.push(address),
        }
        self
    }

    /// A file that was generated from the declarations, by its name and its text: where its [stamp](Catalog::stamp) says
    /// that it has other names than those in force, the program does not start. Give it the files that are deployed with
    /// the program.
    ///
    /// ```
    /// # use enumetrics_runtime::{Catalog, Settings};
    /// # static METRICS: Catalog<'static> = Catalog::__new(&[], &[]);
    /// let rules = "groups: []"; // include_str!("../deploy/rules.yml"), generated without a namespace
    /// let settings = Settings::builder(&METRICS).namespace("shop").generated("deploy/rules.yml", rules);
    /// let error = settings.build().unwrap_err();
    /// assert!(error.to_string().starts_with("deploy/rules.yml: the metrics that it was generated for"));
    /// ```
    pub fn generated(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.generated.push((name.into(), text.into()));
        self
    }

    /// What the process's environment says, instead of what was said here before.
    pub fn env(self) -> Self {
        self.variables(|name| std::env::var_os(name))
    }

    /// What some variables say, as [`env`](Self::env): for tests, and for names with a prefix of the program's.
    ///
    /// ```
    /// # use enumetrics_runtime::{Catalog, Settings};
    /// # static METRICS: Catalog<'static> = Catalog::__new(&[], &[]);
    /// let settings = Settings::builder(&METRICS).variables(|name| std::env::var_os(format!("CART_{name}"))).build();
    /// # assert!(settings.is_ok());
    /// ```
    pub fn variables(mut self, read: impl Fn(&str) -> Option<OsString>) -> Self {
        let mut variables = Environment::new(&read, std::mem::take(&mut self.mistakes));
        if let Some(enabled) = variables.flag("ENABLE_METRICS") {
            self.enabled = enabled;
        }
        // A password need not be there where nobody may ask for it.
        if self.enabled {
            self.read(&mut variables);
        }
        self.mistakes = variables.into_mistakes();
        self
    }

    fn read(&mut self, variables: &mut Environment<'_>) {
        for (name, prefix) in [
            ("METRICS_NAMESPACE", &mut self.namespace),
            ("METRICS_SUBSYSTEM", &mut self.subsystem),
        ] {
            if let Some(text) = variables.text(name) {
                *prefix = Some(Said::new(name, text));
            }
        }
        if let Some(labels) = variables.labels("CUSTOM_LABELS") {
            self.labels = Said::new("CUSTOM_LABELS", labels);
        }
        #[cfg(feature = "http")]
        if let Some(patterns) = variables.text("METRICS_EXCLUDED_HANDLERS") {
            self.excluded = Patterns::default();
            let added = self.excluded.add(variables::patterns(&patterns));
            variables.unwrap("METRICS_EXCLUDED_HANDLERS", added);
        }
        if let Some(addresses) = variables.list("METRICS_ADDRESS", |address| match address_problem(address) {
            Some(problem) => Err(problem),
            None => Ok(address.to_owned()),
        }) {
            self.addresses = addresses;
        }
        if let Some(formats) = variables.list("METRICS_FORMATS", |name| {
            let unknown = || format!("there is no format `{name}`; there are: {}", Format::VALUES.join(", "));
            Format::from_value(name).ok_or_else(unknown)
        }) {
            self.set(|exporter| exporter.formats(formats));
        }
        if let Some(compress) = variables.flag("METRICS_COMPRESSION") {
            self.set(|exporter| exporter.compressed(compress));
        }
        for (name, protected) in variables.protection() {
            match protected(self.exporter.clone()) {
                Ok(exporter) => self.exporter = exporter,
                Err(error @ ExporterError::UserName { .. }) => variables.wrong(variables::USER, error),
                Err(error) => variables.wrong(name, error),
            }
        }
        self.tls = variables.tls();
    }

    fn set(&mut self, set: impl FnOnce(Exporter) -> Exporter) {
        self.exporter = set(self.exporter.clone());
    }

    /// The settings.
    ///
    /// # Errors
    ///
    /// All that is wrong: values that cannot be what they are for, a label that a metric has already, a generated file
    /// that has other names. Where metrics are switched off, nothing else is looked at.
    pub fn build(mut self) -> Result<Settings, SettingsError> {
        let mut catalog = self.catalog;
        if self.enabled {
            catalog = self.adapted();
            if self.tls.is_some() && self.addresses.is_empty() {
                let problem = "TLS is for addresses of the exporter's own, and there is none: set METRICS_ADDRESS, too";
                self.mistakes
                    .extend(self.tls.map(|name| SettingMistake::new(name, problem)));
            }
            for (name, text) in &self.generated {
                if let Err(error) = catalog.check_stamp(text) {
                    self.mistakes.push(SettingMistake::new(name.as_str(), error));
                }
            }
        }
        if !self.mistakes.is_empty() {
            return Err(SettingsError::new(self.mistakes));
        }
        if !catalog.prefix().is_empty() {
            catalog = catalog.with_names_info();
        }
        Ok(Settings {
            enabled: self.enabled,
            catalog,
            exporter: self.exporter.with_catalog(&catalog),
            addresses: self.addresses,
            #[cfg(feature = "http")]
            excluded: self.excluded,
        })
    }

    fn adapted(&mut self) -> Catalog<'static> {
        let mut catalog = self.catalog;
        let mut adapt =
            |by, adapt: &dyn Fn(Catalog<'static>) -> Result<Catalog<'static>, AdaptError>| match adapt(catalog) {
                Ok(adapted) => catalog = adapted,
                Err(error) => self.mistakes.push(SettingMistake::new(by, error)),
            };
        // Before the names change: an error names what is declared.
        let labels = || self.labels.value.iter().cloned();
        adapt(self.labels.by, &|catalog| catalog.with_labels(labels()));
        // The subsystem comes after the namespace, so it is put in front first.
        for prefix in [&self.subsystem, &self.namespace].into_iter().flatten() {
            if !prefix.value.is_empty() {
                adapt(prefix.by, &|catalog| catalog.with_prefix(&prefix.value));
            }
        }
        catalog
    }
}

impl<T> Said<T> {
    const fn new(by: &'static str, value: T) -> Self {
        Self { by, value }
    }
}

/// What is wrong with an address, before the system is asked for it.
fn address_problem(address: &str) -> Option<String> {
    let is_right = match address.strip_prefix("unix:") {
        Some(path) => cfg!(unix) && !path.is_empty(),
        None => address.rsplit_once(':').is_some_and(|(host, port)| {
            // An IPv6 address has colons of its own, and stands in brackets.
            let is_host = !host.is_empty() && (!host.contains(':') || host.starts_with('[') && host.ends_with(']'));
            is_host && port.parse::<u16>().is_ok()
        }),
    };
    let allowed = "write host and port, such as 127.0.0.1:9464 or [::]:9464, or unix: and a path";
    (!is_right).then(|| format!("`{address}` is no address; {allowed}"))
}

#[cfg(test)]
mod tests;
