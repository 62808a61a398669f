//! Scrapes of families with series left out, page by page.

use super::*;

/// A scrape that is written page by page is the same as one in a piece, and has what was recorded.
#[test]
fn pages_of_families_with_series_left_out_are_whole() {
    use enumetrics::{ComputedGauge, Format, Scrape, StateSet, Summary};

    open_label! {
        struct Tenant(max = 40);
    }

    #[derive(LabelSet, Clone, Copy)]
    #[label(impossible(number = "3" | "77", ok = "true"))]
    struct Place {
        number: IntRange<0, 99>,
        tenant: Tenant,
        ok: bool,
    }

    #[metric_family(namespace = "paged")]
    struct Paged {
        /// Counted.
        counted_total: Counter<Place>,
        /// Fractions.
        fractions_total: Counter<Place, f64>,
        /// Now.
        now: Gauge<Place>,
        /// Sizes.
        #[metric(dense, buckets = [1, 2])]
        size_bytes: Histogram<Place>,
        /// Sums.
        #[metric(dense)]
        sum_bytes: Summary<Place>,
        /// Operations.
        operation: StateSet<Operation, Place>,
        /// Computed.
        #[metric(compute = |place: Place| f64::from(place.number.get()))]
        computed: ComputedGauge<Place>,
    }

    static PAGED: Paged = Paged::new();
    catalog! { static METRICS = [PAGED]; }

    let tenants: Vec<_> = (0..30).map(|n| Tenant::intern(&format!("tenant {n}"))).collect();
    assert!(Tenant::remove("tenant 7"));
    for number in 0..100 {
        let (number, tenant) = (IntRange::clamped(number), tenants[usize::from(number) % 30]);
        let place = Place {
            number,
            tenant,
            ok: true,
        };
        PAGED.counted_total.with(place).inc_by(number.get().into());
        PAGED.operation.with(place).set(Operation::Decrypt);
    }
    for format in [Format::Text, Format::OpenMetrics] {
        let mut pages = Vec::new();
        METRICS.write_to(&mut pages, format, &mut Scrape::new()).unwrap();
        let text = String::from_utf8(pages).unwrap();
        assert_eq!(text, METRICS.render_as(format));
        assert!(text.len() > 1_000_000, "{}", text.len());

        // 29 tenants and `other`; each number twice, two of them once, and those two where they were recorded.
        let of = |name: &str| samples(&text).iter().filter(|line| line.starts_with(name)).count();
        let possible = 30 * (2 * 100 - 2);
        // 77 is a number of tenant 17, 3 one of tenant 3.
        assert_eq!(of("paged_counted_total"), possible + 2);
        assert_eq!(of("paged_fractions_total"), possible);
        assert_eq!(of("paged_now"), possible);
        assert_eq!(of("paged_size_bytes"), 5 * possible);
        assert_eq!(of("paged_sum_bytes"), 2 * possible);
        assert_eq!(of("paged_operation"), 3 * (possible + 2));
        assert_eq!(of("paged_computed"), possible);
        assert!(!text.contains("tenant 7\""));
        let line = r#"paged_counted_total{number="77",tenant="tenant 17",ok="true"} 77"#;
        assert!(samples(&text).contains(&line));
    }
}
