//! What every contender is asked to do: the labels, the bounds, the values, and the work that is timed.

use std::fmt::Debug;
use std::hash::Hash;
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use enumetrics::LabelValue as _;

/// Eleven bounds, and the bucket above them: twelve buckets.
pub const BOUNDS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// An enum that is a label of every crate.
macro_rules! label_value {
    ($(#[$doc:meta])* $name:ident { $($variant:ident)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[derive(
            enumetrics::LabelValue,
            fastmetrics::derive::EncodeLabelValue,
            prometheus_client::encoding::EncodeLabelValue,
            serde::Serialize,
            vise::EncodeLabelValue,
        )]
        #[metrics(rename_all = "snake_case")]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($variant),* }

        // What measured's own derive writes, which does not work in a macro.
        impl measured::FixedCardinalityLabel for $name {
            fn cardinality() -> usize {
                Self::VARIANTS.len()
            }

            #[inline]
            fn encode(&self) -> usize {
                *self as usize
            }

            #[inline]
            fn decode(value: usize) -> Self {
                Self::VARIANTS[value]
            }
        }

        impl measured::label::LabelValue for $name {
            #[inline]
            fn visit<V: measured::label::LabelVisitor>(&self, visitor: V) -> V::Output {
                visitor.write_str(self.value())
            }
        }
    };
}

label_value! { Method { Get Post Put Delete Patch } }
label_value! { Route { Verify Upload Status Search Login Logout Health Report } }
label_value! { Outcome { Ok Error Rejected Cancelled } }
label_value! {
    /// For scrapes of many series.
    Ten { A0 A1 A2 A3 A4 A5 A6 A7 A8 A9 }
}
label_value! {
    /// For scrapes of very many series.
    Hundred {
        B00 B01 B02 B03 B04 B05 B06 B07 B08 B09 B10 B11 B12 B13 B14 B15 B16 B17 B18 B19
        B20 B21 B22 B23 B24 B25 B26 B27 B28 B29 B30 B31 B32 B33 B34 B35 B36 B37 B38 B39
        B40 B41 B42 B43 B44 B45 B46 B47 B48 B49 B50 B51 B52 B53 B54 B55 B56 B57 B58 B59
        B60 B61 B62 B63 B64 B65 B66 B67 B68 B69 B70 B71 B72 B73 B74 B75 B76 B77 B78 B79
        B80 B81 B82 B83 B84 B85 B86 B87 B88 B89 B90 B91 B92 B93 B94 B95 B96 B97 B98 B99
    }
}

/// Labels of one series, as every crate wants them.
pub trait Labels:
    enumetrics::LabelSet
    + fastmetrics::encoder::EncodeLabelSet
    + fastmetrics::raw::LabelSetSchema
    + foundations_metrics::LowCardinalityLabel
    + metered::LabelSet
    + prometheus_client::encoding::EncodeLabelSet
    + serde::Serialize
    + Copy
    + Debug
    + Eq
    + Hash
    + Send
    + Sync
{
    /// Their names.
    const NAMES: &'static [&'static str];
    /// Their values as an array of texts, `[&'static str; N]`.
    type Texts: AsRef<[&'static str]> + IntoIterator<Item = &'static str>;

    fn texts(&self) -> Self::Texts;

    /// Every combination, the last label varying fastest.
    fn all() -> Vec<Self>;
}

/// One label.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    enumetrics::LabelSet,
    fastmetrics::derive::LabelSet,
    prometheus_client::encoding::EncodeLabelSet,
    serde::Serialize,
    vise::EncodeLabelSet,
)]
pub struct ByRoute {
    pub route: Route,
}

/// How a function ended.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    enumetrics::LabelSet,
    fastmetrics::derive::LabelSet,
    prometheus_client::encoding::EncodeLabelSet,
    serde::Serialize,
    vise::EncodeLabelSet,
)]
pub struct ByOutcome {
    pub outcome: Outcome,
}

/// Three labels.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    enumetrics::LabelSet,
    fastmetrics::derive::LabelSet,
    prometheus_client::encoding::EncodeLabelSet,
    serde::Serialize,
    vise::EncodeLabelSet,
)]
pub struct Request {
    pub method: Method,
    pub route: Route,
    pub outcome: Outcome,
}

/// A thousand series.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    enumetrics::LabelSet,
    fastmetrics::derive::LabelSet,
    prometheus_client::encoding::EncodeLabelSet,
    serde::Serialize,
    vise::EncodeLabelSet,
)]
pub struct Thousand {
    pub a: Ten,
    pub b: Ten,
    pub c: Ten,
}

/// Ten thousand series.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    enumetrics::LabelSet,
    fastmetrics::derive::LabelSet,
    prometheus_client::encoding::EncodeLabelSet,
    serde::Serialize,
    vise::EncodeLabelSet,
)]
pub struct TenThousand {
    pub a: Ten,
    pub b: Ten,
    pub c: Hundred,
}

/// A hundred thousand series.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    enumetrics::LabelSet,
    fastmetrics::derive::LabelSet,
    prometheus_client::encoding::EncodeLabelSet,
    serde::Serialize,
    vise::EncodeLabelSet,
)]
pub struct HundredThousand {
    pub a: Ten,
    pub b: Hundred,
    pub c: Hundred,
}

/// The same for measured, which reads the attribute `label` as enumetrics does.
pub mod for_measured {
    use super::{Hundred, Method, Outcome, Route, Ten};
    use measured::LabelGroup;

    #[derive(Clone, Copy, LabelGroup)]
    #[label(set = ByRouteSet)]
    pub struct ByRoute {
        pub route: Route,
    }

    #[derive(Clone, Copy, LabelGroup)]
    #[label(set = ByOutcomeSet)]
    pub struct ByOutcome {
        pub outcome: Outcome,
    }

    #[derive(Clone, Copy, LabelGroup)]
    #[label(set = RequestSet)]
    pub struct Request {
        pub method: Method,
        pub route: Route,
        pub outcome: Outcome,
    }

    #[derive(Clone, Copy, LabelGroup)]
    #[label(set = ThousandSet)]
    pub struct Thousand {
        pub a: Ten,
        pub b: Ten,
        pub c: Ten,
    }

    #[derive(Clone, Copy, LabelGroup)]
    #[label(set = TenThousandSet)]
    pub struct TenThousand {
        pub a: Ten,
        pub b: Ten,
        pub c: Hundred,
    }

    #[derive(Clone, Copy, LabelGroup)]
    #[label(set = HundredThousandSet)]
    pub struct HundredThousand {
        pub a: Ten,
        pub b: Hundred,
        pub c: Hundred,
    }
}

/// What no derive writes.
macro_rules! labels {
    ($name:ident { $($label:ident: $value:ident),* }) => {
        impl Labels for $name {
            const NAMES: &'static [&'static str] = &[$(stringify!($label)),*];
            type Texts = [&'static str; [$(stringify!($label)),*].len()];

            #[inline]
            fn texts(&self) -> Self::Texts {
                [$(self.$label.value()),*]
            }

            fn all() -> Vec<Self> {
                let mut all = Vec::new();
                labels!(@each all $name {} $($label: $value),*);
                all
            }
        }

        // What foundations' own derive makes of an enum, for a product of enums.
        impl foundations_metrics::LowCardinalityLabel for $name {
            const CARDINALITY: NonZeroUsize = NonZeroUsize::new(<Self as enumetrics::LabelSet>::COMBINATIONS).unwrap();

            #[inline]
            fn index(&self) -> usize {
                enumetrics::LabelSet::index(self)
            }
        }

        // metered's own derive makes a `String` of each value.
        impl metered::LabelSet for $name {
            fn for_each_label(&self, visit: &mut dyn FnMut(&str, &str)) {
                $(visit(stringify!($label), self.$label.value());)*
            }

            fn label_names(names: &mut Vec<String>) {
                names.extend([$(stringify!($label).to_owned()),*]);
            }
        }

        impl From<$name> for for_measured::$name {
            #[inline]
            fn from(labels: $name) -> Self {
                Self { $($label: labels.$label),* }
            }
        }
    };
    (@each $all:ident $name:ident { $($done:ident)* }) => {
        $all.push($name { $($done),* });
    };
    (@each $all:ident $name:ident { $($done:ident)* } $label:ident: $value:ident $(, $rest:ident: $rests:ident)*) => {
        for &$label in $value::VARIANTS {
            labels!(@each $all $name { $($done)* $label } $($rest: $rests),*);
        }
    };
}

labels! { ByRoute { route: Route } }
labels! { ByOutcome { outcome: Outcome } }
labels! { Request { method: Method, route: Route, outcome: Outcome } }
labels! { Thousand { a: Ten, b: Ten, c: Ten } }
labels! { TenThousand { a: Ten, b: Ten, c: Hundred } }
labels! { HundredThousand { a: Ten, b: Hundred, c: Hundred } }

/// What one call is about. The values rotate, so that no label is known to the compiler.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub by_route: ByRoute,
    pub request: Request,
    /// For histograms; spread over all buckets.
    pub seconds: f64,
    /// The same, for those that observe whole nanoseconds.
    pub nanos: u64,
}

/// One label value and one set of three that never change.
pub const ROUTE: ByRoute = ByRoute { route: Route::Search };
pub const REQUEST: Request = Request {
    method: Method::Put,
    route: Route::Search,
    outcome: Outcome::Rejected,
};

impl Step {
    /// How many there are: few enough to stay in the first cache, too many for a branch predictor to be sure of.
    pub const COUNT: usize = 64;

    pub fn all() -> Vec<Self> {
        let requests = Request::all();
        (0..Self::COUNT)
            .map(|step| {
                // Multiplying by odd numbers visits everything, in no order.
                let request = requests[step * 37 % requests.len()];
                let seconds = 12.0 * 0.5_f64.powf((step * 23 % Self::COUNT) as f64 / 5.0);
                Self {
                    by_route: ByRoute { route: request.route },
                    request,
                    seconds,
                    nanos: (seconds * 1e9) as u64,
                }
            })
            .collect()
    }
}

/// The function that is timed.
#[inline]
pub fn work(step: &Step) -> u64 {
    black_box(step.nanos)
}

/// Why the fallible function that is timed fails.
#[derive(Clone, Copy, Debug)]
pub struct Failure;

/// The same for a function that may fail, as one in four does.
#[inline]
pub fn fallible(step: &Step) -> Result<u64, Failure> {
    match step.request.outcome {
        Outcome::Error => Err(Failure),
        _ => Ok(work(step)),
    }
}

/// The label that says how a fallible function ended.
pub fn outcome<T>(result: &Result<T, Failure>) -> ByOutcome {
    ByOutcome {
        outcome: match result {
            Ok(_) => Outcome::Ok,
            Err(Failure) => Outcome::Error,
        },
    }
}

/// Runs a future that is ready at once, as an executor does: through a pointer to any future.
#[inline]
pub fn run_to_end<T>(future: impl Future<Output = T>) -> T {
    let future: Pin<&mut dyn Future<Output = T>> = pin!(future);
    match black_box(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a future of the workload waits for nothing"),
    }
}

/// The function, timed by hand.
#[inline]
pub fn timed<O>(step: &Step, mut observe: impl FnMut(Duration) -> O) {
    let start = Instant::now();
    let _observed = OnDrop(|| _ = observe(start.elapsed()));
    work(step);
}

/// The async function, timed by hand: also when it is cancelled.
#[inline]
pub fn timed_async<O>(step: &Step, mut observe: impl FnMut(Duration) -> O) {
    run_to_end(async move {
        let start = Instant::now();
        let _observed = OnDrop(|| _ = observe(start.elapsed()));
        std::future::ready(work(step)).await
    });
}

/// The fallible async function with everything that one wants to know of it, by hand: in-flight and duration come
/// right when it is cancelled, too.
#[inline]
pub fn with_outcome<E, L, O, C>(
    step: &Step,
    enter: impl FnOnce() -> E,
    mut leave: impl FnMut() -> L,
    mut observe: impl FnMut(Duration) -> O,
    count: impl FnOnce(ByOutcome) -> C,
) {
    let _ = run_to_end(async move {
        enter();
        let _left = OnDrop(|| _ = leave());
        let start = Instant::now();
        let _observed = OnDrop(|| _ = observe(start.elapsed()));
        let result = std::future::ready(fallible(step)).await;
        count(outcome(&result));
        result
    });
}

/// Runs a closure when it is dropped: the guard that one writes by hand.
pub struct OnDrop<F: FnMut()>(pub F);

impl<F: FnMut()> Drop for OnDrop<F> {
    #[inline]
    fn drop(&mut self) {
        (self.0)();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn sets_of_labels_have_the_sizes_that_the_rows_say() {
        assert_eq!(Thousand::all().len(), 1_000);
        assert_eq!(TenThousand::all().len(), 10_000);
        assert_eq!(
            HundredThousand::all().into_iter().collect::<HashSet<_>>().len(),
            100_000
        );
    }

    #[test]
    fn steps_visit_every_value_of_every_label_and_every_bucket() {
        let steps = Step::all();
        assert_eq!(
            steps
                .iter()
                .map(|step| step.request.method)
                .collect::<HashSet<_>>()
                .len(),
            5
        );
        assert_eq!(steps.iter().map(|step| step.by_route).collect::<HashSet<_>>().len(), 8);
        assert_eq!(
            steps
                .iter()
                .map(|step| step.request.outcome)
                .collect::<HashSet<_>>()
                .len(),
            4
        );
        let bucket = |step: &Step| BOUNDS.partition_point(|bound| *bound < step.seconds);
        assert_eq!(steps.iter().map(bucket).collect::<HashSet<_>>().len(), 12);
    }

    #[test]
    fn constant_labels_are_among_the_rotating_ones() {
        assert!(Request::all().contains(&REQUEST));
        assert_eq!(ROUTE.texts(), ["search"]);
        assert_eq!(REQUEST.texts(), ["put", "search", "rejected"]);
    }
}
