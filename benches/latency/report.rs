//! What was measured, as a table.

use std::fmt::Write as _;
use std::time::Duration;

pub const BEGIN: &str = "<!-- latency: written by enumetrics-latency -->";
pub const END: &str = "<!-- end of latency -->";

/// Quantiles of how long requests took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Times {
    pub p50: Duration,
    pub p99: Duration,
}

impl Times {
    pub fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |quantile: f64| {
            let position = (times.len() as f64 * quantile) as usize;
            times.get(position).or(times.last()).copied().unwrap_or_default()
        };
        Self {
            p50: at(0.5),
            p99: at(0.99),
        }
    }
}

/// One turn of each burden; the first is none.
#[derive(Debug)]
pub struct Round(pub Vec<Times>);

/// The medians of the rounds, as ratios to the first burden: times are the machine's.
pub fn markdown(burdens: &[&str], rounds: &[Round]) -> String {
    let mut text = "| | p50 | p99 |\n|---|---|---|\n".to_owned();
    for (burden, name) in burdens.iter().enumerate() {
        let ratio = |quantile: fn(&Times) -> Duration| {
            let ratios = rounds
                .iter()
                .map(|Round(times)| quantile(&times[burden]).as_secs_f64() / quantile(&times[0]).as_secs_f64());
            median(ratios.collect())
        };
        let (p50, p99) = (ratio(|times| times.p50), ratio(|times| times.p99));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| {name} | {p50:.2} | {p99:.2} |");
    }
    text
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// `page` with what is between its two markers replaced; `None` when it has no such markers.
pub fn splice(page: &str, table: &str) -> Option<String> {
    let begin = page.find(BEGIN)? + BEGIN.len();
    let end = begin + page[begin..].find(END)?;
    Some(format!("{}\n\n{table}\n{}", &page[..begin], &page[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_those_of_each_round() {
        let millis = |p50, p99| Times {
            p50: Duration::from_millis(p50),
            p99: Duration::from_millis(p99),
        };
        // A machine that is twice as slow for a while changes nothing.
        let rounds = [(1, 10), (2, 20), (1, 10)].map(|(p50, p99)| Round(vec![millis(p50, p99), millis(p50, 3 * p99)]));
        assert_eq!(
            markdown(&["none", "some"], &rounds),
            "| | p50 | p99 |\n|---|---|---|\n| none | 1.00 | 1.00 |\n| some | 1.00 | 3.00 |\n"
        );
    }

    #[test]
    fn quantiles_are_of_all_times() {
        let times = (0..100).map(Duration::from_micros).rev().collect();
        let expected = Times {
            p50: Duration::from_micros(50),
            p99: Duration::from_micros(99),
        };
        assert_eq!(Times::of(times), expected);
    }

    #[test]
    fn only_what_is_between_the_markers_changes() {
        let page = format!("before\n{BEGIN}\nold\n{END}\nafter");
        let once = splice(&page, "new\n").expect("markers");
        assert_eq!(once, format!("before\n{BEGIN}\n\nnew\n\n{END}\nafter"));
        assert_eq!(splice(&once, "new\n").as_ref(), Some(&once));
        assert_eq!(splice("no markers", "new"), None);
    }
}
