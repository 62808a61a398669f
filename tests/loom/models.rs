//! Models of the storage: loom runs each with every order of events that the memory model allows.
//!
//! The storage is the runtime's own source, compiled with another `sync`, which has one lane: of two threads that record at
//! the same time one gets it, and the other shares, or gets it when the first has ended.
//!
//! Whoever reads is started last. Loom remembers only the last access to each atomic, and looks for another order where that
//! was another thread's: it would not notice that a thread which loads and then stores conflicts with an earlier reader.

#[allow(dead_code, unused_imports, reason = "the metrics use more of it")]
#[path = "../../metrics-runtime/src/storage/mod.rs"]
mod storage;
#[allow(dead_code, unused_imports, reason = "the metrics use more of it")]
mod sync;

use loom::model::Builder;
use loom::sync::Arc;
use loom::thread::JoinHandle;

use storage::{
    Block, Cells, CounterCell, HistogramCell, InFlightCell, NativeCell, PerThread, Place, Shared, Sparse, Spot, Step,
    Storage,
};
use sync::{spawn, thread_wide};

type Counters<S> = <S as Storage>::Place<[CounterCell; 1]>;
/// The same, of which the first of two threads makes the cell. Two of 256 have the same root.
type Trees<const N: usize> = <Sparse<Shared> as Storage>::Cells<[CounterCell; N], CounterCell>;
type SparseCounters<const N: usize> = <Sparse<Shared> as Storage>::Place<Trees<N>>;
type Histograms<S> = <S as Storage>::Place<[HistogramCell<1>; 1]>;
type NativeHistograms<S> = <S as Storage>::Place<[NativeCell<1>; 1]>;
type InFlights<S> = <S as Storage>::Place<[InFlightCell; 1]>;

/// Every order in which no thread is interrupted more than so many times where it need not be; `None` is every order.
fn model(interruptions: Option<usize>, run: impl Fn() + Send + Sync + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = interruptions;
    let runs = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&runs);
    builder.check(move || {
        counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        run();
    });
    let runs = runs.load(std::sync::atomic::Ordering::Relaxed);
    assert!(
        runs > 10,
        "only {runs} orders were tried: the model does not show what it is about"
    );
}

fn join_all(threads: impl IntoIterator<Item = JoinHandle<()>>) {
    for thread in threads {
        thread.join().expect("nothing panics");
    }
}

/// Loom's atomics come to be on the thread that touches them first.
fn place<B, P: Place<B>>() -> Arc<P> {
    let place = Arc::new(P::EMPTY);
    assert!(place.blocks().count() <= 1);
    place
}

fn shared_place<B: Block, P: Place<B>>() -> Arc<P> {
    let place = place::<B, P>();
    // The cells are inside.
    place.blocks().for_each(|block| _ = format!("{block:?}"));
    place
}

fn count<B: Block + Cells<CounterCell>, P: Place<B>>(place: &P) -> u64 {
    let cells = place.blocks().filter_map(|block| block.at(0));
    cells.map(CounterCell::get).sum()
}

/// What is recorded by two threads of which one may get the other's lane, or none, is there when they have ended; and
/// who reads meanwhile never sees a count go backwards.
fn two_threads_count<B: Block + Cells<CounterCell>, P: Place<B> + 'static>() {
    let counters = shared_place::<B, P>();
    let write = |amount| {
        let counters = Arc::clone(&counters);
        spawn(move || {
            counters.record::<CounterCell>(0, move || Some(amount));
        })
    };
    let read = {
        let counters = Arc::clone(&counters);
        move || {
            let before = count(&*counters);
            let after = count(&*counters);
            assert!(before <= after, "{before}, then {after}");
        }
    };
    join_all([write(1), write(10), spawn(read)]);
    assert_eq!(count(&*counters), 11);
}

#[test]
fn lanes_are_leased_and_handed_on_without_a_loss() {
    model(Some(2), two_threads_count::<_, Counters<PerThread>>);
}

#[test]
fn shared_cells_lose_nothing() {
    model(None, two_threads_count::<_, Counters<Shared>>);
}

#[test]
fn threads_that_make_the_same_cell_both_count_in_it() {
    model(Some(2), two_threads_count::<_, SparseCounters<1>>);
}

/// One makes the root, and the other a node below it.
#[test]
fn threads_that_make_cells_of_the_same_tree_count_in_their_own() {
    model(Some(2), || {
        let counters = shared_place::<_, SparseCounters<256>>();
        let write = |index| {
            let counters = Arc::clone(&counters);
            spawn(move || _ = counters.record::<CounterCell>(index, move || Some(1 + index as u64)))
        };
        let read = {
            let counters = Arc::clone(&counters);
            move || {
                for block in counters.blocks() {
                    let made = block.made_from(0);
                    assert!(made > 1 || block.at(made).is_some());
                }
            }
        };
        join_all([write(0), write(1), spawn(read)]);
        for block in counters.blocks() {
            assert_eq!(
                (block.made_from(0), block.made_from(1), block.made_from(2)),
                (0, 1, usize::MAX)
            );
            assert_eq!(
                [0, 1].map(|index| block.at(index).map(CounterCell::get)),
                [Some(1), Some(2)]
            );
        }
    });
}

/// One has the lane, and the others make the shared block at the same time.
#[test]
fn threads_beyond_the_lanes_agree_on_one_block() {
    model(Some(2), || {
        let counters = place::<_, Counters<PerThread>>();
        let writers: Vec<_> = (0..3)
            .map(|_| {
                let counters = Arc::clone(&counters);
                spawn(move || _ = counters.record::<CounterCell>(0, move || Some(1)))
            })
            .collect();
        join_all(writers);
        assert_eq!(count(&*counters), 3);
        assert!(counters.blocks().count() <= 2);
    });
}

/// What is recorded when the thread's lane is given back already goes into the shared block.
#[test]
fn what_is_recorded_while_a_thread_ends_is_not_lost() {
    struct Late(std::cell::Cell<Option<Arc<Counters<PerThread>>>>);

    impl Drop for Late {
        fn drop(&mut self) {
            if let Some(counters) = self.0.take() {
                counters.record::<CounterCell>(0, move || Some(1));
            }
        }
    }

    thread_wide! {
        static LATE: Late = Late(std::cell::Cell::new(None));
    }

    model(Some(3), || {
        let counters = place::<_, Counters<PerThread>>();
        let writers: Vec<_> = (0..2)
            .map(|_| {
                let counters = Arc::clone(&counters);
                spawn(move || {
                    counters.record::<CounterCell>(0, move || Some(1));
                    LATE.try_with(|late| late.0.set(Some(counters)))
                        .expect("the thread has not ended");
                })
            })
            .collect();
        join_all(writers);
        assert_eq!(count(&*counters), 4);
    });
}

/// Values of which each is in a bucket of its own, so that the buckets tell the sum.
const VALUES: [(usize, f64); 2] = [(0, 1.0), (1, 100.0)];

/// The count of a reading that claims to be consistent, and is; `None` where an observation was under way.
fn consistent_count(cell: &HistogramCell<1>) -> Option<u64> {
    let reading = cell.read_consistently()?;
    let [in_bucket] = reading.buckets;
    assert_eq!(in_bucket + reading.above, reading.count);
    assert_eq!(in_bucket as f64 + 100.0 * reading.above as f64, reading.sum);
    Some(reading.count)
}

fn a_histogram_is_read_while<P: Place<[HistogramCell<1>; 1]> + 'static>(writers: usize, each: usize) {
    let histograms = shared_place::<_, P>();
    let write = |writer| {
        let histograms = Arc::clone(&histograms);
        spawn(move || {
            for at in 0..each {
                histograms.record::<HistogramCell<1>>(0, move || Some(VALUES[(writer + at) % VALUES.len()]));
            }
        })
    };
    let read = {
        let histograms = Arc::clone(&histograms);
        move || {
            for [cell] in histograms.blocks() {
                consistent_count(cell);
            }
        }
    };
    join_all(
        (0..writers)
            .map(write)
            .collect::<Vec<_>>()
            .into_iter()
            .chain([spawn(read)]),
    );
    let count: u64 = histograms
        .blocks()
        .map(|[cell]| consistent_count(cell).expect("nobody writes any longer"))
        .sum();
    assert_eq!(count, (each * writers) as u64);
}

#[test]
fn a_histogram_in_lanes_is_read_consistently() {
    model(None, || a_histogram_is_read_while::<Histograms<PerThread>>(1, 2));
}

#[test]
fn a_histogram_whose_lane_is_handed_on_is_read_consistently() {
    model(Some(2), || a_histogram_is_read_while::<Histograms<PerThread>>(2, 1));
}

#[test]
fn a_shared_histogram_is_read_consistently() {
    model(Some(2), || a_histogram_is_read_while::<Histograms<Shared>>(2, 1));
}

/// The count of a reading that claims to be consistent, and is: in the native buckets, too.
fn consistent_native_count(cell: &NativeCell<1>) -> Option<u64> {
    let mut native = Vec::new();
    let reading = cell.read_consistently(&mut native)?;
    let [in_bucket] = reading.buckets;
    let expected = [(1, in_bucket), (2, reading.above)]
        .into_iter()
        .filter(|(_, count)| *count > 0);
    assert_eq!(native, expected.collect::<Vec<_>>());
    assert_eq!(in_bucket as f64 + 100.0 * reading.above as f64, reading.sum);
    Some(reading.count)
}

/// The first to record makes the buckets.
fn a_native_histogram_is_read_while<P: Place<[NativeCell<1>; 1]> + 'static>(writers: usize, each: usize) {
    let histograms = shared_place::<_, P>();
    let write = |writer| {
        let histograms = Arc::clone(&histograms);
        spawn(move || {
            for at in 0..each {
                let (bucket, value) = VALUES[(writer + at) % VALUES.len()];
                let spot = Spot::Positive { at: bucket, of: 2 };
                histograms.record::<NativeCell<1>>(0, move || Some((bucket, value, spot)));
            }
        })
    };
    let read = {
        let histograms = Arc::clone(&histograms);
        move || {
            for [cell] in histograms.blocks() {
                consistent_native_count(cell);
            }
        }
    };
    let writers: Vec<_> = (0..writers).map(write).collect();
    let count_of = writers.len() * each;
    join_all(writers.into_iter().chain([spawn(read)]));
    let count: u64 = histograms
        .blocks()
        .map(|[cell]| consistent_native_count(cell).expect("nobody writes any longer"))
        .sum();
    assert_eq!(count, count_of as u64);
}

#[test]
fn a_native_histogram_in_lanes_is_read_consistently() {
    model(Some(2), || {
        a_native_histogram_is_read_while::<NativeHistograms<PerThread>>(1, 2)
    });
}

#[test]
fn a_shared_native_histogram_is_read_consistently() {
    model(Some(1), || {
        a_native_histogram_is_read_while::<NativeHistograms<Shared>>(2, 1)
    });
}

fn under_way(in_flight: &impl Place<[InFlightCell; 1]>) -> i64 {
    InFlightCell::under_way(in_flight, 0)
}

/// Runs `write` while another thread reads, which must see no fewer than none, and at most two.
fn in_flight_is_read_while<P: Place<[InFlightCell; 1]> + 'static>(write: impl FnOnce(Arc<P>) + 'static, left: i64) {
    let in_flight = shared_place::<_, P>();
    let writer = Arc::clone(&in_flight);
    let reader = Arc::clone(&in_flight);
    let read = move || {
        let seen = under_way(&*reader);
        assert!((0..=2).contains(&seen), "{seen}");
    };
    join_all([spawn(move || write(writer)), spawn(read)]);
    assert_eq!(under_way(&*in_flight), left);
}

fn a_guard_stays<P: Place<[InFlightCell; 1]> + 'static>() {
    let write = |in_flight: Arc<P>| {
        in_flight.record::<InFlightCell>(0, move || Some(Step::Started(2)));
        in_flight.record::<InFlightCell>(0, move || Some(Step::Ended(2)));
    };
    in_flight_is_read_while(write, 0);
}

/// Another thread drops it.
fn a_guard_changes_threads<P: Place<[InFlightCell; 1]> + 'static>() {
    let write = |in_flight: Arc<P>| {
        in_flight.record::<InFlightCell>(0, move || Some(Step::Started(1)));
        let other = Arc::clone(&in_flight);
        let other = spawn(move || _ = other.record::<InFlightCell>(0, move || Some(Step::Ended(1))));
        in_flight.record::<InFlightCell>(0, move || Some(Step::Started(1)));
        join_all([other]);
    };
    in_flight_is_read_while(write, 1);
}

#[test]
fn never_fewer_than_none_are_in_flight_in_lanes() {
    model(None, a_guard_stays::<InFlights<PerThread>>);
    model(Some(2), a_guard_changes_threads::<InFlights<PerThread>>);
}

#[test]
fn never_fewer_than_none_are_in_flight_in_shared_cells() {
    model(None, a_guard_stays::<InFlights<Shared>>);
    model(None, a_guard_changes_threads::<InFlights<Shared>>);
}
