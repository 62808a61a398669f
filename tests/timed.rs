//! `#[timed]` on every function that it takes, and every way in which a function ends.
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use enumetrics::{Calls, Histogram, LabelSet, LabelValue, metric_family, timed};

#[derive(LabelValue, Clone, Copy)]
pub enum Module {
    Liveness,
    Ocr,
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
}

#[metric_family(namespace = "test")]
pub struct Test {
    /// Duration of each module.
    #[metric(buckets = [0.5, 1.0])]
    pub module_seconds: Histogram<Module>,
    /// Duration of each page.
    #[metric(buckets = [0.5, 1.0])]
    pub page_seconds: Histogram<Page>,
    /// Duration of everything.
    #[metric(buckets = [0.5, 1.0])]
    pub seconds: Histogram,
}

pub static TEST: Test = Test::new();

enumetrics::timed_into!(crate::TEST.module_seconds);

mod again {
    pub(super) use super::TEST;
}

/// The statics are shared: one test at a time.
static TURN: Mutex<()> = Mutex::new(());

/// How many observations `work` adds to the `ocr` series of the default metric.
fn observed<R>(work: impl FnOnce() -> R) -> u64 {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let series = TEST.module_seconds.with(Module::Ocr);
    let before = series.count();
    let others = || TEST.module_seconds.with(Module::Liveness).count();
    let others_before = others();
    // A panic that is wanted; its message would only alarm the reader.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let _ = catch_unwind(AssertUnwindSafe(work));
    std::panic::set_hook(hook);
    assert_eq!(others(), others_before);
    series.count() - before
}

fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(future)
}

mod functions {
    use super::*;

    #[timed(module = "ocr")]
    pub(super) fn plain(x: u32) -> u32 {
        x + 1
    }

    #[timed(module = "ocr")]
    pub(super) fn early(x: u32) -> &'static str {
        if x > 3 {
            return "early";
        }
        "late"
    }

    #[timed(module = "ocr")]
    pub(super) fn question_mark(text: &str) -> Result<u32, std::num::ParseIntError> {
        let number: u32 = text.parse()?;
        Ok(number * 2)
    }

    #[timed(module = "ocr")]
    pub(super) fn panics() {
        panic!("as planned");
    }

    #[timed(module = "ocr")]
    pub(super) fn diverges() -> ! {
        panic!("as planned");
    }

    #[timed(module = "ocr")]
    pub(super) fn recursion(depth: u32) -> u32 {
        if depth == 0 { 0 } else { 1 + recursion(depth - 1) }
    }

    /// A comment that stays.
    #[timed(module = "ocr")]
    #[must_use]
    #[inline]
    pub(super) fn attributes(x: u32) -> u32 {
        #![allow(unused_variables)]
        let unused = 1;
        x
    }

    #[timed(module = "ocr")]
    pub(super) fn generic<'a, F: Fn(u32) -> u32, T, const N: usize>(f: F, items: &'a [T; N]) -> (u32, &'a T)
    where
        T: Clone + 'a,
        for<'b> &'b T: Sized,
    {
        (f(N as u32), &items[0])
    }

    #[timed(module = "ocr")]
    pub(super) fn impl_argument(words: impl Iterator<Item = &'static str>) -> impl Iterator<Item = usize> {
        words.map(str::len)
    }

    /// # Safety
    ///
    /// None needed.
    #[timed(module = "ocr")]
    #[allow(unsafe_code)]
    pub(super) unsafe fn not_safe() -> u32 {
        7
    }

    #[timed(module = "ocr")]
    pub(super) extern "C" fn foreign(x: u32) -> u32 {
        x
    }

    #[timed(module = "ocr")]
    pub(super) fn patterns((a, b): (u32, u32), [c, ..]: [u32; 3], mut d: u32) -> u32 {
        d += a + b + c;
        d
    }

    // The guard's name, were it visible, would be taken for this one.
    #[timed(module = "ocr")]
    pub(super) fn names(_timed: u32) -> u32 {
        const INDEX: u32 = 5;
        _timed + INDEX
    }
}

#[test]
fn functions_are_observed_once_whatever_their_end() {
    use functions::*;
    assert_eq!(observed(|| assert_eq!(plain(1), 2)), 1);
    assert_eq!(observed(|| assert_eq!(early(5), "early")), 1);
    assert_eq!(observed(|| assert_eq!(early(1), "late")), 1);
    assert_eq!(observed(|| assert_eq!(question_mark("4").unwrap(), 8)), 1);
    assert_eq!(observed(|| assert!(question_mark("four").is_err())), 1);
    assert_eq!(observed(panics), 1);
    assert_eq!(observed(|| -> () { diverges() }), 1);
    assert_eq!(observed(|| recursion(3)), 4);
    assert_eq!(observed(|| attributes(1)), 1);
    assert_eq!(observed(|| assert_eq!(generic(|n| n + 1, &["a", "b"]), (3, &"a"))), 1);
    assert_eq!(observed(|| impl_argument(["a", "bc"].into_iter()).sum::<usize>()), 1);
    #[allow(unsafe_code, reason = "`unsafe fn` can be timed too")]
    // SAFETY: it asks for nothing.
    let unsafe_call = || unsafe { not_safe() };
    assert_eq!(observed(unsafe_call), 1);
    assert_eq!(observed(|| foreign(1)), 1);
    assert_eq!(observed(|| assert_eq!(patterns((1, 2), [3, 0, 0], 4), 10)), 1);
    assert_eq!(observed(|| assert_eq!(names(1), 6)), 1);
}

struct Client {
    calls: u32,
}

trait Read {
    fn read(&mut self) -> u32;

    #[timed(module = "ocr")]
    fn read_default(&self) -> u32 {
        3
    }

    async fn read_later(&self) -> u32;
}

impl Client {
    #[timed(module = "ocr")]
    fn by_reference(&self) -> u32 {
        self.calls
    }

    #[timed(module = "ocr")]
    fn by_mutable_reference(&mut self) -> &mut u32 {
        self.calls += 1;
        &mut self.calls
    }

    #[timed(module = "ocr")]
    fn by_value(self) -> u32 {
        self.calls
    }

    #[timed(module = "ocr")]
    fn associated<T: Default>() -> T {
        T::default()
    }

    #[timed(module = "ocr")]
    async fn later<T: Clone>(&mut self, value: &T) -> T {
        tokio::task::yield_now().await;
        self.calls += 1;
        value.clone()
    }
}

impl Read for Client {
    #[timed(module = "ocr")]
    fn read(&mut self) -> u32 {
        self.calls += 1;
        self.calls
    }

    #[timed(module = "ocr")]
    async fn read_later(&self) -> u32 {
        self.calls
    }
}

#[test]
fn methods_are_observed_once() {
    let mut client = Client { calls: 0 };
    assert_eq!(observed(|| client.by_reference()), 1);
    assert_eq!(observed(|| *client.by_mutable_reference() += 1), 1);
    assert_eq!(observed(Client::associated::<String>), 1);
    assert_eq!(observed(|| client.read()), 1);
    assert_eq!(observed(|| client.read_default()), 1);
    assert_eq!(observed(|| block_on(client.read_later())), 1);
    assert_eq!(observed(|| assert_eq!(block_on(client.later(&"x")), "x")), 1);
    assert_eq!(observed(|| assert_eq!(client.by_value(), 4)), 1);
}

#[timed(module = "ocr")]
async fn ready(x: u32) -> Result<u32, String> {
    if x > 3 {
        return Err("too large".to_owned());
    }
    Ok(x)
}

#[timed(module = "ocr")]
async fn forwards(x: u32) -> Result<u32, String> {
    let x = pass(x).await?;
    Ok(x + 1)
}

async fn pass(x: u32) -> Result<u32, String> {
    tokio::task::yield_now().await;
    if x == 0 { Err("zero".to_owned()) } else { Ok(x) }
}

#[timed(module = "ocr")]
async fn panics_later() {
    tokio::task::yield_now().await;
    panic!("as planned");
}

#[timed(module = "ocr")]
async fn never() {
    std::future::pending::<()>().await;
}

#[test]
fn async_functions_are_observed_when_they_end() {
    assert_eq!(observed(|| assert_eq!(block_on(ready(1)), Ok(1))), 1);
    assert_eq!(observed(|| assert!(block_on(ready(4)).is_err())), 1);
    assert_eq!(observed(|| assert_eq!(block_on(forwards(1)), Ok(2))), 1);
    assert_eq!(observed(|| assert!(block_on(forwards(0)).is_err())), 1);
    assert_eq!(observed(|| block_on(panics_later())), 1);
}

#[test]
fn a_future_that_is_never_polled_is_not_observed() {
    assert_eq!(observed(|| drop(never())), 0);
}

#[test]
fn a_future_that_is_dropped_half_way_is_observed_once() {
    assert_eq!(
        observed(|| {
            let mut future = pin!(never());
            assert!(poll(future.as_mut()).is_pending());
            assert!(poll(future.as_mut()).is_pending());
        }),
        1
    );
    assert_eq!(
        observed(|| block_on(async {
            assert!(tokio::time::timeout(Duration::from_millis(1), never()).await.is_err());
        })),
        1
    );
    assert_eq!(
        observed(|| block_on(async {
            tokio::select! {
                () = never() => unreachable!(),
                () = tokio::task::yield_now() => {}
            }
        })),
        1
    );
}

#[test]
fn an_aborted_task_is_observed_once() {
    assert_eq!(
        observed(|| block_on(async {
            let task = tokio::spawn(never());
            tokio::task::yield_now().await;
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
        })),
        1
    );
    // The runtime goes down with the task in it.
    assert_eq!(
        observed(|| block_on(async {
            tokio::spawn(never());
            tokio::task::yield_now().await;
        })),
        1
    );
}

#[test]
fn the_time_is_what_the_function_took() {
    #[timed(TEST.seconds)]
    async fn sleeps() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    let (count, sum) = (TEST.seconds.count(), TEST.seconds.sum());
    block_on(sleeps());
    assert_eq!(TEST.seconds.count(), count + 1);
    assert!(TEST.seconds.sum() - sum >= 0.020);
}

#[test]
fn labels_are_named_in_any_order() {
    #[timed(TEST.page_seconds, side = "back", module = "ocr")]
    fn back() {}

    #[timed(again::TEST.page_seconds, module = "liveness", side = "front",)]
    fn front() {}

    let count = |module, side| TEST.page_seconds.with(Page { module, side }).count();
    assert_eq!(count(Module::Ocr, Side::Back), 0);
    back();
    back();
    front();
    assert_eq!(count(Module::Ocr, Side::Back), 2);
    assert_eq!(count(Module::Liveness, Side::Front), 1);
    assert_eq!(count(Module::Ocr, Side::Front) + count(Module::Liveness, Side::Back), 0);
}

#[metric_family(namespace = "sizes")]
pub struct Sizes {
    /// Calls with their polls.
    #[metric(buckets = [1.0], calls(poll))]
    pub polled: Calls,
    /// Calls without.
    #[metric(buckets = [1.0], calls(outcome))]
    pub unpolled: Calls,
}

static SIZES: Sizes = Sizes::new();

#[test]
fn a_timed_future_is_as_send_as_it_was_and_little_larger() {
    fn size(value: &(impl Send + ?Sized)) -> usize {
        size_of_val(value)
    }
    async fn bare(_: Module) {
        std::future::pending::<()>().await;
    }

    #[timed(TEST.module_seconds, module = module)]
    async fn computed(module: Module) {
        std::future::pending::<()>().await;
    }

    #[timed(SIZES.polled)]
    async fn polled() {
        std::future::pending::<()>().await;
    }

    #[timed(SIZES.unpolled)]
    async fn unpolled() {
        std::future::pending::<()>().await;
    }

    async fn bare_large(large: [u8; 1024]) -> u8 {
        std::future::pending::<()>().await;
        large[7]
    }

    #[timed(TEST.seconds)]
    async fn large(large: [u8; 1024]) -> u8 {
        std::future::pending::<()>().await;
        large[7]
    }

    // A moment, how far it is, and the states of what is around the body.
    let bare_size = size(&bare(Module::Ocr));
    assert!(size(&never()) <= bare_size + 32);
    assert!(size(&large([0; 1024])) <= size(&bare_large([0; 1024])) + 32);
    // The same and the position of the series.
    assert!(size(&computed(Module::Ocr)) <= bare_size + 40);
    // What polls took, and how many there were.
    assert_eq!(size(&polled()), size(&unpolled()) + 16);
}

macro_rules! timed_by_a_macro {
    ($vis:vis $name:ident, $value:literal, $body:block) => {
        #[timed(module = $value)]
        $vis fn $name() -> u32 $body
    };
    ($value:literal: $item:item) => {
        #[timed(module = $value)]
        $item
    };
}

timed_by_a_macro!(pub written, "ocr", {
    7
});
timed_by_a_macro!("ocr": async fn passed_on() -> u32 { 8 });

#[test]
fn a_macro_can_write_timed_functions() {
    assert_eq!(observed(|| assert_eq!(written(), 7)), 1);
    assert_eq!(observed(|| assert_eq!(block_on(passed_on()), 8)), 1);
}
