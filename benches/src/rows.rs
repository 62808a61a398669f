//! What is measured: one row of the table each.

/// One row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    pub id: &'static str,
    pub title: &'static str,
    pub unit: Unit,
    /// How many threads do it at once.
    pub threads: usize,
}

/// What the figures of a row count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unit {
    NanosPerCall,
    NanosPerSeries,
    /// Measured once: it is the same each time.
    AllocationsPerSeries,
    /// Measured once.
    BytesPerSeries,
}

impl Unit {
    pub fn name(self) -> &'static str {
        match self {
            Self::NanosPerCall => "ns per call",
            Self::NanosPerSeries => "ns per series",
            Self::AllocationsPerSeries => "allocations per series",
            Self::BytesPerSeries => "bytes per series",
        }
    }

    pub fn is_time(self) -> bool {
        matches!(self, Self::NanosPerCall | Self::NanosPerSeries)
    }
}

macro_rules! rows {
    ($($name:ident: $title:literal, $unit:ident $(, $threads:literal threads)?;)*) => {
        $(pub const $name: Row = Row {
            id: stringify!($name),
            title: $title,
            unit: Unit::$unit,
            threads: 1 $(- 1 + $threads)?,
        };)*

        /// All, in the order of the table.
        pub const ALL: &[Row] = &[$($name),*];
    };
}

rows! {
    COUNTER: "counter, no labels", NanosPerCall;
    COUNTER_1: "counter, 1 label", NanosPerCall;
    COUNTER_1_CONST: "counter, 1 constant label", NanosPerCall;
    COUNTER_3: "counter, 3 labels", NanosPerCall;
    COUNTER_3_CONST: "counter, 3 constant labels", NanosPerCall;
    HISTOGRAM: "histogram, 11 bounds", NanosPerCall;
    HISTOGRAM_1: "histogram, 11 bounds, 1 label", NanosPerCall;
    GAUGE_1: "gauge, +1 and -1, 1 label", NanosPerCall;
    IN_FLIGHT_1: "in-flight guard, 1 label", NanosPerCall;
    TIMED_FN: "time a function, 1 label", NanosPerCall;
    TIMED_FN_INSTANT: "time a function with `Instant`, 1 label", NanosPerCall;
    TIMED_ASYNC: "time an async function, 1 label", NanosPerCall;
    TIMED_ASYNC_OUTCOME: "the same with in-flight and outcome", NanosPerCall;
    HTTP: "an HTTP request, three metrics", NanosPerCall;
    THREADS_COUNTER: "2 threads: counter, no labels", NanosPerCall, 2 threads;
    THREADS_COUNTER_3: "2 threads: counter, 3 labels", NanosPerCall, 2 threads;
    THREADS_HISTOGRAM_1: "2 threads: histogram, 1 label", NanosPerCall, 2 threads;
    SCRAPE_1K: "scrape 1k counters", NanosPerSeries;
    SCRAPE_10K: "scrape 10k counters", NanosPerSeries;
    SCRAPE_100K: "scrape 100k counters", NanosPerSeries;
    SCRAPE_HISTOGRAMS: "scrape 1k histograms of 12 buckets", NanosPerSeries;
    SCRAPE_ALLOCATIONS: "allocations of a first scrape", AllocationsPerSeries;
    SCRAPE_ALLOCATIONS_AGAIN: "allocations of a second scrape", AllocationsPerSeries;
    MEMORY_COUNTER: "memory of a counter series", BytesPerSeries;
    MEMORY_HISTOGRAM: "memory of a 12-bucket histogram series", BytesPerSeries;
    FIRST_TOUCH: "first touch of a counter series", NanosPerSeries;
    WIDE_MEMORY: "memory of each of 100 series touched of 100k", BytesPerSeries;
    WIDE_COUNTER: "counter, one of 100 series touched of 100k", NanosPerSeries;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_threads_are_counted() {
        for (position, row) in ALL.iter().enumerate() {
            assert!(
                !ALL[..position].iter().any(|earlier| earlier.id == row.id),
                "{}",
                row.id
            );
        }
        assert_eq!((COUNTER.threads, THREADS_COUNTER.threads), (1, 2));
    }
}
