//! The constants that list bounds or quantiles.

/// What a constant that is named as a list is: an array or a slice of `f64`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of numbers [number-list]",
    label = "not a list of `f64`",
    note = "bounds and quantiles are an array or a slice of `f64`: `[0.5, 1.0, 2.0]` in place, or a constant as in \
            `const BOUNDS: [f64; 3] = [0.5, 1.0, 2.0];`"
)]
pub trait Numbers: Copy {
    /// The same: of what is no list there is none, so that the compiler says no more of it.
    type Itself;
}

#[diagnostic::do_not_recommend]
impl<const N: usize> Numbers for [f64; N] {
    type Itself = Self;
}

#[diagnostic::do_not_recommend]
impl<const N: usize> Numbers for &[f64; N] {
    type Itself = Self;
}

#[diagnostic::do_not_recommend]
impl Numbers for &[f64] {
    type Itself = Self;
}

/// The list itself.
#[must_use]
pub const fn list<T: Numbers<Itself = T>>(list: T) -> T::Itself {
    list
}
