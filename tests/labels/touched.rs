//! Families that export what was touched.

use enumetrics::Summary;

use super::*;

#[derive(LabelSet, Clone, Copy)]
pub struct Answer {
    pub operation: Operation,
    pub cached: bool,
    pub status: StatusClass,
}

#[metric_family(namespace = "touched")]
pub struct Touched {
    /// By all labels.
    #[metric(touched)]
    pub all_total: Counter<Answer>,
    /// By two of three.
    #[metric(touched = 2)]
    pub two_total: Counter<Answer>,
    /// By one, and no whole numbers.
    #[metric(touched = 1)]
    pub one_total: Counter<Answer, f64>,
    /// Seconds.
    #[metric(buckets = [1], touched = 2)]
    pub seconds: Histogram<Answer>,
    /// Bytes.
    #[metric(touched = 2)]
    pub size_bytes: Summary<Answer>,
}

const ANSWER: Answer = Answer {
    operation: Operation::Decrypt,
    cached: true,
    status: StatusClass::ClientError,
};

#[test]
fn nothing_is_exported_before_it_is_touched() {
    assert_eq!(samples(&render(&Touched::new())), [""; 0]);
}

#[test]
fn what_was_touched_is_exported_with_what_differs_in_the_other_labels() {
    let touched = Touched::new();
    touched.all_total.with(ANSWER).inc();
    touched.two_total.with(ANSWER).inc();
    touched.one_total.with(ANSWER).inc();
    touched.seconds.with(ANSWER).observe(0.5);
    touched.size_bytes.with(ANSWER).observe(7.0);
    let text = render(&touched);
    let samples = samples(&text);
    let of = |name: &str| samples.iter().filter(|sample| sample.starts_with(name)).count();
    assert_eq!(of("touched_all_total{"), 1);
    assert_eq!(of("touched_two_total{"), 5);
    assert_eq!(of("touched_one_total{"), 2 * 5);
    assert_eq!(of("touched_seconds_bucket{"), 2 * 5);
    assert_eq!(of("touched_seconds_count{"), 5);
    assert_eq!(of("touched_size_bytes_count{"), 5);
    for sample in [
        r#"touched_all_total{operation="decrypt",cached="true",status="4xx"} 1"#,
        r#"touched_two_total{operation="decrypt",cached="true",status="1xx"} 0"#,
        r#"touched_two_total{operation="decrypt",cached="true",status="4xx"} 1"#,
        r#"touched_two_total{operation="decrypt",cached="true",status="5xx"} 0"#,
        r#"touched_one_total{operation="decrypt",cached="false",status="5xx"} 0"#,
        r#"touched_seconds_count{operation="decrypt",cached="true",status="5xx"} 0"#,
        r#"touched_size_bytes_sum{operation="decrypt",cached="true",status="4xx"} 7"#,
    ] {
        assert!(samples.contains(&sample), "{sample} is not in\n{text}");
    }
}

#[test]
fn the_bound_on_series_is_of_what_could_be_touched() {
    assert_eq!(Counter::<Answer>::MAX_SERIES, 3 * 2 * 5);
    assert_eq!(Touched::MAX_SERIES, 30 + 30 + 30 + 30 * 4 + 30 * 2);
    assert!(Touched::DESCRIPTORS.iter().all(|family| family.touched.is_some()));
}

/// In the middle of what belongs together a page may end.
#[test]
fn what_is_touched_is_the_same_in_pages() {
    let touched = Touched::new();
    for index in 0..Answer::COMBINATIONS {
        if index % 7 == 0 {
            touched.two_total.with(Answer::at(index)).inc();
        }
    }
    let families: [&dyn Export; 1] = [&touched];
    let catalog = Catalog::new(&families).unwrap();
    let mut paged = Vec::new();
    let mut scrape = enumetrics::Scrape::new();
    catalog
        .write_to(&mut paged, enumetrics::Format::Text, &mut scrape)
        .unwrap();
    assert_eq!(String::from_utf8(paged).unwrap(), catalog.render());
    // 0, 7, 14, 21 and 28 are in five groups of five.
    assert_eq!(samples(&catalog.render()).len(), 5 * 5);
}
