//! What was measured, as ratios to the server without a layer: times say more about the machine.

use std::fmt::Write;
use std::time::Duration;

const BEGIN: &str = "<!-- load: written by enumetrics-load -->";
const END: &str = "<!-- end of load -->";

/// What one server took.
pub struct Figures {
    name: &'static str,
    /// In each round.
    cpu_times: Vec<Duration>,
    latencies: Vec<Duration>,
}

impl Figures {
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            cpu_times: Vec::new(),
            latencies: Vec::new(),
        }
    }

    pub fn add(&mut self, cpu_time: Duration, latencies: Vec<Duration>) {
        self.cpu_times.push(cpu_time);
        self.latencies.extend(latencies);
    }

    /// The quartiles over the rounds: what it took against what another took in the same round.
    fn cpu_ratio(&self, reference: &Self) -> [f64; 3] {
        let ratios = self.cpu_times.iter().zip(&reference.cpu_times);
        let mut ratios: Vec<_> = ratios
            .map(|(ours, theirs)| ours.as_secs_f64() / theirs.as_secs_f64())
            .collect();
        ratios.sort_by(f64::total_cmp);
        [0.25, 0.5, 0.75].map(|share| at(&ratios, share))
    }

    fn latency(&self, share: f64) -> Duration {
        let mut latencies = self.latencies.clone();
        latencies.sort_unstable();
        at(&latencies, share)
    }
}

fn at<T: Copy>(sorted: &[T], share: f64) -> T {
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}

/// A table for what was asked, so many times in each round.
pub fn markdown(question: &str, figures: &[Figures]) -> String {
    let reference = &figures[0];
    let mut text = format!(
        "Asked for {question}:\n\n| | CPU time of the server | quartiles | median latency | p99 | p99, more |\n\
         |---|---|---|---|---|---|\n",
    );
    for figures in figures {
        let [low, median, high] = figures.cpu_ratio(reference);
        let ratio = |share| figures.latency(share).as_secs_f64() / reference.latency(share).as_secs_f64();
        let more = figures.latency(0.99).as_secs_f64() - reference.latency(0.99).as_secs_f64();
        _ = writeln!(
            text,
            "| {} | {median:.3} | {low:.3} to {high:.3} | {:.3} | {:.3} | {:+.2} ms |",
            figures.name,
            ratio(0.5),
            ratio(0.99),
            more * 1e3,
        );
    }
    text.push('\n');
    text
}

/// `page` with what is between its two markers replaced; `None` when it has no such markers.
pub fn splice(page: &str, tables: &str) -> Option<String> {
    let begin = page.find(BEGIN)? + BEGIN.len();
    let end = begin + page[begin..].find(END)?;
    Some(format!("{}\n\n{tables}{}", &page[..begin], &page[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_those_of_the_same_round() {
        let milliseconds = Duration::from_millis;
        let figures = |name, cpu_times: &[u64]| {
            let mut figures = Figures::new(name);
            for cpu_time in cpu_times {
                figures.add(milliseconds(*cpu_time), vec![milliseconds(1); 100]);
            }
            figures
        };
        // The machine was three times as slow in the second round.
        let (without, with) = (figures("without", &[10, 30, 10]), figures("with", &[11, 33, 12]));
        assert_eq!(with.cpu_ratio(&without)[1], 1.1);
        let table = markdown("something", &[without, with]);
        assert!(table.starts_with("Asked for something:"), "{table}");
        assert!(
            table.contains("| without | 1.000 | 1.000 to 1.000 | 1.000 | 1.000 | +0.00 ms |"),
            "{table}"
        );
    }

    #[test]
    fn splicing_twice_is_splicing_once() {
        let page = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        let once = splice(&page, "new\n\n").expect("there are markers");
        assert_eq!(once, format!("before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"));
        assert_eq!(splice(&once, "new\n\n"), Some(once));
        assert_eq!(splice("no markers", "new"), None);
    }
}
