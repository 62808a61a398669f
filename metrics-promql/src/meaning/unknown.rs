//! Without the feature `schema` nothing is known of what is exported.

use super::{Facts, Unit};
use crate::ast::{Expr, Selector};
use crate::interval::Interval;

/// What is exported, of which there is none.
pub(crate) enum Exported {}

impl Exported {
    pub(super) fn facts(&self, _: &Selector, _: &Facts) -> Option<Facts> {
        match *self {}
    }

    pub(super) fn may_rise(&self, _: &Selector) -> bool {
        match *self {}
    }

    pub(super) fn quantiles(&self, _: &Expr) -> Option<Interval> {
        match *self {}
    }

    pub(super) fn unit(&self, _: &str) -> Option<Unit> {
        match *self {}
    }
}
