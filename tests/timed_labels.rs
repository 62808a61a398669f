//! Where a call is counted, and what is an error: labels by expression, several metrics, `error_if`.

use std::num::ParseIntError;

use enumetrics::{
    Calls, ErrorLabel, Histogram, IntRange, Joined, LabelSet, LabelValue, Outcome, metric_family, open_label, timed,
};

#[derive(LabelValue, Clone, Copy, Debug, PartialEq)]
pub enum Module {
    Liveness,
    Ocr,
    #[label(skip)]
    Internal,
}

#[derive(LabelValue, Clone, Copy)]
pub enum Side {
    Front,
    Back,
}

#[derive(LabelSet, Clone, Copy)]
pub struct Page {
    pub module: Module,
    pub side: Side,
    pub retried: bool,
    pub attempt: IntRange<1, 3>,
}

#[derive(LabelSet, Clone, Copy)]
#[label(impossible(side = "back", module = "liveness"))]
pub struct Sided {
    pub module: Module,
    pub side: Side,
}

open_label! {
    /// A tenant.
    pub struct Tenant(max = 2);
}

#[derive(LabelValue, Clone, Copy, Debug, PartialEq)]
#[label(name = "error")]
pub enum Problem {
    Syntax,
    Empty,
}

impl ErrorLabel<ParseIntError> for Problem {
    fn of(error: &ParseIntError) -> Self {
        if *error.kind() == std::num::IntErrorKind::Empty {
            Self::Empty
        } else {
            Self::Syntax
        }
    }
}

#[metric_family(namespace = "labels")]
pub struct Test {
    /// Pages.
    #[metric(buckets = [1])]
    pub page_seconds: Histogram<Page>,
    /// Calls of a tenant.
    #[metric(buckets = [1])]
    pub tenant_seconds: Histogram<Tenant>,
    /// Calls.
    #[metric(calls(outcome, in_flight, error = Problem))]
    pub module: Calls<Module>,
    /// Calls with two labels.
    #[metric(calls(outcome))]
    pub sided: Calls<Sided>,
    /// Calls of any module.
    #[metric(buckets = [1], calls(outcome))]
    pub any: Calls,
}

pub static TEST: Test = Test::new();

fn page(module: Module, side: Side, retried: bool, attempt: IntRange<1, 3>) -> Page {
    Page {
        module,
        side,
        retried,
        attempt,
    }
}

fn outcome(module: Module, outcome: Outcome) -> u64 {
    TEST.module.calls_total.with(Joined(module, outcome)).get()
}

struct Client {
    module: Module,
    attempt: IntRange<1, 3>,
}

impl Client {
    #[timed(TEST.page_seconds, module = self.module, side = "back", attempt = self.attempt, retried = self.attempt.get() > 1)]
    fn read(&self) {}

    #[timed(TEST.page_seconds, ..page(self.module, Side::Front, false, self.attempt))]
    async fn read_later(&self) {}
}

#[test]
fn labels_are_computed_when_a_call_begins() {
    for attempt in 1..=3 {
        let attempt = IntRange::new(attempt).unwrap();
        for module in [Module::Ocr, Module::Liveness] {
            Client { module, attempt }.read();
            poll_once(Client { module, attempt }.read_later());
        }
    }
    let mut sum = 0;
    for attempt in 1..=3 {
        let attempt = IntRange::new(attempt).unwrap();
        for module in [Module::Ocr, Module::Liveness] {
            let count = |side, retried| TEST.page_seconds.with(page(module, side, retried, attempt)).count();
            assert_eq!(count(Side::Back, attempt.get() > 1), 1);
            assert_eq!(count(Side::Front, false), 1);
            sum += [
                (Side::Back, true),
                (Side::Back, false),
                (Side::Front, true),
                (Side::Front, false),
            ]
            .map(|(side, retried)| count(side, retried))
            .iter()
            .sum::<u64>();
        }
    }
    assert_eq!(sum, 12);
}

#[test]
fn a_label_can_be_open() {
    #[timed(TEST.tenant_seconds, tenant = Tenant::intern(name))]
    fn serve(name: &str) {}

    #[timed(TEST.tenant_seconds, ..Tenant::intern(name))]
    fn serve_again(name: &str) {}

    for name in ["acme", "umbrella", "initech"] {
        serve(name);
        serve_again(name);
    }
    assert_eq!(TEST.tenant_seconds.with(Tenant::intern("acme")).count(), 2);
    assert_eq!(TEST.tenant_seconds.with(Tenant::OTHER).count(), 2);
}

#[test]
fn a_value_that_is_skipped_is_recorded_nowhere() {
    #[timed(TEST.module, module = module)]
    fn call(module: Module) {}

    #[timed(TEST.sided, module = module, side = "back")]
    fn sided(module: Module) {}

    let all = || {
        let mut counts = Vec::new();
        for module in Module::VARIANTS {
            for end in Outcome::VARIANTS {
                counts.push(outcome(*module, *end));
                counts.extend([Side::Front, Side::Back].map(|side| {
                    let sided = Sided { module: *module, side };
                    TEST.sided.calls_total.with(Joined(sided, *end)).get()
                }));
            }
        }
        counts.iter().sum::<u64>()
    };
    let _turn = TURN.lock().unwrap();
    let before = all();
    call(Module::Internal);
    sided(Module::Internal);
    assert_eq!(all(), before);
    call(Module::Ocr);
    sided(Module::Ocr);
    assert_eq!(all(), before + 2);
}

#[test]
fn what_is_impossible_is_no_series_of_a_group() {
    // Three of the four pairs, each with four outcomes.
    assert_eq!(enumetrics::Counter::<Joined<Sided, Outcome, 16>>::MAX_SERIES, 12);
}

#[test]
fn one_function_into_several_metrics_and_several_into_one() {
    #[timed(TEST.module, module = "liveness")]
    #[timed(TEST.any)]
    fn both(text: &str) -> Result<u8, ParseIntError> {
        let number: u8 = text.parse()?;
        Ok(number)
    }

    #[timed(TEST.any)]
    #[timed(TEST.module, module = "liveness")]
    async fn both_later(text: &str) -> Result<u8, ParseIntError> {
        let number: u8 = text.parse()?;
        Ok(number)
    }

    let _turn = TURN.lock().unwrap();
    let errors = |kind| TEST.module.errors_total.with(Joined(Module::Liveness, kind)).get();
    let before = [
        outcome(Module::Liveness, Outcome::Ok),
        errors(Problem::Syntax),
        errors(Problem::Empty),
    ];
    assert_eq!(both("1"), Ok(1));
    assert!(both("one").is_err());
    assert_eq!(poll_once(both_later("2")), Ok(2));
    assert!(poll_once(both_later("")).is_err());
    let after = [
        outcome(Module::Liveness, Outcome::Ok),
        errors(Problem::Syntax),
        errors(Problem::Empty),
    ];
    assert_eq!(after, [before[0] + 2, before[1] + 1, before[2] + 1]);
    let any = |end| TEST.any.calls_total.with(Joined((), end)).get();
    assert_eq!((any(Outcome::Ok), any(Outcome::Error)), (2, 2));
    assert_eq!(TEST.any.duration_seconds.count(), 4);
    assert_eq!(TEST.module.in_flight.with(Module::Liveness).get(), 0);
}

#[test]
fn what_is_an_error_can_be_said() {
    #[metric_family(namespace = "errors")]
    #[allow(dead_code, reason = "nothing is rendered")]
    pub struct Errors {
        /// Calls.
        #[metric(calls(outcome))]
        pub call: Calls,
        /// Calls that fail in two ways.
        #[metric(calls(outcome, error = Problem))]
        pub kind: Calls,
    }
    static ERRORS: Errors = Errors::new();

    #[timed(ERRORS.call, error_if = Option::is_none)]
    fn find(number: u8) -> Option<u8> {
        (number > 0).then_some(number)
    }

    #[timed(ERRORS.call)]
    fn find_or_not(number: u8) -> Option<u8> {
        (number > 0).then_some(number)
    }

    #[timed(ERRORS.call, error_if = |status: &u16| *status >= 500)]
    async fn status(status: u16) -> u16 {
        status
    }

    #[timed(ERRORS.call, error_if = |answer: &Result<u16, ParseIntError>| matches!(answer, Ok(0)))]
    fn zero(text: &str) -> Result<u16, ParseIntError> {
        text.parse()
    }

    #[timed(ERRORS.kind, error_if = |text: &String| text.is_empty().then_some(Problem::Empty))]
    fn text(text: &str) -> String {
        text.to_owned()
    }

    let ends = || [Outcome::Ok, Outcome::Error].map(|end| ERRORS.call.calls_total.with(Joined((), end)).get());
    find(0);
    find(1);
    assert_eq!(ends(), [1, 1]);
    find_or_not(0);
    assert_eq!(ends(), [2, 1]);
    poll_once(status(200));
    poll_once(status(503));
    assert_eq!(ends(), [3, 2]);
    let _ = (zero("0"), zero("x"));
    assert_eq!(ends(), [4, 3]);
    text("");
    text("a");
    assert_eq!(ERRORS.kind.errors_total.with(Joined((), Problem::Empty)).get(), 1);
    assert_eq!(ERRORS.kind.errors_total.with(Joined((), Problem::Syntax)).get(), 0);
    assert_eq!(ERRORS.kind.calls_total.with(Joined((), Outcome::Error)).get(), 1);
}

#[test]
fn an_error_is_seen_beside_a_type_without_a_name() {
    #[timed(TEST.module, module = "ocr")]
    fn lines(text: &str) -> Result<impl Iterator<Item = u8>, ParseIntError> {
        let first: u8 = text.parse()?;
        Ok((0..first).map(|number| number + 1))
    }

    let _turn = TURN.lock().unwrap();
    let before = outcome(Module::Ocr, Outcome::Error);
    assert_eq!(lines("2").unwrap().collect::<Vec<_>>(), [1, 2]);
    assert!(lines("two").is_err());
    assert_eq!(outcome(Module::Ocr, Outcome::Error), before + 1);
}

/// The statics are shared.
static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn poll_once<F: Future>(future: F) -> F::Output {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(output) => output,
        std::task::Poll::Pending => panic!("it waits"),
    }
}
