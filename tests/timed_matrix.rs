//! Every shape of a function, with every end, into every kind of recording: what each call adds, exactly.
#![allow(unsafe_code, reason = "an `unsafe fn` can be timed, too")]

use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use enumetrics::{Calls, ErrorLabel, Histogram, Joined, LabelValue, Outcome, Summary, metric_family, time, timed};

#[derive(LabelValue, Clone, Copy, PartialEq)]
pub enum Module {
    Liveness,
    Ocr,
}

#[derive(ErrorLabel, Debug, PartialEq)]
pub enum Failure {
    Small { size: u32 },
    Late(Duration),
}

/// An alias: the error is found by its type.
type Answer<T = u32> = Result<T, Failure>;

/// How a body ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    Last,
    Return,
    LastError,
    ReturnError,
    QuestionMark,
    Panic,
    Hang,
}

fn fails() -> Answer<()> {
    Err(Failure::Late(Duration::ZERO))
}

/// The same body everywhere; `$hang` is what only a future can do.
macro_rules! body {
    ($end:expr, $hang:expr) => {{
        match $end {
            End::Last => {}
            End::Return => return Ok(1),
            End::LastError => {}
            End::ReturnError => return Err(Failure::Small { size: 1 }),
            End::QuestionMark => fails()?,
            End::Panic => panic!("as planned"),
            End::Hang => $hang,
        }
        if $end == End::LastError {
            Err(Failure::Late(Duration::ZERO))
        } else {
            Ok(2)
        }
    }};
}

async fn bare(end: End) -> Answer {
    body!(end, pending().await)
}

type Boxed<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

/// One way to write a function.
#[derive(Clone, Copy)]
pub enum Shape {
    Function(fn(Module, End) -> Answer),
    // As `Send` as the function without the attribute: none of these would compile otherwise.
    Future(fn(Module, End) -> Boxed<'static>),
}

/// What is recorded for one module, of the parts that there are.
#[derive(Clone, Debug, PartialEq)]
pub struct Counts {
    durations: Option<u64>,
    outcomes: Option<[u64; 4]>,
    in_flight: Option<i64>,
    errors: Option<[u64; 2]>,
    slow: Option<u64>,
    polls: Option<u64>,
}

impl Counts {
    const NONE: Self = Self {
        durations: None,
        outcomes: None,
        in_flight: None,
        errors: None,
        slow: None,
        polls: None,
    };
}

/// Everything that `#[timed]` stands on, with these arguments, which may use the parameter `$module`.
macro_rules! shapes {
    ($module:ident: $($arguments:tt)*) => {
        use super::*;

        #[timed($($arguments)*)]
        fn function($module: Module, end: End) -> Answer {
            body!(end, unreachable!())
        }

        #[timed($($arguments)*)]
        unsafe fn not_safe($module: Module, end: End) -> Answer {
            body!(end, unreachable!())
        }

        #[timed($($arguments)*)]
        fn generic<'a, E>($module: Module, end: E, _: &'a str, _: impl Fn() + 'a) -> Result<u32, Failure>
        where
            E: Copy + Into<End>,
        {
            body!(end.into(), unreachable!())
        }

        #[tracing::instrument(skip_all)]
        #[timed($($arguments)*)]
        fn instrumented($module: Module, end: End) -> Answer {
            body!(end, unreachable!())
        }

        #[timed($($arguments)*)]
        #[tracing::instrument(skip_all)]
        fn instrumented_below($module: Module, end: End) -> Answer {
            body!(end, unreachable!())
        }

        #[timed($($arguments)*)]
        async fn future($module: Module, end: End) -> Answer {
            body!(end, pending().await)
        }

        #[timed($($arguments)*)]
        async fn generic_future<'a, E>($module: Module, end: E, _: &'a str, _: impl Fn() + Send + 'a) -> Answer
        where
            E: Copy + Into<End>,
        {
            body!(end.into(), pending().await)
        }

        #[tracing::instrument(skip_all)]
        #[timed($($arguments)*)]
        async fn instrumented_future($module: Module, end: End) -> Answer {
            body!(end, pending().await)
        }

        #[timed($($arguments)*)]
        #[tracing::instrument(skip_all)]
        async fn instrumented_future_below($module: Module, end: End) -> Answer {
            body!(end, pending().await)
        }

        #[timed($($arguments)*)]
        fn returns_future($module: Module, end: End) -> impl Future<Output = Answer> {
            async move { body!(end, pending().await) }
        }

        #[timed($($arguments)*)]
        fn returns_future_that_borrows<'a>($module: Module, end: &'a End) -> impl Future<Output = Answer> + Send + 'a {
            async move { body!(*end, pending().await) }
        }

        #[timed($($arguments)*)]
        fn returns_box($module: Module, end: End) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
            Box::pin(async move { body!(end, pending().await) })
        }

        #[timed($($arguments)*)]
        fn returns_box_early($module: Module, end: End) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
            if end == End::Return {
                return Box::pin(std::future::ready(Ok(1)));
            }
            Box::pin(async move { body!(end, pending().await) })
        }

        type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

        #[timed($($arguments)*)]
        fn returns_alias($module: Module, end: End) -> BoxFuture<'static, Answer> {
            Box::pin(async move { body!(end, pending().await) })
        }

        #[timed(future, $($arguments)*)]
        fn returns_hidden($module: Module, end: End) -> Boxed<'static> {
            let future = async move { body!(end, pending().await) };
            Box::pin(future)
        }

        #[tracing::instrument(skip_all)]
        #[timed($($arguments)*)]
        fn instrumented_box($module: Module, end: End) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
            Box::pin(async move { body!(end, pending().await) })
        }

        #[timed($($arguments)*)]
        #[tracing::instrument(skip_all)]
        fn instrumented_box_below($module: Module, end: End) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
            Box::pin(async move { body!(end, pending().await) })
        }

        struct Client;

        impl Client {
            #[timed($($arguments)*)]
            fn method(&self, $module: Module, end: End) -> Answer {
                body!(end, unreachable!())
            }

            #[timed($($arguments)*)]
            async fn method_future(&mut self, $module: Module, end: End) -> Answer {
                body!(end, pending().await)
            }
        }

        trait Read {
            fn read(&self, $module: Module, end: End) -> Answer;

            #[timed($($arguments)*)]
            fn read_by_default(&self, $module: Module, end: End) -> Answer {
                body!(end, unreachable!())
            }

            fn read_later(&self, $module: Module, end: End) -> impl Future<Output = Answer> + Send;

            #[timed($($arguments)*)]
            fn read_later_by_default(&self, $module: Module, end: End) -> impl Future<Output = Answer> + Send {
                async move { body!(end, pending().await) }
            }
        }

        impl Read for Client {
            #[timed($($arguments)*)]
            fn read(&self, $module: Module, end: End) -> Answer {
                body!(end, unreachable!())
            }

            #[timed($($arguments)*)]
            async fn read_later(&self, $module: Module, end: End) -> Answer {
                body!(end, pending().await)
            }
        }

        #[async_trait::async_trait]
        trait Write: Sync {
            async fn write(&self, $module: Module, end: End) -> Answer;

            #[timed($($arguments)*)]
            async fn write_by_default(&self, $module: Module, end: End) -> Answer {
                body!(end, pending().await)
            }
        }

        #[async_trait::async_trait]
        impl Write for Client {
            #[timed($($arguments)*)]
            async fn write(&self, $module: Module, end: End) -> Answer {
                body!(end, pending().await)
            }
        }

        struct Other;

        #[timed($($arguments)*)]
        #[async_trait::async_trait]
        impl Write for Other {
            async fn write(&self, $module: Module, end: End) -> Answer {
                body!(end, pending().await)
            }
        }

        struct Whole;

        #[timed($($arguments)*)]
        impl Whole {
            pub fn function(self, $module: Module, end: End) -> Answer {
                let _ = (Self::NOT_A_FUNCTION, self.skipped(), self.private());
                body!(end, unreachable!())
            }

            pub(crate) async fn future(self, $module: Module, end: End) -> Answer {
                body!(end, pending().await)
            }

            const NOT_A_FUNCTION: fn(u32) -> u32 = { |x| x };

            #[timed(skip)]
            pub fn skipped(&self) {}

            fn private(&self) {}
        }

        #[timed($($arguments)*)]
        mod whole {
            use super::*;

            pub(super) fn function($module: Module, end: End) -> Answer {
                private();
                body!(end, unreachable!())
            }

            pub(super) async fn future($module: Module, end: End) -> Answer {
                body!(end, pending().await)
            }

            fn private() {}
        }

        fn block($module: Module, end: End) -> Answer {
            time!($($arguments)*; { body!(end, unreachable!()) })
        }

        async fn async_block($module: Module, end: End) -> Answer {
            time!($($arguments)*; async move { bare(end).await }).await
        }

        fn wrapped($module: Module, end: End) -> impl Future<Output = Answer> + Send {
            time!(future, $($arguments)*; bare(end))
        }

        pub const SHAPES: &[(&str, Shape)] = &[
            ("function", Shape::Function(function)),
            // SAFETY: it asks for nothing.
            ("not_safe", Shape::Function(|module, end| unsafe { not_safe(module, end) })),
            ("generic", Shape::Function(|module, end| generic(module, end, "", || ()))),
            ("instrumented", Shape::Function(instrumented)),
            ("instrumented_below", Shape::Function(instrumented_below)),
            ("method", Shape::Function(|module, end| Client.method(module, end))),
            ("read", Shape::Function(|module, end| Client.read(module, end))),
            ("read_by_default", Shape::Function(|module, end| Client.read_by_default(module, end))),
            ("Whole::function", Shape::Function(|module, end| Whole.function(module, end))),
            ("whole::function", Shape::Function(whole::function)),
            ("block", Shape::Function(block)),
            ("future", Shape::Future(|module, end| Box::pin(future(module, end)))),
            ("async_block", Shape::Future(|module, end| Box::pin(async_block(module, end)))),
            ("wrapped", Shape::Future(|module, end| Box::pin(wrapped(module, end)))),
            ("generic_future", Shape::Future(|module, end| Box::pin(generic_future(module, end, "", || ())))),
            ("instrumented_future", Shape::Future(|module, end| Box::pin(instrumented_future(module, end)))),
            ("instrumented_future_below", Shape::Future(|module, end| Box::pin(instrumented_future_below(module, end)))),
            ("returns_future", Shape::Future(|module, end| Box::pin(returns_future(module, end)))),
            (
                "returns_future_that_borrows",
                Shape::Future(|module, end| Box::pin(async move { returns_future_that_borrows(module, &end).await })),
            ),
            ("returns_box", Shape::Future(returns_box)),
            ("returns_box_early", Shape::Future(returns_box_early)),
            ("returns_alias", Shape::Future(returns_alias)),
            ("returns_hidden", Shape::Future(returns_hidden)),
            ("instrumented_box", Shape::Future(instrumented_box)),
            ("instrumented_box_below", Shape::Future(instrumented_box_below)),
            (
                "method_future",
                Shape::Future(|module, end| Box::pin(async move { Client.method_future(module, end).await })),
            ),
            ("read_later", Shape::Future(|module, end| Box::pin(async move { Client.read_later(module, end).await }))),
            (
                "read_later_by_default",
                Shape::Future(|module, end| Box::pin(async move { Client.read_later_by_default(module, end).await })),
            ),
            ("write", Shape::Future(|module, end| Client.write(module, end))),
            ("write_by_default", Shape::Future(|module, end| Client.write_by_default(module, end))),
            ("Other::write", Shape::Future(|module, end| Other.write(module, end))),
            ("Whole::future", Shape::Future(|module, end| Box::pin(Whole.future(module, end)))),
            ("whole::future", Shape::Future(|module, end| Box::pin(whole::future(module, end)))),
        ];
    };
}

/// A metric and all shapes that record into it: with the label as text, and from an argument.
macro_rules! targets {
    ($(
        $target:ident: $(#[$options:meta])? $ty:ty, |$metric:ident, $series:ident| { $($part:ident: $read:expr),* }
    )*) => {
        $(
            #[allow(dead_code, reason = "nothing is rendered")]
            mod $target {
                use super::*;

                #[metric_family(namespace = "matrix")]
                pub struct Family {
                    /// Calls.
                    $(#[$options])?
                    pub $target: $ty,
                }

                pub static FAMILY: Family = Family::new();

                #[allow(clippy::needless_update, reason = "not each has all parts")]
                pub fn read($series: Module) -> Counts {
                    let $metric = &FAMILY.$target;
                    Counts { $($part: Some($read),)* ..Counts::NONE }
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

        /// The recordings, each with its shapes.
        const TARGETS: &[(&str, fn(Module) -> Counts, &[(&str, Shape)])] = &[$(
            (stringify!($target), $target::read, $target::text::SHAPES),
            (stringify!($target), $target::read, $target::expression::SHAPES),
        )*];
    };
}

fn outcomes(count: impl Fn(Outcome) -> u64) -> [u64; 4] {
    [Outcome::Ok, Outcome::Error, Outcome::Panic, Outcome::Cancelled].map(count)
}

targets! {
    durations_seconds: #[metric(buckets = [1])] Histogram<Module>, |it, module| {
        durations: it.with(module).count()
    }
    quantiles_seconds: Summary<Module>, |it, module| {
        durations: it.with(module).count()
    }
    duration: #[metric(buckets = [1], calls(slow = 1000))] Calls<Module>, |it, module| {
        durations: it.duration_seconds.with(module).count(),
        slow: it.slow_calls_total.with(module).get()
    }
    outcome: #[metric(calls(outcome))] Calls<Module>, |it, module| {
        outcomes: outcomes(|outcome| it.calls_total.with(Joined(module, outcome)).get())
    }
    in_flight: #[metric(calls(in_flight))] Calls<Module>, |it, module| {
        in_flight: it.in_flight.with(module).get()
    }
    error: #[metric(calls(error = FailureKind))] Calls<Module>, |it, module| {
        errors: [FailureKind::Small, FailureKind::Late].map(|kind| {
            it.errors_total.with(Joined(module, kind)).get()
        })
    }
    slow: #[metric(calls(slow = 0))] Calls<Module>, |it, module| {
        slow: it.slow_calls_total.with(module).get()
    }
    shared: #[metric(shared, buckets = [1], calls(outcome, in_flight))] Calls<Module>, |it, module| {
        durations: it.duration_seconds.with(module).count(),
        outcomes: outcomes(|outcome| it.calls_total.with(Joined(module, outcome)).get()),
        in_flight: it.in_flight.with(module).get()
    }
    poll: #[metric(calls(poll))] Calls<Module>, |it, module| {
        polls: it.polls_total.with(module).get()
    }
    all: #[metric(buckets = [1], calls(outcome, in_flight, error = FailureKind, slow = 0, poll))] Calls<Module>, |it, module| {
        durations: it.duration_seconds.with(module).count(),
        outcomes: outcomes(|outcome| it.calls_total.with(Joined(module, outcome)).get()),
        in_flight: it.in_flight.with(module).get(),
        errors: [FailureKind::Small, FailureKind::Late].map(|kind| {
            it.errors_total.with(Joined(module, kind)).get()
        }),
        slow: it.slow_calls_total.with(module).get(),
        polls: it.polls_total.with(module).get()
    }
}

/// What a call is expected to add.
#[derive(Clone, Copy, Debug)]
struct Expected {
    outcome: Option<Outcome>,
    kind: Option<FailureKind>,
    polls: u64,
}

impl Expected {
    fn of(end: End, polls: u64) -> Self {
        let (outcome, kind) = match end {
            End::Last | End::Return => (Outcome::Ok, None),
            End::LastError | End::QuestionMark => (Outcome::Error, Some(FailureKind::Late)),
            End::ReturnError => (Outcome::Error, Some(FailureKind::Small)),
            End::Panic => (Outcome::Panic, None),
            End::Hang => (Outcome::Cancelled, None),
        };
        Self {
            outcome: Some(outcome),
            kind,
            polls,
        }
    }

    const NOTHING: Self = Self {
        outcome: None,
        kind: None,
        polls: 0,
    };

    fn add_to(self, before: &Counts, target: &str) -> Counts {
        let one = u64::from(self.outcome.is_some());
        // `duration` has a threshold that nothing reaches.
        let slow = if target == "duration" { 0 } else { one };
        let mut after = before.clone();
        after.durations = before.durations.map(|count| count + one);
        after.slow = before.slow.map(|count| count + slow);
        after.polls = before.polls.map(|count| count + self.polls);
        if let (Some(outcomes), Some(outcome)) = (&mut after.outcomes, self.outcome) {
            outcomes[outcome as usize] += 1;
        }
        if let (Some(errors), Some(kind)) = (&mut after.errors, self.kind) {
            errors[kind as usize] += 1;
        }
        after
    }
}

fn poll(future: &mut Boxed<'static>) -> Poll<Answer> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
}

const BODIES: [End; 6] = [
    End::Last,
    End::Return,
    End::LastError,
    End::ReturnError,
    End::QuestionMark,
    End::Panic,
];

/// One end of a call: what is done, and what that adds.
type Case = (String, Expected, Box<dyn Fn(Module)>);

/// Every end that a call of a plain function can have.
fn function_ends(function: fn(Module, End) -> Answer) -> Vec<Case> {
    struct WhileUnwinding(fn(Module, End) -> Answer, Module);
    impl Drop for WhileUnwinding {
        fn drop(&mut self) {
            let _ = (self.0)(self.1, End::Last);
        }
    }

    let mut ends: Vec<Case> = Vec::new();
    for end in BODIES {
        let call = move |module| {
            let _ = function(module, end);
        };
        ends.push((format!("{end:?}"), Expected::of(end, 0), Box::new(call)));
    }
    ends.push((
        "by a destructor while unwinding".to_owned(),
        Expected::of(End::Last, 0),
        Box::new(move |module| {
            let _call = WhileUnwinding(function, module);
            panic!("as planned");
        }),
    ));
    ends
}

/// The same for a future.
fn future_ends(make: fn(Module, End) -> Boxed<'static>) -> Vec<Case> {
    let mut ends: Vec<Case> = Vec::new();
    let mut end = |name: &str, expected, what: Box<dyn Fn(Module)>| ends.push((name.to_owned(), expected, what));
    for body in BODIES {
        let polled = move |module| {
            let _ = poll(&mut make(module, body));
        };
        end(&format!("{body:?}"), Expected::of(body, 1), Box::new(polled));
        let again = move |module| {
            let mut future = make(module, body);
            for _ in 0..2 {
                let _ = catch_unwind(AssertUnwindSafe(|| poll(&mut future)));
            }
        };
        end(
            &format!("{body:?}, polled again"),
            Expected::of(body, 1),
            Box::new(again),
        );
        end(
            "never polled",
            Expected::NOTHING,
            Box::new(move |module| drop(make(module, body))),
        );
        let spawned = move |module| {
            let _ = runtime().block_on(async { tokio::spawn(make(module, body)).await });
        };
        end(&format!("{body:?} in a task"), Expected::of(body, 1), Box::new(spawned));
    }
    let cancelled = |polls| Expected::of(End::Hang, polls);
    end(
        "dropped half-way",
        cancelled(2),
        Box::new(move |module| {
            let mut future = make(module, End::Hang);
            assert!(poll(&mut future).is_pending());
            assert!(poll(&mut future).is_pending());
        }),
    );
    end(
        "dropped while its owner unwinds",
        cancelled(1),
        Box::new(move |module| {
            let mut future = make(module, End::Hang);
            assert!(poll(&mut future).is_pending());
            panic!("as planned");
        }),
    );
    end(
        "timeout",
        cancelled(2),
        Box::new(move |module| {
            let outcome = runtime()
                .block_on(async { tokio::time::timeout(Duration::from_millis(1), make(module, End::Hang)).await });
            assert!(outcome.is_err());
        }),
    );
    end(
        "select!",
        cancelled(2),
        Box::new(move |module| {
            runtime().block_on(async {
                tokio::select! {
                    biased;
                    _ = make(module, End::Hang) => unreachable!(),
                    () = tokio::task::yield_now() => {}
                }
            });
        }),
    );
    end(
        "aborted task",
        cancelled(1),
        Box::new(move |module| {
            runtime().block_on(async {
                let task = tokio::spawn(make(module, End::Hang));
                tokio::task::yield_now().await;
                task.abort();
                assert!(task.await.unwrap_err().is_cancelled());
            });
        }),
    );
    end(
        "end of the runtime",
        cancelled(1),
        Box::new(move |module| {
            runtime().block_on(async {
                tokio::spawn(make(module, End::Hang));
                tokio::task::yield_now().await;
            });
        }),
    );
    ends
}

/// The statics are shared: one test at a time.
static TURN: Mutex<()> = Mutex::new(());

#[test]
fn every_call_is_recorded_exactly_once() {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    // Panics that are wanted; their messages would only alarm the reader.
    std::panic::set_hook(Box::new(|_| ()));
    let mut cells = 0;
    let mut wrong = Vec::new();
    for (target, read, shapes) in TARGETS {
        for (shape, kind) in *shapes {
            let ends = match *kind {
                Shape::Function(function) => function_ends(function),
                Shape::Future(make) => future_ends(make),
            };
            for (end, expected, call) in ends {
                let before = [Module::Ocr, Module::Liveness].map(read);
                let _ = catch_unwind(AssertUnwindSafe(|| call(Module::Ocr)));
                let after = [Module::Ocr, Module::Liveness].map(read);
                let expected = [expected.add_to(&before[0], target), before[1].clone()];
                if after != expected {
                    wrong.push(format!("{target}, {shape}, {end}: {after:?} instead of {expected:?}"));
                }
                cells += 1;
            }
        }
    }
    let _ = std::panic::take_hook();
    assert!(wrong.is_empty(), "{} of {cells}:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(cells, 10 * 2 * (11 * 7 + 22 * 30));
}

#[test]
fn a_call_is_in_flight_until_it_ends() {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    for (_, kind) in all::expression::SHAPES {
        if let Shape::Future(make) = *kind {
            let in_flight = || all::read(Module::Liveness).in_flight;
            let mut future = make(Module::Liveness, End::Hang);
            assert_eq!(in_flight(), Some(0));
            assert!(poll(&mut future).is_pending());
            assert_eq!(in_flight(), Some(1));
            drop(future);
            assert_eq!(in_flight(), Some(0));
        }
    }
}
