//! Sets of labels inside others.

use super::*;

#[derive(LabelSet, Clone, Copy, Debug, PartialEq)]
pub struct Answer {
    pub cached: bool,
    pub status: StatusClass,
}

#[derive(LabelSet, Clone, Copy, Debug, PartialEq)]
pub struct Call {
    pub operation: Operation,
    pub answer: Answer,
    pub last: bool,
}

#[derive(LabelSet, Clone, Copy, Debug, PartialEq)]
pub struct Outer {
    pub call: Call,
}

#[test]
fn a_set_in_a_set_brings_its_labels_in_its_place() {
    let names: Vec<_> = Outer::LABELS.iter().map(|label| label.name).collect();
    assert_eq!(names, ["operation", "cached", "status", "last"]);
    assert_eq!(Outer::COMBINATIONS, 3 * 2 * 5 * 2);
    let call = Call {
        operation: Operation::Search,
        answer: Answer {
            cached: false,
            status: StatusClass::Redirection,
        },
        last: true,
    };
    assert_eq!(Outer { call }.index(), ((2 * 2) * 5 + 2) * 2 + 1);
    let counter = Counter::<Outer>::new();
    counter.with(Outer { call }).inc();
    let series = r#"operation="search",cached="false",status="3xx",last="true": 1"#;
    assert!(format!("{counter:?}").contains(series), "{counter:?}");
    for index in 0..Outer::COMBINATIONS {
        assert_eq!(Outer::at(index).index(), index);
    }
}
