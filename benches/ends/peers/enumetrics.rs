//! A group with all that is asked here; for the function that returns no `Result`, `error_if` says what an error is.

use enumetrics::{Calls, Joined, LabelValue, Outcome, metric_family, timed};

use crate::peers::Recorded;

#[derive(LabelValue, Clone, Copy)]
enum Function {
    Plain,
    Asynchronous,
    Method,
    TraitMethod,
    AsyncTraitMethod,
    Generic,
    ImplFuture,
    BoxedFuture,
    Alias,
    Option,
}

#[metric_family(namespace = "ends")]
struct Ends {
    /// Calls of the ten functions.
    #[metric(buckets = [0.1, 1], calls(outcome, in_flight))]
    function: Calls<Function>,
}

static ENDS: Ends = Ends::new();

crate::functions! {
    #[timed(ENDS.function, function = fn)]
    #[timed(ENDS.function, function = fn, error_if = Option::is_none)]
}

pub fn recorded(function: &str) -> Recorded {
    let at = Function::VALUES.iter().position(|value| *value == function);
    let function = Function::VARIANTS[at.expect("a variant for each function")];
    let calls = |outcome| Some(ENDS.function.calls_total.with(Joined(function, outcome)).get());
    let durations = ENDS.function.duration_seconds.with(function);
    Recorded {
        durations: durations.count(),
        seconds: durations.sum() / durations.count() as f64,
        ends: [
            calls(Outcome::Ok),
            calls(Outcome::Error),
            calls(Outcome::Panic),
            calls(Outcome::Cancelled),
        ],
        left: Some(ENDS.function.in_flight.with(function).get()),
    }
}
