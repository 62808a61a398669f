//! How the bytes of an answer are packed.
//!
//! Sources: [RFC 9110, section 12.5.3](https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3) for the header
//! `Accept-Encoding`; [RFC 1952](https://www.rfc-editor.org/rfc/rfc1952) for gzip,
//! [RFC 8878](https://www.rfc-editor.org/rfc/rfc8878) for zstd.

#[cfg(any(feature = "gzip", feature = "zstd"))]
use std::io::Write as _;
use std::{fmt, io};

use http::header::ACCEPT_ENCODING;
use http::{HeaderMap, HeaderValue};

use super::negotiate::{ranges, thousandths};

/// The packings that this program was compiled with, the best first.
const KNOWN: &[(&str, Encoding)] = &[
    #[cfg(feature = "zstd")]
    ("zstd", Encoding::Zstd),
    #[cfg(feature = "gzip")]
    ("gzip", Encoding::Gzip),
    #[cfg(feature = "gzip")]
    ("x-gzip", Encoding::Gzip),
    ("identity", Encoding::Identity),
];

/// How an answer is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Not at all.
    Identity,
    #[cfg(feature = "gzip")]
    Gzip,
    #[cfg(feature = "zstd")]
    Zstd,
}

impl Encoding {
    /// What the client likes best, and of what it likes equally the best. Not packed at all, if it says nothing or likes
    /// none: who forbids that too can still read it.
    pub(super) fn negotiate(headers: &HeaderMap) -> Self {
        let weights: Vec<_> = ranges(headers, ACCEPT_ENCODING).map(weight).collect();
        // `identity` is acceptable until it is excluded, but nothing that anyone asked for.
        let mut best = (Self::Identity, 0);
        for &(name, encoding) in KNOWN {
            let named = |wanted: &str| weights.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            let weight = named(name).or_else(|| named("*")).map_or(0, |(_, weight)| *weight);
            if weight > best.1 {
                best = (encoding, weight);
            }
        }
        best.0
    }

    /// What the header `Content-Encoding` says of it.
    pub(super) const fn header(self) -> Option<HeaderValue> {
        match self {
            Self::Identity => None,
            #[cfg(feature = "gzip")]
            Self::Gzip => Some(HeaderValue::from_static("gzip")),
            #[cfg(feature = "zstd")]
            Self::Zstd => Some(HeaderValue::from_static("zstd")),
        }
    }
}

fn weight(range: &str) -> (&str, u16) {
    let (name, parameters) = range.split_once(';').unwrap_or((range, ""));
    let weight = match parameters.trim().split_once('=') {
        None => Some(1000),
        Some((q, weight)) if q.trim().eq_ignore_ascii_case("q") => thousandths(weight.trim()),
        Some(_) => None,
    };
    (name.trim(), weight.unwrap_or(0))
}

/// An answer that is packed page by page. Packing into memory does not fail, but for want of memory in the C library.
pub(super) enum Packer {
    #[cfg(feature = "gzip")]
    Gzip(flate2::write::GzEncoder<Vec<u8>>),
    #[cfg(feature = "zstd")]
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl Packer {
    /// Nothing where nothing is to be done.
    pub(super) fn new(encoding: Encoding) -> io::Result<Option<Self>> {
        Ok(match encoding {
            Encoding::Identity => None,
            // Level 1 of both: some percent more bytes than the usual ones, for a third of the time.
            #[cfg(feature = "gzip")]
            Encoding::Gzip => Some(Self::Gzip(flate2::write::GzEncoder::new(
                Vec::new(),
                flate2::Compression::fast(),
            ))),
            #[cfg(feature = "zstd")]
            Encoding::Zstd => Some(Self::Zstd(zstd::stream::write::Encoder::new(Vec::new(), 1)?)),
        })
    }

    /// Takes in a page, and gives what is packed by now, which may be nothing; after the last page, all the rest.
    #[cfg_attr(
        not(any(feature = "gzip", feature = "zstd")),
        allow(unused_variables, reason = "there is no packer")
    )]
    pub(super) fn pack(&mut self, page: &[u8], is_last: bool) -> io::Result<Vec<u8>> {
        match self {
            #[cfg(feature = "gzip")]
            Self::Gzip(encoder) => {
                encoder.write_all(page)?;
                if is_last {
                    encoder.try_finish()?;
                }
                Ok(std::mem::take(encoder.get_mut()))
            }
            #[cfg(feature = "zstd")]
            Self::Zstd(encoder) => {
                encoder.write_all(page)?;
                if is_last {
                    encoder.do_finish()?;
                }
                Ok(std::mem::take(encoder.get_mut()))
            }
            #[cfg(not(any(feature = "gzip", feature = "zstd")))]
            _ => Ok(Vec::new()),
        }
    }
}

impl fmt::Debug for Packer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Packer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(accept: &[&'static str]) -> Encoding {
        let mut headers = HeaderMap::new();
        for value in accept {
            headers.append(ACCEPT_ENCODING, HeaderValue::from_static(value));
        }
        Encoding::negotiate(&headers)
    }

    #[test]
    fn who_asks_for_nothing_gets_it_unpacked() {
        for accept in [
            &[][..],
            &[""],
            &["identity"],
            &["deflate, br"],
            &["gzip;q=0"],
            &["gzip;q=0.0, zstd;q=0, *;q=0"],
            &["gzip;q=no"],
            &["gzip;level=9"],
            &["*;q=0"],
            &["identity;q=0.5, gzip;q=0.4"],
        ] {
            assert_eq!(wanted(accept), Encoding::Identity, "{accept:?}");
        }
    }

    #[cfg(feature = "gzip")]
    #[test]
    fn prometheus_gets_gzip() {
        for accept in [
            &["gzip"][..],
            &["GZIP"],
            &["x-gzip"],
            &["gzip;q=0.001"],
            &["deflate, gzip;q=0.5, identity;q=0.4"],
            &["deflate", "gzip ; Q = 0.5"],
            &["zstd;q=0.1, gzip;q=0.2"],
        ] {
            assert_eq!(wanted(accept), Encoding::Gzip, "{accept:?}");
        }
    }

    #[cfg(all(feature = "gzip", feature = "zstd"))]
    #[test]
    fn of_two_that_are_liked_equally_the_better_one() {
        for accept in [
            &["gzip, deflate, br, zstd"][..],
            &["*"],
            &["gzip;q=0.5, *;q=0.5"],
            &["zstd;q=0.2, gzip;q=0.1"],
        ] {
            assert_eq!(wanted(accept), Encoding::Zstd, "{accept:?}");
        }
        assert_eq!(wanted(&["*, zstd;q=0"]), Encoding::Gzip);
    }

    #[cfg(all(feature = "gzip", feature = "zstd"))]
    #[test]
    fn what_is_packed_in_pages_is_read_back_as_one() {
        use std::io::Read as _;

        let pages = [&b"requests_total 1\n"[..], b"", &[b'x'; 300_000], b"# EOF\n"];
        for encoding in [Encoding::Gzip, Encoding::Zstd] {
            let mut packer = Packer::new(encoding).unwrap().unwrap();
            let mut packed = Vec::new();
            for (position, page) in pages.iter().enumerate() {
                packed.extend(packer.pack(page, position + 1 == pages.len()).unwrap());
            }
            assert!(packed.len() < 3000, "{}", packed.len());
            let mut text = Vec::new();
            match encoding {
                Encoding::Gzip => flate2::read::GzDecoder::new(&packed[..])
                    .read_to_end(&mut text)
                    .map(drop),
                _ => zstd::stream::copy_decode(&packed[..], &mut text),
            }
            .unwrap();
            assert_eq!(text, pages.concat());
        }
        assert!(Packer::new(Encoding::Identity).unwrap().is_none());
    }
}
