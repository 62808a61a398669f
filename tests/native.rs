//! Native histograms: how they are declared, what is recorded, and what the text formats show.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use enumetrics::{
    Catalog, Exemplar, Export, Format, Histogram, HistogramSeries, Instances, LabelSet, LabelValue, MetricFamily as _,
    Native, NativeBuckets, NativeSnapshot, PerThread, Shared, metric_family, timed,
};

#[derive(LabelValue, Clone, Copy, Debug, PartialEq)]
pub enum Module {
    Liveness,
    #[label(skip)]
    None,
    Ocr,
}

#[derive(LabelValue, Clone, Copy)]
pub enum Status {
    Ok,
    Error,
}

#[derive(LabelSet, Clone, Copy)]
pub struct Call {
    pub module: Module,
    pub status: Status,
}

const THRESHOLD: f64 = 1e-6;

#[metric_family(namespace = "kyc")]
pub struct Kyc {
    /// Of the whole.
    #[metric(native)]
    pub whole_seconds: Histogram,
    /// Of each module, in both forms.
    #[metric(native(schema = 5, max_buckets = 40, zero_threshold = THRESHOLD), buckets = [0.5, 1])]
    pub module_seconds: Histogram<Module>,
    /// In one place.
    #[metric(native, shared)]
    pub shared_bytes: Histogram<Module>,
    /// Of what is called.
    #[metric(native(schema = 0), sparse)]
    pub call_seconds: Histogram<Call>,
    /// Of what is touched.
    #[metric(native, touched, exemplars)]
    pub touched_seconds: Histogram<Module>,
    /// Searches.
    #[metric(native, calls(outcome, first_item))]
    pub search: enumetrics::Calls<Module>,
}

fn native(histogram: &HistogramSeries<'_>) -> NativeSnapshot {
    histogram.snapshot().native.unwrap()
}

/// The sum of its buckets.
fn buckets(native: &NativeSnapshot) -> u64 {
    let buckets = native.positive.iter().chain(&native.negative);
    native.zero_count + buckets.map(|(_, count)| count).sum::<u64>()
}

fn samples(kyc: &Kyc, family: &str) -> String {
    let families: [&dyn Export; 1] = [kyc];
    let catalog = Catalog::new(&families).unwrap();
    let samples = |text: String| {
        let lines = text.lines().filter(|line| line.starts_with(family));
        lines.flat_map(|line| [line, "\n"]).collect::<String>()
    };
    let text = samples(catalog.render());
    assert_eq!(samples(catalog.render_as(Format::OpenMetrics)), text);
    text
}

#[test]
fn the_declaration_says_how_the_buckets_are_laid_out() {
    let layouts: Vec<_> = Kyc::DESCRIPTORS
        .iter()
        .map(|descriptor| {
            descriptor
                .native
                .map(|native| (native.schema, native.max_buckets, native.zero_threshold))
        })
        .collect();
    let default = Some((3, 160, 2_f64.powi(-128)));
    assert_eq!(
        layouts,
        [
            default,
            Some((5, 40, THRESHOLD)),
            default,
            Some((0, 160, 2_f64.powi(-128))),
            default,
            default,
            None,
            default,
        ]
    );
    // `+Inf`, the sum, the count and the native buckets; the finite buckets where there are any.
    let series = |at: usize| Kyc::DESCRIPTORS[at].max_series();
    assert_eq!((series(0), series(1)), (4, 2 * 6));
    assert_eq!(Histogram::<Module, 2, Native<PerThread>>::MAX_SERIES, 2 * 6);
}

#[test]
fn text_has_the_count_and_the_sum() {
    let kyc = Kyc::new();
    kyc.whole_seconds.observe(0.3);
    kyc.whole_seconds.observe(Duration::from_millis(700));
    kyc.whole_seconds.observe(-1.0);
    assert_eq!(
        samples(&kyc, "kyc_whole"),
        "kyc_whole_seconds_bucket{le=\"+Inf\"} 3\nkyc_whole_seconds_sum 0\nkyc_whole_seconds_count 3\n"
    );
    kyc.module_seconds.with(Module::Ocr).observe(0.75);
    assert_eq!(
        samples(&kyc, "kyc_module_seconds_bucket{module=\"ocr\""),
        "kyc_module_seconds_bucket{module=\"ocr\",le=\"0.5\"} 0\n\
         kyc_module_seconds_bucket{module=\"ocr\",le=\"1.0\"} 1\n\
         kyc_module_seconds_bucket{module=\"ocr\",le=\"+Inf\"} 1\n"
    );
}

#[test]
fn both_forms_hold_the_same() {
    let kyc = Kyc::new();
    let series = kyc.module_seconds.with(Module::Liveness);
    for value in [0.0, 1e-7, 0.5, 0.75, 1.0, 1.0, 40.0, f64::INFINITY, f64::NAN, -0.25] {
        series.observe(value);
    }
    let snapshot = series.snapshot();
    let native = snapshot.native.unwrap();
    assert_eq!(
        (snapshot.count, snapshot.sum, snapshot.buckets),
        (10, 43.0 + 1e-7, vec![4, 3, 3])
    );
    assert_eq!(
        (native.schema, native.zero_threshold, native.zero_count),
        (5, THRESHOLD, 2)
    );
    // 2^-1, 2^0, and what is beyond all.
    assert_eq!(native.positive[0], (-32, 1));
    assert_eq!(
        (native.positive[2], native.positive.last()),
        ((0, 2), Some(&(32 * 1024 + 1, 2)))
    );
    assert_eq!(native.negative, [(-64, 1)]);
    assert_eq!(buckets(&native), 10);
}

#[test]
fn more_buckets_than_are_allowed_are_merged_until_it_is_reset() {
    let kyc = Kyc::new();
    let series = kyc.module_seconds.with(Module::Ocr);
    (0..1_000).for_each(|step| series.observe(1.01_f64.powi(step)));
    let merged = native(&series);
    assert_eq!((merged.schema, buckets(&merged)), (1, 1_000));
    assert!((20..=40).contains(&merged.positive.len()), "{merged:?}");
    series.reset();
    series.observe(1.0);
    assert_eq!((native(&series).schema, native(&series).positive), (5, vec![(0, 1)]));
}

#[test]
fn what_is_reset_or_removed_starts_again() {
    let kyc = Kyc::new();
    let [liveness, ocr] = [Module::Liveness, Module::Ocr].map(|module| kyc.module_seconds.with(module));
    for (value, count) in [(0.3, 3), (-2.0, 2), (0.0, 4)] {
        (0..count).for_each(|_| liveness.observe(value));
    }
    ocr.observe(7.0);
    liveness.reset();
    assert_eq!((liveness.snapshot().count, buckets(&native(&liveness))), (0, 0));
    std::thread::scope(|scope| _ = scope.spawn(|| liveness.observe(0.3)));
    liveness.observe(-2.0);
    let found = native(&liveness);
    assert_eq!(
        (found.zero_count, found.positive.len(), found.negative.len()),
        (0, 1, 1)
    );
    assert_eq!((liveness.count(), liveness.snapshot().buckets), (2, vec![2, 0, 0]));
    assert!((liveness.sum() + 1.7).abs() < 1e-9);

    ocr.remove();
    assert!(!samples(&kyc, "kyc_module_seconds").contains("ocr"));
    ocr.observe(9.0);
    assert_eq!(buckets(&native(&ocr)), 1);
    assert!(samples(&kyc, "kyc_module_seconds_count").contains("{module=\"ocr\"} 1"));
    kyc.module_seconds.clear();
    assert_eq!(samples(&kyc, "kyc_module_seconds"), "");

    // Of what has no cells there is nothing to forget.
    let call = kyc.call_seconds.with(Call {
        module: Module::Ocr,
        status: Status::Error,
    });
    call.remove();
    call.observe(3.0);
    assert_eq!(native(&call).positive, [(2, 1)]);
    call.reset();
    assert_eq!(buckets(&native(&call)), 0);
}

#[test]
fn only_what_was_recorded_of_a_sparse_or_touched_one_is_there() {
    let kyc = Kyc::new();
    assert_eq!(
        samples(&kyc, "kyc_call_seconds") + &samples(&kyc, "kyc_touched_seconds"),
        ""
    );
    kyc.touched_seconds.with(Module::Ocr).observe(0.1);
    kyc.call_seconds
        .with(Call {
            module: Module::Ocr,
            status: Status::Ok,
        })
        .observe(0.1);
    assert_eq!(samples(&kyc, "kyc_touched_seconds").lines().count(), 3);
    assert_eq!(
        samples(&kyc, "kyc_call_seconds"),
        "kyc_call_seconds_bucket{module=\"ocr\",status=\"ok\",le=\"+Inf\"} 1\n\
         kyc_call_seconds_sum{module=\"ocr\",status=\"ok\"} 0.1\n\
         kyc_call_seconds_count{module=\"ocr\",status=\"ok\"} 1\n"
    );
}

/// Whatever threads do, what is read is whole: as many observations in the native buckets as in all, and their sum.
fn is_read_consistently(series: &(dyn Fn() -> HistogramSeries<'static> + Sync)) {
    const THREADS: usize = 4;
    const EACH: u32 = 20_000;
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..THREADS)
            .map(|_| scope.spawn(|| (0..EACH).for_each(|at| series().observe(f64::from(at % 4_096)))))
            .collect();
        let reader = scope.spawn(|| {
            let mut last = 0;
            while !stop.load(Ordering::Relaxed) {
                let snapshot = series().snapshot();
                let native = snapshot.native.unwrap();
                assert_eq!(buckets(&native), snapshot.count);
                assert!(snapshot.count >= last, "{} after {last}", snapshot.count);
                last = snapshot.count;
                // Every value is between 0 and 4095.
                assert!(snapshot.sum >= 0.0 && snapshot.sum <= 4_095.0 * snapshot.count as f64);
            }
        });
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        stop.store(true, Ordering::Relaxed);
        reader.join().unwrap();
    });
    let snapshot = series().snapshot();
    let expected: f64 = (0..EACH).map(|at| f64::from(at % 4_096)).sum();
    assert_eq!(snapshot.count, u64::from(EACH) * THREADS as u64);
    assert_eq!(snapshot.sum, expected * THREADS as f64);
    assert_eq!(buckets(&snapshot.native.unwrap()), snapshot.count);
}

#[test]
fn threads_lose_nothing_in_their_lanes() {
    static KYC: Kyc = Kyc::new();
    is_read_consistently(&|| KYC.module_seconds.with(Module::Ocr));
}

#[test]
fn threads_lose_nothing_in_one_place() {
    static KYC: Kyc = Kyc::new();
    is_read_consistently(&|| KYC.shared_bytes.with(Module::Ocr));
    static PLAIN: Histogram<(), 0, Native<Shared>> = Histogram::with_native_buckets(NativeBuckets::new());
    PLAIN.observe(1.0);
    assert_eq!(PLAIN.snapshot().native.unwrap().positive, [(0, 1)]);
}

#[test]
fn calls_are_timed_into_native_buckets() {
    static KYC: Kyc = Kyc::new();

    #[timed(KYC.whole_seconds)]
    fn whole() {}

    #[timed(KYC.search, module = "ocr")]
    fn search() {}

    whole();
    search();
    search();
    assert_eq!(buckets(&KYC.whole_seconds.snapshot().native.unwrap()), 1);
    assert_eq!(buckets(&native(&KYC.search.duration_seconds.with(Module::Ocr))), 2);
    assert!(samples(&KYC, "kyc_search_duration_seconds_count").contains("{module=\"ocr\"} 2"));
}

#[test]
fn the_last_exemplar_is_with_the_only_bucket_of_a_text() {
    let kyc = Kyc::new();
    kyc.whole_seconds.observe_with(0.3, Exemplar::new(7, 8));
    kyc.whole_seconds.observe_with(3.0, Exemplar::new(7, 9));
    let families: [&dyn Export; 1] = [&kyc];
    let text = Catalog::new(&families).unwrap().render_as(Format::OpenMetrics);
    let line = text.lines().find(|line| line.contains(" # ")).unwrap();
    assert!(
        line.starts_with("kyc_whole_seconds_bucket{le=\"+Inf\"} 2 # {"),
        "{line}"
    );
    assert!(line.contains("span_id=\"0000000000000009\"} 3 "), "{line}");
}

#[test]
fn instances_have_native_buckets_each() {
    #[metric_family(namespace = "pool")]
    pub struct Pool {
        /// Waits.
        #[metric(native)]
        pub wait_seconds: Histogram,
    }
    static POOLS: Instances<Pool, Status, 2> = Instances::new([const { Pool::new() }; 2]);
    POOLS.with(Status::Error).wait_seconds.observe(2.0);
    let waits = |status| POOLS.with(status).wait_seconds.snapshot().native.unwrap().positive;
    assert_eq!((waits(Status::Ok), waits(Status::Error)), (vec![], vec![(8, 1)]));
}

#[test]
fn a_layout_that_makes_no_sense_is_refused() {
    let refused = |layout: fn() -> NativeBuckets| std::panic::catch_unwind(layout).is_err();
    assert!(refused(|| NativeBuckets::new().with_schema(9)) && refused(|| NativeBuckets::new().with_schema(-5)));
    assert!(refused(|| NativeBuckets::new().with_max_buckets(0)));
    assert!(refused(|| NativeBuckets::new().with_zero_threshold(-1.0)));
    assert!(refused(|| NativeBuckets::new().with_zero_threshold(f64::NAN)));
    assert!(!refused(|| NativeBuckets::new()
        .with_schema(8)
        .with_zero_threshold(0.0)));
}
