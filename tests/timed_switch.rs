//! `set_timed`, which holds for the whole program: alone in its process.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use enumetrics::{
    Calls, Catalog, Joined, LabelValue, Outcome, Settings, is_timed, metric_family, set_timed, time, timed,
};
use futures_core::Stream;

#[metric_family(namespace = "switch")]
#[allow(dead_code, reason = "nothing is rendered")]
pub struct Switch {
    /// Calls.
    #[metric(buckets = [1], calls(outcome, in_flight, items, poll))]
    pub call: Calls,
}

pub static SWITCH: Switch = Switch::new();

#[timed(SWITCH.call)]
fn function() -> u8 {
    1
}

#[timed(SWITCH.call)]
async fn future() -> u8 {
    tokio::task::yield_now().await;
    1
}

struct Ones;

impl Stream for Ones {
    type Item = u8;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<u8>> {
        Poll::Ready(Some(1))
    }
}

#[timed(SWITCH.call)]
fn stream() -> Pin<Box<dyn Stream<Item = u8>>> {
    Box::pin(Ones)
}

/// Ended, in flight, items, polls.
fn counts() -> (u64, i64, u64, u64) {
    let calls = Outcome::VARIANTS
        .iter()
        .map(|outcome| SWITCH.call.calls_total.with(Joined((), *outcome)).get());
    (
        calls.sum(),
        SWITCH.call.in_flight.get(),
        SWITCH.call.items_total.get(),
        SWITCH.call.polls_total.get(),
    )
}

#[test]
fn calls_that_begin_while_it_is_off_are_not_recorded() {
    let mut context = Context::from_waker(Waker::noop());
    assert!(is_timed());
    let mut before = Box::pin(future());
    assert!(before.as_mut().poll(&mut context).is_pending());
    assert_eq!(counts(), (0, 1, 0, 0));

    set_timed(false);
    assert!(!is_timed());
    assert_eq!(function(), 1);
    assert_eq!(time!(SWITCH.call; { 2 }), 2);
    let mut during = Box::pin(future());
    assert!(during.as_mut().poll(&mut context).is_pending());
    let mut ones = stream();
    assert_eq!(ones.as_mut().poll_next(&mut context), Poll::Ready(Some(1)));
    assert_eq!(counts(), (0, 1, 0, 0));
    // Begun before: it comes to its end.
    assert_eq!(before.as_mut().poll(&mut context), Poll::Ready(1));
    assert_eq!(counts(), (1, 0, 0, 2));

    set_timed(true);
    // Begun while it was off: it is left out to its end.
    assert_eq!(during.as_mut().poll(&mut context), Poll::Ready(1));
    assert_eq!(ones.as_mut().poll_next(&mut context), Poll::Ready(Some(1)));
    drop(ones);
    assert_eq!(counts(), (1, 0, 0, 2));
    assert_eq!(function(), 1);
    assert_eq!(counts(), (2, 0, 0, 2));

    // What operators set reaches it.
    let catalog = Catalog::new(&[]).unwrap();
    let off = Settings::builder(&catalog).variables(|name| (name == "ENABLE_METRICS").then(|| "false".into()));
    let off = off.build().unwrap();
    assert!(is_timed());
    assert!(off.exporter().is_none() && !is_timed());
    assert_eq!(function(), 1);
    assert_eq!(counts(), (2, 0, 0, 2));
}
