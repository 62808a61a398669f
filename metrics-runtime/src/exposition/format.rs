//! The formats that there are.

use std::fmt;

use super::head::Type;
use crate::descriptor::Kind;

/// How a scrape is written: one of the formats that Prometheus reads.
///
/// All have the same samples, of the same names, labels and values. The exporter writes the one that the client asks for;
/// for a scrape by hand see [`Catalog::render_as`](crate::Catalog::render_as).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Prometheus' text format 0.0.4, which everything that reads metrics knows.
    #[default]
    Text,
    /// Prometheus' text format 1.0.0. It differs from 0.0.4 for names outside `[a-zA-Z0-9_:]` only, and there are none.
    Text1,
    /// [OpenMetrics 1.0](https://prometheus.io/docs/specs/om/open_metrics_spec/) as text, which Prometheus prefers.
    ///
    /// A counter's family is named without `_total`, the base unit that a name ends in is said, and the last line is
    /// `# EOF`, so that a scrape that was cut off is no scrape. A histogram with a negative bound has neither `_sum` nor
    /// `_count`, because the format forbids them: the exporter answers a scrape that has one in text.
    OpenMetrics,
    /// [Prometheus' protobuf format](https://prometheus.io/docs/instrumenting/exposition_formats/#protobuf-format): one
    /// `MetricFamily` message after the other, each with its length before it. It is what [`NativeBuckets`](crate::NativeBuckets)
    /// are scraped in.
    ///
    /// It is no text. Help texts are there as they are, and each series of a counter, a histogram or a summary says when
    /// it started.
    #[cfg(feature = "protobuf")]
    Protobuf,
}

impl Format {
    /// What the header `Content-Type` says of an answer in this format.
    ///
    /// ```
    /// # use enumetrics_runtime::Format;
    /// assert_eq!(Format::Text.content_type(), "text/plain; version=0.0.4; charset=utf-8");
    /// ```
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::Text1 => "text/plain; version=1.0.0; charset=utf-8; escaping=underscores",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            #[cfg(feature = "protobuf")]
            Self::Protobuf => {
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
            }
        }
    }

    /// The line that ends a scrape, or nothing.
    pub(crate) const fn end(self) -> &'static str {
        match self {
            Self::OpenMetrics => "# EOF\n",
            _ => "",
        }
    }

    /// The type of a family that would be called as another one is. OpenMetrics has none; in the others a name is a name.
    pub(crate) fn ambiguous(self, kind: Kind) -> Type {
        match self {
            Self::OpenMetrics => Type::Untyped,
            _ => Type::Known(kind),
        }
    }

    /// Whether a histogram with this lowest bound has a sum and a count. Where observations may be negative the sum is no
    /// counter: OpenMetrics forbids it, and a count without it.
    pub(crate) fn has_totals(self, lowest_bound: f64) -> bool {
        lowest_bound >= 0.0 || self != Self::OpenMetrics
    }

    /// Whether there are lines that start with `#`, which may say anything else than the format knows.
    pub(crate) const fn has_comments(self) -> bool {
        matches!(self, Self::Text | Self::Text1)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text 0.0.4",
            Self::Text1 => "text 1.0.0",
            Self::OpenMetrics => "OpenMetrics 1.0",
            #[cfg(feature = "protobuf")]
            Self::Protobuf => "protobuf",
        })
    }
}
