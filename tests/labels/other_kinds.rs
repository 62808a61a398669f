//! The labels of the kinds that are not counters, gauges or histograms.

use super::*;
use enumetrics::{ComputedGauge, StateSet, Summary};

open_label! {
    pub struct Shard(max = 1);
}

#[derive(LabelValue, Clone, Debug, PartialEq)]
pub enum Phase {
    Up,
    Down,
    #[label(skip)]
    Unknown,
}

#[derive(LabelSet, Clone, Debug, PartialEq)]
#[label(impossible(shard_is_local = "true", phase = "down"))]
pub struct Place {
    pub shard: Shard,
    pub shard_is_local: bool,
    pub phase: Phase,
}

#[metric_family(namespace = "kinds", max_series = 24 + 12 + 6 + 6)]
pub struct Kinds {
    /// Sizes.
    #[metric(quantiles = [0.5, 0.9])]
    pub size_bytes: Summary<Place>,
    /// Phases.
    pub phase: StateSet<Phase, Place>,
    /// Loads.
    #[metric(compute = |place: Place| {
        assert!(!place.shard_is_local || place.phase == Phase::Up, "impossible");
        f64::from(u8::from(place.shard_is_local))
    })]
    pub load: ComputedGauge<Place>,
    /// Seconds.
    pub seconds_total: Counter<Place, f64>,
}

fn place(shard: Shard, shard_is_local: bool, phase: Phase) -> Place {
    Place {
        shard,
        shard_is_local,
        phase,
    }
}

#[test]
fn every_kind_knows_which_series_there_are() {
    static KINDS: Kinds = Kinds::new();
    catalog! { static METRICS = [KINDS]; }
    let gathered = || {
        let registry = prometheus::Registry::new();
        registry.register(Box::new(METRICS.collector().unwrap())).unwrap();
        let families = registry.gather();
        let count = |name: &str| {
            let family = families.iter().find(|family| family.name() == name).unwrap();
            family.get_metric().len()
        };
        ["kinds_size_bytes", "kinds_phase", "kinds_load", "kinds_seconds_total"].map(count)
    };
    assert_eq!(Kinds::MAX_SERIES, 24 + 12 + 6 + 6);

    // `other` is there from the beginning.
    assert_eq!(samples(&METRICS.render()).len(), Kinds::MAX_SERIES / 2 + 1);
    assert_eq!(gathered(), [3, 6, 3, 3]);
    let shard = Shard::intern("a");
    assert_eq!(samples(&METRICS.render()).len(), METRICS.max_series());
    assert_eq!(gathered(), [6, 12, 6, 6]);

    // What is skipped counts nothing, and reads as nothing.
    let before = METRICS.render();
    let skipped = || place(shard, true, Phase::Unknown);
    for _ in 0..2 {
        KINDS.size_bytes.with(skipped()).observe(1.0);
        KINDS.phase.with(skipped()).set(Phase::Up);
        KINDS.phase.with(place(shard, true, Phase::Up)).set(Phase::Unknown);
        KINDS.seconds_total.with(skipped()).inc_by(1.0);
    }
    assert_eq!(KINDS.size_bytes.with(skipped()).snapshot().count, 0);
    assert_eq!(KINDS.phase.with(skipped()).get(), None);
    assert_eq!(KINDS.phase.with(place(shard, true, Phase::Up)).get(), None);
    assert_eq!(METRICS.render(), before);

    // What is impossible is exported when it is recorded, a state set as a whole.
    let impossible = || place(shard, true, Phase::Down);
    KINDS.size_bytes.with(impossible()).observe(1.0);
    KINDS.phase.with(impossible()).set(Phase::Up);
    KINDS.seconds_total.with(impossible()).inc_by(0.5);
    assert_eq!(samples(&METRICS.render()).len(), METRICS.max_series() + 4 + 2 + 1);
    assert_eq!(gathered(), [7, 14, 6, 7]);
    let labels = r#"shard="a",shard_is_local="true",phase="down""#;
    let state = |name: &str, value| format!("kinds_phase{{{labels},kinds_phase=\"{name}\"}} {value}\n");
    let text = METRICS.render();
    assert!(
        text.contains(&state("up", 1)) && text.contains(&state("down", 0)),
        "{text}"
    );
}
