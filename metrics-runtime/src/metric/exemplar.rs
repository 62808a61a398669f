use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::fence;
use std::time::Duration;

use crate::start;
use crate::storage::is_recording;
use crate::sync::{AtomicU64, OnceBox, Ordering};

/// Which request an observation belongs to: the ids of its trace and span. A dashboard leads from a slow bucket to the
/// trace of a request that fell into it.
///
/// ```
/// # use enumetrics_runtime::{Counter, Exemplar};
/// static REQUESTS: Counter = Counter::new();
///
/// let exemplar = Exemplar::new(0x4bf92f3577b34da6a3ce929d0e0e4736, 0x00f067aa0ba902b7);
/// assert_eq!(exemplar.to_string(), r#"trace_id="4bf92f3577b34da6a3ce929d0e0e4736",span_id="00f067aa0ba902b7""#);
/// REQUESTS.inc_with(exemplar);
/// ```
///
/// Exemplars are exported in the formats that have them (OpenMetrics and protobuf), one for each series of a counter and each bucket of
/// a histogram: the last that was recorded. A metric that is never given one has no memory for them. With
/// `#[metric(exemplars)]` a metric takes them from the span that is active, with the feature `opentelemetry`, or from the
/// program's own [source](Self::set_source), by itself.
///
/// Sources: [OpenMetrics 1.0, "Exemplars"](https://prometheus.io/docs/specs/om/open_metrics_spec/#exemplars); the ids are
/// those of [W3C Trace Context](https://www.w3.org/TR/trace-context/#trace-id).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exemplar {
    trace_id: u128,
    span_id: u64,
}

impl Exemplar {
    /// The exemplar of this span of this trace.
    #[must_use]
    pub const fn new(trace_id: u128, span_id: u64) -> Self {
        Self { trace_id, span_id }
    }

    /// Says where the exemplar of what runs now is found, where that is not the active span of OpenTelemetry (feature
    /// `opentelemetry`), whose place it takes. It is asked by [`current`](Self::current), and for each recording of a metric that is declared
    /// with `#[metric(exemplars)]`: it should be fast, must not panic, and says `None` for a trace that nobody keeps.
    ///
    /// # Errors
    ///
    /// [`SourceIsSet`] when the program said it before: the first source stays.
    ///
    /// ```
    /// # use enumetrics_runtime::Exemplar;
    /// # mod tracer { pub fn current() -> (bool, u128, u64) { (true, 7, 9) } }
    /// Exemplar::set_source(|| {
    ///     let (is_sampled, trace_id, span_id) = tracer::current();
    ///     is_sampled.then(|| Exemplar::new(trace_id, span_id))
    /// })?;
    /// assert_eq!(Exemplar::current(), Some(Exemplar::new(7, 9)));
    /// # Ok::<(), enumetrics_runtime::SourceIsSet>(())
    /// ```
    pub fn set_source(source: fn() -> Option<Self>) -> Result<(), SourceIsSet> {
        SOURCE.set(source).map_err(|_| SourceIsSet(()))
    }

    /// The exemplar of what runs now, as the [source](Self::set_source) knows it. Where none was set it is the span that
    /// is active on this thread for OpenTelemetry, if that is sampled (feature `opentelemetry`); otherwise none.
    #[must_use]
    pub fn current() -> Option<Self> {
        SOURCE.get().map_or_else(of_active_span, |source| source())
    }

    /// The id of the trace.
    #[must_use]
    pub const fn trace_id(self) -> u128 {
        self.trace_id
    }

    /// The id of the span.
    #[must_use]
    pub const fn span_id(self) -> u64 {
        self.span_id
    }
}

/// As labels: `trace_id="…",span_id="…"`.
impl fmt::Display for Exemplar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            r#"trace_id="{:032x}",span_id="{:016x}""#,
            self.trace_id, self.span_id
        )
    }
}

/// The span that is active for OpenTelemetry. The layer of `tracing-opentelemetry` makes the spans of `tracing` so.
#[cfg(feature = "opentelemetry")]
fn of_active_span() -> Option<Exemplar> {
    use opentelemetry::Context;
    use opentelemetry::trace::TraceContextExt as _;

    let active = || {
        Context::map_current(|context| {
            let span = context.span();
            let span = span.span_context();
            let ids = || {
                Exemplar::new(
                    u128::from_be_bytes(span.trace_id().to_bytes()),
                    u64::from_be_bytes(span.span_id().to_bytes()),
                )
            };
            // A trace that is not sampled is kept by nobody.
            (span.is_valid() && span.is_sampled()).then(ids)
        })
    };
    // It has no way to ask but one that panics when a thread ends and its context is gone already.
    std::panic::catch_unwind(active).unwrap_or_default()
}

#[cfg(not(feature = "opentelemetry"))]
fn of_active_span() -> Option<Exemplar> {
    None
}

/// Where the exemplar of what runs now is found.
static SOURCE: OnceLock<fn() -> Option<Exemplar>> = OnceLock::new();

/// There was a [source of exemplars](Exemplar::set_source) already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceIsSet(());

impl fmt::Display for SourceIsSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the program has a source of exemplars already: set one, where it starts")
    }
}

impl std::error::Error for SourceIsSet {}

/// An exemplar as it was recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Recorded {
    pub(crate) exemplar: Exemplar,
    /// What was observed, or by how much a counter grew.
    pub(crate) value: f64,
    /// Since the Unix epoch.
    pub(crate) time: Duration,
}

/// The last exemplar of each counter's series, or of each bucket of a histogram's. As large as a pointer until the first
/// is recorded.
#[allow(
    missing_debug_implementations,
    reason = "hidden: it passes from a metric to an encoder"
)]
pub struct Exemplars(OnceBox<Box<[OnceBox<Slots>]>>);

/// Those of one series.
type Slots = Box<[Slot]>;

impl Exemplars {
    pub(crate) const fn new() -> Self {
        Self(OnceBox::new())
    }

    /// Replaces the exemplar of a bucket (a counter has one) of one of so many series. One that another thread is writing
    /// at the same moment stands. What is not finite has no exemplar: no dashboard has a place for it.
    #[cold]
    pub(crate) fn record(
        &self,
        (index, all): (usize, usize),
        (bucket, buckets): (usize, usize),
        exemplar: Exemplar,
        value: f64,
    ) {
        if index >= all || !value.is_finite() || !is_recording() {
            return;
        }
        let series = self
            .0
            .get_or_init(|| Box::new((0..all).map(|_| OnceBox::new()).collect()));
        let Some(series) = series.get(index) else { return };
        let slots = series.get_or_init(|| Box::new((0..buckets).map(|_| Slot::new()).collect()));
        // A bucket beyond the last is the last: what is above all bounds.
        let Some(slot) = slots.get(bucket).or(slots.last()) else {
            return;
        };
        slot.write(Some(Recorded {
            exemplar,
            value,
            time: start::now(),
        }));
    }

    /// Whether there never was one.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.get().is_none()
    }

    /// The last exemplar of a bucket.
    pub(crate) fn get(&self, index: usize, bucket: usize) -> Option<Recorded> {
        self.0.get()?.get(index)?.get()?.get(bucket)?.read()
    }

    /// Forgets those of a series.
    pub(crate) fn clear(&self, index: usize) {
        let slots = self.0.get().and_then(|all| all.get(index)?.get());
        slots.into_iter().flatten().for_each(|slot| slot.write(None));
    }
}

/// One exemplar that can be replaced while it is read: a sequence lock made of atomics only.
///
/// Source: H.-J. Boehm, "Can seqlocks get along with programming language memory models?", 2012, figure 6.
struct Slot {
    /// Odd while it is being written.
    sequence: AtomicU64,
    /// The last is the time: 0 where there is no exemplar.
    words: [AtomicU64; 5],
}

impl Slot {
    const fn new() -> Self {
        Self {
            sequence: AtomicU64::new(0),
            words: [const { AtomicU64::new(0) }; 5],
        }
    }

    fn write(&self, recorded: Option<Recorded>) {
        let sequence = self.sequence.load(Ordering::Relaxed);
        let is_free = sequence.is_multiple_of(2)
            && self
                .sequence
                .compare_exchange(sequence, sequence + 1, Ordering::Acquire, Ordering::Relaxed)
                .is_ok();
        if !is_free {
            return;
        }
        // Whoever reads one of these words sees the odd sequence, too.
        fence(Ordering::Release);
        let words = recorded.map_or([0; 5], |recorded| {
            let Exemplar { trace_id, span_id } = recorded.exemplar;
            #[allow(clippy::cast_possible_truncation, reason = "the two halves")]
            [
                (trace_id >> 64) as u64,
                trace_id as u64,
                span_id,
                recorded.value.to_bits(),
                u64::try_from(recorded.time.as_millis()).unwrap_or(u64::MAX).max(1),
            ]
        });
        for (word, value) in self.words.iter().zip(words) {
            word.store(value, Ordering::Relaxed);
        }
        self.sequence.store(sequence + 2, Ordering::Release);
    }

    /// None while it is empty, and where writers do not let it be read: there is another scrape.
    fn read(&self) -> Option<Recorded> {
        const TRIES: usize = 16;
        for _ in 0..TRIES {
            let before = self.sequence.load(Ordering::Acquire);
            let [high, low, span_id, value, millis] = std::array::from_fn(|at| self.words[at].load(Ordering::Relaxed));
            fence(Ordering::Acquire);
            if before.is_multiple_of(2) && self.sequence.load(Ordering::Relaxed) == before {
                return (millis > 0).then(|| Recorded {
                    exemplar: Exemplar::new(u128::from(high) << 64 | u128::from(low), span_id),
                    value: f64::from_bits(value),
                    time: Duration::from_millis(millis),
                });
            }
            std::hint::spin_loop();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    #[test]
    fn the_last_exemplar_stands() {
        let exemplars = Exemplars::new();
        assert!(exemplars.is_empty());
        assert_eq!(exemplars.get(1, 0), None);
        for (trace, value) in [(1, 0.5), (u128::MAX - 7, 2.5)] {
            exemplars.record((1, 3), (0, 2), Exemplar::new(trace, 9), value);
        }
        let recorded = exemplars.get(1, 0).expect("one");
        assert_eq!(
            (recorded.exemplar, recorded.value),
            (Exemplar::new(u128::MAX - 7, 9), 2.5)
        );
        assert!(recorded.time > Duration::from_secs(1_700_000_000));
        assert_eq!(
            (exemplars.get(0, 0), exemplars.get(1, 1), exemplars.get(3, 0)),
            (None, None, None)
        );
        // No such series, and nothing to show: nothing happens.
        exemplars.record((7, 3), (0, 2), Exemplar::new(1, 1), 1.0);
        exemplars.record((2, 3), (0, 2), Exemplar::new(1, 1), f64::NAN);
        assert_eq!((exemplars.get(7, 0), exemplars.get(2, 0)), (None, None));
        // Above all bounds.
        exemplars.record((1, 3), (17, 2), Exemplar::new(1, 1), 1.0);
        assert!(exemplars.get(1, 1).is_some());
        exemplars.clear(1);
        exemplars.clear(2);
        assert_eq!((exemplars.get(1, 0), exemplars.get(1, 1)), (None, None));
    }

    #[test]
    fn an_exemplar_is_read_whole() {
        let slot = Slot::new();
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for thread in 1..=2_u64 {
                let (slot, stop) = (&slot, &stop);
                scope.spawn(move || {
                    let mut count = 0_u32;
                    while !stop.load(Ordering::Relaxed) {
                        count = count.wrapping_add(1);
                        let id = u64::from(count) * 2 + thread;
                        slot.write(Some(Recorded {
                            exemplar: Exemplar::new(u128::from(id) << 64 | u128::from(id), id),
                            value: f64::from_bits(id),
                            time: Duration::from_millis(id),
                        }));
                    }
                });
            }
            let mut read = 0;
            while read < 10_000 {
                let Some(recorded) = slot.read() else { continue };
                let id = recorded.exemplar.span_id;
                assert_eq!(recorded.exemplar.trace_id, u128::from(id) << 64 | u128::from(id));
                assert_eq!(recorded.value.to_bits(), id);
                assert_eq!(recorded.time, Duration::from_millis(id));
                read += 1;
            }
            stop.store(true, Ordering::Relaxed);
        });
    }
}
