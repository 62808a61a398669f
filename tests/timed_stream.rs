//! Every way to return a stream, with every end of one, into every recording: what each adds, exactly.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use enumetrics::{Calls, ErrorLabel, Histogram, Joined, LabelValue, Outcome, Summary, metric_family, time, timed};
use futures_core::Stream;

#[derive(LabelValue, Clone, Copy)]
pub enum Module {
    Liveness,
    Ocr,
}

#[derive(ErrorLabel, Debug)]
pub enum Failure {
    Small,
    Late,
}

type Item = Result<u32, Failure>;

/// What a poll of the stream gives, in turn.
#[derive(Clone, Copy)]
pub enum Step {
    Item,
    Small,
    Late,
    Wait,
    Panic,
}

/// After its steps it is at its end.
pub struct Steps(&'static [Step]);

impl Stream for Steps {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Item>> {
        let Some((step, rest)) = self.0.split_first() else {
            return Poll::Ready(None);
        };
        self.0 = rest;
        match step {
            Step::Item => Poll::Ready(Some(Ok(1))),
            Step::Small => Poll::Ready(Some(Err(Failure::Small))),
            Step::Late => Poll::Ready(Some(Err(Failure::Late))),
            Step::Wait => Poll::Pending,
            Step::Panic => panic!("as planned"),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.0.len()))
    }
}

type Boxed = Pin<Box<dyn Stream<Item = Item> + Send>>;
type BoxStream<'a, T> = Pin<Box<dyn Stream<Item = T> + Send + 'a>>;
type Shape = (&'static str, fn(Module, &'static [Step]) -> Boxed);

/// What is recorded for one module, of the parts that there are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    durations: Option<u64>,
    outcomes: Option<[u64; 4]>,
    in_flight: Option<i64>,
    errors: Option<[u64; 2]>,
    slow: Option<u64>,
    polls: Option<u64>,
    items: Option<u64>,
    first_items: Option<u64>,
}

macro_rules! shapes {
    ($module:ident: $($arguments:tt)*) => {
        use super::*;

        #[timed($($arguments)*)]
        fn returns_impl($module: Module, steps: &'static [Step]) -> impl Stream<Item = Item> + Send {
            Steps(steps)
        }

        #[timed($($arguments)*)]
        fn returns_pin($module: Module, steps: &'static [Step]) -> Pin<Box<dyn Stream<Item = Item> + Send>> {
            if steps.is_empty() {
                return Box::pin(Steps(&[]));
            }
            Box::pin(Steps(steps))
        }

        #[timed($($arguments)*)]
        fn returns_alias($module: Module, steps: &'static [Step]) -> BoxStream<'static, Item> {
            Box::pin(Steps(steps))
        }

        #[timed($($arguments)*, stream)]
        fn returns_hidden($module: Module, steps: &'static [Step]) -> Boxed {
            Box::pin(Steps(steps))
        }

        struct Client;

        impl Client {
            #[timed($($arguments)*)]
            fn method(&self, $module: Module, steps: &'static [Step]) -> impl Stream<Item = Item> + Send + use<> {
                Steps(steps)
            }
        }

        #[timed($($arguments)*)]
        impl Client {
            pub fn whole($module: Module, steps: &'static [Step]) -> BoxStream<'static, Item> {
                Box::pin(Steps(steps))
            }
        }

        fn expression($module: Module, steps: &'static [Step]) -> impl Stream<Item = Item> + Send {
            time!($($arguments)*, stream; Steps(steps))
        }

        pub const SHAPES: &[Shape] = &[
            ("returns_impl", |module, steps| Box::pin(returns_impl(module, steps))),
            ("returns_pin", returns_pin),
            ("returns_alias", returns_alias),
            ("returns_hidden", returns_hidden),
            ("method", |module, steps| Box::pin(Client.method(module, steps))),
            ("whole", Client::whole),
            ("expression", |module, steps| Box::pin(expression(module, steps))),
        ];
    };
}

macro_rules! targets {
    ($(
        $target:ident: $(#[$options:meta])? $ty:ty, |$metric:ident, $series:ident| { $($part:ident: $read:expr),* }
    )*) => {
        $(
            #[allow(dead_code, reason = "nothing is rendered")]
            mod $target {
                use super::*;

                #[metric_family(namespace = "streams")]
                pub struct Family {
                    /// Streams.
                    $(#[$options])?
                    pub $target: $ty,
                }

                pub static FAMILY: Family = Family::new();

                #[allow(clippy::needless_update, reason = "not each has all parts")]
                pub fn read($series: Module) -> Counts {
                    let $metric = &FAMILY.$target;
                    Counts { $($part: Some($read),)* ..Counts::default() }
                }

                #[allow(unused_variables, reason = "the label is not computed")]
                pub mod text {
                    shapes!(module: super::FAMILY.$target, module = "ocr");
                }

                pub mod expression {
                    shapes!(module: super::FAMILY.$target, module = module);
                }
            }
        )*

        const TARGETS: &[(&str, fn(Module) -> Counts, &[Shape])] = &[$(
            (stringify!($target), $target::read, $target::text::SHAPES),
            (stringify!($target), $target::read, $target::expression::SHAPES),
        )*];
    };
}

targets! {
    durations_seconds: #[metric(buckets = [1])] Histogram<Module>, |it, module| {
        durations: it.with(module).count()
    }
    quantiles_seconds: Summary<Module>, |it, module| {
        durations: it.with(module).count()
    }
    items: #[metric(calls(items))] Calls<Module>, |it, module| {
        items: it.items_total.with(module).get()
    }
    first_item: #[metric(buckets = [1], calls(first_item))] Calls<Module>, |it, module| {
        durations: it.duration_seconds.with(module).count(),
        first_items: it.first_item_seconds.with(module).count()
    }
    all: #[metric(
        buckets = [1],
        calls(outcome, in_flight, error = FailureKind, slow = 0, poll, items, first_item)
    )] Calls<Module>, |it, module| {
        durations: it.duration_seconds.with(module).count(),
        outcomes: [Outcome::Ok, Outcome::Error, Outcome::Panic, Outcome::Cancelled]
            .map(|outcome| it.calls_total.with(Joined(module, outcome)).get()),
        in_flight: it.in_flight.with(module).get(),
        errors: [FailureKind::Small, FailureKind::Late].map(|kind| it.errors_total.with(Joined(module, kind)).get()),
        slow: it.slow_calls_total.with(module).get(),
        polls: it.polls_total.with(module).get(),
        items: it.items_total.with(module).get(),
        first_items: it.first_item_seconds.with(module).count()
    }
}

/// One life of a stream: its steps, how often it is polled before it is dropped, and what that adds.
struct Life {
    name: &'static str,
    steps: &'static [Step],
    polled: usize,
    outcome: Option<Outcome>,
    kind: Option<FailureKind>,
    polls: u64,
    items: u64,
}

const fn life(name: &'static str, steps: &'static [Step], polled: usize, outcome: Outcome) -> Life {
    Life {
        name,
        steps,
        polled,
        outcome: Some(outcome),
        kind: None,
        polls: polled as u64,
        items: 0,
    }
}

const LIVES: &[Life] = {
    use Step::{Item, Late, Panic, Small, Wait};
    &[
        Life {
            outcome: None,
            ..life("never polled", &[Item], 0, Outcome::Ok)
        },
        life("empty", &[], 1, Outcome::Ok),
        Life {
            items: 2,
            ..life("to its end", &[Item, Wait, Item], 4, Outcome::Ok)
        },
        Life {
            items: 1,
            polls: 2,
            ..life("polled after its end", &[Item], 4, Outcome::Ok)
        },
        Life {
            items: 1,
            ..life("dropped after an item", &[Item, Item], 1, Outcome::Cancelled)
        },
        life("dropped while it waits", &[Wait, Item], 1, Outcome::Cancelled),
        Life {
            items: 3,
            kind: Some(FailureKind::Small),
            ..life("to its end after an error", &[Item, Small, Item], 4, Outcome::Error)
        },
        Life {
            items: 2,
            kind: Some(FailureKind::Late),
            ..life("dropped at an error", &[Item, Late, Item], 2, Outcome::Error)
        },
        Life {
            items: 2,
            kind: Some(FailureKind::Late),
            ..life("two errors", &[Late, Small], 3, Outcome::Error)
        },
        life("a panic at once", &[Panic], 1, Outcome::Panic),
        Life {
            items: 1,
            ..life("a panic after an item", &[Item, Panic], 2, Outcome::Panic)
        },
        Life {
            items: 1,
            polls: 2,
            ..life("polled after a panic", &[Item, Panic], 3, Outcome::Panic)
        },
    ]
};

impl Life {
    fn live(&self, make: fn(Module, &'static [Step]) -> Boxed) {
        let mut stream = make(Module::Ocr, self.steps);
        assert_eq!(stream.size_hint(), (0, Some(self.steps.len())));
        for _ in 0..self.polled {
            let poll = || stream.as_mut().poll_next(&mut Context::from_waker(Waker::noop()));
            let _ = catch_unwind(AssertUnwindSafe(poll));
        }
    }

    fn add_to(&self, before: &Counts) -> Counts {
        let one = u64::from(self.outcome.is_some());
        let mut after = before.clone();
        let add = |count: &mut Option<u64>, amount| {
            if let Some(count) = count {
                *count += amount;
            }
        };
        add(&mut after.durations, one);
        add(&mut after.slow, one);
        add(&mut after.polls, self.polls);
        add(&mut after.items, self.items);
        add(&mut after.first_items, u64::from(self.items > 0));
        if let (Some(outcomes), Some(outcome)) = (&mut after.outcomes, self.outcome) {
            outcomes[outcome as usize] += 1;
        }
        if let (Some(errors), Some(kind)) = (&mut after.errors, self.kind) {
            errors[kind as usize] += 1;
        }
        after
    }
}

#[test]
fn every_stream_is_recorded_exactly_once() {
    // Panics that are wanted; their messages would only alarm the reader.
    std::panic::set_hook(Box::new(|_| ()));
    let mut cells = 0;
    let mut wrong = Vec::new();
    for (target, read, shapes) in TARGETS {
        for (shape, make) in *shapes {
            for life in LIVES {
                let before = [Module::Ocr, Module::Liveness].map(read);
                life.live(*make);
                let after = [Module::Ocr, Module::Liveness].map(read);
                let expected = [life.add_to(&before[0]), before[1].clone()];
                if after != expected {
                    wrong.push(format!(
                        "{target}, {shape}, {}: {after:?} instead of {expected:?}",
                        life.name
                    ));
                }
                cells += 1;
            }
        }
    }
    let _ = std::panic::take_hook();
    assert!(wrong.is_empty(), "{} of {cells}:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(cells, 5 * 2 * 7 * 12);
}
