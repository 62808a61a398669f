use crate::descriptor::LabelDescriptor;
use crate::label::{LabelSet, LabelValue};
use crate::storage::Block;

/// How a call ended: the label `outcome`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It returned, and what it returned is no error.
    Ok,
    /// It returned an `Err`, or what `error_if` takes for an error.
    Error,
    /// It panicked.
    Panic,
    /// Its future was dropped before it was done: by `select!`, a timeout, an aborted task, the end of the runtime.
    Cancelled,
}

#[diagnostic::do_not_recommend]
impl LabelSet for Outcome {
    const LABELS: &'static [LabelDescriptor] = &[LabelDescriptor::new(Self::NAME, Self::VALUES)];
    const COMBINATIONS: usize = Self::VALUES.len();
    type Cells<T: Block> = [T; 4];

    #[inline]
    fn index(&self) -> usize {
        match self {
            Self::Ok => 0,
            Self::Error => 1,
            Self::Panic => 2,
            Self::Cancelled => 3,
        }
    }

    fn at(index: usize) -> Self {
        Self::VARIANTS[index]
    }
}

#[diagnostic::do_not_recommend]
impl LabelValue for Outcome {
    const NAME: &'static str = "outcome";
    const VALUES: &'static [&'static str] = &["ok", "error", "panic", "cancelled"];
    const VARIANTS: &'static [Self] = &[Self::Ok, Self::Error, Self::Panic, Self::Cancelled];
}

/// Which kind of error an `E` is: what a group of [`Calls`](super::Calls) counts errors by.
///
/// `#[derive(ErrorLabel)]` on an error enum makes an enum of its kinds, which implements this. By hand it tells any
/// error's kind, one of another crate included:
///
/// ```
/// # use enumetrics_runtime::{ErrorLabel, LabelDescriptor, LabelSet, LabelValue};
/// use std::io;
///
/// // #[derive(LabelValue)]
/// pub enum IoErrorKind { NotFound, Other }
/// # impl LabelSet for IoErrorKind {
/// #     const LABELS: &'static [LabelDescriptor] = &[LabelDescriptor::new("error", &["not_found", "other"])];
/// #     const COMBINATIONS: usize = 2;
/// #     type Cells<T: enumetrics_runtime::__private::Block> = [T; 2];
/// #     fn index(&self) -> usize { 0 }
/// #     fn at(_: usize) -> Self { Self::Other }
/// # }
///
/// impl ErrorLabel<io::Error> for IoErrorKind {
///     fn of(error: &io::Error) -> Self {
///         match error.kind() {
///             io::ErrorKind::NotFound => Self::NotFound,
///             _ => Self::Other,
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not tell which kind of error a `{E}` is [timed-error]",
    label = "this function's errors have no kind that is counted",
    note = "derive it where `{E}` is declared: `#[derive(ErrorLabel)]`, and `calls(error = …)` names the enum that it \
            makes; or write `impl ErrorLabel<{E}> for {Self}`"
)]
pub trait ErrorLabel<E: ?Sized>: LabelSet {
    /// The kind of this error.
    fn of(error: &E) -> Self;
}

/// Where kinds are not told apart, every error is the same.
impl<E: ?Sized> ErrorLabel<E> for () {
    #[inline]
    fn of(_: &E) {}
}
