//! Prometheus' own configuration: what it scrapes.

use super::yaml::{Node, Text, read};
use super::{FileFinding, Found, seconds};
use crate::lint::{Linter, RULE_YAML, SCRAPE_DUPLICATE, Severity, TIME_SCRAPE};

/// How often Prometheus scrapes if nothing is said, in seconds.
const INTERVAL: f64 = 60.0;

impl Linter<'_> {
    /// What is wrong with the scrape jobs in a configuration of Prometheus: two of one name, targets that are scraped
    /// twice, scrapes that may take longer than until the next one.
    ///
    /// ```
    /// use enumetrics_promql::{Linter, Usage};
    ///
    /// let file = "scrape_configs: [{job_name: shop, scrape_interval: 5s, scrape_timeout: 10s}]";
    /// let found = Linter::new(Usage::Alert).check_scrapes(file);
    /// assert_eq!((found[0].line, found[0].column), (1, 72));
    /// ```
    #[must_use]
    pub fn check_scrapes(&self, text: &str) -> Vec<FileFinding> {
        let mut found = Found::new(text);
        match read(text) {
            Err(unreadable) => found.unreadable(&unreadable),
            Ok(root) => check(&root, &mut found),
        }
        found.in_order()
    }
}

fn check(root: &Node, found: &mut Found<'_>) {
    let jobs = root.list("scrape_configs");
    if jobs.is_empty() {
        let message = "no job was found: expected `scrape_configs:`, each with `job_name:`";
        found.add(0, "", RULE_YAML, message, None);
    }
    let usual = match root.get("global") {
        Some(global) => pace(global, INTERVAL, "", found),
        None => INTERVAL,
    };
    let mut names: Vec<&str> = Vec::new();
    let mut targets: Vec<(Target<'_>, &str)> = Vec::new();
    for job in jobs {
        found.begins(job);
        let Some(name) = job.text("job_name") else {
            let message = "a job has no `job_name`";
            found.add(job.first_place().unwrap_or_default(), "", RULE_YAML, message, None);
            continue;
        };
        let subject = name.text.as_str();
        if names.contains(&subject) {
            let message = format!("there is another job `{subject}`: Prometheus refuses the file");
            let help = "another name, or all targets in one job".to_owned();
            found.add(name.place(0), subject, SCRAPE_DUPLICATE, &message, Some(help));
        }
        names.push(subject);
        pace(job, usual, subject, found);
        // What is rewritten or filtered may well be asked for twice.
        if ["relabel_configs", "metric_relabel_configs", "params"]
            .iter()
            .any(|key| job.get(key).is_some())
        {
            continue;
        }
        for address in job
            .list("static_configs")
            .iter()
            .flat_map(|config| config.list("targets"))
        {
            let Node::Text(address) = address else { continue };
            let target = Target::of(job, address);
            match targets.iter().find(|(known, _)| *known == target) {
                None => targets.push((target, subject)),
                Some((_, other)) => {
                    let message = match *other == subject {
                        true => format!("`{}` is listed twice", address.text),
                        false => format!(
                            "`{}` is scraped by the job `{other}`, too: sums count it twice",
                            address.text
                        ),
                    };
                    let place = address.place(0);
                    found.add_as(Severity::Warning, place, subject, SCRAPE_DUPLICATE, &message, None);
                }
            }
        }
    }
}

/// What is scraped.
#[derive(PartialEq)]
struct Target<'f> {
    scheme: &'f str,
    address: &'f str,
    path: &'f str,
}

impl<'f> Target<'f> {
    fn of(job: &'f Node, address: &'f Text) -> Self {
        let said = |key: &str, usual: &'static str| job.text(key).map_or(usual, |text| text.text.as_str());
        Self {
            scheme: said("scheme", "http"),
            address: address.text.as_str(),
            path: said("metrics_path", "/metrics"),
        }
    }
}

/// How often something is scraped, in seconds.
fn pace(of: &Node, usual: f64, subject: &str, found: &mut Found<'_>) -> f64 {
    let mut duration = |key: &str| {
        let text = of.text(key)?;
        let read = seconds(&text.text).filter(|seconds| *seconds > 0.0);
        if read.is_none() {
            let message = format!("`{}` is no duration such as `15s`", text.text);
            found.add(text.place(0), subject, RULE_YAML, &message, None);
        }
        Some((read?, text))
    };
    let (interval, timeout) = (duration("scrape_interval"), duration("scrape_timeout"));
    let interval = interval.map_or(usual, |(seconds, _)| seconds);
    if let Some((seconds, text)) = timeout.filter(|(seconds, _)| *seconds > interval) {
        let message = format!("a scrape may take {seconds} s, and the next one begins after {interval} s");
        let help = format!("`{interval}s` or less");
        found.add(text.place(0), subject, TIME_SCRAPE, &message, Some(help));
    }
    interval
}
