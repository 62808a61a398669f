//! Serving a catalog to Prometheus.

mod access;
#[cfg(feature = "axum")]
mod axum;
mod body;
mod buffer;
mod compress;
mod error;
mod filter;
#[cfg(test)]
pub(crate) mod fixture;
mod negotiate;
mod reload;
mod render;
mod respond;
mod self_metrics;
mod serve;
mod service;
#[cfg(feature = "web-config")]
mod web_config;

use std::fmt;
use std::sync::Arc;

use http::{HeaderName, HeaderValue};

#[cfg(feature = "prometheus")]
use prometheus::Registry;

use self::access::Access;
pub use self::access::{Secret, SecretError};
pub use self::body::ScrapeBody;
pub use self::error::ExporterError;
use self::render::{Renderer, Sources};
use self::respond::{Readiness, Responder};
use self::self_metrics::SelfMetrics;
pub use self::serve::Server;
#[cfg(feature = "tls")]
use self::serve::tls::Acceptor;
#[cfg(feature = "tls")]
pub use self::serve::tls::Tls;
pub use self::service::ExporterService;
use crate::catalog::Catalog;
use crate::exposition::Format;
#[cfg(feature = "prometheus")]
use crate::interop::Foreign;
use crate::label::LabelValue as _;

/// Serves a catalog, and what else the program exports, over HTTP.
///
/// Either it listens itself, with [`bind`](Self::bind), or it becomes a route of the program's own
/// server, with `route` (feature `axum`). Both answer in the [`Format`](crate::Format) that the
/// client likes best, and in text to whoever does not say.
///
/// Scrapes never run on a task that serves requests: rendering, and the collectors of registries,
/// run on threads for blocking work ([`tokio::task::spawn_blocking`]); registries are gathered for four
/// scrapes at once at most. An answer of more than 256 KiB is written page by page, when the client
/// has taken what came before: a client that does not read holds a few pages, and no thread.
///
/// # Examples
///
/// A listener of its own:
///
/// ```no_run
/// # use enumetrics_runtime as enumetrics;
/// use enumetrics::{Catalog, Exporter, Secret};
///
/// # async fn serve(metrics: &'static Catalog<'static>) -> Result<(), Box<dyn std::error::Error>> {
/// let server = Exporter::new(metrics)
///     .basic_auth("prometheus", Secret::from_file("/run/secrets/metrics_password")?)?
///     .bind("127.0.0.1:9464")
///     .await?;
/// tokio::spawn(server.run());
/// # Ok(())
/// # }
/// ```
///
/// # What is left out, and how to see it
///
/// A scrape in which a name occurs twice is unreadable as a whole. So where two sources export the
/// same name:
///
/// - the catalog wins over registries, because it was checked at compile time;
/// - families of two registries that have the same name and type become one family, and of two
///   series with the same labels the one of the registry added first stays;
/// - of families that have the same name and different types the first one stays. A histogram `x`
///   has the names `x_bucket`, `x_sum` and `x_count` too, a summary `x_sum` and `x_count`;
/// - process metrics that a registry exports are taken from there.
///
/// All of this is decided at each scrape, because collectors can be registered at any time. What was
/// left out (process metrics excepted) is said at the end of a scrape in text, such as `curl` gets, in
/// a line that starts with `# enumetrics: `, which parsers ignore:
///
/// ```text
/// # enumetrics: left out family "kyc_sessions" of registry 1: the catalog exports kyc_sessions
/// ```
///
/// A registry may also hold what the format cannot carry, because collectors written by hand return
/// what they like: names that are invalid, labels that occur twice. That is left out in the same
/// way, and the rest is exported.
///
/// OpenMetrics has a few rules more. A counter whose name without `_total` is another family's, or that
/// has no `_total`, is of type `unknown` there. A scrape with a histogram that has a negative bound is
/// answered in text, because OpenMetrics has no place for its sum and its count.
///
/// A registry with a collector that panics, or takes longer than half of the time that the client waits (Prometheus says
/// how long that is), is left out, and the rest is served. It is never gathered twice at once: a collector that
/// hangs holds one thread. (A program that is compiled with `panic = "abort"` aborts all the same.)
#[derive(Clone)]
#[must_use = "an exporter serves nothing until `bind` or `route` is called"]
pub struct Exporter {
    catalog: Catalog<'static>,
    access: Access,
    readiness: Readiness,
    /// What every answer has besides.
    headers: Vec<(HeaderName, HeaderValue)>,
    /// Whether a client may speak HTTP/2.
    #[cfg(feature = "http2")]
    http2: bool,
    self_metrics: bool,
    /// What may be answered with, the first to who likes none.
    formats: Vec<Format>,
    compressed: bool,
    #[cfg(feature = "tls")]
    tls: Option<Acceptor>,
    #[cfg(feature = "prometheus")]
    registries: Vec<Registry>,
    #[cfg(feature = "process")]
    process: bool,
}

impl Exporter {
    /// Exports a catalog, to everyone who asks.
    pub fn new(catalog: &Catalog<'static>) -> Self {
        crate::clock::seek();
        Self {
            catalog: *catalog,
            access: Access::new(),
            readiness: Readiness::default(),
            headers: Vec::new(),
            #[cfg(feature = "http2")]
            http2: true,
            self_metrics: false,
            formats: Format::VARIANTS.to_vec(),
            compressed: true,
            #[cfg(feature = "tls")]
            tls: None,
            #[cfg(feature = "prometheus")]
            registries: Vec::new(),
            #[cfg(feature = "process")]
            process: false,
        }
    }

    /// Exports a registry of the crate `prometheus` too, such as
    /// [`prometheus::default_registry()`](prometheus::default_registry), where libraries register
    /// theirs. It may be called several times, for several registries.
    ///
    /// `le` and `quantile` are written in the canonical form (`8.0`), not in that of
    /// `prometheus::TextEncoder` (`8`): it is what Prometheus 3 stores for both.
    #[cfg(feature = "prometheus")]
    pub fn registry(mut self, registry: &Registry) -> Self {
        self.registries.push(registry.clone());
        self
    }

    /// Exports the process's CPU time, memory, threads, open files and start time too, under the
    /// names that every Prometheus client library uses (`process_resident_memory_bytes`, …).
    ///
    /// On Linux only; elsewhere it does nothing. It reads `/proc` at each scrape, in a time that
    /// grows with the number of open files. Where a [`registry`](Self::registry) exports the same
    /// metrics ([`prometheus::default_registry()`](prometheus::default_registry) does if anyone
    /// enables the feature `process` of that crate), they are taken from there.
    #[cfg(feature = "process")]
    pub fn process_metrics(mut self) -> Self {
        self.process = true;
        self
    }

    /// Exports what the exporter measures of itself too: scrapes, their duration and size by format, requests that were
    /// refused, registries that were left out, files that cannot be used, and how many series the catalog has and can have.
    /// Their names begin with `enumetrics_exporter_`. A scrape tells of those before it.
    pub fn self_metrics(mut self) -> Self {
        self.self_metrics = true;
        self
    }

    /// Asks for a user name and a password ([RFC 7617](https://www.rfc-editor.org/rfc/rfc7617)). Called several times,
    /// it lets in each of the users.
    ///
    /// Whoever sends anything else is answered with status 401, in a time that says nothing about
    /// what was right, and after half a second, so that nobody tries many. The password travels readable: use it on networks
    /// that you trust, or together with TLS. In Prometheus:
    ///
    /// ```yaml
    /// scrape_configs:
    ///   - job_name: kyc
    ///     basic_auth:
    ///       username: prometheus
    ///       password_file: /run/secrets/metrics_password
    /// ```
    ///
    /// # Errors
    ///
    /// When no client could send them: the user name is empty or contains a colon, either contains a
    /// control character, the password is empty, or both together have more than 767 bytes. They
    /// are checked here, so that the mistake is found where it was made and an exporter that should
    /// be protected never serves unprotected.
    pub fn basic_auth(mut self, user: impl AsRef<str>, password: Secret) -> Result<Self, ExporterError> {
        self.access.add_user(user.as_ref(), password)?;
        Ok(self)
    }

    /// Asks for a bearer token ([RFC 6750](https://www.rfc-editor.org/rfc/rfc6750)). Called several times, it lets in
    /// each of the tokens; with [`basic_auth`](Self::basic_auth), either is enough.
    ///
    /// Everything said there holds here. In Prometheus:
    ///
    /// ```yaml
    /// scrape_configs:
    ///   - job_name: kyc
    ///     authorization:
    ///       credentials_file: /run/secrets/metrics_token
    /// ```
    ///
    /// # Errors
    ///
    /// When no client could send it: it is empty, has more than 1024 bytes, or contains anything but visible ASCII
    /// characters.
    pub fn bearer_token(mut self, token: Secret) -> Result<Self, ExporterError> {
        self.access.add_token(token)?;
        Ok(self)
    }

    /// Answers clients at these addresses only, each written as `192.0.2.7`, `10.0.0.0/8` or `2001:db8::/32`. Others get
    /// status 403. Called several times, it adds to the list. Clients of a Unix socket are let in.
    ///
    /// The address is that of the connection: behind a proxy, the proxy's. As an axum route the exporter knows it only
    /// where the router is served with `into_make_service_with_connect_info::<SocketAddr>()`; elsewhere it answers
    /// nobody.
    ///
    /// # Errors
    ///
    /// [`ExporterError::Network`] for the first that is none of these.
    pub fn allow_from<'n>(mut self, networks: impl IntoIterator<Item = &'n str>) -> Result<Self, ExporterError> {
        for network in networks {
            self.access.add_network(network)?;
        }
        Ok(self)
    }

    /// Speaks TLS (1.2 and 1.3) on the exporter's own addresses, and nothing else there; a Unix socket stays as it is.
    ///
    /// A route has the connections of the server that it is part of: whether they are encrypted is that
    /// server's matter.
    ///
    /// # Errors
    ///
    /// [`ExporterError::Tls`] when a file cannot be read, or is not what it should be; it names the file.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: Tls) -> Result<Self, ExporterError> {
        self.tls = Some(tls.load()?);
        Ok(self)
    }

    /// Answers in these formats only, and in the first to a client that likes none of them. All of them, if none is given.
    ///
    /// A scrape for which a format has no place is answered in text nevertheless: see
    /// [what is left out](Self#what-is-left-out-and-how-to-see-it).
    pub fn formats(mut self, formats: impl IntoIterator<Item = Format>) -> Self {
        self.formats = formats.into_iter().collect();
        if self.formats.is_empty() {
            self.formats = Format::VARIANTS.to_vec();
        }
        self
    }

    /// Whether answers are packed as clients like it (features `gzip` and `zstd`); they are, unless this says `false`:
    /// packing costs more CPU time than writing does, and saves nine tenths of the bytes.
    pub fn compressed(mut self, compressed: bool) -> Self {
        self.compressed = compressed;
        self
    }

    /// The same for another catalog.
    pub(crate) fn with_catalog(mut self, catalog: &Catalog<'static>) -> Self {
        self.catalog = *catalog;
        self
    }

    /// What `/ready` answers: status 200 while `is_ready` says so, else 503. Without this it is always 200.
    ///
    /// The listener of [`bind`](Self::bind) has this page for Kubernetes' readiness probe, and `/health`, which always
    /// answers 200, for its liveness probe. Neither asks for a secret. `is_ready` is called for each request, on the
    /// thread that serves it: it must not block.
    pub fn ready_when(mut self, is_ready: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.readiness = Readiness(Some(Arc::new(is_ready)));
        self
    }

    fn into_responder(self) -> Responder {
        let access = Arc::new(self.access);
        let sources = Sources {
            catalog: self.catalog,
            access: Arc::clone(&access),
            self_metrics: self.self_metrics.then(|| SelfMetrics::new(&self.catalog)),
            #[cfg(feature = "tls")]
            tls: self.tls,
            #[cfg(feature = "prometheus")]
            foreign: Foreign::new(
                &self.catalog,
                self.registries,
                #[cfg(feature = "process")]
                self.process,
            ),
        };
        Responder {
            renderer: Renderer::new(sources),
            access,
            readiness: self.readiness,
            formats: self.formats,
            compressed: self.compressed,
            headers: self.headers,
        }
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Exporter");
        shown.field("access", &self.access);
        #[cfg(feature = "prometheus")]
        shown.field("registries", &self.registries);
        #[cfg(feature = "process")]
        shown.field("process_metrics", &self.process);
        shown.finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_looks_for_its_clock_when_it_makes_its_exporter() {
        drop(Exporter::new(fixture::catalog()));
        assert!(crate::clock::is_sought());
    }

    #[test]
    fn an_exporter_shows_no_secret() {
        let exporter = Exporter::new(fixture::catalog())
            .basic_auth("prometheus", Secret::new("hunter2"))
            .unwrap();
        let shown = format!("{exporter:?}");
        assert!(shown.contains("***") && !shown.contains("hunter2"), "{shown}");
        // Nor its encoded form, which is as good: prometheus:hunter2.
        assert!(!shown.contains("cHJvbWV0aGV1czpodW50ZXIy"), "{shown}");
    }
}
