//! The five module services of the pipeline, each on a port of its own.
//!
//! A module is a pure function from what was submitted to a report: its rules stand at the top of its file. What the
//! five have in common is here: `POST /evaluate` with a [`Call`], answered with the report as JSON.

pub mod antifraud;
pub mod decision;
pub mod face_match;
pub mod liveness;
pub mod ocr;

use crate::metrics::Module;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// How long a module takes that is asked to be slow: over one bucket bound of its histogram and under the gateway's
/// default patience.
pub const SLOW: Duration = Duration::from_millis(1200);

/// What a module is sent.
#[derive(Debug, Serialize, Deserialize)]
pub struct Call<T> {
    /// What to judge.
    pub input: T,
    /// How to misbehave first.
    pub simulate: Option<Behaviour>,
}

/// How a module misbehaves on demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Behaviour {
    /// The right answer, after [`SLOW`].
    Slow,
    /// 500 at once.
    Fail,
    /// No answer, ever.
    Hang,
}

/// A measurement between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64")]
pub struct Score(f64);

impl Score {
    /// The number itself.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Score {
    type Error = String;

    fn try_from(number: f64) -> Result<Self, Self::Error> {
        if (0.0..=1.0).contains(&number) {
            Ok(Self(number))
        } else {
            Err(format!("expected a number from 0 to 1, found {number}"))
        }
    }
}

/// Where each module listens.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    liveness: SocketAddr,
    ocr: SocketAddr,
    face_match: SocketAddr,
    antifraud: SocketAddr,
    decision: SocketAddr,
}

impl Addresses {
    pub fn of(&self, module: Module) -> SocketAddr {
        match module {
            Module::Liveness => self.liveness,
            Module::Ocr => self.ocr,
            Module::FaceMatch => self.face_match,
            Module::Antifraud => self.antifraud,
            Module::Decision => self.decision,
        }
    }
}

/// The running services; they stop when this is dropped.
#[derive(Debug, Default)]
pub struct Services(JoinSet<()>);

/// Starts all five on free ports of the loopback interface.
pub async fn start() -> io::Result<(Addresses, Services)> {
    let mut services = Services::default();
    let antifraud = antifraud::Antifraud::default();
    let addresses = Addresses {
        liveness: services.start(service(liveness::judge)).await?,
        ocr: services.start(service(ocr::judge)).await?,
        face_match: services.start(service(face_match::judge)).await?,
        antifraud: services.start(service(move |input| antifraud.judge(input))).await?,
        decision: services.start(service(decision::judge)).await?,
    };
    Ok((addresses, services))
}

impl Services {
    async fn start(&mut self, service: Router) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        self.0.spawn(async move {
            // `serve` never returns without a shutdown signal: it logs nothing and goes on after a failed accept.
            let _ = axum::serve(listener, service).await;
        });
        Ok(address)
    }
}

fn service<Input, Report>(judge: impl Fn(Input) -> Report + Clone + Send + Sync + 'static) -> Router
where
    Input: DeserializeOwned + Send + 'static,
    Report: Serialize + Send + 'static,
{
    let evaluate = async move |Json(call): Json<Call<Input>>| {
        misbehave(call.simulate).await?;
        Ok::<_, StatusCode>(Json(judge(call.input)))
    };
    Router::new().route("/evaluate", post(evaluate))
}

async fn misbehave(behaviour: Option<Behaviour>) -> Result<(), StatusCode> {
    match behaviour {
        None => {}
        Some(Behaviour::Slow) => tokio::time::sleep(SLOW).await,
        Some(Behaviour::Fail) => return Err(StatusCode::INTERNAL_SERVER_ERROR),
        Some(Behaviour::Hang) => std::future::pending().await,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Score;

    #[test]
    fn a_score_is_between_0_and_1() {
        assert_eq!(serde_json::from_str::<Score>("0.25").unwrap().get(), 0.25);
        let error = serde_json::from_str::<Score>("1.5").unwrap_err().to_string();
        assert!(error.starts_with("expected a number from 0 to 1, found 1.5"), "{error}");
    }
}
