//! The labels of HTTP (RFC 9110).

use super::range::decimals;
use super::{LabelSet, LabelValue};
use crate::descriptor::LabelDescriptor;
use crate::storage::Block;

/// The class of a response: `status_class="2xx"`.
///
/// ```
/// # use enumetrics_runtime::{LabelValue, StatusClass};
/// assert_eq!(StatusClass::from_code(404), StatusClass::ClientError);
/// assert_eq!(StatusClass::ClientError.value(), "4xx");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StatusClass {
    /// `1xx`: received, and the process goes on.
    Informational,
    /// `2xx`: received, understood and accepted.
    Success,
    /// `3xx`: more must be done to complete the request.
    Redirection,
    /// `4xx`: the request is wrong or cannot be fulfilled.
    ClientError,
    /// `5xx`: the server failed with a request that looks right.
    ServerError,
}

impl StatusClass {
    /// The class of a status code. A code that is not from 100 to 599 is no HTTP status; it counts as `5xx`, as clients
    /// treat it (RFC 9110, section 15).
    #[must_use]
    pub const fn from_code(code: u16) -> Self {
        match code {
            100..200 => Self::Informational,
            200..300 => Self::Success,
            300..400 => Self::Redirection,
            400..500 => Self::ClientError,
            _ => Self::ServerError,
        }
    }
}

/// The status code of a response, 100 to 599: `status="404"`.
///
/// That is 500 series for each combination of the other labels; [`StatusClass`] is 5.
///
/// ```
/// # use enumetrics_runtime::{LabelValue, StatusCode};
/// let status = StatusCode::new(404).unwrap();
/// assert_eq!((status.get(), status.value()), (404, "404"));
/// assert_eq!(StatusCode::new(600), None);
/// assert_eq!(StatusCode::from_code(600).get(), 500);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusCode(u16);

impl StatusCode {
    const FIRST: u16 = 100;
    const LAST: u16 = 599;
    const COUNT: usize = (Self::LAST - Self::FIRST + 1) as usize;

    /// The code, if it is from 100 to 599.
    #[must_use]
    pub const fn new(code: u16) -> Option<Self> {
        if Self::FIRST <= code && code <= Self::LAST {
            Some(Self(code))
        } else {
            None
        }
    }

    /// The code. One that is not from 100 to 599 is no HTTP status; it counts as 500, as clients treat it (RFC 9110,
    /// section 15).
    #[must_use]
    pub const fn from_code(code: u16) -> Self {
        match Self::new(code) {
            Some(code) => code,
            None => Self(500),
        }
    }

    /// The code as a number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// Its class.
    #[must_use]
    pub const fn class(self) -> StatusClass {
        StatusClass::from_code(self.0)
    }
}

/// The method of a request: `method="GET"`. There are the eight of RFC 9110 and `PATCH` of RFC 5789; any other is
/// `other`, because clients send what they like.
///
/// ```
/// # use enumetrics_runtime::{LabelValue, Method};
/// assert_eq!(Method::from_name("GET").value(), "GET");
/// assert_eq!(Method::from_name("BREW"), Method::Other);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// `GET`
    Get,
    /// `HEAD`
    Head,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `DELETE`
    Delete,
    /// `CONNECT`
    Connect,
    /// `OPTIONS`
    Options,
    /// `TRACE`
    Trace,
    /// `PATCH`
    Patch,
    /// `other`: any other.
    Other,
}

impl Method {
    /// The method of this name. Names are case-sensitive (RFC 9110, section 9.1): `get` is another method than `GET`.
    #[must_use]
    pub const fn from_name(name: &str) -> Self {
        match name.as_bytes() {
            b"GET" => Self::Get,
            b"HEAD" => Self::Head,
            b"POST" => Self::Post,
            b"PUT" => Self::Put,
            b"DELETE" => Self::Delete,
            b"CONNECT" => Self::Connect,
            b"OPTIONS" => Self::Options,
            b"TRACE" => Self::Trace,
            b"PATCH" => Self::Patch,
            _ => Self::Other,
        }
    }
}

#[diagnostic::do_not_recommend]
impl LabelValue for StatusClass {
    const NAME: &'static str = "status_class";
    const VALUES: &'static [&'static str] = &["1xx", "2xx", "3xx", "4xx", "5xx"];
    const VARIANTS: &'static [Self] = &[
        Self::Informational,
        Self::Success,
        Self::Redirection,
        Self::ClientError,
        Self::ServerError,
    ];
}

#[diagnostic::do_not_recommend]
impl LabelSet for StatusClass {
    const LABELS: &'static [LabelDescriptor] = &[LabelDescriptor::new(Self::NAME, Self::VALUES)];
    const COMBINATIONS: usize = Self::VALUES.len();
    type Cells<T: Block> = [T; StatusClass::VALUES.len()];

    #[inline]
    fn index(&self) -> usize {
        *self as usize
    }

    fn at(index: usize) -> Self {
        Self::VARIANTS[index]
    }
}

#[diagnostic::do_not_recommend]
impl LabelValue for StatusCode {
    const NAME: &'static str = "status";
    const VALUES: &'static [&'static str] = decimals(Self::FIRST, Self::LAST);
    const VARIANTS: &'static [Self] = &{
        let mut codes = [Self(Self::FIRST); Self::COUNT];
        let mut at = 0;
        while at < Self::COUNT {
            // At most 599.
            codes[at].0 += at as u16;
            at += 1;
        }
        codes
    };
}

#[diagnostic::do_not_recommend]
impl LabelSet for StatusCode {
    const LABELS: &'static [LabelDescriptor] = &[LabelDescriptor::new(Self::NAME, Self::VALUES)];
    const COMBINATIONS: usize = Self::VALUES.len();
    type Cells<T: Block> = [T; StatusCode::VALUES.len()];

    #[inline]
    fn index(&self) -> usize {
        usize::from(self.0 - Self::FIRST)
    }

    fn at(index: usize) -> Self {
        Self::VARIANTS[index]
    }
}

#[diagnostic::do_not_recommend]
impl LabelValue for Method {
    const NAME: &'static str = "method";
    const VALUES: &'static [&'static str] = &[
        "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "other",
    ];
    const VARIANTS: &'static [Self] = &[
        Self::Get,
        Self::Head,
        Self::Post,
        Self::Put,
        Self::Delete,
        Self::Connect,
        Self::Options,
        Self::Trace,
        Self::Patch,
        Self::Other,
    ];
}

#[diagnostic::do_not_recommend]
impl LabelSet for Method {
    const LABELS: &'static [LabelDescriptor] = &[LabelDescriptor::new(Self::NAME, Self::VALUES)];
    const COMBINATIONS: usize = Self::VALUES.len();
    type Cells<T: Block> = [T; Method::VALUES.len()];

    #[inline]
    fn index(&self) -> usize {
        *self as usize
    }

    fn at(index: usize) -> Self {
        Self::VARIANTS[index]
    }
}

#[cfg(any(feature = "exporter", feature = "http"))]
mod from_http {
    use super::{Method, StatusClass, StatusCode};

    impl From<http::StatusCode> for StatusCode {
        /// As [`from_code`](StatusCode::from_code): what is beyond 599 counts as 500.
        fn from(code: http::StatusCode) -> Self {
            Self::from_code(code.as_u16())
        }
    }

    impl From<http::StatusCode> for StatusClass {
        /// As [`from_code`](StatusClass::from_code): what is beyond 599 counts as `5xx`.
        fn from(code: http::StatusCode) -> Self {
            Self::from_code(code.as_u16())
        }
    }

    impl From<&http::Method> for Method {
        // By their names it would take several times as long.
        #[inline]
        fn from(method: &http::Method) -> Self {
            match *method {
                http::Method::GET => Self::Get,
                http::Method::HEAD => Self::Head,
                http::Method::POST => Self::Post,
                http::Method::PUT => Self::Put,
                http::Method::DELETE => Self::Delete,
                http::Method::CONNECT => Self::Connect,
                http::Method::OPTIONS => Self::Options,
                http::Method::TRACE => Self::Trace,
                http::Method::PATCH => Self::Patch,
                _ => Self::Other,
            }
        }
    }
}
