//! How it is measured: contenders enter for rows, and each row is run round-robin over its contenders.

use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::allocation::{allocations, live_bytes};
use crate::rows::{self, Row, Unit};
use crate::stats::{apart, median};
use crate::workload::{HundredThousand, Labels, Step, TenThousand, Thousand};

/// How long one sample shall take: long against the clock, short against whatever disturbs a machine.
const SAMPLE: Duration = Duration::from_millis(1);

/// Takes one sample: the row's figure of one round.
type Sample = Box<dyn FnMut() -> f64>;

struct Contender {
    row: Row,
    name: String,
    /// Only a contender whose row is running is there: a hundred thousand series would be in the others' way.
    prepare: Box<dyn Fn() -> Sample>,
}

/// The median figure of one contender in one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    pub row: Row,
    pub name: String,
    pub value: f64,
    /// How far the medians of its two halves are apart, which measure the same: 0.01 for a hundredth.
    pub apart: f64,
}

#[derive(Default)]
pub struct Bench {
    contenders: Vec<Contender>,
}

impl Bench {
    /// Enters a call for some rows: `prepare` makes what is called, afresh for each row.
    pub fn call<F>(&mut self, rows: &[Row], name: &str, prepare: impl Fn() -> F + Copy + 'static)
    where
        F: Fn(&Step) + Send + Sync + 'static,
    {
        for &row in rows {
            self.enter(row, name, move || {
                let call = prepare();
                let mut passes = None;
                Box::new(move || sample_calls(row.threads, &call, &mut passes))
            });
        }
    }

    /// Enters a crate for the rows about many series.
    pub fn series(&mut self, name: &str, series: impl Series) {
        self.counters::<Thousand>(rows::SCRAPE_1K, name, series);
        self.counters::<TenThousand>(rows::SCRAPE_10K, name, series);
        self.counters::<HundredThousand>(rows::SCRAPE_100K, name, series);

        self.enter(rows::SCRAPE_ALLOCATIONS, name, move || {
            Box::new(move || {
                let mut family = filled(series.counters::<Thousand>());
                per_series(allocations(|| family.scrape()).1 as f64)
            })
        });
        self.enter(rows::SCRAPE_ALLOCATIONS_AGAIN, name, move || {
            Box::new(move || {
                let mut family = filled(series.counters::<Thousand>());
                family.scrape();
                per_series(allocations(|| family.scrape()).1 as f64)
            })
        });
        self.enter(rows::MEMORY_COUNTER, name, move || {
            Box::new(move || per_series(live_bytes(|| filled(series.counters::<Thousand>())).1 as f64))
        });
        self.enter(rows::FIRST_TOUCH, name, move || {
            let all = Thousand::all();
            Box::new(move || {
                let families: Vec<_> = (0..8).map(|_| series.counters::<Thousand>()).collect();
                let start = Instant::now();
                for family in &families {
                    family.touch(&all);
                }
                per_series(start.elapsed().as_nanos() as f64 / families.len() as f64)
            })
        });

        self.wide(name, move || series.wide());

        if series.histograms().is_some() {
            let histograms = move || filled(series.histograms().expect("it has histograms"));
            self.enter(rows::SCRAPE_HISTOGRAMS, name, move || {
                scrapes(histograms(), Thousand::all().len())
            });
            self.enter(rows::MEMORY_HISTOGRAM, name, move || {
                Box::new(move || per_series(live_bytes(histograms).1 as f64))
            });
        }
    }

    /// Enters a family of a hundred thousand series for the rows that touch few of them.
    pub fn wide(&mut self, name: &str, wide: impl Fn() -> Box<dyn Family<HundredThousand>> + Copy + 'static) {
        self.enter(rows::WIDE_MEMORY, name, move || {
            let few = few();
            let touched = move || {
                let family = wide();
                family.touch(&few);
                family
            };
            let count = self::few().len() as f64;
            Box::new(move || live_bytes(&touched).1 as f64 / count)
        });
        self.enter(rows::WIDE_COUNTER, name, move || {
            let (family, few) = (wide(), few());
            family.touch(&few);
            let mut passes = None;
            let pass = move |passes: u32| {
                let start = Instant::now();
                for _ in 0..passes {
                    family.touch(black_box(&few));
                }
                start.elapsed()
            };
            let count = self::few().len() as f64;
            Box::new(move || {
                let fitting = || (SAMPLE.as_nanos() * 8 / pass(8).as_nanos().max(1)).max(8) as u32;
                let passes = *passes.get_or_insert_with(fitting);
                pass(passes).as_nanos() as f64 / f64::from(passes) / count
            })
        });
    }

    fn counters<L: ForSeries>(&mut self, row: Row, name: &str, series: impl Series) {
        self.enter(row, name, move || {
            scrapes(filled(series.counters::<L>()), L::all().len())
        });
    }

    fn enter(&mut self, row: Row, name: &str, prepare: impl Fn() -> Sample + 'static) {
        self.contenders.push(Contender {
            row,
            name: name.to_owned(),
            prepare: Box::new(prepare),
        });
    }

    /// Runs every row whose title, or contenders whose name, contain `only`; tells `progress` before each row.
    pub fn run(self, rounds: usize, only: &str, mut progress: impl FnMut(&Row)) -> Vec<Figure> {
        let mut figures = Vec::new();
        let mut contenders = self.contenders;
        for row in rows::ALL {
            let entered;
            (entered, contenders) = contenders.into_iter().partition(|contender| contender.row == *row);
            let chosen = entered
                .into_iter()
                .filter(|contender| row.title.contains(only) || contender.name.contains(only))
                .collect::<Vec<_>>();
            if !chosen.is_empty() {
                progress(row);
                figures.extend(run_row(row, chosen, rounds));
            }
        }
        figures
    }
}

fn run_row(row: &Row, contenders: Vec<Contender>, rounds: usize) -> Vec<Figure> {
    // Large scrapes take their time, and vary less.
    let rounds = match *row {
        rows::SCRAPE_10K | rows::SCRAPE_HISTOGRAMS => rounds.div_ceil(2),
        rows::SCRAPE_100K => rounds.div_ceil(6),
        row if row.unit.is_time() => rounds,
        _ => 1,
    };
    let mut running: Vec<Running> = contenders
        .into_iter()
        .map(|contender| Running::of(contender, row.unit))
        .collect();
    for round in 0..rounds {
        // There and back: nobody is always behind the same one.
        match round % 2 {
            0 => running.iter_mut().for_each(|running| running.take(0)),
            half => running.iter_mut().rev().for_each(|running| running.take(half)),
        }
    }
    running.into_iter().filter_map(|running| running.figure(row)).collect()
}

/// A contender measured as if there were two of them, in turn: what keeps these two apart is not the contender.
struct Running {
    name: String,
    /// Two where the second is not in the way of the first, as it would be in a registry that is the process' only one.
    samples: Vec<Sample>,
    taken: [Vec<f64>; 2],
}

impl Running {
    fn of(contender: Contender, unit: Unit) -> Self {
        let count = if unit == Unit::NanosPerCall { 2 } else { 1 };
        let mut samples: Vec<_> = (0..count).map(|_| (contender.prepare)()).collect();
        if unit.is_time() {
            // Calibrates, and warms up.
            for sample in &mut samples {
                sample();
            }
        }
        Self {
            name: contender.name,
            samples,
            taken: [Vec::new(), Vec::new()],
        }
    }

    fn take(&mut self, half: usize) {
        let sample = half % self.samples.len();
        let taken = self.samples[sample]();
        if taken.is_finite() {
            self.taken[half].push(taken);
        }
    }

    fn figure(self, row: &Row) -> Option<Figure> {
        let [one, other] = self.taken.each_ref().map(|taken| median(taken));
        Some(Figure {
            row: *row,
            name: self.name,
            value: median(&self.taken.concat())?,
            apart: one.zip(other).map_or(0.0, |(one, other)| apart(one, other)),
        })
    }
}

/// Nanoseconds per call.
fn sample_calls<F: Fn(&Step) + Sync>(threads: usize, call: &F, passes: &mut Option<usize>) -> f64 {
    let steps = Step::all();
    let passes = *passes.get_or_insert_with(|| {
        let mut passes = 1;
        while pass(call, &steps, passes) < SAMPLE / 8 {
            passes *= 2;
        }
        passes * 8
    });
    let per_call = |elapsed: Duration| elapsed.as_nanos() as f64 / (passes * steps.len()) as f64;
    if threads == 1 {
        return per_call(pass(call, &steps, passes));
    }
    // On a machine that is busy elsewhere the threads may have run one after the other, without meeting.
    let attempts = std::iter::repeat_with(|| at_once(threads, call, &steps, passes)).take(ATTEMPTS);
    let elapsed = attempts.flatten().next();
    elapsed.map_or(f64::NAN, per_call)
}

/// How often threads are given a chance to meet.
const ATTEMPTS: usize = 20;

/// How long the passes took each of the threads on average; `None` when they did not run at the same time.
fn at_once<F: Fn(&Step) + Sync>(threads: usize, call: &F, steps: &[Step], passes: usize) -> Option<Duration> {
    let (running, measured) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let one = || {
        pass(call, steps, 1);
        running.fetch_add(1, Relaxed);
        while running.load(Relaxed) < threads {
            // A barrier that sleeps would let the others run alone until all are awake.
            std::hint::spin_loop();
        }
        let start = Instant::now();
        let elapsed = pass(call, steps, passes);
        measured.fetch_add(1, Relaxed);
        while measured.load(Relaxed) < threads {
            // The others are to be measured among as many.
            pass(call, steps, 1);
        }
        (start, elapsed)
    };
    let measured: Vec<_> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| thread.join().expect("no call panics");
        handles.into_iter().map(join).collect()
    });
    let elapsed = measured.iter().map(|(_, elapsed)| *elapsed).sum::<Duration>() / threads as u32;
    let first = measured.iter().map(|(start, _)| *start).min()?;
    let last = measured.iter().map(|(start, _)| *start).max()?;
    (last - first < elapsed / 10).then_some(elapsed)
}

/// The loop: the compiler knows neither the steps nor how many there are, and the call is inlined as its author wants.
#[inline(never)]
fn pass<F: Fn(&Step)>(call: &F, steps: &[Step], passes: usize) -> Duration {
    let start = Instant::now();
    for _ in 0..passes {
        for step in black_box(steps) {
            call(step);
        }
    }
    start.elapsed()
}

/// A crate with families of many series.
pub trait Series: Copy + 'static {
    /// A new counter family without series.
    fn counters<L: ForSeries>(self) -> Box<dyn Family<L>>;

    /// A new counter family of very many series, of which few will be touched.
    fn wide(self) -> Box<dyn Family<HundredThousand>> {
        self.counters::<HundredThousand>()
    }

    /// A new histogram family without series, with [`BOUNDS`](crate::workload::BOUNDS).
    fn histograms(self) -> Option<Box<dyn Family<Thousand>>> {
        None
    }
}

/// One family in a registry of its own.
pub trait Family<L> {
    /// Counts, or observes, once in each of these series.
    fn touch(&self, labels: &[L]);

    /// Renders the registry as the crate's server would, into the buffer that it would use again if the crate can do
    /// so, and says how many bytes that were.
    fn scrape(&mut self) -> usize;
}

/// What the derives of some crates must see written out for each set of labels.
pub trait ForSeries: Labels {
    type Enumetrics: crate::peers::enumetrics::Counters<Self>;
    type Measured: measured::label::LabelGroupSet<Unique: Send + Sync> + Default + Send + Sync;
    type Vise: crate::peers::vise::Counters<Self>;

    fn measured(self) -> <Self::Measured as measured::label::LabelGroupSet>::Group<'static>;
}

/// With all its series there.
fn filled<L: Labels>(family: Box<dyn Family<L>>) -> Box<dyn Family<L>> {
    family.touch(&L::all());
    family
}

fn scrapes<L: Labels>(mut family: Box<dyn Family<L>>, series: usize) -> Sample {
    // A contender that left series out would be fast.
    let bytes = family.scrape();
    assert!(
        bytes > series * 20,
        "a scrape of {series} series has only {bytes} bytes"
    );
    let mut scrapes = None;
    Box::new(move || {
        let scrapes = *scrapes.get_or_insert_with(|| {
            let start = Instant::now();
            family.scrape();
            (SAMPLE.as_nanos() / start.elapsed().as_nanos().max(1)).max(1)
        });
        let start = Instant::now();
        for _ in 0..scrapes {
            black_box(family.scrape());
        }
        start.elapsed().as_nanos() as f64 / scrapes as f64 / series as f64
    })
}

/// A hundred series all over a wide family, as far from each other as they can be.
fn few() -> Vec<HundredThousand> {
    HundredThousand::all().into_iter().step_by(1_000).collect()
}

/// Of a thousand.
fn per_series(value: f64) -> f64 {
    value / Thousand::all().len() as f64
}
