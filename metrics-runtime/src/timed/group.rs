use std::marker::PhantomData;

use super::PollState;
use crate::label::LabelSet;
use crate::metric::{Counter, CounterCells, Histogram, HistogramCells, InFlight, Metric};
use crate::storage::Storage;

/// What is recorded of calls, as one field of a `#[metric_family]`: a group of metrics with the labels `L`.
///
/// ```ignore
/// #[metric_family(namespace = "kyc")]
/// pub struct Kyc {
///     /// Calls of the pipeline's modules.
///     #[metric(buckets = [0.5, 1, 2, 4, 8], calls(outcome, in_flight, error = OcrErrorKind, slow = 4))]
///     pub module: Calls<Module>,
/// }
/// ```
///
/// The field becomes a struct of ordinary metrics, named after the struct and the field (here `KycModuleCalls`), each of
/// which is there if it is asked for:
///
/// | asked for by | field | metric | help text |
/// |---|---|---|---|
/// | `buckets = …` | `duration_seconds` | `<field>_duration_seconds` | how long they took |
/// | `outcome` | `calls_total` | `<field>_calls_total{outcome}`: `ok`, `error`, `panic`, `cancelled` | how many ended so |
/// | `in_flight` | `in_flight` | `<field>_in_flight` | how many there are now |
/// | `error = Kind` | `errors_total` | `<field>_errors_total{error}` | how many failed, by kind |
/// | `slow = 4` | `slow_calls_total` | `<field>_slow_calls_total` | how many took longer, in seconds |
/// | `poll` | `poll_seconds_total`, `polls_total` | `<field>_poll_seconds_total`, `<field>_polls_total` | how long and how often futures were polled |
/// | `items` | `items_total` | `<field>_items_total` | items that streams yielded |
/// | `first_item` | `first_item_seconds` | `<field>_first_item_seconds` | how long a stream's first item took |
///
/// Histograms have the buckets of the field, and `shared` holds for all parts. `#[timed(KYC.module, module = "ocr")]` on a function records its calls.
#[allow(
    missing_debug_implementations,
    reason = "a name in a declaration: there is no value of it"
)]
pub struct Calls<L: LabelSet = ()>(PhantomData<L>);

/// The labels of [`Calls`].
#[diagnostic::on_unimplemented(
    message = "`calls(…)` is for a field of type `Calls`, and this is `{Self}` [calls-type]",
    label = "not `Calls`",
    note = "write `Calls<…>` with the labels that the calls have, or `Calls` for none"
)]
pub trait CallsOf {
    /// In `<…>`.
    type Labels: LabelSet;
    /// Whether it is `Calls`.
    const IS_CALLS: bool;
}

impl<L: LabelSet> CallsOf for Calls<L> {
    type Labels = L;
    const IS_CALLS: bool = true;
}

/// A metric, which a check refuses: all that is made of the labels would be an error of its own.
#[diagnostic::do_not_recommend]
impl<M: Metric> CallsOf for M {
    type Labels = ();
    const IS_CALLS: bool = false;
}

/// A call began, for the part `in_flight`.
#[inline]
pub fn started<L: LabelSet, S: Storage>(in_flight: &InFlight<L, S>, index: usize) {
    in_flight.at(index).inc();
}

/// A stream yielded an item, for the part `items`.
#[inline]
pub fn item<L: LabelSet, S: Storage>(items: &Counter<L, u64, S>, index: usize) {
    CounterCells::add(items, index, 1);
}

/// How long its first item took, for the part `first_item`.
#[inline]
pub fn first_item<L: LabelSet, const N: usize, S: Storage>(
    seconds: &Histogram<L, N, S>,
    index: usize,
    first: Option<f64>,
) {
    if let Some(first) = first {
        HistogramCells::observe(seconds, index, first);
    }
}

impl super::End {
    /// The call is over, for the part `in_flight`.
    #[inline]
    pub fn land<L: LabelSet, S: Storage>(&self, in_flight: &InFlight<L, S>, index: usize) {
        in_flight.at(index).dec();
    }
}

/// What a future keeps of its polls for the part `poll`.
#[derive(Debug, Default)]
pub struct Polls {
    seconds: f64,
    count: u64,
}

impl PollState for Polls {
    const KEPT: bool = true;

    #[inline]
    fn add(&mut self, seconds: f64) {
        self.seconds += seconds;
        self.count += 1;
    }

    #[inline]
    fn total(&self) -> Option<(f64, u64)> {
        Some((self.seconds, self.count))
    }
}
