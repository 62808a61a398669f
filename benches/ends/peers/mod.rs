//! The crates with an attribute that records the calls of a function.

mod autometrics;
mod enumetrics;
mod function_timer;
mod hotpath;
mod metered;
mod tracing;

use crate::functions::Call;

/// What a peer knows of the calls of a function; nothing where it has no number for it.
pub struct Recorded {
    pub durations: u64,
    /// Their mean.
    pub seconds: f64,
    /// As in `End::ALL`.
    pub ends: [Option<u64>; 4],
    /// Still in flight after all calls.
    pub left: Option<i64>,
}

pub struct Peer {
    pub name: &'static str,
    pub calls: [Call; 10],
    /// Before the first call.
    pub start: fn(),
    /// After the last one.
    pub finish: fn(),
    pub recorded: fn(&str) -> Recorded,
}

pub fn all() -> Vec<Peer> {
    fn nothing() {}
    let peer = |name, calls, recorded| Peer {
        name,
        calls,
        start: nothing,
        finish: nothing,
        recorded,
    };
    vec![
        peer("enumetrics", enumetrics::calls(), enumetrics::recorded),
        Peer {
            start: autometrics::start,
            ..peer("autometrics 3", autometrics::calls(), autometrics::recorded)
        },
        peer("metered 0.9", metered::calls(), metered::recorded),
        Peer {
            start: tracing::start,
            ..peer("tracing 0.1", tracing::calls(), tracing::recorded)
        },
        Peer {
            start: hotpath::start,
            finish: hotpath::finish,
            ..peer("hotpath 0.30", hotpath::calls(), hotpath::recorded)
        },
        Peer {
            start: function_timer::start,
            finish: function_timer::finish,
            ..peer("function-timer 0.9", function_timer::calls(), function_timer::recorded)
        },
    ]
}
