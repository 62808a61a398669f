//! The little arithmetic behind every figure.

/// The middle value; between the two middle ones when their number is even. `None` of nothing.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        length if length % 2 == 1 => Some(sorted[middle]),
        _ => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
    }
}

/// By what part of the smaller one two figures differ.
pub fn apart(one: f64, other: f64) -> f64 {
    ratio(one.max(other), one.min(other)).map_or(0.0, |ratio| ratio - 1.0)
}

/// How many times `of` something is; `None` when there is nothing to compare with.
pub fn ratio(something: f64, of: f64) -> Option<f64> {
    (of > 0.0).then(|| something / of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle_whatever_the_order() {
        assert_eq!(median(&[9.0, 1.0, 5.0]), Some(5.0));
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(median(&[7.0]), Some(7.0));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn one_slow_round_moves_no_median() {
        assert_eq!(median(&[1.0, 1.0, 1.0, 1.0, 1e9]), Some(1.0));
    }

    #[test]
    fn figures_are_apart_whichever_is_the_larger() {
        assert_eq!(apart(4.0, 5.0), 0.25);
        assert_eq!(apart(5.0, 4.0), 0.25);
        assert_eq!(apart(3.0, 3.0), 0.0);
        assert_eq!(apart(0.0, 0.0), 0.0);
    }

    #[test]
    fn a_ratio_needs_something_to_compare_with() {
        assert_eq!(ratio(1.0, 4.0), Some(0.25));
        assert_eq!(ratio(0.0, 4.0), Some(0.0));
        assert_eq!(ratio(1.0, 0.0), None);
    }
}
