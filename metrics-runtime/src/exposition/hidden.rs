//! Which series a scrape leaves out.

use crate::descriptor::Descriptor;
use crate::metric::{Past, Reading};

/// The series of one family that were removed; nothing, where scrapes leave out none.
#[derive(Clone, Copy, Default)]
pub(super) struct Hidden<'a>(Option<&'a Past>);

impl<'a> Hidden<'a> {
    pub(super) fn of(reading: &Reading<'a>) -> Self {
        Self(reading.past().filter(|past| past.hides_any()))
    }

    pub(super) fn is_none(self) -> bool {
        self.0.is_none()
    }

    /// Whether a series was removed, and is nothing again.
    pub(super) fn hides(self, index: usize, is_zero: bool) -> bool {
        self.0.is_some_and(|past| past.hides(index, is_zero))
    }

    /// Whether a series of the family is in the scrape.
    pub(super) fn exports(self, family: &Descriptor, index: usize, is_zero: bool) -> bool {
        family.combination(index).is_exported(is_zero) && !self.hides(index, is_zero)
    }
}
