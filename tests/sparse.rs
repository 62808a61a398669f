//! Sparse metrics: very many series, of which few are recorded.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use enumetrics::__private::{Block, Cell, Cells, CounterCell};
use enumetrics::catalogue::Catalogue;
use enumetrics::{
    Calls, Catalog, Counter, Exemplar, Export, Format, Histogram, IntRange, LabelSet, LabelValue, MetricFamily,
    PerThread, Sparse, Storage, Summary, metric_family,
};

/// The system's allocator, and how many bytes of it the program has.
struct Counting;

static BYTES: AtomicUsize = AtomicUsize::new(0);

#[allow(unsafe_code, reason = "an allocator can only be counted by being one")]
// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[derive(LabelValue, Clone, Copy)]
pub enum Outcome {
    Ok,
    Error,
    #[label(skip)]
    Unknown,
}

/// 256 handlers, 10 methods, 60 codes, 2 outcomes.
#[derive(LabelSet, Clone, Copy)]
pub struct Request {
    pub handler: IntRange<0, 255>,
    pub method: IntRange<0, 9>,
    pub code: IntRange<0, 59>,
    pub outcome: Outcome,
}

const SERIES: usize = 256 * 10 * 60 * 2;

fn request(handler: u16, method: u16, code: u16) -> Request {
    Request {
        handler: IntRange::clamped(handler),
        method: IntRange::clamped(method),
        code: IntRange::clamped(code),
        outcome: Outcome::Ok,
    }
}

#[metric_family(namespace = "http")]
pub struct Http {
    /// Requests.
    #[metric(sparse)]
    pub requests_total: Counter<Request>,
    /// Seconds.
    #[metric(sparse)]
    pub busy_seconds_total: Counter<Request, f64>,
    /// Requests, in one place.
    #[metric(sparse, shared, exemplars)]
    pub shared_requests_total: Counter<Request>,
    /// Durations.
    #[metric(sparse, buckets = [0.5, 1])]
    pub duration_seconds: Histogram<Request>,
    /// Sizes.
    #[metric(sparse, quantiles = [0.5])]
    pub size_bytes: Summary<Outcome>,
}

/// The lines of a scrape that are samples.
fn samples(http: &Http, format: Format) -> Vec<String> {
    let families: [&dyn Export; 1] = [http];
    let text = Catalog::new(&families).unwrap().render_as(format);
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn only_what_was_recorded_is_exported() {
    assert!(
        Http::DESCRIPTORS
            .iter()
            .all(|family| family.touched == Some(family.labels.len()))
    );
    assert_eq!(Counter::<Request>::MAX_SERIES, SERIES);
    let http = Http::new();
    assert_eq!(samples(&http, Format::Text), [""; 0]);
    let (first, last) = (request(0, 0, 0), request(255, 9, 59));
    http.requests_total.with(last).inc_by(3);
    http.requests_total.with(first).inc();
    std::thread::scope(|scope| _ = scope.spawn(|| http.requests_total.with(first).inc_by(6)));
    http.busy_seconds_total.with(request(7, 1, 2)).inc_by(0.25);
    http.shared_requests_total.with(first).inc_with(Exemplar::new(1, 2));
    http.duration_seconds.with(request(7, 1, 2)).observe(0.75);
    http.size_bytes.with(Outcome::Error).observe(2.0);
    // What is skipped has no place.
    http.requests_total
        .with(Request {
            outcome: Outcome::Unknown,
            ..first
        })
        .inc();
    let expected = [
        "http_requests_total{handler=\"0\",method=\"0\",code=\"0\",outcome=\"ok\"} 7",
        "http_requests_total{handler=\"255\",method=\"9\",code=\"59\",outcome=\"ok\"} 3",
        "http_busy_seconds_total{handler=\"7\",method=\"1\",code=\"2\",outcome=\"ok\"} 0.25",
        "http_shared_requests_total{handler=\"0\",method=\"0\",code=\"0\",outcome=\"ok\"} 1",
        "http_duration_seconds_bucket{handler=\"7\",method=\"1\",code=\"2\",outcome=\"ok\",le=\"0.5\"} 0",
        "http_duration_seconds_bucket{handler=\"7\",method=\"1\",code=\"2\",outcome=\"ok\",le=\"1.0\"} 1",
        "http_duration_seconds_bucket{handler=\"7\",method=\"1\",code=\"2\",outcome=\"ok\",le=\"+Inf\"} 1",
        "http_duration_seconds_sum{handler=\"7\",method=\"1\",code=\"2\",outcome=\"ok\"} 0.75",
        "http_duration_seconds_count{handler=\"7\",method=\"1\",code=\"2\",outcome=\"ok\"} 1",
        "http_size_bytes_sum{outcome=\"error\"} 2",
        "http_size_bytes_count{outcome=\"error\"} 1",
    ];
    let mut written = samples(&http, Format::Text);
    written.retain(|line| !line.contains("quantile"));
    assert_eq!(written, expected);
    let mut written = samples(&http, Format::OpenMetrics);
    written.retain(|line| !line.contains("quantile"));
    assert!(
        written[3].starts_with(&format!("{} # {{trace_id=", expected[3])),
        "{}",
        written[3]
    );
    assert_eq!(written.len(), expected.len());

    let registry = prometheus::Registry::new();
    static COLLECTED: Http = Http::new();
    COLLECTED.requests_total.with(first).inc();
    enumetrics::catalog! { static CATALOG = [COLLECTED]; }
    registry.register(Box::new(CATALOG.collector().unwrap())).unwrap();
    let collected: usize = registry.gather().iter().map(|family| family.get_metric().len()).sum();
    assert_eq!(collected, 1);
}

#[test]
fn what_is_not_recorded_has_no_memory_and_is_read_as_nothing() {
    let http = Box::new(Http::new());
    let before = BYTES.load(Ordering::Relaxed);
    for handler in 0..10 {
        http.requests_total.with(request(handler * 25, 3, 3)).inc();
    }
    let used = BYTES.load(Ordering::Relaxed) - before;
    // A pointer for each of 128 roots, and ten series: dense it would be 8 bytes for each of 300 000.
    assert!((1024 + 10 * 24..2048).contains(&used), "{used}");
    assert_eq!(http.requests_total.with(request(250, 3, 3)).get(), 0);
    assert_eq!(http.requests_total.with(request(225, 3, 3)).get(), 1);
    assert_eq!(
        http.duration_seconds.with(request(1, 1, 1)).snapshot().buckets,
        [0, 0, 0]
    );

    let before = BYTES.load(Ordering::Relaxed);
    http.requests_total.clear();
    let used = BYTES.load(Ordering::Relaxed) - before;
    assert!(used < 16_384, "only ten series had something to forget: {used}");
    assert_eq!(samples(&http, Format::Text), [""; 0]);
    http.requests_total.with(request(225, 3, 3)).inc();
    assert_eq!(samples(&http, Format::Text).len(), 1);
}

type Trees<B> = <Sparse<PerThread> as Storage>::Cells<B, CounterCell>;

fn made<B: Block + AsRef<[CounterCell]>>(block: &Trees<B>) -> Vec<usize> {
    let next = |from: usize| Some(Cells::<CounterCell>::made_from(block, from)).filter(|made| *made != usize::MAX);
    std::iter::successors(next(0), |made| next(made + 1)).collect()
}

#[test]
fn only_what_is_recorded_is_made() {
    type Dense = [CounterCell; 300];
    let block = Trees::<Dense>::ZERO;
    assert_eq!((made(&block), block.run(70).0.len()), (vec![], 0));
    assert!(block.at(70).is_none());
    for index in [299, 130, 131, 128] {
        assert!(block.cell(index).is_some());
    }
    // Beyond the last one there is nothing.
    assert!(block.cell(300).is_none() && block.cell(usize::MAX).is_none() && block.at(usize::MAX).is_none());
    assert_eq!(made(&block), [128, 130, 131, 299]);
    let run = |first| (block.run(first).0.len(), block.run(first).1);
    assert_eq!(
        (run(0), run(128), run(129), run(131), run(132)),
        ((0, 128), (1, 1), (0, 1), (1, 1), (0, 167))
    );
    assert!(block.at(129).is_none() && block.at(131).is_some());
    let dense = Dense::ZERO;
    let made = Cells::<CounterCell>::made_from(&dense, 7);
    assert_eq!((made, dense.run(290).0.len(), dense.run(300).0.len()), (7, 10, 0));
}

/// Whatever was recorded before: at roots, below them, and where the digits end.
#[test]
fn each_index_has_a_cell_of_its_own() {
    fn check<B: Block + AsRef<[CounterCell]>>(cells: usize, step: usize) {
        let block = Trees::<B>::ZERO;
        // All multiples of an odd number are as many different ones.
        let indices: Vec<usize> = (0..cells.min(5_000)).map(|at| at * step % cells).collect();
        for (at, index) in indices.iter().enumerate() {
            block.cell(*index).expect("it has one").record_alone(at as u64 + 1);
        }
        let mut ordered = indices.clone();
        ordered.sort_unstable();
        ordered.dedup();
        assert_eq!(made(&block), ordered, "{cells} by {step}");
        assert_eq!(ordered.len(), indices.len());
        for (at, index) in indices.iter().enumerate() {
            let cell = block.at(*index).expect("it was made");
            assert!(std::ptr::eq(cell, block.cell(*index).expect("it stays")));
            assert_eq!(format!("{cell:?}"), format!("CounterCell({})", at + 1));
        }
    }
    for step in [1, 3, 1_001, 64_007] {
        check::<[CounterCell; 1]>(1, step);
        check::<[CounterCell; 128]>(128, step);
        check::<[CounterCell; 256]>(256, step);
        check::<[CounterCell; 5_000]>(5_000, step);
        check::<[CounterCell; 1 << 17]>(1 << 17, step);
        check::<[CounterCell; 1 << 20]>(1 << 20, step);
    }
}

#[test]
fn all_that_threads_count_at_once_is_there() {
    static HTTP: Http = Http::new();
    const THREADS: u16 = 80;
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                for handler in 0..256 {
                    HTTP.requests_total.with(request(handler, thread % 10, 1)).inc();
                    HTTP.shared_requests_total.with(request(handler, 1, 1)).inc();
                    HTTP.duration_seconds
                        .with(request(handler, 1, thread % 60))
                        .observe(0.75);
                }
            });
        }
    });
    let sum = |name: &str| {
        let lines = samples(&HTTP, Format::Text);
        let values = lines.iter().filter(|line| line.starts_with(name));
        values
            .map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap())
            .sum::<u64>()
    };
    assert_eq!(sum("http_requests_total"), u64::from(THREADS) * 256);
    assert_eq!(sum("http_shared_requests_total"), u64::from(THREADS) * 256);
    assert_eq!(sum("http_duration_seconds_count"), u64::from(THREADS) * 256);
}

/// As wide as can be without a word, and one series wider.
#[derive(LabelSet, Clone, Copy)]
pub struct Narrow {
    pub row: IntRange<0, 99>,
    pub column: IntRange<0, 99>,
}

#[derive(LabelSet, Clone, Copy)]
pub struct Wide {
    pub place: Narrow,
    pub side: Outcome,
}

#[metric_family(namespace = "board")]
pub struct Board {
    /// Moves.
    pub moves_total: Counter<Narrow>,
    /// Games.
    #[metric(sparse)]
    pub games_total: Counter<Narrow>,
    /// Draws.
    #[metric(dense)]
    pub draws_total: Counter<Wide>,
    /// Wins.
    #[metric(sparse)]
    pub wins_total: Counter<Wide>,
    /// Plays.
    #[metric(sparse, shared, buckets = [1, 2], calls(outcome, in_flight))]
    pub plays: Calls<Wide>,
}

static BOARD: Board = Board::new();

#[test]
fn a_document_says_the_form_and_why() {
    let families: [&dyn Export; 1] = [&BOARD];
    let catalogue = Catalogue::of(&Catalog::new(&families).unwrap());
    let forms: Vec<_> = catalogue
        .metrics
        .iter()
        .filter_map(|metric| Some((metric.name.as_str(), metric.form.as_deref()?)))
        .collect();
    assert_eq!(
        forms,
        [
            (
                "board_draws_total",
                "dense: not declared sparse, though 20000 series are more than 10000"
            ),
            ("board_games_total", "sparse: declared so"),
            ("board_plays_calls_total", "sparse: 80000 series are more than 10000"),
            (
                "board_plays_duration_seconds",
                "sparse: 100000 series are more than 10000"
            ),
            (
                "board_plays_in_flight",
                "dense: not declared sparse, though 20000 series are more than 10000"
            ),
            ("board_wins_total", "sparse: 20000 series are more than 10000"),
        ]
    );
    assert!(
        catalogue
            .to_markdown()
            .contains("- series: at most 20000\n- form: sparse: 20000 series are more than 10000\n")
    );
    assert_eq!(Catalogue::from_json(&catalogue.to_json()), Ok(catalogue));
}

#[test]
fn a_group_of_calls_is_sparse() {
    #[enumetrics::timed(BOARD.plays, ..place)]
    fn play(place: Wide) {}

    let place = Wide {
        place: Narrow {
            row: IntRange::clamped(7),
            column: IntRange::clamped(8),
        },
        side: Outcome::Error,
    };
    play(place);
    let families: [&dyn Export; 1] = [&BOARD];
    let text = Catalog::new(&families).unwrap().render();
    let lines: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("board_plays_calls") || line.starts_with("board_plays_duration_seconds_c"))
        .collect();
    assert_eq!(
        lines,
        [
            "board_plays_duration_seconds_count{row=\"7\",column=\"8\",side=\"error\"} 1",
            "board_plays_calls_total{row=\"7\",column=\"8\",side=\"error\",outcome=\"ok\"} 1",
        ]
    );
}
