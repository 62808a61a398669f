//! Which format the client wants.
//!
//! Sources: [RFC 9110, section 12.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1) for the header `Accept`;
//! <https://prometheus.io/docs/instrumenting/content_negotiation/> for what Prometheus sends in it.

use http::header::{ACCEPT, HeaderName};
use http::{HeaderMap, HeaderValue};

use crate::exposition::Format;

/// The format that the client likes best of those that it may have, and the first of them (the text format 0.0.4, if
/// nobody says otherwise) for one that likes none of them or says nothing: who cannot read it can still say so.
pub(super) fn negotiate(headers: &HeaderMap, formats: &[Format]) -> Negotiated {
    let mut best = Negotiated {
        format: formats.first().copied().unwrap_or_default(),
        escaping: None,
    };
    let mut best_quality = 0;
    for range in ranges(headers, ACCEPT) {
        // Of two that are liked equally the first one counts.
        if let Some((negotiated, quality)) = offered(range)
            && quality > best_quality
            && formats.contains(&negotiated.format)
        {
            (best, best_quality) = (negotiated, quality);
        }
    }
    best
}

/// What the client gets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Negotiated {
    pub(super) format: Format,
    /// The scheme that the client wants names to be escaped by, if it says one.
    pub(super) escaping: Option<&'static str>,
}

impl Negotiated {
    /// What the header `Content-Type` says. Our names are valid in every format: by each scheme a name is escaped as
    /// itself, so that the one that is asked for is the one that is answered.
    pub(super) fn content_type(self) -> HeaderValue {
        let content_type = self.format.content_type();
        let Some(escaping) = self.escaping else {
            return HeaderValue::from_static(content_type);
        };
        let without = content_type.split("; escaping=").next().unwrap_or(content_type);
        let with = format!("{without}; escaping={escaping}");
        HeaderValue::try_from(with).unwrap_or(HeaderValue::from_static(content_type))
    }
}

/// Those of Prometheus 3.
const ESCAPING_SCHEMES: [&str; 4] = ["allow-utf-8", "underscores", "dots", "values"];

/// What a header lists, in however many lines.
pub(super) fn ranges(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).into_iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
}

/// The format that a range such as `text/plain;version=0.0.4;q=0.3` is about, and how much it is liked, in thousandths.
fn offered(range: &str) -> Option<(Negotiated, u16)> {
    let mut parts = range.split(';').map(str::trim);
    let media_type = parts.next()?;
    let (mut version, mut quality) = (None, 1000);
    let (mut message, mut encoding, mut escaping) = (None, None, None);
    for (name, value) in parts.filter_map(|part| part.split_once('=')) {
        let value = value.trim().trim_matches('"');
        match name.trim() {
            name if name.eq_ignore_ascii_case("version") => version = Some(value),
            name if name.eq_ignore_ascii_case("q") => quality = thousandths(value)?,
            name if name.eq_ignore_ascii_case("proto") => message = Some(value),
            name if name.eq_ignore_ascii_case("encoding") => encoding = Some(value),
            // One that nobody knows is none.
            name if name.eq_ignore_ascii_case("escaping") => {
                escaping = ESCAPING_SCHEMES.into_iter().find(|scheme| *scheme == value);
            }
            // `charset` makes no difference.
            _ => {}
        }
    }
    let is = |name: &str| media_type.eq_ignore_ascii_case(name);
    // Without these it could be anything.
    let is_protobuf = is("application/vnd.google.protobuf")
        && message == Some("io.prometheus.client.MetricFamily")
        && encoding == Some("delimited");
    let format = match version {
        #[cfg(feature = "protobuf")]
        _ if is_protobuf => Format::Protobuf,
        _ if is_protobuf => return None,
        None | Some("1.0.0") if is("application/openmetrics-text") => Format::OpenMetrics,
        None | Some("0.0.4") if is("text/plain") => Format::Text,
        Some("1.0.0") if is("text/plain") => Format::Text1,
        _ if is("text/*") || is("*/*") => Format::Text,
        _ if is("application/*") => Format::OpenMetrics,
        _ => return None,
    };
    Some((Negotiated { format, escaping }, quality))
}

/// A weight from `0` to `1.000`; nothing for what is no weight.
pub(super) fn thousandths(weight: &str) -> Option<u16> {
    let weight: f32 = weight.parse().ok()?;
    // A cast takes what is too large, negative or no number to the nearest end.
    (0.0..=1.0).contains(&weight).then_some((weight * 1000.0) as u16)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::LabelValue as _;

    fn wanted(accept: &[&'static str]) -> Format {
        let mut headers = HeaderMap::new();
        for value in accept {
            headers.append(ACCEPT, HeaderValue::from_static(value));
        }
        negotiate(&headers, Format::VARIANTS).format
    }

    #[cfg(feature = "protobuf")]
    const PROTOBUF: Format = Format::Protobuf;
    #[cfg(not(feature = "protobuf"))]
    const PROTOBUF: Format = Format::OpenMetrics;

    #[test]
    fn prometheus_gets_what_it_prefers() {
        for (accept, format) in [
            // 2.42
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
                 text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                Format::OpenMetrics,
            ),
            // 3.x
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                 application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
                 text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
                Format::OpenMetrics,
            ),
            // 3.x with native histograms
            (
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,\
                 application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.2",
                PROTOBUF,
            ),
            // 2.42 with native histograms
            (
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,\
                 application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,\
                 text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                PROTOBUF,
            ),
            // 3.x with scrape_protocols: [PrometheusText1.0.0, PrometheusText0.0.4]
            (
                "text/plain;version=1.0.0;escaping=underscores;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.4",
                Format::Text1,
            ),
            // 3.x with scrape_protocols: [PrometheusText0.0.4]
            ("text/plain;version=0.0.4;q=0.6,*/*;q=0.5", Format::Text),
            // 3.x with scrape_protocols: [OpenMetricsText0.0.1]: we have none.
            (
                "application/openmetrics-text;version=0.0.1;q=0.6,*/*;q=0.5",
                Format::Text,
            ),
        ] {
            assert_eq!(wanted(&[accept]), format, "{accept}");
        }
    }

    #[test]
    fn only_what_there_may_be() {
        let mut headers = HeaderMap::new();
        headers.insert(
            ACCEPT,
            HeaderValue::from_static("application/openmetrics-text,text/plain;version=1.0.0;q=0.5"),
        );
        for (formats, format) in [
            (&[Format::Text][..], Format::Text),
            (&[Format::Text, Format::Text1], Format::Text1),
            (&[Format::Text, Format::OpenMetrics], Format::OpenMetrics),
        ] {
            assert_eq!(negotiate(&headers, formats).format, format);
        }
        // Who likes none of them gets the first.
        assert_eq!(
            negotiate(&HeaderMap::new(), &[Format::Text1, Format::Text]).format,
            Format::Text1
        );
    }

    #[test]
    fn the_escaping_that_is_asked_for_is_the_one_that_is_answered() {
        let content_type = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_str(accept).unwrap());
            let content_type = negotiate(&headers, Format::VARIANTS).content_type();
            content_type.to_str().unwrap().to_owned()
        };
        for scheme in ["allow-utf-8", "underscores", "dots", "values"] {
            for format in Format::VARIANTS {
                let plain = format.content_type();
                let plain = plain.strip_suffix("; escaping=underscores").unwrap_or(plain);
                let answered = format!("{plain}; escaping={scheme}");
                for accept in [
                    format!("{plain};escaping={scheme}"),
                    format!("{plain}; Escaping=\"{scheme}\"; q=0.6, */*;q=0.2"),
                ] {
                    assert_eq!(content_type(&accept), answered, "{accept}");
                }
            }
        }
        // Not asked for, not known, or asked for with a format that another one was liked better than.
        for format in Format::VARIANTS {
            assert_eq!(
                content_type(format.content_type()).split("; escaping").next(),
                format.content_type().split("; escaping").next()
            );
        }
        assert_eq!(
            content_type("text/plain;version=1.0.0;escaping=rot13"),
            Format::Text1.content_type()
        );
        assert_eq!(
            content_type("text/plain;version=1.0.0;escaping=dots;q=0.3,application/openmetrics-text;version=1.0.0"),
            Format::OpenMetrics.content_type()
        );
    }

    #[test]
    fn people_get_text() {
        for accept in [
            &[][..],
            &[""],
            &["*/*"],
            &["text/*"],
            &["text/plain"],
            &["text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"],
            // Nothing that there is.
            &["application/json"],
            &["text/plain;version=7"],
            &["application/openmetrics-text;version=2.0.0"],
            &["application/vnd.google.protobuf"],
            &["application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text"],
            &["application/vnd.google.protobuf;proto=some.other.Message;encoding=delimited"],
            &["application/openmetrics-text;q=0"],
            &["application/openmetrics-text;q=no", "application/openmetrics-text;q=2"],
            &["application/openmetrics-text;q=NaN"],
        ] {
            assert_eq!(wanted(accept), Format::Text, "{accept:?}");
        }
    }

    #[test]
    fn weights_order_them_and_then_their_place() {
        let text_first = &["text/plain;q=0.5, application/openmetrics-text;q=0.5"];
        assert_eq!(wanted(text_first), Format::Text);
        let by_a_thousandth = &["text/plain;q=0.5, application/openmetrics-text;q=0.501"];
        assert_eq!(wanted(by_a_thousandth), Format::OpenMetrics);
        let in_two_headers = &["text/plain;q=0.5", "application/openmetrics-text"];
        assert_eq!(wanted(in_two_headers), Format::OpenMetrics);
    }

    #[test]
    fn spelling_is_no_matter() {
        for accept in [
            "Application/OpenMetrics-Text",
            "application/openmetrics-text ; Version = \"1.0.0\" ; charset=utf-8",
            "text/plain;Q=0.1,application/openmetrics-text;Q=0.2",
            "application/*",
        ] {
            assert_eq!(wanted(&[accept]), Format::OpenMetrics, "{accept}");
        }
    }
}
