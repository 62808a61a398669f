use std::time::Duration;

use super::HistogramSeries;
use crate::clock::Moment;
use crate::storage::is_recording;

/// Observes the seconds from its start until it is dropped, once, whatever drops it: the end of the scope, an early
/// return, a panic that unwinds, a future that is cancelled.
///
/// ```
/// # use enumetrics_runtime::Histogram;
/// static LATENCY: Histogram<(), 1> = Histogram::with_buckets(&[1.0]);
///
/// {
///     let _timer = LATENCY.start_timer();
/// } // observed here
/// let elapsed = LATENCY.start_timer().stop(); // or here
/// LATENCY.start_timer().discard(); // or not at all
/// assert_eq!(LATENCY.count(), 2);
/// ```
///
/// One that is started while recording is off ([`set_recording`](crate::set_recording)) reads no clock and observes
/// nothing, and `stop` tells zero.
#[must_use = "it observes when it is dropped: give it a name, such as `_timer`"]
#[derive(Debug)]
pub struct Timer<'a> {
    series: HistogramSeries<'a>,
    /// Nothing, if nothing is to be observed.
    start: Option<Moment>,
}

impl<'a> Timer<'a> {
    #[inline]
    pub(super) fn start(series: HistogramSeries<'a>) -> Self {
        Self {
            series,
            start: is_recording().then(Moment::now),
        }
    }

    /// Observes now and tells what was observed.
    #[allow(
        clippy::must_use_candidate,
        reason = "observing is the point; the value is a courtesy"
    )]
    pub fn stop(mut self) -> Duration {
        let Some(start) = self.start.take() else {
            return Duration::ZERO;
        };
        // Rounded to nanoseconds before it is observed: what is told is what was observed.
        let elapsed = Duration::from_secs_f64(start.elapsed());
        self.series.observe(elapsed);
        elapsed
    }

    /// Observes nothing.
    pub fn discard(mut self) {
        self.start = None;
    }
}

impl Drop for Timer<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(start) = self.start {
            self.series.observe(start.elapsed());
        }
    }
}
