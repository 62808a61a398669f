//! Grafana's durations, which stand where PromQL wants one of its own.

/// Each variable, and a duration that nobody writes and that is printed as it is read. They are in the order of their
/// lengths: what Grafana puts in is mostly that long, too.
const DURATIONS: [(&str, &str); 3] = [
    ("$__rate_interval", "4m59s997ms"),
    ("$__interval", "59s991ms"),
    ("$__range", "5h59m59s983ms"),
];

/// An expression of a dashboard with durations in the place of Grafana's `$__rate_interval`, `$__interval` and `$__range`,
/// so that it can be parsed. [`with_variables`] puts them back into what is printed.
///
/// ```
/// use enumetrics_promql::{parse, with_durations, with_variables};
///
/// let expr = parse(&with_durations("sum(rate(hits_total[$__rate_interval]))"))?;
/// assert_eq!(with_variables(&expr.to_string()), "sum(rate(hits_total[$__rate_interval]))");
/// # Ok::<(), enumetrics_promql::Error>(())
/// ```
#[must_use]
pub fn with_durations(text: &str) -> String {
    let each = DURATIONS.into_iter();
    each.fold(text.to_owned(), |text, (variable, duration)| {
        text.replace(variable, duration)
    })
}

/// What [`with_durations`] took for Grafana's variables, as variables again.
#[must_use]
pub fn with_variables(text: &str) -> String {
    let each = DURATIONS.into_iter();
    each.fold(text.to_owned(), |text, (variable, duration)| {
        text.replace(duration, variable)
    })
}

#[cfg(test)]
mod tests {
    use super::{DURATIONS, with_durations, with_variables};
    use crate::parse;

    #[test]
    fn each_variable_comes_back() {
        for (variable, _) in DURATIONS {
            let text = format!("max_over_time(x[{variable}:{variable}] offset {variable})");
            let expr = parse(&with_durations(&text)).expect("a duration stands there");
            assert_eq!(with_variables(&expr.to_string()), text);
        }
    }
}
