//! What the customers saw, told as the series that a scrape should show: the gateway's numbers, found out from
//! outside.

use crate::http_client::Answer;
use crate::metrics::{AttackType, Handler, LimitReason, Module, Status};
use axum::http::StatusCode;
use enumetrics::http::{Answer as Ending, End, ResponseStatus, StatusGroup};
use enumetrics::{LabelValue, Method};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

/// Series, as a scrape writes them, and their values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally(pub BTreeMap<String, i64>);

/// How a request ended, seen from the client.
#[derive(Debug)]
pub enum Outcome {
    Answered(StatusCode, Told),
    /// The client left; this module was to blame, which the client knows only because it asked for it.
    Left(Module),
}

impl Outcome {
    pub fn answered(answer: &Answer) -> Self {
        // A body that says nothing of this is no mistake: the comparison with the scrape notices what is missing.
        Self::Answered(answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
    }
}

/// One line for whoever watches.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (status, told) = match self {
            Self::Answered(status, told) => (status.as_u16(), told),
            Self::Left(module) => return write!(f, "---  left before the answer ({} hung)", module.value()),
        };
        write!(f, "{status}")?;
        let words = [
            told.status.map(|status| status.value()),
            told.attack_type.map(|attack| attack.value()),
        ];
        let words = words
            .into_iter()
            .flatten()
            .chain(told.reasons.iter().map(String::as_str));
        for word in words.chain(told.error.as_deref()).chain(told.message.as_deref()) {
            write!(f, "  {word}")?;
        }
        Ok(())
    }
}

/// What any answer's body may tell.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Told {
    pub session_id: Option<String>,
    pub status: Option<Status>,
    pub attack_type: Option<AttackType>,
    pub module: Option<Module>,
    pub reason: Option<LimitReason>,
    pub reasons: Vec<String>,
    pub error: Option<String>,
    pub message: Option<String>,
}

impl Tally {
    /// Adds one request and its end.
    pub fn add(&mut self, handler: Handler, method: Method, outcome: &Outcome) {
        let status = match outcome {
            Outcome::Answered(status, _) => Ending::Status(*status),
            Outcome::Left(_) => {
                let labels = [("handler", handler.value()), ("reason", End::Cancelled.value())];
                self.one("http_requests_incomplete_total", &labels);
                Ending::Cancelled
            }
        };
        self.http(handler, method, StatusGroup::of(status));
        match (handler, outcome) {
            (Handler::Verify, Outcome::Left(module)) => {
                self.verification(None, Some(*module));
                self.sessions(-1);
            }
            (Handler::Verify, Outcome::Answered(_, told)) if told.status.is_some() => {
                self.verification(told.status, told.module);
                if told.status != Some(Status::Error) {
                    self.sessions(-1);
                }
                if let Some(attack) = told.attack_type {
                    self.one("kyc_liveness_failures_total", &[("attack_type", attack.value())]);
                }
            }
            (Handler::Sessions, Outcome::Answered(StatusCode::CREATED, _)) => self.sessions(1),
            (Handler::Session, Outcome::Answered(StatusCode::NO_CONTENT, _)) => self.sessions(-1),
            (_, Outcome::Answered(_, told)) => {
                if let Some(reason) = told.reason {
                    let endpoint = if handler == Handler::Verify {
                        "verify"
                    } else {
                        "sessions"
                    };
                    self.one(
                        "kyc_rate_limit_hits_total",
                        &[("endpoint", endpoint), ("reason", reason.value())],
                    );
                }
            }
            _ => {}
        }
    }

    fn http(&mut self, handler: Handler, method: Method, status: StatusGroup) {
        let [handler, method, status] = [handler.value(), method.value(), status.value()];
        self.one(
            "http_requests_total",
            &[("handler", handler), ("method", method), ("status", status)],
        );
        self.one(
            "http_request_duration_seconds_count",
            &[("handler", handler), ("method", method)],
        );
    }

    /// A verification that ended with `status`, if anybody was told, because of `module`, if there was trouble.
    fn verification(&mut self, status: Option<Status>, module: Option<Module>) {
        self.one("kyc_verification_duration_seconds_count", &[]);
        if let Some(status) = status {
            self.one("kyc_verifications_total", &[("status", status.value())]);
        }
        // The first three are called together; after that, trouble in one keeps the next from being called.
        let called: &[&str] = match module {
            Some(Module::Liveness | Module::Ocr | Module::FaceMatch) => &["liveness", "ocr", "face_match"],
            Some(Module::Antifraud) => &["liveness", "ocr", "face_match", "antifraud"],
            Some(Module::Decision) | None => Module::VALUES,
        };
        for module in called {
            self.one("kyc_module_duration_seconds_count", &[("module", module)]);
        }
    }

    fn sessions(&mut self, change: i64) {
        *self.0.entry("kyc_active_sessions".to_owned()).or_default() += change;
    }

    fn one(&mut self, name: &str, labels: &[(&str, &str)]) {
        let labels: Vec<String> = labels
            .iter()
            .map(|(name, value)| format!("{name}=\"{value}\""))
            .collect();
        let series = if labels.is_empty() {
            name.to_owned()
        } else {
            format!("{name}{{{}}}", labels.join(","))
        };
        *self.0.entry(series).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{HTTP, HttpExchange, HttpRequest, METRICS};

    #[test]
    fn every_series_is_one_that_is_exported() {
        let mut tally = Tally::default();
        let answers = [
            r#"{"status": "REJECTED", "attack_type": "mask"}"#,
            r#"{"status": "ERROR", "module": "antifraud"}"#,
            r#"{"reason": "ip_limit"}"#,
        ];
        for &handler in Handler::VARIANTS {
            // A route's series are there once it was used.
            let method = Method::Post;
            let (request, status) = (HttpRequest { handler, method }, StatusGroup::Success);
            HTTP.http_request_duration_seconds.with(request).observe(0.0);
            let exchange = HttpExchange {
                handler,
                method,
                status,
            };
            HTTP.http_requests_total.with(exchange).inc();
            tally.add(handler, Method::Post, &Outcome::Left(Module::Ocr));
            tally.add(
                handler,
                Method::Post,
                &Outcome::Answered(StatusCode::CREATED, Told::default()),
            );
            for answer in answers {
                let answer = Answer {
                    status: StatusCode::OK,
                    body: answer.into(),
                };
                tally.add(handler, Method::Post, &Outcome::answered(&answer));
            }
        }
        let scrape = METRICS.render();
        for series in tally.0.keys() {
            assert!(
                scrape.lines().any(|line| line.starts_with(&format!("{series} "))),
                "{series}"
            );
        }
        assert_eq!(tally.0["kyc_verification_duration_seconds_count"], 3);
        assert_eq!(tally.0[r#"kyc_module_duration_seconds_count{module="antifraud"}"#], 2);
        assert_eq!(tally.0[r#"kyc_module_duration_seconds_count{module="decision"}"#], 1);
        assert_eq!(
            tally.0[r#"kyc_rate_limit_hits_total{endpoint="verify",reason="ip_limit"}"#],
            1
        );
    }
}
