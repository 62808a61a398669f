use std::marker::PhantomData;

use super::PollState;
use crate::label::LabelSet;
use crate::metric::{Counter, CounterCells, Histogram, HistogramCells, InFlight};
use crate::storage::Storage;

/// What is recorded of calls, as one field of a `#[metric_family]`: a group of metrics with the labels `L`.
///
/// ```
/// # use enumetrics_runtime::{Calls, Joined, LabelValue, Outcome};
/// # use enumetrics_macros::{LabelValue, metric_family};
/// #[derive(LabelValue, Clone, Copy)]
/// # #[label(crate = enumetrics_runtime)]
/// pub enum Module { Ocr, FaceMatch }
///
/// # #[derive(LabelValue, Clone, Copy)]
/// # #[label(name = "error", crate = enumetrics_runtime)]
/// # pub enum OcrErrorKind { Blurred, Timeout }
/// #
/// #[metric_family(namespace = "kyc", crate = enumetrics_runtime)]
/// pub struct Kyc {
///     /// Calls of the pipeline's modules.
///     #[metric(buckets = [0.5, 1, 2, 4, 8], calls(outcome, in_flight, error = OcrErrorKind, slow = 4))]
///     pub module: Calls<Module>,
/// }
///
/// pub static KYC: Kyc = Kyc::new();
///
/// // kyc_module_calls_total{module="ocr",outcome="cancelled"}
/// assert_eq!(KYC.module.calls_total.with(Joined(Module::Ocr, Outcome::Cancelled)).get(), 0);
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
/// Histograms have the buckets of the field. `shared` holds for all parts, `sparse` and `dense` for those that have the
/// choice, `exemplars` for the duration, the calls by outcome, the errors, the slow calls and the first items.
/// `#[timed(KYC.module, module = "ocr")]` on a function records its calls.
#[allow(
    missing_debug_implementations,
    reason = "a name in a declaration: there is no value of it"
)]
pub struct Calls<L: LabelSet = ()>(PhantomData<L>);

/// The labels of a group whose field is of type `T`. The compiler knows whether that `IS` [`Calls`]: another type has no
/// labels, and is refused by a check, since all that is made of its labels would be an error of its own.
pub trait CallsOf<T: ?Sized, const IS: bool> {
    /// In `<…>`.
    type Labels: LabelSet;
}

impl<L: LabelSet> CallsOf<Calls<L>, true> for () {
    type Labels = L;
}

impl<T: ?Sized> CallsOf<T, false> for () {
    type Labels = ();
}

/// The labels of a group, said once.
pub trait CallsGroup {
    /// Those of its type.
    type Labels: LabelSet;
    /// The kinds of error; `()` where they are not told apart.
    type Error: LabelSet;
}

/// Tells whether a type is [`Calls`], under whatever alias: an inherent constant is found before that of [`NoCalls`].
#[allow(missing_debug_implementations, reason = "hidden: a type that is only asked")]
pub struct IsCalls<T: ?Sized>(PhantomData<T>);

impl<L: LabelSet> IsCalls<Calls<L>> {
    /// It is.
    pub const IS: bool = true;
}

/// What any other type says.
pub trait NoCalls {
    /// It is not.
    const IS: bool = false;
}

impl<T: ?Sized> NoCalls for IsCalls<T> {}

/// A call began, for the part `in_flight`.
#[inline]
pub fn started<L: LabelSet, S: Storage>(in_flight: &InFlight<L, S>, index: usize) {
    in_flight.at(index).begin();
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
        in_flight.at(index).end();
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
