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
//! | write alerts and recording rules | `rules!`; the guide's chapter on it |
//! | say objectives, and be told when their budget burns | `#[slo(…)]` in `rules!` |
//! | have files for Prometheus, Alertmanager, Grafana and Kubernetes, and tests of the alerts | `operations`; the guide's chapter on it |
//! | see it in Grafana | `dashboard::Dashboard`; the guide's chapter on it |
//! | measure HTTP, as a server or a client | `http_metrics!`, `http::HttpLayer`; the guide's chapter on it |
//! | measure WebSocket connections | `websocket_metrics!`; the same chapter |
//! | test what is recorded, document what is declared | `testing`, `catalogue`; the guide's chapter on it |
//! | be scraped | `Exporter`, [`Catalog::render`]; [the guide](guide::exposing) |
//! | let operators set names, labels, addresses and secrets | `Settings`; [the guide](guide::exposing) |
//! | export what the program runs on: Tokio, an allocator, the build | [`collectors`], [`build_info!`] |
//! | share a registry of the crate `prometheus` | `Exporter::registry`, `Catalog::collector`; [the guide](guide::exposing) |
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `exporter` | yes | `Exporter`: `GET /metrics` on tokio, on an address of its own, with basic authentication |
//! | `prometheus` | yes | registries of the crate `prometheus` in the same scrape, and a catalog as a collector in one |
//! | `process` | yes | the process's CPU time, memory, threads and open files, on Linux |
//! | `timed` | yes | `#[timed]` and `time!` record; without it they leave what they stand on as it is |
//! | `tsc` | yes | timers read the time stamp counter, on Linux on x86-64; without it `Instant`, which takes twice as long |
//! | `stream` | no | `#[timed]` and `time!` of streams |
//! | `opentelemetry` | no | exemplars of the span that is active, of OpenTelemetry or of `tracing` |
//! | `testing` | no | `testing`: what a test recorded, compared with what it should have; what no test recorded |
//! | `operations` | no | `operations`: files for those who operate the program, made of what is declared, kept current |
//! | `catalogue` | no | `catalogue`: what is declared as Markdown and JSON, kept current, compared with the last version |
//! | `rules` | no | `rules!`: alerts and recording rules in PromQL, checked against the metrics |
//! | `tokio`, `tokio-metrics`, `allocator` | no | collectors of Tokio's runtime, of tasks by name, of an allocator |
//! | `dashboards` | no | `dashboard`: Grafana dashboards, generated from what is declared; with `catalogue` and `rules` |
//! | `axum` | no | `Exporter::route`: the same as a route of an axum server; with `http`, the templates of its routes |
//! | `http` | no | `http_metrics!` and `http::HttpLayer`: HTTP measured by a tower layer; `websocket_metrics!` |
//!
//! Without any feature there is declaring, recording and [`Catalog::render`].
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
/// | `allow(rule = "reason")` | an exception from a [rule](guide::rules), which says why: for the names of these labels, the beginning of names, or all its metrics |
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
/// | `dense` | a metric of more than [10 000](Form::MOST_DENSE) series has, and exports, all of them from the start nevertheless |
/// | `exemplars` | each recording brings the trace and span in which it happens; see [`Exemplar`] |
/// | `shared` | all threads record into the same cells, atomically, instead of into their own; see [`Shared`] |
/// | `slo = …` | where an objective lies, one bound or a list: each must be a bucket bound |
/// | `unit = "…"` | a unit that is no base unit; the name must end in it |
/// | `touched` | only series that something was recorded with are exported; `touched = 2`: those whose first two labels have values that something was recorded with |
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
/// `_bucket`, `_sum`, `_count` or `_created`.
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

/// Records the calls of a function: each once, whatever its end. Return, `?`, panic, or a future that is dropped.
///
/// It stands on every function with a body, free or in an `impl` or `trait`, generic or not, `async` or not; also on one that
/// returns a future or a stream, boxed or not, under `#[async_trait]` and `#[tracing::instrument]` in either order; and on an
/// `impl` or inline `mod`, for all its public functions but those with `#[timed(skip)]`. A future is timed from its first poll;
/// one that is never polled did not begin.
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
/// The metric is a static [`Histogram`] or [`Summary`] in seconds, or a group of [`Calls`], which knows outcomes, errors and calls
/// in flight, too. All its labels are given, in any order.
///
/// | argument | meaning |
/// |---|---|
/// | `KYC.module` | the metric; without it, that of [`timed_into!`](timed_into) |
/// | `label = "value"` | a value that the compiler looks up: an unknown one is an error that names the nearest |
/// | `label = fn` | the name of the function |
/// | `label = expression` | computed when a call begins, such as `module = self.module` |
/// | `..expression` | all labels at once |
/// | `error_if = …` | what is an error besides an `Err`: a function or closure of a reference to what is returned |
/// | `future`, `stream` | what is returned, where the signature does not show it |
/// | `skip` | inside of a timed `impl` or `mod`: not this one |
/// | `crate = path` | where this crate is, if not at `::enumetrics` |
///
/// # Errors
///
/// Besides unknown, missing and repeated labels: a `const fn`, a function without a body, one with `#[track_caller]`, and one
/// that returns a future or stream under a name that does not tell, of which only the creation would be timed.
///
/// # Cost
///
/// Two readings of the clock and the recordings; no allocation. On Linux on x86-64 the clock is the processor's time
/// stamp counter, if it can be trusted; else it is [`Instant`](std::time::Instant). A future grows by the size of one and a few
/// bytes. [`set_recording`] switches it off at run time, with all recording; without the feature `timed` it leaves the function as it is.
pub use enumetrics_macros::timed;

/// Declares what an HTTP layer records into: a `static` and the struct of metrics that is its type.
///
/// ```
/// use enumetrics::{catalog, http_metrics, http::HttpLayer};
///
/// http_metrics! { pub static HTTP: Http; }
/// catalog! { pub static METRICS = [HTTP]; }
///
/// # async fn users() {}
/// # #[cfg(feature = "axum")]
/// let app: axum::Router = axum::Router::new()
///     .route("/users/{id}", axum::routing::get(users))
///     .layer(HttpLayer::new(&HTTP));
/// ```
///
/// The metrics, which are declared as with [`metric_family`](macro@metric_family), so that rules and dashboards find them:
///
/// | metric | kind and labels |
/// |---|---|
/// | `http_requests_total` | counter: `handler`, `method`, `status` |
/// | `http_request_duration_seconds` | histogram: `handler`, `method` |
/// | `http_request_duration_highr_seconds` | histogram without labels, of high resolution |
/// | `http_request_size_bytes`, `http_response_size_bytes` | summaries: `handler` |
/// | `http_requests_inprogress` | gauge |
/// | `http_requests_incomplete_total` | counter: `handler`, `reason`, see [`End`](http::End) |
///
/// `handler` is an [open label](open_label!) of the templates of routes, `method` a [`Method`], `status` a
/// [`StatusGroup`](http::StatusGroup). The series of a handler and a method are exported once there was a request.
///
/// Options, in `#[http(…)]` on the static:
///
/// | option | meaning |
/// |---|---|
/// | `namespace = "…"`, `subsystem = "…"` | the beginning of every name: `shop_api_http_requests_total` |
/// | `labels(component = "cart", …)` | labels that all its series have |
/// | `allow(rule = "reason")` | an exception from a [rule](guide::rules), which says why, for all its metrics |
/// | `handler = "endpoint"` | the name of that label |
/// | `max_routes = …` | how many handlers have a place; 64 if not given |
/// | `routes = Type` | handlers that the compiler knows: a [`Handler`](http::Handler), usually an enum |
/// | `methods = Type` | other methods: a label that is `From<&http::Method>` |
/// | `statuses = Type` | another [`ResponseStatus`](http::ResponseStatus), such as [`ExactStatus`](http::ExactStatus) |
/// | `buckets = …` | the bounds of the durations; `[0.05, 0.1, 0.3, 1, 3, 5]` if not given |
/// | `slo = …` | where an objective lies, one bound or a list: each must be a bucket bound |
/// | `high_resolution = …` | the bounds of high resolution; [21 of them](http::HIGH_RESOLUTION) if not given |
/// | `in_progress_labels` | what is in progress by `handler` and `method` |
/// | `grpc` | `grpc_requests_total`, by `handler` and `code`, see [`GrpcCode`](http::GrpcCode) |
/// | `client` | outgoing calls: `http_client_…`, with the host as `target` in the place of `handler` |
/// | `names(in_progress = "http_requests_active", …)` | other names of metrics, after the namespace |
/// | `without(request_size, …)` | metrics that there shall not be |
/// | `max_series = …` | more series do not compile |
/// | `crate = path` | where this crate is, if not at `::enumetrics` |
///
/// The metrics are `requests`, `duration`, `high_resolution`, `request_size`, `response_size`, `in_progress`, `incomplete`
/// and `grpc`. Each is a field that is called as it is exported, without the namespace, and the sets of labels are structs
/// that begin with the type's name:
///
/// ```
/// # use enumetrics::http_metrics;
/// use enumetrics::{Method, http::{HttpLayer, StatusGroup}};
///
/// http_metrics! {
///     #[http(namespace = "shop", handler = "endpoint", max_routes = 20, names(in_progress = "http_requests_active"))]
///     pub static HTTP: Http;
/// }
///
/// let cart = HttpHandler::intern("/cart");
/// let seen = HttpExchange { endpoint: cart, method: Method::Get, status: StatusGroup::Success };
/// assert_eq!(HTTP.http_requests_total.with(seen).get(), 0);
/// assert_eq!(HTTP.http_requests_active.get(), 0);
/// ```
///
/// # Errors
///
/// Whatever is wrong for [`metric_family`](macro@metric_family), on the option that it is about; an unknown option or
/// metric, with the nearest that there is.
#[cfg(feature = "http")]
pub use enumetrics_macros::http_metrics;

/// Declares alerts and recording rules for Prometheus, beside the metrics that they are about: a `static` [`Rules`].
///
/// An expression is PromQL, written as tokens or as a string literal. It is parsed while compiling, and checked against
/// the catalogs that are named behind `for`: a metric, label or value that there is not, the rate of a gauge, a threshold
/// that no value reaches do not compile. [The guide](guide::alerting) has all the checks, and when each is made.
///
/// ```
/// # use enumetrics::{catalog, metric_family, rules, Counter, Histogram, LabelValue};
/// # #[derive(LabelValue, Clone, Copy)]
/// # #[label(rename_all = "SCREAMING_SNAKE_CASE")]
/// # pub enum Status { Verified, Error }
/// # #[metric_family(namespace = "kyc")]
/// # pub struct Kyc {
/// #     /// Duration of the whole verification pipeline.
/// #     #[metric(buckets = [1, 2, 4, 8, 15])]
/// #     pub verification_duration_seconds: Histogram,
/// #     /// Verifications, by status.
/// #     pub verifications_total: Counter<Status>,
/// # }
/// # pub static KYC: Kyc = Kyc::new();
/// # catalog! { pub static METRICS = [KYC]; }
/// rules! {
///     pub static KYC_RULES for METRICS;
///
///     /// p95 of the whole pipeline above its objective.
///     #[alert(for = "5m", severity = Critical, runbook = "https://runbooks.example/latency")]
///     HighVerificationLatency =
///         histogram_quantile(0.95, sum by (le) (rate(kyc_verification_duration_seconds_bucket[5m]))) > 8;
///
///     #[record]
///     kyc:verifications:error_ratio_rate5m =
///         sum(rate(kyc_verifications_total{status="ERROR"}[5m])) / sum(rate(kyc_verifications_total[5m]));
///
///     /// {{ $value | humanizePercentage }} of the verifications fail.
///     #[alert(for = "2m", severity = Warning, runbook = "https://runbooks.example/errors")]
///     HighErrorRate = kyc:verifications:error_ratio_rate5m > 0.001;
///
///     /// Verifications come to a decision.
///     #[slo(objective = 99.9, window = "30d", runbook = "https://runbooks.example/availability")]
///     VerificationAvailability = bad(kyc_verifications_total{status="ERROR"}) over kyc_verifications_total;
///
///     /// Verifications take less than eight seconds.
///     #[slo(objective = 95, window = "30d", runbook = "https://runbooks.example/latency")]
///     VerificationLatency = kyc_verification_duration_seconds under 8;
/// }
///
/// # fn main() {
/// assert_eq!(KYC_RULES.alerts()[0].name(), "HighVerificationLatency");
/// assert!(KYC_RULES.to_yaml().starts_with("groups:\n"));
/// KYC_RULES.assert_right(); // in a test: what are only warnings for the compiler
/// # }
/// ```
///
/// On the static, in `#[rules(…)]`:
///
/// | option | meaning |
/// |---|---|
/// | `name = "…"` | the name of the group; the static's in lower case if not given |
/// | `interval = "…"` | how often it is evaluated |
/// | `severity = path` | the enum of severities, which derives [`LabelValue`](macro@LabelValue); [`Severity`] if not given |
/// | `runbooks = "…"` | what stands before the paths of runbooks to make URLs of them |
/// | `target_labels("…", …)` | the labels that Prometheus gives to everything it scrapes; `job` and `instance` if not given |
/// | `scrape_interval = "…"` | a range that is shorter than two scrapes is an error |
/// | `server = "…"` | the oldest Prometheus that reads the rules, such as `"2.53"`: what it doesn't know is an error |
/// | `retention = "…"` | how long it keeps what it scrapes; `30d` if not given, which is longer than its own default |
///
/// In `#[alert(…)]`:
///
/// | option | meaning |
/// |---|---|
/// | `for = "…"` | how long the expression must hold |
/// | `keep_firing_for = "…"` | how long it goes on when it no longer holds |
/// | `severity = …` | a variant of the enum |
/// | `runbook = "…"` | a file of the package, perhaps with the `#anchor` of a heading, which must be there; or a URL |
/// | `summary = "…"`, `description = "…"` | templates; if not given, the first paragraph of the doc comment and the others |
/// | `per_target` | each target is meant to be judged by itself |
/// | `labels(name = …, …)` | more labels: texts, or variants of enums of label values |
/// | `allow(lint = "reason")` | an exception, which says why |
///
/// In `#[slo(…)]`, of which [the guide](guide::alerting#objectives) says what follows from it:
///
/// | option | meaning |
/// |---|---|
/// | `objective = …` | how much must be good, in percent |
/// | `window = "…"`, `window("…", …)` | over which time, or which times; the alerts are about the first |
/// | `by(label, …)` | labels by which it is judged separately |
/// | `factors(…, …, …, …)` | what is too fast in 1 h, 6 h, 1 d and 3 d; 14.4, 6, 3 and 1 for 30 days if not given |
/// | `min_bad = …` | how many bad events there must be at least, so that one in a quiet night wakes nobody; 2 if not given |
/// | `page = …`, `ticket = …` | severities of the two alerts; `Critical` and `Warning` of [`Severity`] if not given |
/// | `runbook`, `labels`, `allow` | as those of an alert |
///
/// `#[panel(…)]` declares a panel for a dashboard, which may have Grafana's `$__rate_interval`;
/// the guide's chapter on dashboards says what its options are.
///
/// `#[record]` takes `labels` and `allow`. `crate = path;` before the declaration says where this crate is, if not at
/// `::enumetrics`.
///
/// # Errors
///
/// Each on its token, all of a declaration together; a message ends in the id of the [lint](guide::alerting#lints).
#[cfg(feature = "rules")]
pub use enumetrics_macros::rules;
/// Times an expression as [`timed`] times a function: a block, a future, a stream.
///
/// Before the semicolon stands what `#[timed]` takes, after it the expression. A block is a function of its own: `return`
/// and `?` leave it, and not what is around it. An `async` block, or with the word `future` any future, is timed from its
/// first poll to its end; so is a stream with the word `stream`.
///
/// ```
/// use enumetrics::{metric_family, time, Calls, Joined, Outcome};
///
/// #[metric_family(namespace = "mail")]
/// pub struct Mail {
///     /// Messages read.
///     #[metric(buckets = [0.01, 0.1], calls(outcome))]
///     pub reading: Calls,
/// }
///
/// pub static MAIL: Mail = Mail::new();
///
/// fn words(text: &str) -> usize {
///     let numbers = time!(MAIL.reading; { text.split(' ').map(str::parse::<u32>).collect::<Result<Vec<_>, _>>() });
///     numbers.map_or(0, |numbers| numbers.len())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// assert_eq!((words("1 2 3"), words("one")), (3, 0));
/// assert_eq!(MAIL.reading.calls_total.with(Joined((), Outcome::Error)).get(), 1);
///
/// let client = std::future::ready("pong");
/// assert_eq!(time!(MAIL.reading, future; client).await, "pong");
/// assert_eq!(time!(MAIL.reading; async { 7 }).await, 7);
/// assert_eq!(MAIL.reading.duration_seconds.count(), 4);
/// # }
/// ```
pub use enumetrics_macros::time;
/// Declares what WebSocket connections record into: a `static` and the struct of metrics that is its type.
///
/// ```
/// use enumetrics::{LabelValue, catalog, websocket::MessageKind, websocket_metrics};
///
/// #[derive(LabelValue, Clone, Copy)]
/// pub enum Role { Officer, Dispatcher }
///
/// websocket_metrics! {
///     #[websocket(namespace = "shop", roles = Role)]
///     pub static SOCKETS: Sockets;
/// }
/// catalog! { pub static METRICS = [SOCKETS]; }
///
/// let connection = SOCKETS.connect(Role::Officer);
/// drop(connection.received(MessageKind::Text));
/// assert_eq!(SOCKETS.websocket_active_connections.get(), 1);
/// drop(connection);
/// assert_eq!(SOCKETS.websocket_active_connections.get(), 0);
/// ```
///
/// | metric | word | kind and labels |
/// |---|---|---|
/// | `websocket_active_connections` | `active` | gauge |
/// | `websocket_role_connections` | `by_role` | gauge: the label `Role`, where `roles` names it |
/// | `websocket_connections_total` | `connections` | counter |
/// | `websocket_messages_received_total` | `received` | counter: `type`, see [`MessageKind`](websocket::MessageKind) |
/// | `websocket_messages_sent_total` | `sent` | counter: `type` |
/// | `websocket_message_latency_seconds` | `latency` | histogram, from a message's arrival until it was dealt with |
/// | `websocket_send_errors_total` | `send_errors` | counter |
/// | `websocket_broadcasts_total` | `broadcasts` | counter |
/// | `websocket_broadcast_duration_seconds` | `broadcast_duration` | histogram |
/// | `websocket_broadcast_recipients` | `recipients` | summary: how many each broadcast reached |
/// | `websocket_heartbeat_last_timestamp_seconds` | `heartbeat` | gauge: when `heartbeat` was called last |
///
/// `connect` returns a [`Connection`](websocket::Connection), `broadcast` a [`Broadcast`](websocket::Broadcast); both count
/// until they are dropped.
///
/// Options, in `#[websocket(…)]` on the static:
///
/// | option | meaning |
/// |---|---|
/// | `namespace = "…"`, `subsystem = "…"` | the beginning of every name: `shop_chat_websocket_connections_total` |
/// | `unprefixed` | names without `websocket_`, where the namespace says enough |
/// | `labels(env = "production", …)` | labels that all its series have |
/// | `allow(rule = "reason")` | an exception from a [rule](guide::rules), which says why, for all its metrics |
/// | `roles = Type` | who is connected: an enum with `#[derive(LabelValue)]`, which `connect` then wants |
/// | `messages = Type` | other kinds of messages: such an enum, or `()` for none |
/// | `buckets = …` | the bounds of the durations; `[0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]` if not given |
/// | `slo = …` | where an objective for the latency lies, one bound or a list: each must be a bucket bound |
/// | `names(active = "sockets", …)` | other names of metrics, after the namespace |
/// | `without(recipients, …)` | metrics that there shall not be |
/// | `max_series = …` | more series do not compile |
/// | `crate = path` | where this crate is, if not at `::enumetrics` |
///
/// # Errors
///
/// As of [`http_metrics`](http_metrics!).
#[cfg(feature = "http")]
pub use enumetrics_macros::websocket_metrics;

pub mod collectors;

#[doc(inline)]
pub use enumetrics_runtime::buckets;
#[cfg(feature = "operations")]
#[doc(inline)]
pub use enumetrics_runtime::operations;

#[cfg(feature = "catalogue")]
#[doc(inline)]
pub use enumetrics_runtime::catalogue;

/// Grafana dashboards, generated from what is declared: see [the guide](guide::dashboards).
#[cfg(feature = "dashboards")]
#[doc(inline)]
pub use enumetrics_runtime::dashboard;
#[cfg(feature = "http")]
#[doc(inline)]
pub use enumetrics_runtime::http;
#[cfg(feature = "testing")]
#[doc(inline)]
pub use enumetrics_runtime::testing;
#[cfg(feature = "http")]
#[doc(inline)]
pub use enumetrics_runtime::websocket;

/// Names what `#[timed(label = "value")]` records into where it names nothing itself: once, at the root of the crate
/// (`main.rs`, `lib.rs`, or a test's file), by a path that holds in all modules.
///
/// ```
/// use enumetrics::{metric_family, timed, timed_into, Histogram};
///
/// #[metric_family(namespace = "mail")]
/// pub struct Mail {
///     /// Time to deliver a message.
///     #[metric(buckets = [0.1, 1.0])]
///     pub delivery_seconds: Histogram,
/// }
///
/// pub static MAIL: Mail = Mail::new();
///
/// timed_into!(crate::MAIL.delivery_seconds);
///
/// #[timed]
/// fn deliver() {}
///
/// # fn main() {
/// deliver();
/// assert_eq!(MAIL.delivery_seconds.count(), 1);
/// # }
/// ```
#[macro_export]
macro_rules! timed_into {
    ($metric:expr $(;)?) => {
        // What it names is looked up here too, so that a mistake is seen where nothing is timed yet.
        #[allow(unused_qualifications)]
        const _: &[$crate::LabelDescriptor] =
            $crate::__private::labels_of_timed($crate::__metric_of_timed_into!($metric));

        #[doc(hidden)]
        #[allow(unused_macros)]
        macro_rules! timed_into_at_the_crate_root {
            ($at:tt) => {
                $crate::__metric_of_timed_into!($at = $metric)
            };
        }
        #[doc(hidden)]
        #[allow(unused_imports)]
        pub(crate) use timed_into_at_the_crate_root as TIMED_INTO_AT_THE_CRATE_ROOT;
    };
}

#[doc(hidden)]
pub use enumetrics_macros::__metric_of_timed_into;

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
/// | `#[label(allow(rule = "reason"))]` | enum | an exception from a [rule](guide::rules) about the label's name, which says why |
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

/// Makes the variants of an error enum the values of a label; see [`trait@ErrorLabel`].
///
/// The derive makes an enum of the error's kinds, called like it with `Kind` after, which is a
/// [`LabelValue`](trait@LabelValue) of the label `error`. A group of [`Calls`] counts errors by it.
///
/// ```
/// use enumetrics::{ErrorLabel, LabelValue};
///
/// #[derive(ErrorLabel, Debug)]
/// pub enum OcrError {
///     Blurred { sharpness: f32 },
///     #[label(value = "io")]
///     Read(std::io::Error),
///     #[label(value = "io")]
///     Write(std::io::Error),
/// }
///
/// let error = OcrError::Write(std::io::ErrorKind::Other.into());
/// assert_eq!(OcrErrorKind::of(&error).value(), "io");
/// assert_eq!(OcrErrorKind::VALUES, ["blurred", "io"]);
/// ```
///
/// | option | where | meaning |
/// |---|---|---|
/// | `#[label(kind = Name)]` | enum | what the enum of kinds is called |
/// | `#[label(name = "…", rename_all = "…", crate = path)]` | enum | as for [`LabelValue`](macro@LabelValue) |
/// | `#[label(value = "…")]` | variant | the value; variants that have the same one are one kind |
///
/// # Errors
///
/// A struct or an enum without variants. An error of another crate, or one that wraps several, has its kinds told by an
/// `impl ErrorLabel<ThatError>` for an enum that derives [`LabelValue`](macro@LabelValue).
pub use enumetrics_macros::ErrorLabel;

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
/// | `#[label(allow(rule = "reason"))]` | field | an exception from a [rule](guide::rules) about the label's name, which says why |
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
/// | `allow(rule = "reason")` | an exception from a [rule](guide::rules) about the label's name, which says why |
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
/// another name, `allow(rule = "reason")` beside it excepts that from a [rule](guide::rules), and `#[label(crate = path)]`
/// on the struct says where this crate is, if not at `::enumetrics`.
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
    AdaptError, Bucketed, Catalog, ComputedCounter, ComputedGauge, Counter, CounterSeries, CounterValue, Descriptor,
    DuplicateName, Exemplar, Export, Form, Format, Gauge, GaugeSeries, GaugeValue, Histogram, HistogramSeries,
    HistogramSnapshot, InFlight, InFlightGuard, InFlightSeries, InPlace, Info, InfoLabels, InfoText, Instances,
    IntRange, Kind, LabelDescriptor, LabelField, LabelSet, LabelValue, Method, Metric, MetricFamily, Native,
    NativeBuckets, NativeOf, NativeSnapshot, Observation, OtherNames, PerThread, Scrape, Shared, SourceIsSet, Sparse,
    SparseOf, StateSet, StateSetSeries, StatusClass, StatusCode, Storage, Summary, SummarySeries, SummarySnapshot,
    Timer, Traced, Tracked, UnknownName, Unlabelled, WithExemplars, WithQuantiles,
};
#[cfg(feature = "rules")]
pub use enumetrics_runtime::{
    AlertRule, PanelKind, PanelQuery, RecordingRule, RuleFinding, Rules, Severity, Slo, SloBurn, SloIndicator,
};
pub use enumetrics_runtime::{Calls, ErrorLabel, Joined, Outcome, is_recording, set_recording};
#[cfg(feature = "exporter")]
pub use enumetrics_runtime::{Exporter, ExporterError, ExporterService, ScrapeBody, Secret, SecretError, Server};
#[cfg(feature = "exporter")]
pub use enumetrics_runtime::{SettingMistake, Settings, SettingsBuilder, SettingsError};

#[doc(hidden)]
pub use enumetrics_runtime::__private;

/// How to use it, chapter by chapter.
pub mod guide {
    #[doc = include_str!("../docs/declaring.md")]
    pub mod declaring {}

    #[doc = include_str!("../docs/rules.md")]
    pub mod rules {}

    #[cfg(feature = "rules")]
    #[doc = include_str!("../docs/alerting.md")]
    pub mod alerting {}

    #[cfg(feature = "operations")]
    #[doc = include_str!("../docs/operations.md")]
    pub mod operations {}
    #[cfg(feature = "dashboards")]
    #[doc = include_str!("../docs/dashboards.md")]
    pub mod dashboards {}

    #[cfg(all(feature = "testing", feature = "catalogue"))]
    #[doc = include_str!("../docs/testing.md")]
    pub mod testing {}

    #[doc = include_str!("../docs/timing.md")]
    pub mod timing {}

    #[cfg(all(feature = "http", feature = "axum", feature = "testing"))]
    #[doc = include_str!("../docs/http.md")]
    pub mod http {}

    #[cfg(all(feature = "exporter", feature = "prometheus", feature = "process", feature = "axum"))]
    #[doc = include_str!("../docs/exposing.md")]
    pub mod exposing {}
}

/// The README's code is compiled too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
