//! The baseline: what was counted when somebody last looked at it.

use std::fmt::Write;

/// How much a path may grow.
pub const TOLERANCE: f64 = 0.05;

/// The instructions of one path, per call.
#[derive(Clone, Debug, PartialEq)]
pub struct Count {
    pub path: String,
    pub instructions: f64,
}

/// One path a line: its name and its instructions; the rest of a line after `#` is a comment.
pub fn parse(text: &str) -> Result<Vec<Count>, String> {
    text.lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim())
        .filter(|line| !line.is_empty())
        .map(|line| {
            line.split_once(' ')
                .and_then(|(path, instructions)| {
                    Some(Count {
                        path: path.to_owned(),
                        instructions: instructions.trim().parse().ok()?,
                    })
                })
                .ok_or_else(|| format!("not a path and its instructions: {line}"))
        })
        .collect()
}

pub fn write(counts: &[Count], comment: &str) -> String {
    let mut text = String::new();
    for line in comment.lines() {
        _ = writeln!(text, "# {line}");
    }
    for count in counts {
        _ = writeln!(text, "{:20} {:.2}", count.path, count.instructions);
    }
    text
}

/// What is wrong with `counts`: paths that grew beyond the tolerance, and paths that only one side has.
pub fn complaints(baseline: &[Count], counts: &[Count]) -> Vec<String> {
    let of = |counts: &[Count], path: &str| {
        let found = counts.iter().find(|count| count.path == path)?;
        Some(found.instructions)
    };
    let mut complaints = Vec::new();
    for count in counts {
        match of(baseline, &count.path) {
            Some(before) if count.instructions > before * (1.0 + TOLERANCE) => complaints.push(format!(
                "{}: {:.2} instructions, {:.1} % more than the {before:.2} of the baseline",
                count.path,
                count.instructions,
                (count.instructions / before - 1.0) * 100.0,
            )),
            Some(_) => {}
            None => complaints.push(format!("{}: not in the baseline", count.path)),
        }
    }
    for count in baseline {
        if of(counts, &count.path).is_none() {
            complaints.push(format!("{}: in the baseline, but no path", count.path));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(counts: &[(&str, f64)]) -> Vec<Count> {
        counts
            .iter()
            .map(|&(path, instructions)| Count {
                path: path.to_owned(),
                instructions,
            })
            .collect()
    }

    #[test]
    fn what_is_written_is_read() {
        let written = write(
            &counts(&[("counter", 4.25), ("scrape", 120.0)]),
            "two lines\nof comment",
        );
        assert!(written.starts_with("# two lines\n# of comment\n"));
        assert_eq!(parse(&written), Ok(counts(&[("counter", 4.25), ("scrape", 120.0)])));
        assert!(parse("counter four").is_err());
        assert!(parse("counter").is_err());
    }

    #[test]
    fn five_percent_more_is_tolerated_and_six_are_not() {
        let baseline = counts(&[("counter", 100.0)]);
        assert_eq!(
            complaints(&baseline, &counts(&[("counter", 105.0)])),
            Vec::<String>::new()
        );
        assert_eq!(
            complaints(&baseline, &counts(&[("counter", 106.0)])),
            ["counter: 106.00 instructions, 6.0 % more than the 100.00 of the baseline"]
        );
    }

    #[test]
    fn fewer_instructions_are_no_complaint() {
        assert!(complaints(&counts(&[("counter", 100.0)]), &counts(&[("counter", 10.0)])).is_empty());
    }

    #[test]
    fn paths_come_and_go_with_the_baseline() {
        let complaints = complaints(&counts(&[("old", 1.0)]), &counts(&[("new", 1.0)]));
        assert_eq!(
            complaints,
            ["new: not in the baseline", "old: in the baseline, but no path"]
        );
    }
}
