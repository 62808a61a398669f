//! Prometheus metrics whose names, labels and label values the compiler knows.
//!
//! A metric is a field of a struct, a label value is a variant of an enum, and a declaration is a constant. From that
//! follow the storage (arrays of cells, one per thread: no hash, no lock, no contention, no start-up), the checks (a
//! misspelt label value does not compile), the bound on the number of series (a `const`), and the scrape (written
//! straight from the cells).
//!
//! ```
//! use enumetrics::{catalog, metric_family, timed, timed_into, Counter, Gauge, Histogram, LabelValue};
//!
//! #[derive(LabelValue, Clone, Copy)]
//! pub enum Module { Liveness, Ocr, FaceMatch }             // module="face_match"
//!
//! #[derive(LabelValue, Clone, Copy)]
//! #[label(rename_all = "SCREAMING_SNAKE_CASE")]
//! pub enum Status { Verified, Rejected, ManualReview }     // status="MANUAL_REVIEW"
//!
//! #[metric_family(namespace = "kyc", max_series = 100)]
//! pub struct Kyc {
//!     /// Duration of each module of the pipeline.
//!     #[metric(buckets = [0.5, 1.0, 2.0, 4.0, 8.0])]
//!     pub module_duration_seconds: Histogram<Module>,
//!     /// Verifications processed, by final status.
//!     pub verifications_total: Counter<Status>,
//!     /// Verification sessions now open.
//!     pub active_sessions: Gauge,
//! }
//!
//! pub static KYC: Kyc = Kyc::new();
//! catalog! { pub static METRICS = [KYC]; }                 // what this program exports
//! timed_into!(crate::KYC.module_duration_seconds);         // once, at the crate root
//!
//! #[timed(module = "ocr")]                                 // "orc" would not compile
//! fn run_ocr() {}
//!
//! # fn main() {
//! let _session = KYC.active_sessions.track();
//! run_ocr();
//! KYC.verifications_total.with(Status::Verified).inc();
//!
//! assert!(METRICS.render().contains(r#"kyc_verifications_total{status="VERIFIED"} 1"#));
//! # }
//! ```
//!
//! # Where to go from here
//!
//! | to | see |
//! |---|---|
//! | declare metrics | [`metric_family`], [`LabelValue`](macro@LabelValue), [`LabelSet`](macro@LabelSet), [`open_label!`], [`catalog!`]; [the guide](guide::declaring) |
//! | record | [`Counter`], [`Gauge`], [`InFlight`], [`Histogram`], [`Summary`], [`StateSet`], [`Info`] |
//! | compute while scraping | [`ComputedGauge`], [`ComputedCounter`] |
//! | time functions | [`timed`](macro@timed), [`timed_into!`]; [the guide](guide::timing) |
//! | test what is recorded, document what is declared | `testing`, `catalogue`; the guide's chapter on it |
//! | be scraped | `Exporter`, [`Catalog::render`]; [the guide](guide::exposing) |
//! | share a registry of the crate `prometheus` | `Exporter::registry`, `Catalog::collector`; [the guide](guide::exposing) |
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `exporter` | yes | `Exporter`: `GET /metrics` on tokio, on an address of its own, with basic authentication |
//! | `prometheus` | yes | registries of the crate `prometheus` in the same scrape, and a catalog as a collector in one |
//! | `process` | yes | the process's CPU time, memory, threads and open files, on Linux |
//! | `testing` | no | `testing`: what a test recorded, compared with what it should have; what no test recorded |
//! | `catalogue` | no | `catalogue`: what is declared as Markdown and JSON, kept current, compared with the last version |
//! | `axum` | no | `Exporter::route`: the same as a route of an axum server |
//!
//! Without any feature there is declaring, recording, timing and [`Catalog::render`].
// docs.rs is the manual; a type that cannot be printed cannot be debugged; and a library neither prints nor brings its
// host down (tests may: clippy.toml).
#![warn(missing_docs, missing_debug_implementations, unreachable_pub)]
#![warn(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

/// Declares a struct of metrics: each field is a metric family.
///
/// The name of a family is `namespace`, `subsystem` and the field's name, joined by `_`; its help is the first
/// paragraph of the field's doc comment, which must be there. The struct stays as it is written, except that a
/// histogram's type learns the number of its buckets. It gets a `const fn new()`, the constant `MAX_SERIES`, and
/// implements [`MetricFamily`].
///
/// ```
/// use enumetrics::{metric_family, Counter, Histogram};
///
/// #[metric_family(namespace = "shop", subsystem = "cart", max_series = 20)]
/// pub struct Cart {
///     /// Carts that were paid for.
///     pub checkouts_total: Counter,              // shop_cart_checkouts_total
///     /// Price of a cart.
///     #[metric(buckets = [10, 50, 100, 500])]
///     pub price_euros: Histogram,                // shop_cart_price_euros
/// }
///
/// pub static CART: Cart = Cart::new();
///
/// CART.checkouts_total.inc();
/// CART.price_euros.observe(42.5);
/// const _: () = assert!(Cart::MAX_SERIES == 1 + (4 + 3));
/// ```
///
/// On the struct:
///
/// | option | meaning |
/// |---|---|
/// | `namespace = "…"`, `subsystem = "…"` | the beginning of every name |
/// | `max_series = …` | a struct that could export more series does not compile; any constant expression |
/// | `labels(component = "cart", …)` | labels that all its series have; any constant `&str` |
/// | `crate = path` | where this crate is, if not at `::enumetrics` |
///
/// On a field, in `#[metric(…)]`:
///
/// | option | meaning |
/// |---|---|
/// | `buckets = …` | the upper bounds of a histogram's buckets: a list, or a constant array or slice of `f64`, such as [`buckets`](mod@buckets) makes |
/// | `quantiles = …` | the quantiles of a [`Summary`], likewise |
/// | `window = "…"` | how far quantiles look back, such as `"30s"` or `"1h30m"`; ten minutes where it is not said |
/// | `compute = …` | what computes a [`ComputedGauge`] or [`ComputedCounter`]: a function or a closure without captures from the labels to an `f64`, or `later` |
/// | `sparse` | series have memory, and are exported, once they are recorded; see [`Sparse`] |
/// | `exemplars` | each recording brings the trace and span in which it happens; see [`Exemplar`] |
/// | `shared` | all threads record into the same cells, atomically, instead of into their own; see [`Shared`] |
/// | `slo = …` | where an objective lies, one bound or a list: each must be a bucket bound |
/// | `unit = "…"` | a unit that is no base unit; the name must end in it |
/// | `max_series = …` | a budget of its own |
/// | `was = "…"` | the full name that it had before: it is exported under both, while rules and dashboards move |
/// | `flatten` | the field is a struct of metrics, whose metrics are exported as they are |
/// | `allow(rule = "reason")` | an exception from a [rule](guide::rules), which says why |
///
/// A field that is `#[deprecated]` says so in its help text, too.
///
/// # Errors
///
/// All mistakes of a declaration are reported together, each on its token: a name that Prometheus does not accept, a
/// counter without `_total`, a unit that is no base unit, a missing help, bounds or quantiles that do not increase, a
/// computed metric that nothing computes, a budget that is exceeded, a misspelt option. A message ends in the id of the
/// [rule](guide::rules).
/// Naming follows [Prometheus' conventions](https://prometheus.io/docs/practices/naming/).
pub use enumetrics_macros::metric_family;

/// Declares what a program exports: a `static` [`Catalog`] of statics.
///
/// Two families that claim the same name do not compile, and neither does a name that a histogram claims with
/// `_bucket`, `_sum` or `_count`.
///
/// ```
/// # use enumetrics::{catalog, metric_family, Counter};
/// # #[metric_family(namespace = "kyc")]
/// # pub struct Kyc {
/// #     /// Verifications.
/// #     pub verifications_total: Counter,
/// # }
/// # pub static KYC: Kyc = Kyc::new();
/// # mod http {
/// #     #[enumetrics::metric_family(namespace = "http")]
/// #     pub struct Http {
/// #         /// Requests.
/// #         pub requests_total: enumetrics::Counter,
/// #     }
/// #     pub static HTTP: Http = Http::new();
/// # }
/// catalog! {
///     /// All metrics of this service.
///     pub static METRICS = [KYC, http::HTTP];
/// }
///
/// const LIMIT: usize = METRICS.max_series(); // for `sample_limit` in Prometheus' configuration
/// assert_eq!(LIMIT, 2);
/// ```
///
/// With `#[catalog(max_series = …)]` on the static, a catalog that could export more series does not compile.
/// `crate = path;` before the declaration says where this crate is, if not at `::enumetrics`.
pub use enumetrics_macros::catalog;

/// Observes how long a function takes, once, whatever its end: return, `?`, panic, or a future that is dropped.
///
/// It stands on `fn` and `async fn`, free or in an `impl` or `trait`, generic or not. An `async fn` is observed from its
/// first poll; one that is never polled is not.
///
/// ```
/// use enumetrics::{metric_family, timed, timed_into, Histogram, LabelValue};
/// # #[derive(LabelValue, Clone, Copy)]
/// # pub enum Module { Liveness, Ocr }
///
/// #[metric_family(namespace = "kyc")]
/// pub struct Kyc {
///     /// Duration of the whole verification pipeline.
///     #[metric(buckets = [1.0, 2.0, 4.0, 6.0, 8.0, 10.0, 15.0])]
///     pub verification_duration_seconds: Histogram,
///     /// Duration of each module of the pipeline.
///     #[metric(buckets = [0.5, 1.0, 2.0, 4.0, 8.0])]
///     pub module_duration_seconds: Histogram<Module>,
/// }
///
/// pub static KYC: Kyc = Kyc::new();
///
/// // Once, at the crate root: what `#[timed(label = "value")]` records into.
/// timed_into!(crate::KYC.module_duration_seconds);
///
/// #[timed(module = "ocr")]
/// async fn run_ocr() { /* … */ }
///
/// // Or a metric by name; its labels, if any, follow.
/// #[timed(KYC.verification_duration_seconds)]
/// fn verify() { /* … */ }
///
/// #[timed(KYC.module_duration_seconds, module = "liveness")]
/// fn run_liveness() { /* … */ }
///
/// # fn main() {
/// verify();
/// assert_eq!(KYC.verification_duration_seconds.count(), 1);
/// # }
/// ```
///
/// The metric is a static [`Histogram`] or [`Summary`] in seconds. All its labels are given, in any order, as text that the compiler
/// looks up: an unknown value is an error on that text, which lists the values and names the nearest one. `crate = path`
/// says where this crate is, if not at `::enumetrics`.
///
/// # Errors
///
/// Besides unknown, missing and repeated labels: a `const fn`, a function without a body, and a function that is not
/// `async` but visibly returns a future (`impl Future`, a boxed one), of which only the creation would be timed. That is
/// also what `#[async_trait]` makes of a method: there, put `#[timed]` on a function that the method calls.
///
/// # Cost
///
/// Two readings of the clock and one observation; no allocation. On Linux on x86-64 the clock is the processor's time
/// stamp counter, if it can be trusted; else it is [`Instant`](std::time::Instant). A future grows by the size of one.
pub use enumetrics_macros::timed;

#[doc(inline)]
pub use enumetrics_runtime::buckets;
#[cfg(feature = "catalogue")]
#[doc(inline)]
pub use enumetrics_runtime::catalogue;
#[cfg(feature = "testing")]
#[doc(inline)]
pub use enumetrics_runtime::testing;
#[doc(inline)]
pub use enumetrics_runtime::timed_into;

/// Makes an enum the closed set of a label's values; see [`trait@LabelValue`].
///
/// The label is called like the enum, each value like its variant, in `snake_case`:
///
/// ```
/// use enumetrics::LabelValue;
///
/// #[derive(LabelValue, Clone, Copy)]
/// pub enum AttackType { Photo, DeepFake }
///
/// assert_eq!(AttackType::NAME, "attack_type");
/// assert_eq!(AttackType::DeepFake.value(), "deep_fake");
///
/// #[derive(LabelValue, Clone, Copy)]
/// #[label(name = "status", rename_all = "SCREAMING_SNAKE_CASE")]
/// pub enum FinalStatus {
///     Verified,
///     ManualReview,
///     #[label(value = "5xx")]
///     ServerError,
/// }
///
/// assert_eq!(FinalStatus::NAME, "status");
/// assert_eq!(FinalStatus::VALUES, ["VERIFIED", "MANUAL_REVIEW", "5xx"]);
/// ```
///
/// | option | where | meaning |
/// |---|---|---|
/// | `#[label(name = "…")]` | enum | the label's name |
/// | `#[label(rename_all = "…")]` | enum | `lowercase`, `UPPERCASE`, `PascalCase`, `camelCase`, `snake_case`, `SCREAMING_SNAKE_CASE`, `kebab-case` or `SCREAMING-KEBAB-CASE` |
/// | `#[label(crate = path)]` | enum | where this crate is, if not at `::enumetrics` |
/// | `#[label(value = "…")]` | variant | the value |
/// | `#[label(skip)]` | variant | it is no value: what is recorded with it is not counted, anywhere; it may have fields |
///
/// ```
/// # use enumetrics::{Counter, LabelValue};
/// #[derive(LabelValue)]
/// pub enum Outcome {
///     Ok,
///     Failed,
///     /// Not what this metric is about.
///     #[label(skip)]
///     Redirected(String),
/// }
///
/// static REQUESTS: Counter<Outcome> = Counter::new();
///
/// REQUESTS.with(Outcome::Redirected("/login".to_owned())).inc(); // counts nothing
/// assert_eq!(Outcome::VALUES, ["ok", "failed"]);
/// assert!(matches!(Outcome::from_value("failed"), Some(Outcome::Failed)));
/// ```
///
/// # Errors
///
/// A variant with fields that is not skipped, a value that is empty or there twice, an enum without values or with
/// parameters, a name that is reserved (`le`, `quantile`, `__…`) or that Prometheus does not accept.
pub use enumetrics_macros::LabelValue;

/// Makes a struct a set of labels, one for each field; see [`trait@LabelSet`].
///
/// ```
/// use enumetrics::{metric_family, Counter, LabelSet, LabelValue};
///
/// #[derive(LabelValue, Clone, Copy)]
/// pub enum Endpoint { Verify, Sessions }
///
/// #[derive(LabelValue, Clone, Copy)]
/// pub enum Reason { IpLimit, DeviceLimit, SessionLimit }
///
/// #[derive(LabelSet, Clone, Copy)]
/// pub struct RateLimitHit {
///     pub endpoint: Endpoint,
///     pub reason: Reason,
/// }
///
/// #[metric_family(namespace = "kyc")]
/// pub struct Kyc {
///     /// Requests blocked by rate limiting.
///     pub rate_limit_hits_total: Counter<RateLimitHit>,
/// }
///
/// static KYC: Kyc = Kyc::new();
///
/// KYC.rate_limit_hits_total.with(RateLimitHit { endpoint: Endpoint::Verify, reason: Reason::IpLimit }).inc();
/// const _: () = assert!(Kyc::MAX_SERIES == 6);
/// ```
///
/// A field is
///
/// | a field | its labels |
/// |---|---|
/// | an enum that derives [`LabelValue`](macro@LabelValue), or [`Method`], [`StatusClass`], [`StatusCode`] | one, called like the field |
/// | a `bool` | one, called like the field, with the values `false` and `true` |
/// | an [`IntRange`] | one, called like the field, with a value for each number |
/// | an [`open_label!`] | one, called like the field |
/// | a struct that derives `LabelSet` | those of the struct, under their own names, in its place |
///
/// | option | where | meaning |
/// |---|---|---|
/// | `#[label(name = "…")]` | field | the label's name, where the field is one label |
/// | `#[label(impossible(label = "value", …))]` | struct | a combination that cannot occur; may stand several times |
/// | `#[label(crate = path)]` | struct | where this crate is, if not at `::enumetrics` |
///
/// # Impossible combinations
///
/// A rule names labels and values as they are exported; several values of a label are `"a" | "b"`. Whatever has all of them
/// is neither exported at 0 nor counted in `MAX_SERIES`. If it is recorded nevertheless, it is exported: nothing is lost,
/// and the rule is seen to be wrong.
///
/// ```
/// use enumetrics::{Counter, LabelSet, LabelValue, StatusClass};
///
/// #[derive(LabelValue, Clone, Copy)]
/// pub enum Operation { Encrypt, Decrypt, Search }
///
/// #[derive(LabelSet, Clone, Copy)]
/// pub struct Answer {
///     pub cached: bool,
///     pub status: StatusClass,
/// }
///
/// #[derive(LabelSet, Clone, Copy)]
/// #[label(impossible(operation = "encrypt" | "decrypt", cached = "true"))]
/// pub struct Call {
///     pub operation: Operation,
///     pub answer: Answer,                     // the labels `cached` and `status`
/// }
///
/// assert_eq!(Counter::<Call>::MAX_SERIES, 3 * 2 * 5 - 2 * 5);
/// ```
///
/// # Errors
///
/// A struct without named fields or with parameters, a field that is no label, a name that is there twice, is reserved
/// (`le`, `quantile`, `__…`) or that Prometheus does not accept; a rule with a label or value that there is not, or one
/// that leaves no combination.
pub use enumetrics_macros::LabelSet;

/// Declares a label whose values are known only while the program runs (routes, tenants), with a cap on their number.
///
/// ```
/// use enumetrics::{metric_family, open_label, Counter};
///
/// open_label! {
///     /// Templates of routes.
///     pub struct Route(max = 64, other = "other");
/// }
///
/// #[metric_family(namespace = "http", max_series = 100)]
/// pub struct Http {
///     /// Requests, by route.
///     pub requests_total: Counter<Route>,
/// }
///
/// static HTTP: Http = Http::new();
///
/// let route = Route::intern("/users/{id}");   // once for each route
/// HTTP.requests_total.with(route).inc();      // an index, as with any label
/// assert_eq!(route.value(), "/users/{id}");
/// const _: () = assert!(Http::MAX_SERIES == 64 + 1);
/// ```
///
/// The type is `Copy`, two bytes large, and a label like an enum: of a metric, or as a field of a
/// [`LabelSet`](macro@LabelSet). It has
///
/// - `intern(&str)` and `intern_static(&'static str)`: the value for a text, the same each time. It is found without a lock;
///   a new text is kept for as long as the program runs, `intern` copies it first. Keep the value where the text is known,
///   beside the route: the metric itself never sees text.
/// - `OTHER`: what a text becomes when `max` others have come before, and one that is empty or longer than 128 bytes.
/// - `remove(&str)`: the series with this value are left out of scrapes until it is interned again. Their counts stay, and
///   so does its place: another value in it would inherit them.
/// - `value()`, the text, and `MAX`, the cap.
///
/// What is exported are the values that were interned, from then on, and `OTHER`. Values are any UTF-8; a scrape escapes
/// them. How often a text became `OTHER` is a counter that each [`catalog!`] with such a label adds by itself:
/// `enumetrics_label_overflows_total{label="route"}`.
///
/// | option | meaning |
/// |---|---|
/// | `max = …` | how many values have a place, at most 65 535; any constant expression |
/// | `other = "…"` | the value of the rest; `other` if not given |
/// | `name = "…"` | the label's name; the type's in `snake_case` if not given |
/// | `crate = path` | where this crate is, if not at `::enumetrics` |
///
/// The cap is also a cost: each lane of a metric has a cell for each value that there could be.
///
/// # Errors
///
/// No `max`, or one that is 0 or too large; an empty `other`; a name that is reserved (`le`, `quantile`, `__…`) or that
/// Prometheus does not accept. What needs values that the compiler knows, such as `#[timed(route = "…")]`, refuses such a
/// label.
pub use enumetrics_macros::open_label;

/// Makes a struct of texts the labels of an [`Info`] metric; see [`trait@InfoLabels`].
///
/// A field is a `&'static str`, a `String`, a `Cow<'static, str>`, or an enum that derives
/// [`LabelValue`](macro@LabelValue). A label is called like its field; `#[label(name = "…")]` on the field gives it
/// another name, and `#[label(crate = path)]` on the struct says where this crate is, if not at `::enumetrics`.
///
/// ```
/// use enumetrics::{metric_family, Info, InfoLabels};
///
/// #[derive(InfoLabels)]
/// pub struct Build {
///     pub version: &'static str,
///     #[label(name = "commit")]
///     pub revision: String,
/// }
///
/// #[metric_family(namespace = "kyc")]
/// pub struct App {
///     /// What was built.
///     pub build_info: Info<Build>,
/// }
///
/// static APP: App = App::new();
/// enumetrics::catalog! { static METRICS = [APP]; }
///
/// APP.build_info.set(Build { version: "1.4.2", revision: "9c1f".to_owned() });
/// assert!(METRICS.render().contains(r#"kyc_build_info{version="1.4.2",commit="9c1f"} 1"#));
/// ```
///
/// # Errors
///
/// A struct without named fields or with parameters, a field that is no text, a name that is there twice, is reserved
/// (`le`, `quantile`, `__…`) or that Prometheus does not accept.
pub use enumetrics_macros::InfoLabels;

#[cfg(feature = "prometheus")]
pub use enumetrics_runtime::CatalogCollector;
#[cfg(feature = "tls")]
pub use enumetrics_runtime::Tls;
pub use enumetrics_runtime::{
    BadLabel, Bucketed, Catalog, ComputedCounter, ComputedGauge, Counter, CounterSeries, CounterValue, Descriptor, DuplicateName, Exemplar,
    Export, Format, Gauge, GaugeSeries, GaugeValue, Histogram, HistogramSeries, HistogramSnapshot, InFlight,
    InFlightGuard, InFlightSeries, InPlace, Info, InfoLabels, InfoText, Instances, IntRange, Kind, LabelDescriptor, LabelField,
    LabelSet, LabelValue, Method, Metric, MetricFamily, Observation, PerThread, Scrape, Shared, SourceIsSet, Sparse, SparseOf, StateSet,
    StateSetSeries, StatusClass, StatusCode, Storage, Summary, SummarySeries, SummarySnapshot, Timer, Tracked,
    Traced, UnknownName, Unlabelled, WithExemplars, WithQuantiles,
};
#[cfg(feature = "exporter")]
pub use enumetrics_runtime::{Exporter, ExporterError, ExporterService, ScrapeBody, Secret, SecretError, Server};

#[doc(hidden)]
pub use enumetrics_runtime::__private;

/// How to use it, chapter by chapter.
pub mod guide {
    #[doc = include_str!("../docs/declaring.md")]
    pub mod declaring {}

    #[doc = include_str!("../docs/rules.md")]
    pub mod rules {}

    #[cfg(all(feature = "testing", feature = "catalogue"))]
    #[doc = include_str!("../docs/testing.md")]
    pub mod testing {}

    #[doc = include_str!("../docs/timing.md")]
    pub mod timing {}

    #[cfg(all(feature = "exporter", feature = "prometheus", feature = "process", feature = "axum"))]
    #[doc = include_str!("../docs/exposing.md")]
    pub mod exposing {}
}

/// The README's code is compiled too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
