//! The end of a run with `--requests`: what the customers saw beside what the gateway exports.

use crate::http_client::{HttpClient, HttpError};
use crate::traffic::Tally;
use axum::http::{HeaderValue, Request, header};
use base64::prelude::{BASE64_STANDARD, Engine};
use http_body_util::Full;
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

/// The user that the gateway expects at `/metrics`.
pub const USER: &str = "prometheus";

/// The metrics that can be found out from outside.
const COMPARED: [&str; 10] = [
    "http_requests_total",
    "http_requests_incomplete_total",
    "http_requests_inprogress",
    "http_request_duration_seconds_count",
    "kyc_active_sessions",
    "kyc_liveness_failures_total",
    "kyc_module_duration_seconds_count",
    "kyc_rate_limit_hits_total",
    "kyc_verification_duration_seconds_count",
    "kyc_verifications_total",
];

/// How long the gateway may take to notice that a client left.
const SETTLING: Duration = Duration::from_secs(5);

/// Two columns of numbers.
#[derive(Debug)]
pub struct Summary {
    rows: BTreeMap<String, Row>,
}

/// A series: what was counted, and what was scraped, if it was.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Row {
    counted: i64,
    scraped: Option<f64>,
}

impl Row {
    fn agrees(self) -> bool {
        // Counts this small are exact in both types.
        self.scraped == Some(self.counted as f64)
    }
}

impl Summary {
    /// Scrapes the gateway until the numbers agree with `tally`, for at most some seconds: a request that its client
    /// left is over a moment later.
    pub async fn settled(gateway: SocketAddr, password: &str, tally: &Tally) -> Result<Self, HttpError> {
        let http = HttpClient::new();
        let deadline = tokio::time::Instant::now() + SETTLING;
        loop {
            let summary = Self::new(tally, &scrape(&http, gateway, password).await?);
            if summary.agrees() || tokio::time::Instant::now() >= deadline {
                return Ok(summary);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn new(tally: &Tally, scrape: &str) -> Self {
        let mut rows: BTreeMap<String, Row> = BTreeMap::new();
        for (series, counted) in &tally.0 {
            rows.entry(series.clone()).or_default().counted = *counted;
        }
        for (series, value) in scrape
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|l| l.rsplit_once(' '))
        {
            let name = series.split_once('{').map_or(series, |(name, _)| name);
            if COMPARED.contains(&name) {
                rows.entry(series.to_owned()).or_default().scraped = value.parse().ok();
            }
        }
        Self { rows }
    }

    /// Whether every number is on both sides.
    pub fn agrees(&self) -> bool {
        self.rows.values().all(|row| row.agrees())
    }
}

async fn scrape(http: &HttpClient, gateway: SocketAddr, password: &str) -> Result<String, HttpError> {
    let request = Request::get(format!("http://{gateway}/metrics"))
        .header(header::AUTHORIZATION, basic_auth(USER, password)?)
        .body(Full::default())
        .map_err(HttpError::Request)?;
    let answer = http.send(request).await?;
    if !answer.status.is_success() {
        return Err(HttpError::Status(answer.status));
    }
    Ok(String::from_utf8_lossy(&answer.body).into_owned())
}

fn basic_auth(user: &str, password: &str) -> Result<HeaderValue, HttpError> {
    let value = format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")));
    HeaderValue::from_str(&value).map_err(|error| HttpError::Request(error.into()))
}

/// A table of the series that are not 0 on both sides.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.rows.iter().filter(|(_, row)| row.counted != 0 || !row.agrees());
        let width = shown.clone().map(|(series, _)| series.len()).max().unwrap_or(0);
        writeln!(f, "{:width$}  counted  scraped", "")?;
        for (series, row) in shown {
            let scraped = row.scraped.map_or("missing".to_owned(), |value| value.to_string());
            let mark = if row.agrees() { "" } else { "  <- differs" };
            writeln!(f, "{series:width$}  {:>7}  {scraped:>7}{mark}", row.counted)?;
        }
        if self.agrees() {
            write!(f, "{} series compared, all equal", self.rows.len())
        } else {
            let different = self.rows.values().filter(|row| !row.agrees()).count();
            write!(f, "{} series compared, {different} differ", self.rows.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(counted: i64, scrape: &str) -> Summary {
        let tally = Tally([(r#"kyc_verifications_total{status="ERROR"}"#.to_owned(), counted)].into());
        Summary::new(&tally, scrape)
    }

    #[test]
    fn equal_numbers_agree() {
        let scrape = "# HELP kyc_verifications_total x\nkyc_verifications_total{status=\"ERROR\"} 2\nup 1\n\
                      kyc_verifications_total{status=\"VERIFIED\"} 0\n";
        let summary = summary(2, scrape);
        assert!(summary.agrees());
        assert!(
            summary.to_string().ends_with("2 series compared, all equal"),
            "{summary}"
        );
    }

    #[test]
    fn every_difference_is_shown() {
        for (counted, scrape) in [
            (2, "kyc_verifications_total{status=\"ERROR\"} 3"),
            (2, ""),
            (0, "kyc_verifications_total{status=\"ERROR\"} 1"),
            (0, "kyc_verifications_total{status=\"ERROR\"} NaN"),
            (0, "kyc_verifications_total{status=\"ERROR\"} 0\nkyc_active_sessions 1"),
        ] {
            let summary = summary(counted, scrape);
            assert!(!summary.agrees(), "{scrape}");
            assert!(summary.to_string().contains("<- differs"), "{summary}");
        }
    }
}
