//! Any values, label values and exemplars in metrics of each kind: every format has them again.
#![no_main]

use enumetrics::{Exemplar, Format, LabelValue as _, Scrape};
use enumetrics_fuzz::demo::{Build, Call, DEMO, METRICS, Outcome, Route};
use enumetrics_fuzz::reader::{self, Sample};
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    // What is too short ends the recording, and is rendered all the same.
    let _ = record(&mut Unstructured::new(data));
    let [text, ..] = [Format::Text, Format::Text1, Format::OpenMetrics].map(|format| {
        let samples = reader::read(format.content_type(), &METRICS.render_as(format));
        check(&samples);
        samples
    });
    let mut messages = Vec::new();
    let written = METRICS.write_to(&mut messages, Format::Protobuf, &mut Scrape::new());
    written.expect("there is room");
    let messages = reader::read_protobuf(&messages);
    check(&messages);
    assert_eq!(comparable(&messages), comparable(&text));
});

/// What has to be the same in text and protobuf.
fn comparable(samples: &[Sample]) -> Vec<(&str, Vec<(&str, String)>, u64)> {
    let number = |text: &str| text.parse::<f64>().expect("a number").to_string();
    let mut all: Vec<_> = samples
        .iter()
        .map(|sample| {
            let labels = sample.labels.iter().map(|(name, value)| match name.as_str() {
                "le" | "quantile" => (name.as_str(), number(value)),
                _ => (name.as_str(), value.clone()),
            });
            // Of a window, which moves between two scrapes; and there is more than one NaN.
            let moves = sample.labels.contains_key("quantile") || sample.value.is_nan();
            let value = if moves { 0 } else { sample.value.to_bits() };
            (sample.name.as_str(), labels.collect(), value)
        })
        .collect();
    all.sort();
    all
}

/// Records what the bytes say. What was recorded before stays: a scrape of it must be right, too.
fn record(data: &mut Unstructured<'_>) -> Result<()> {
    while !data.is_empty() {
        let outcome = *data.choose(&[Outcome::Ok, Outcome::Odd])?;
        let route = Route::intern(data.arbitrary::<&str>()?);
        let exemplar = Exemplar::new(data.arbitrary()?, data.arbitrary()?);
        let number: f64 = data.arbitrary()?;
        match data.int_in_range(0..=9)? {
            0 => DEMO
                .calls_total
                .with(Call { route, outcome })
                .inc_by(data.arbitrary::<u32>()?.into()),
            1 => DEMO.calls_total.with(Call { route, outcome }).inc_with(exemplar),
            2 => DEMO.waiting_seconds_total.with(outcome).inc_by(number),
            3 => DEMO.calls.set(data.arbitrary()?),
            4 => DEMO.temperature_celsius.with(outcome).set(number),
            5 => DEMO.call_duration_seconds.with(route).observe(number),
            6 => DEMO.call_duration_seconds.with(route).observe_with(number, exemplar),
            7 => DEMO.size_bytes.with(outcome).observe(number),
            8 => DEMO.state.set(outcome),
            _ => DEMO.build_info.set(Build {
                version: data.arbitrary()?,
                commit: data.arbitrary()?,
            }),
        }
    }
    Ok(())
}

fn check(samples: &[Sample]) {
    let find = |name: &str, label: (&str, &str)| -> Vec<&Sample> {
        let has = |sample: &&Sample| sample.labels.get(label.0).is_some_and(|value| value == label.1);
        samples
            .iter()
            .filter(|sample| sample.name == name)
            .filter(has)
            .collect()
    };
    for outcome in [Outcome::Ok, Outcome::Odd] {
        let label = ("outcome", outcome.value());
        let temperature = find("demo_temperature_celsius", label)[0].value;
        let set = DEMO.temperature_celsius.with(outcome).get();
        assert!(temperature.to_bits() == set.to_bits() || temperature.is_nan() && set.is_nan());
        let calls: f64 = find("demo_calls_total", label).iter().map(|sample| sample.value).sum();
        assert!(calls >= 0.0 && calls.fract() == 0.0);
        assert_eq!(find("demo_state", ("demo_state", outcome.value())).len(), 1);
    }
    // A label value is the text that it was made of, whatever that has in it.
    for sample in samples.iter().filter(|sample| sample.name == "demo_calls_total") {
        let route = &sample.labels["route"];
        assert!(route == "other" || Route::intern(route).value() == route, "{route:?}");
        assert_eq!(sample.labels["tier"], "gold");
    }
}
