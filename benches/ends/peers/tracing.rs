//! tracing's `#[instrument]`, as the best a layer can count: a span that is closed is a duration, one that is open a call
//! in flight, and the events of `ret` and `err` tell `ok` from `error`.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use ::tracing::field::{Field, Visit};
use ::tracing::span::{Attributes, Id};
use ::tracing::{Event, Subscriber, instrument};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use crate::peers::Recorded;

crate::functions! {
    #[instrument(skip_all, ret, err)]
    #[instrument(skip_all, ret)]
}

#[derive(Clone, Copy, Default)]
struct Spans {
    opened: u64,
    closed: u64,
    duration: Duration,
    returned: u64,
    failed: u64,
}

static SPANS: Mutex<BTreeMap<&'static str, Spans>> = Mutex::new(BTreeMap::new());

fn count(function: &'static str, count: impl FnOnce(&mut Spans)) {
    count(
        SPANS
            .lock()
            .expect("nothing panics with it")
            .entry(function)
            .or_default(),
    );
}

struct Counting;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Counting {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(Instant::now());
        }
        count(attributes.metadata().name(), |spans| spans.opened += 1);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let Some(span) = context.event_span(event) else { return };
        event.record(&mut Told(span.name()));
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let start = span.extensions().get::<Instant>().copied();
        count(span.name(), |spans| {
            spans.closed += 1;
            spans.duration += start.map_or(Duration::ZERO, |start| start.elapsed());
        });
    }
}

/// What an event tells of this function.
struct Told(&'static str);

impl Visit for Told {
    fn record_debug(&mut self, field: &Field, _: &dyn std::fmt::Debug) {
        match field.name() {
            "return" => count(self.0, |spans| spans.returned += 1),
            "error" => count(self.0, |spans| spans.failed += 1),
            _ => {}
        }
    }
}

pub fn start() {
    let subscriber = tracing_subscriber::registry().with(Counting);
    ::tracing::subscriber::set_global_default(subscriber).expect("there is no other subscriber");
}

pub fn recorded(function: &str) -> Recorded {
    let spans = SPANS
        .lock()
        .expect("nothing panics with it")
        .get(function)
        .copied()
        .unwrap_or_default();
    Recorded {
        durations: spans.closed,
        seconds: spans.duration.as_secs_f64() / spans.closed as f64,
        ends: [Some(spans.returned), Some(spans.failed), None, None],
        left: Some(spans.opened as i64 - spans.closed as i64),
    }
}
