//! Exemplars from the span that is active: OpenTelemetry's own, and those of `tracing`.

use enumetrics::{Calls, Catalog, Counter, Exemplar, Export, Format, Histogram, metric_family, timed};
use opentelemetry::Context;
use opentelemetry::trace::{TraceContextExt as _, Tracer as _, TracerProvider as _};
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::instrument;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::layer::SubscriberExt as _;

#[metric_family(namespace = "spans")]
pub struct Spans {
    /// Recorded in a span of OpenTelemetry.
    #[metric(exemplars)]
    pub opentelemetry_total: Counter,
    /// Recorded while a thread ends.
    #[metric(exemplars)]
    pub ends_total: Counter,
    /// Recorded in a span of `tracing`.
    #[metric(exemplars)]
    pub tracing_total: Counter,
    /// A function that is timed inside of its span.
    #[metric(exemplars, buckets = [60])]
    pub inside_seconds: Histogram,
    /// The same, asynchronous.
    #[metric(exemplars, buckets = [60])]
    pub inside_async_seconds: Histogram,
    /// The same, cancelled.
    #[metric(exemplars, buckets = [60])]
    pub cancelled_seconds: Histogram,
    /// A function that is timed around its span.
    #[metric(exemplars, buckets = [60])]
    pub around_seconds: Histogram,
    /// A group of calls.
    #[metric(buckets = [60], exemplars, calls(outcome))]
    pub group: Calls,
}

static SPANS: Spans = Spans::new();

/// The ids in the exemplar of a metric's only sample that has one.
fn exemplar_of(name: &str) -> Option<String> {
    let families: [&dyn Export; 1] = [&SPANS];
    let text = Catalog::new(&families).unwrap().render_as(Format::OpenMetrics);
    let mut exemplars = text
        .lines()
        .filter(|line| line.starts_with(name))
        .filter_map(|line| Some(line.split_once(" # {")?.1.split_once('}')?.0.to_owned()));
    let exemplar = exemplars.next();
    assert_eq!(exemplars.next(), None, "{text}");
    exemplar
}

/// What the exemplar of the span that is active must be.
fn ids(context: &Context) -> String {
    let span = context.span().span_context().clone();
    assert!(span.is_valid());
    format!("trace_id=\"{}\",span_id=\"{}\"", span.trace_id(), span.span_id())
}

fn tracer(sampler: Sampler) -> opentelemetry_sdk::trace::SdkTracer {
    SdkTracerProvider::builder()
        .with_sampler(sampler)
        .build()
        .tracer("spans")
}

/// Runs with the layer that makes spans of `tracing` spans of OpenTelemetry.
fn with_tracing<R>(run: impl FnOnce() -> R) -> R {
    let layer = tracing_opentelemetry::layer().with_tracer(tracer(Sampler::AlwaysOn));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), run)
}

#[test]
fn a_span_of_opentelemetry_is_found() {
    assert_eq!(Exemplar::current(), None);
    SPANS.opentelemetry_total.inc();
    assert_eq!(exemplar_of("spans_opentelemetry"), None);
    // What is not sampled nobody can open.
    tracer(Sampler::AlwaysOff).in_span("not sampled", |_| SPANS.opentelemetry_total.inc());
    assert_eq!(exemplar_of("spans_opentelemetry"), None);
    let expected = tracer(Sampler::AlwaysOn).in_span("sampled", |context| {
        SPANS.opentelemetry_total.inc();
        ids(&context)
    });
    assert_eq!(exemplar_of("spans_opentelemetry"), Some(expected));
    assert_eq!(Exemplar::current(), None);
}

#[test]
fn a_thread_that_ends_records_on() {
    struct AtTheEnd;

    impl Drop for AtTheEnd {
        fn drop(&mut self) {
            SPANS.ends_total.inc();
        }
    }

    std::thread_local! {
        static BEFORE: AtTheEnd = const { AtTheEnd };
        static AFTER: AtTheEnd = const { AtTheEnd };
    }

    let ended = std::thread::spawn(|| {
        // On either side of the context, whichever of them goes first.
        BEFORE.with(|_| ());
        tracer(Sampler::AlwaysOn).in_span("thread", |_| SPANS.ends_total.inc());
        AFTER.with(|_| ());
    });
    assert!(ended.join().is_ok());
    assert_eq!(SPANS.ends_total.get(), 3);
}

#[timed(SPANS.inside_seconds)]
#[instrument]
fn inside() -> String {
    ids(&tracing::Span::current().context())
}

#[timed(SPANS.inside_async_seconds)]
#[instrument]
async fn inside_async() -> String {
    tokio::task::yield_now().await;
    ids(&tracing::Span::current().context())
}

#[timed(SPANS.cancelled_seconds)]
#[instrument(skip_all)]
async fn cancelled(ids_of_it: &std::cell::Cell<String>) {
    ids_of_it.set(ids(&tracing::Span::current().context()));
    std::future::pending().await
}

#[instrument]
#[timed(SPANS.around_seconds)]
fn around() -> String {
    ids(&tracing::Span::current().context())
}

#[test]
fn spans_of_tracing_are_found() {
    with_tracing(|| {
        let expected = tracing::info_span!("outer").in_scope(|| {
            SPANS.tracing_total.inc();
            ids(&tracing::Span::current().context())
        });
        assert_eq!(exemplar_of("spans_tracing"), Some(expected));
    });
}

#[test]
fn a_timed_function_has_the_exemplar_of_its_span() {
    with_tracing(|| {
        let expected = inside();
        assert_eq!(exemplar_of("spans_inside_seconds"), Some(expected));

        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let expected = runtime.block_on(inside_async());
        assert_eq!(exemplar_of("spans_inside_async"), Some(expected));

        let seen = std::cell::Cell::default();
        let mut future = Box::pin(cancelled(&seen));
        let waker = std::task::Waker::noop();
        assert!(
            future
                .as_mut()
                .poll(&mut std::task::Context::from_waker(waker))
                .is_pending()
        );
        drop(future);
        assert_eq!(exemplar_of("spans_cancelled"), Some(seen.take()));
    });
}

#[timed(SPANS.group)]
#[instrument]
fn grouped() -> String {
    ids(&tracing::Span::current().context())
}

#[test]
fn a_group_of_calls_has_them() {
    with_tracing(|| {
        let expected = grouped();
        assert_eq!(exemplar_of("spans_group_calls_total"), Some(expected.clone()));
        assert_eq!(exemplar_of("spans_group_duration_seconds"), Some(expected));
    });
}

#[test]
fn timed_around_a_span_has_the_one_outside() {
    with_tracing(|| {
        let (own, outer) = tracing::info_span!("outer").in_scope(|| {
            let own = around();
            (own, ids(&tracing::Span::current().context()))
        });
        assert_ne!(own, outer);
        assert_eq!(exemplar_of("spans_around"), Some(outer));
    });
}
