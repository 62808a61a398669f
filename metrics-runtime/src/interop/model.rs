//! Reads `prometheus::proto` in both of its shapes.
//!
//! The crate `prometheus` has two implementations of that module: plain structs, and structs that
//! rust-protobuf generated, when anyone in the dependency graph turns its feature `protobuf` on. A
//! library cannot see which one it was given, and most, but not all, accessors exist in both:
//!
//! | | plain | generated |
//! |---|---|---|
//! | counter, gauge | `get_value()` | `value()` |
//! | untyped | `Metric::get_untyped()` | a field without accessors |
//!
//! An inherent method wins over a trait's method of the same name. So each accessor that is missing
//! in one shape is written here as a trait method in terms of the accessor of the other shape; where
//! both are spelled out, the call finds the real one.

#![allow(
    dead_code,
    reason = "whatever the shape, some of the fallbacks are shadowed by the real accessors"
)]

use prometheus::proto::{Counter, Gauge, Metric};

/// The value of a counter's series.
pub(super) fn counter(metric: &Metric) -> f64 {
    metric.get_counter().value()
}

/// The value of a gauge's series.
pub(super) fn gauge(metric: &Metric) -> f64 {
    metric.get_gauge().value()
}

/// The value of an untyped series; `None` where it cannot be read.
#[allow(
    deprecated,
    reason = "the only accessor in the plain shape; deprecated for its absence from the other"
)]
#[allow(
    clippy::useless_conversion,
    reason = "f64 in the plain shape, Option<f64> in the generated one"
)]
pub(super) fn untyped(metric: &Metric) -> Option<f64> {
    metric.get_untyped().get_value().into()
}

trait Value {
    fn value(&self) -> f64;
}

impl Value for Counter {
    fn value(&self) -> f64 {
        self.get_value()
    }
}

impl Value for Gauge {
    fn value(&self) -> f64 {
        self.get_value()
    }
}

trait GetValue {
    fn get_value(&self) -> f64;
}

impl GetValue for Counter {
    fn get_value(&self) -> f64 {
        self.value()
    }
}

impl GetValue for Gauge {
    fn get_value(&self) -> f64 {
        self.value()
    }
}

trait GetUntyped {
    fn get_untyped(&self) -> DebuggedUntyped;
}

impl GetUntyped for Metric {
    fn get_untyped(&self) -> DebuggedUntyped {
        DebuggedUntyped::of(self)
    }
}

/// An untyped value as the generated shape shows it.
///
/// There the value is in a public field, which cannot be named here, because the plain shape has a
/// private field of that name. What remains is the derived `Debug`, whose floats read back exactly.
struct DebuggedUntyped(Option<f64>);

impl DebuggedUntyped {
    fn of(metric: &Metric) -> Self {
        // Without its labels the metric holds no string that could look like the field.
        let mut metric = metric.clone();
        drop(metric.take_label());
        Self(Self::parse(&format!("{metric:?}")))
    }

    /// `untyped: MessageField(Some(Untyped { value: Some(2.5), …`
    fn parse(debug: &str) -> Option<f64> {
        debug
            .split_once("untyped: ")
            .and_then(|(_, untyped)| untyped.split_once("Untyped { value: "))
            .map(|(_, value)| value.strip_prefix("Some(").unwrap_or(value))
            .and_then(|value| value.split([')', ',', ' ']).next())
            .and_then(|value| value.parse().ok())
    }

    fn get_value(&self) -> Option<f64> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use prometheus::proto::Untyped;

    use super::*;

    #[test]
    fn counters_and_gauges_are_read() {
        let mut value = Counter::default();
        value.set_value(2.5);
        let mut metric = Metric::default();
        metric.set_counter(value);
        assert_eq!(counter(&metric), 2.5);

        let mut value = Gauge::default();
        value.set_value(-0.5);
        assert_eq!(gauge(&Metric::from_gauge(value)), -0.5);
    }

    #[test]
    fn a_metric_without_a_value_reads_as_zero() {
        assert_eq!(counter(&Metric::default()), 0.0);
        assert_eq!(gauge(&Metric::default()), 0.0);
    }

    #[test]
    fn an_untyped_value_is_read_in_the_plain_shape() {
        /// Does nothing where the generated shape has no such setter.
        trait SetUntyped {
            fn set_untyped(&mut self, _value: Untyped) {}
        }
        impl SetUntyped for Metric {}

        let generated = format!("{:?}", Metric::default()).contains("MessageField");
        let mut value = Untyped::default();
        #[allow(deprecated)]
        value.set_value(2.5);
        let mut metric = Metric::default();
        #[allow(deprecated)]
        metric.set_untyped(value);
        assert_eq!(untyped(&metric), (!generated).then_some(2.5));
    }

    #[test]
    fn an_untyped_value_is_read_in_the_generated_shape() {
        // As prometheus 0.14 with rust-protobuf 3.7 prints it.
        let debug = |value: &str| {
            format!(
                "Metric {{ label: [], gauge: MessageField(None), counter: MessageField(None), \
                 summary: MessageField(None), untyped: MessageField(Some(Untyped {{ value: \
                 {value}, special_fields: SpecialFields {{ unknown_fields: UnknownFields {{ fields: \
                 None }}, cached_size: CachedSize {{ size: 0 }} }} }})), histogram: \
                 MessageField(None), timestamp_ms: None }}"
            )
        };
        let parse = |value| DebuggedUntyped::parse(&debug(value));
        assert_eq!(parse("Some(2.5)"), Some(2.5));
        assert_eq!(parse("Some(-1e21)"), Some(-1e21));
        assert_eq!(parse("Some(inf)"), Some(f64::INFINITY));
        assert!(parse("Some(NaN)").unwrap().is_nan());
        assert_eq!(parse("None"), None);
        assert_eq!(DebuggedUntyped::parse("untyped: MessageField(None)"), None);
    }
}
