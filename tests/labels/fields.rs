//! The labels that a field names: `bool` and `IntRange`.

use super::*;

#[derive(LabelSet, Clone, Copy, Debug, PartialEq)]
pub struct Lookup {
    pub hit: bool,
    #[label(name = "try")]
    pub attempt: IntRange<9, 11>,
}

#[metric_family(namespace = "fields")]
pub struct Fields {
    /// Lookups.
    pub lookups_total: Counter<Lookup>,
    /// Sizes by status and method.
    pub size_bytes: Gauge<Answer>,
}

#[derive(LabelSet, Clone, Copy)]
pub struct Answer {
    pub code: StatusCode,
    pub method: Method,
}

#[test]
fn a_bool_and_a_range_are_named_by_their_field() {
    let fields = Fields::new();
    let labels = Lookup {
        hit: true,
        attempt: IntRange::clamped(10),
    };
    fields.lookups_total.with(labels).inc();
    assert_eq!(
        samples(&render(&fields))[..6],
        [
            r#"fields_lookups_total{hit="false",try="9"} 0"#,
            r#"fields_lookups_total{hit="false",try="10"} 0"#,
            r#"fields_lookups_total{hit="false",try="11"} 0"#,
            r#"fields_lookups_total{hit="true",try="9"} 0"#,
            r#"fields_lookups_total{hit="true",try="10"} 1"#,
            r#"fields_lookups_total{hit="true",try="11"} 0"#,
        ]
    );
}

#[test]
fn a_range_takes_its_numbers_only() {
    type Range = IntRange<9, 11>;
    assert_eq!(
        [8, 9, 11, 12].map(|n| Range::new(n).map(Range::get)),
        [None, Some(9), Some(11), None]
    );
    assert_eq!([0, 10, u16::MAX].map(|n| Range::clamped(n).get()), [9, 10, 11]);
    const ALL: usize = Fields::MAX_SERIES;
    assert_eq!(ALL, 2 * 3 + 500 * 10);
}

#[test]
fn a_position_and_its_combination_belong_together() {
    for index in 0..Lookup::COMBINATIONS {
        assert_eq!(Lookup::at(index).index(), index);
    }
    for index in 0..Answer::COMBINATIONS {
        assert_eq!(Answer::at(index).index(), index);
    }
    let last = Lookup {
        hit: true,
        attempt: IntRange::clamped(11),
    };
    assert_eq!(Lookup::at(5), last);
}
