//! Between which numbers values lie.

use crate::operator::BinaryOp;

/// Numbers from `least` to `most`, both included. Not a number is in none.
///
/// Everything about it can be computed in a constant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub least: f64,
    /// The upper end.
    pub most: f64,
}

impl Interval {
    /// Any number.
    pub const ALL: Self = Self::new(f64::NEG_INFINITY, f64::INFINITY);
    /// Zero and everything above.
    pub const POSITIVE: Self = Self::new(0.0, f64::INFINITY);
    /// What a part can be of its whole.
    pub const RATIO: Self = Self::new(0.0, 1.0);
    /// What says that something is there.
    pub const ONE: Self = Self::new(1.0, 1.0);

    /// From `least` to `most`.
    #[must_use]
    pub const fn new(least: f64, most: f64) -> Self {
        Self { least, most }
    }

    /// What is in one of both, and between them.
    #[must_use]
    pub const fn hull(self, other: Self) -> Self {
        Self::new(self.least.min(other.least), self.most.max(other.most))
    }

    /// With the other sign.
    #[must_use]
    pub const fn negated(self) -> Self {
        // So that zero has no sign.
        Self::new(0.0 - self.most, 0.0 - self.least)
    }

    /// The sums of any number of values, but at least one.
    #[must_use]
    pub const fn summed(self) -> Self {
        if self.least >= 0.0 {
            return Self::new(self.least, f64::INFINITY);
        }
        Self::ALL
    }

    /// What an operator makes of two values.
    #[must_use]
    pub const fn combined(self, op: BinaryOp, other: Self) -> Self {
        match op {
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul => self.ends(op, other),
            BinaryOp::Div if other.least > 0.0 && other.most.is_finite() => self.ends(op, other),
            BinaryOp::Div if self.least >= 0.0 && other.least >= 0.0 => Self::POSITIVE,
            BinaryOp::And | BinaryOp::Unless => self,
            BinaryOp::Or => self.hull(other),
            // A filter.
            BinaryOp::Greater | BinaryOp::GreaterOrEqual => Self::new(self.least.max(other.least), self.most),
            BinaryOp::Less | BinaryOp::LessOrEqual => Self::new(self.least, self.most.min(other.most)),
            BinaryOp::Equal | BinaryOp::NotEqual => self,
            // It has the sign of the left side, and is no larger.
            BinaryOp::Mod => Self::new(self.least.min(0.0), self.most.max(0.0)),
            BinaryOp::Atan2 => Self::new(-std::f64::consts::PI, std::f64::consts::PI),
            BinaryOp::Div | BinaryOp::Pow => Self::ALL,
        }
    }

    /// From the ends of both sides; what is no number says nothing.
    const fn ends(self, op: BinaryOp, other: Self) -> Self {
        let pairs = [
            (self.least, other.least),
            (self.least, other.most),
            (self.most, other.least),
            (self.most, other.most),
        ];
        let mut all = Self::new(f64::INFINITY, f64::NEG_INFINITY);
        let mut at = 0;
        while at < pairs.len() {
            let (left, right) = pairs[at];
            let end = match op {
                BinaryOp::Add => left + right,
                BinaryOp::Sub => left - right,
                // Nothing times infinity: a value is never infinite, only without a known end.
                BinaryOp::Mul if left == 0.0 || right == 0.0 => 0.0,
                BinaryOp::Mul => left * right,
                _ => left / right,
            };
            if end.is_nan() {
                return Self::ALL;
            }
            all = all.hull(Self::new(end, end));
            at += 1;
        }
        all
    }

    /// What a comparison says of all its values, if it is the same of all.
    #[must_use]
    pub const fn compared(self, op: BinaryOp, other: Self) -> Option<bool> {
        let (above, below) = (self.least > other.most, self.most < other.least);
        match op {
            BinaryOp::Greater if self.most <= other.least => Some(false),
            BinaryOp::Greater if above => Some(true),
            BinaryOp::Less if self.least >= other.most => Some(false),
            BinaryOp::Less if below => Some(true),
            BinaryOp::GreaterOrEqual if below => Some(false),
            BinaryOp::GreaterOrEqual if self.least >= other.most => Some(true),
            BinaryOp::LessOrEqual if above => Some(false),
            BinaryOp::LessOrEqual if self.most <= other.least => Some(true),
            BinaryOp::Equal if above || below => Some(false),
            BinaryOp::NotEqual if above || below => Some(true),
            _ => None,
        }
    }
}
