use super::{Field, LabelField};
use crate::descriptor::LabelDescriptor;

/// The whole numbers from `MIN` to `MAX` as values of a label: a retry's number, a shard, a priority.
///
/// `MAX` is at most 999; each number is a series. It has no name of its own: it is a field of a `#[derive(LabelSet)]`
/// struct, which names the label.
///
/// ```
/// # use enumetrics_runtime::IntRange;
/// type Attempt = IntRange<1, 5>; // attempt="1" … attempt="5"
///
/// assert_eq!(Attempt::new(3).map(Attempt::get), Some(3));
/// assert_eq!(Attempt::new(6), None);
/// assert_eq!(Attempt::clamped(6).get(), 5);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IntRange<const MIN: u16, const MAX: u16>(u16);

impl<const MIN: u16, const MAX: u16> IntRange<MIN, MAX> {
    /// The number, if it is in the range.
    #[must_use]
    pub const fn new(number: u16) -> Option<Self> {
        if MIN <= number && number <= MAX {
            Some(Self(number))
        } else {
            None
        }
    }

    /// The number, or the end of the range that is nearest to it.
    #[must_use]
    pub const fn clamped(number: u16) -> Self {
        if number < MIN {
            Self(MIN)
        } else if number > MAX {
            Self(MAX)
        } else {
            Self(number)
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    const PROBLEM: &'static str = if MIN > MAX {
        "this `IntRange` has no numbers: its first must not be greater than its last [label-value]"
    } else if MAX > LARGEST {
        "an `IntRange` ends at 999 or before: each of its numbers is a series [label-value]"
    } else {
        ""
    };
    const LABELS: &'static [LabelDescriptor] = &[LabelDescriptor::new(
        "",
        if Self::PROBLEM.is_empty() {
            decimals(MIN, MAX)
        } else {
            &[]
        },
    )];
}

impl<const MIN: u16, const MAX: u16> LabelField for IntRange<MIN, MAX> {
    const FIELD: Field = Field::nameless(Self::LABELS, Self::PROBLEM);

    #[inline]
    fn position(&self) -> usize {
        usize::from(self.0 - MIN)
    }

    fn from_position(position: usize) -> Self {
        // There are at most 1000.
        Self(MIN + position as u16)
    }
}

/// The greatest number that is a label value.
const LARGEST: u16 = 999;

/// The numbers of a range that is not empty, as text.
pub(super) const fn decimals(min: u16, max: u16) -> &'static [&'static str] {
    DECIMALS.split_at(max as usize + 1).0.split_at(min as usize).1
}

/// `0` … `999`.
const DECIMALS: &[&str; LARGEST as usize + 1] = &{
    let mut decimals = [""; LARGEST as usize + 1];
    let mut number = 0;
    while number < decimals.len() {
        let digits = match number {
            0..10 => 1,
            10..100 => 2,
            _ => 3,
        };
        let start = 3 * number + 3 - digits;
        if let Ok(decimal) = str::from_utf8(DIGITS.split_at(start).1.split_at(digits).0) {
            decimals[number] = decimal;
        }
        number += 1;
    }
    decimals
};

/// `000001002` … `999`.
const DIGITS: &[u8; 3 * (LARGEST as usize + 1)] = &{
    let mut digits = [b'0'; 3 * (LARGEST as usize + 1)];
    let mut number = 0;
    while number < LARGEST as usize + 1 {
        digits[3 * number] += (number / 100) as u8;
        digits[3 * number + 1] += (number / 10 % 10) as u8;
        digits[3 * number + 2] += (number % 10) as u8;
        number += 1;
    }
    digits
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_std_writes_them() {
        for (number, decimal) in (0..).zip(decimals(0, 999)) {
            assert_eq!(*decimal, format!("{number}"));
        }
        assert_eq!(decimals(8, 11), ["8", "9", "10", "11"]);
        assert_eq!(decimals(999, 999), ["999"]);
    }
}
