//! The labels of exchanges, and what makes a type one.

use http::StatusCode;

use crate::descriptor::LabelDescriptor;
use crate::label::{LabelField, LabelSet, LabelValue, SKIPPED};
use crate::storage::Block;

/// The handler's value of requests that no route is known for.
pub const UNTEMPLATED: &str = "none";

/// A label for what handles a request: the template of a route, or the target of an outgoing call.
///
/// `http_metrics!` makes one that is open, with a capacity. An enum of one's own routes is one as well: the compiler then
/// knows all values, and what it does not know is one more.
///
/// ```
/// use enumetrics_macros::LabelValue;
/// use enumetrics_runtime::{LabelValue, http::Handler};
/// # use enumetrics_runtime as enumetrics;
///
/// #[derive(LabelValue, Clone, Copy, Debug, PartialEq)]
/// # #[label(crate = enumetrics_runtime)]
/// pub enum Route {
///     #[label(value = "/sessions/{id}")]
///     Session,
///     #[label(value = "/verify")]
///     Verify,
///     Other,
/// }
///
/// impl Handler for Route {
///     fn of(template: &str) -> Self {
///         Self::from_value(template).unwrap_or(Self::Other)
///     }
///
///     fn text(self) -> &'static str {
///         self.value()
///     }
/// }
///
/// assert_eq!(Route::of("/verify"), Route::Verify);
/// assert_eq!(Route::of(enumetrics::http::UNTEMPLATED), Route::Other);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a label for what handles a request [label-type]",
    label = "does not implement `Handler`",
    note = "an enum with `#[derive(LabelValue, Clone, Copy)]` and an `impl Handler`, which knows the templates of routes; without \
            `routes` the values come while the program runs"
)]
pub trait Handler: LabelField + Copy + Send + Sync {
    /// The value for a template, or for [`UNTEMPLATED`].
    fn of(template: &str) -> Self;

    /// The value as it is exported.
    fn text(self) -> &'static str;

    /// It is used once more by who remembers it, as if it had been asked for by [`of`](Self::of): a value that was removed
    /// is there again. Most values need nothing for that.
    #[inline]
    fn renew(self) {}
}

/// A label for how a request was answered.
///
/// [`StatusGroup`] and [`ExactStatus`] are there; an enum of the codes that a service knows is one as well.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a label for how a request was answered [label-type]",
    label = "does not implement `ResponseStatus`",
    note = "there are `StatusGroup` and `ExactStatus`; or an enum with `#[derive(LabelValue, Clone, Copy)]` and an \
            `impl ResponseStatus`"
)]
pub trait ResponseStatus: LabelField + Copy {
    /// Whether all values are exported, at 0, as soon as a handler has answered a method once: so that the first `5xx` is
    /// an increase. With many values it is better to export only those that occurred.
    const AT_ZERO: bool = true;

    /// The value for an answer.
    fn of(answer: Answer) -> Self;
}

/// What came back for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A response with this status. A server whose handler fails or panics counts as 500.
    Status(StatusCode),
    /// Nothing: the request was given up before.
    Cancelled,
    /// Nothing but an error: an outgoing call that did not get through.
    Failed,
}

/// The class of a status, as `2xx`; `cancelled` and `error` where there was none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StatusGroup {
    /// `1xx`
    Informational,
    /// `2xx`
    Success,
    /// `3xx`
    Redirection,
    /// `4xx`
    ClientError,
    /// `5xx`, and what is no HTTP status.
    ServerError,
    /// `cancelled`: the request was given up before there was an answer.
    Cancelled,
    /// `error`: an outgoing call did not get through.
    Error,
}

#[diagnostic::do_not_recommend]
impl ResponseStatus for StatusGroup {
    fn of(answer: Answer) -> Self {
        match answer {
            Answer::Status(status) => match status.as_u16() {
                100..200 => Self::Informational,
                200..300 => Self::Success,
                300..400 => Self::Redirection,
                400..500 => Self::ClientError,
                _ => Self::ServerError,
            },
            Answer::Cancelled => Self::Cancelled,
            Answer::Failed => Self::Error,
        }
    }
}

/// The status itself, as `404`; `cancelled` and `error` where there was none.
///
/// Only those that occurred are exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExactStatus(u16);

impl ExactStatus {
    const CODES: usize = <crate::StatusCode as LabelValue>::VALUES.len();
    /// What is behind the codes.
    const CANCELLED: Self = Self(Self::CODES as u16);
    const ERROR: Self = Self(Self::CODES as u16 + 1);
    const COUNT: usize = Self::CODES + 2;
}

#[diagnostic::do_not_recommend]
impl ResponseStatus for ExactStatus {
    const AT_ZERO: bool = false;

    fn of(answer: Answer) -> Self {
        match answer {
            Answer::Status(status) => Self(crate::StatusCode::from(status).index() as u16),
            Answer::Cancelled => Self::CANCELLED,
            Answer::Failed => Self::ERROR,
        }
    }
}

/// How an exchange ended.
///
/// As a label it is the reason why an exchange is not complete; one that is complete has no value, so that counting it
/// counts nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// The whole response was sent, or there is nothing to send.
    Complete,
    /// `cancelled`: it was given up before the response began, because the client left or waited too long.
    Cancelled,
    /// `aborted`: it was given up in the middle of the response's body.
    Aborted,
    /// `failed`: the handler returned an error instead of a response, or the response's body did.
    Failed,
    /// `panicked`: the handler or the response's body did.
    Panicked,
}

/// The status of a gRPC call, which is in the trailers of its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "each is called as in the specification of gRPC")]
pub enum GrpcCode {
    Ok,
    Cancelled,
    Unknown,
    InvalidArgument,
    DeadlineExceeded,
    NotFound,
    AlreadyExists,
    PermissionDenied,
    ResourceExhausted,
    FailedPrecondition,
    Aborted,
    OutOfRange,
    Unimplemented,
    Internal,
    Unavailable,
    DataLoss,
    Unauthenticated,
}

impl GrpcCode {
    /// The code of the header `grpc-status`; one that gRPC does not have is `UNKNOWN`.
    #[must_use]
    pub fn from_number(number: &str) -> Self {
        let known = number
            .parse::<usize>()
            .ok()
            .and_then(|number| Self::VARIANTS.get(number));
        known.copied().unwrap_or(Self::Unknown)
    }
}

/// A label whose values are these variants.
macro_rules! values {
    ($label:ident, $name:literal: $($variant:ident = $value:literal),+ $(; skips $skipped:ident)?) => {
        #[diagnostic::do_not_recommend]
        impl LabelValue for $label {
            const NAME: &'static str = $name;
            const VALUES: &'static [&'static str] = &[$($value),+];
            const VARIANTS: &'static [Self] = &[$(Self::$variant),+];
        }

        #[diagnostic::do_not_recommend]
        impl LabelSet for $label {
            const LABELS: &'static [LabelDescriptor] = &[LabelDescriptor::new(Self::NAME, Self::VALUES)];
            const COMBINATIONS: usize = Self::VALUES.len();
            $(const SKIPS: bool = { let _ = Self::$skipped; true };)?
            type Cells<T: Block> = [T; <$label as LabelValue>::VALUES.len()];

            #[inline]
            fn index(&self) -> usize {
                $(if *self == Self::$skipped {
                    return SKIPPED;
                })?
                Self::VARIANTS.iter().position(|variant| variant == self).unwrap_or(SKIPPED)
            }

            fn at(index: usize) -> Self {
                Self::VARIANTS[index]
            }
        }
    };
}

values! {
    StatusGroup, "status":
    Informational = "1xx",
    Success = "2xx",
    Redirection = "3xx",
    ClientError = "4xx",
    ServerError = "5xx",
    Cancelled = "cancelled",
    Error = "error"
}

values! {
    End, "reason":
    Cancelled = "cancelled",
    Aborted = "aborted",
    Failed = "failed",
    Panicked = "panicked";
    skips Complete
}

values! {
    GrpcCode, "code":
    Ok = "OK",
    Cancelled = "CANCELLED",
    Unknown = "UNKNOWN",
    InvalidArgument = "INVALID_ARGUMENT",
    DeadlineExceeded = "DEADLINE_EXCEEDED",
    NotFound = "NOT_FOUND",
    AlreadyExists = "ALREADY_EXISTS",
    PermissionDenied = "PERMISSION_DENIED",
    ResourceExhausted = "RESOURCE_EXHAUSTED",
    FailedPrecondition = "FAILED_PRECONDITION",
    Aborted = "ABORTED",
    OutOfRange = "OUT_OF_RANGE",
    Unimplemented = "UNIMPLEMENTED",
    Internal = "INTERNAL",
    Unavailable = "UNAVAILABLE",
    DataLoss = "DATA_LOSS",
    Unauthenticated = "UNAUTHENTICATED"
}

#[diagnostic::do_not_recommend]
impl LabelValue for ExactStatus {
    const NAME: &'static str = "status";
    const VALUES: &'static [&'static str] = &{
        let mut values = [""; Self::COUNT];
        let (codes, _) = values.split_at_mut(Self::CODES);
        codes.copy_from_slice(<crate::StatusCode as LabelValue>::VALUES);
        values[Self::CODES] = "cancelled";
        values[Self::CODES + 1] = "error";
        values
    };
    const VARIANTS: &'static [Self] = &{
        let mut variants = [Self(0); Self::COUNT];
        let mut at = 0;
        while at < Self::COUNT {
            // At most 501.
            variants[at] = Self(at as u16);
            at += 1;
        }
        variants
    };
}

#[diagnostic::do_not_recommend]
impl LabelSet for ExactStatus {
    const LABELS: &'static [LabelDescriptor] = &[LabelDescriptor::new(Self::NAME, Self::VALUES)];
    const COMBINATIONS: usize = Self::COUNT;
    type Cells<T: Block> = [T; ExactStatus::COUNT];

    #[inline]
    fn index(&self) -> usize {
        self.0.into()
    }

    fn at(index: usize) -> Self {
        Self::VARIANTS[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: u16) -> Answer {
        Answer::Status(StatusCode::from_u16(code).unwrap())
    }

    #[test]
    fn each_answer_has_a_status() {
        for (answer, group, exact) in [
            (status(101), "1xx", "101"),
            (status(200), "2xx", "200"),
            (status(304), "3xx", "304"),
            (status(418), "4xx", "418"),
            (status(599), "5xx", "599"),
            (status(999), "5xx", "500"),
            (Answer::Cancelled, "cancelled", "cancelled"),
            (Answer::Failed, "error", "error"),
        ] {
            assert_eq!(StatusGroup::of(answer).value(), group);
            assert_eq!(ExactStatus::of(answer).value(), exact);
        }
    }

    #[test]
    fn each_value_is_at_its_index() {
        fn assert_indexed<L: LabelValue + PartialEq + std::fmt::Debug>() {
            for (index, variant) in L::VARIANTS.iter().enumerate() {
                assert_eq!(variant.index(), index);
                assert_eq!(L::at(index), *variant);
            }
        }
        assert_indexed::<StatusGroup>();
        assert_indexed::<ExactStatus>();
        assert_indexed::<GrpcCode>();
        assert_indexed::<End>();
        assert_eq!(End::Complete.index(), SKIPPED);
    }

    #[test]
    fn codes_of_grpc_are_those_of_its_specification() {
        for (number, name) in [
            ("0", "OK"),
            ("5", "NOT_FOUND"),
            ("16", "UNAUTHENTICATED"),
            ("17", "UNKNOWN"),
            ("", "UNKNOWN"),
            ("-1", "UNKNOWN"),
        ] {
            assert_eq!(GrpcCode::from_number(number).value(), name, "{number}");
        }
    }
}
