//! The gateway's side of the five modules: one timed function each.
//!
//! `#[timed]` records a call once, whatever its end. That includes the call that nobody waits for any longer, because
//! it took too long or because the gateway's own client is gone: its future is dropped, and the time until then counts.

use crate::api::Simulate;
use crate::http_client::{HttpClient, HttpError};
use crate::metrics::Module;
use crate::modules::antifraud::Application;
use crate::modules::decision::Evidence;
use crate::modules::face_match::Faces;
use crate::modules::liveness::Capture;
use crate::modules::ocr::Scan;
use crate::modules::{Addresses, Call, antifraud, decision, face_match, liveness, ocr};
use axum::http::Uri;
use enumetrics::{LabelValue, timed};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::time::Duration;

/// How to reach the modules, and how long to wait for each.
#[derive(Debug)]
pub struct Modules {
    http: HttpClient,
    addresses: Addresses,
    patience: Duration,
}

impl Modules {
    pub fn new(addresses: Addresses, patience: Duration) -> Self {
        Self {
            http: HttpClient::new(),
            addresses,
            patience,
        }
    }

    /// Calls on behalf of one verification, which may have asked a module to misbehave.
    pub fn caller(&self, simulate: Option<Simulate>) -> Caller<'_> {
        Caller {
            modules: self,
            simulate,
        }
    }
}

/// One verification's view of the modules.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    modules: &'a Modules,
    simulate: Option<Simulate>,
}

#[timed(module = "liveness")]
pub async fn liveness(caller: Caller<'_>, capture: Capture) -> Result<liveness::Report, HttpError> {
    caller.post(Module::Liveness, capture).await
}

#[timed(module = "ocr")]
pub async fn ocr(caller: Caller<'_>, scan: Scan) -> Result<ocr::Report, HttpError> {
    caller.post(Module::Ocr, scan).await
}

#[timed(module = "face_match")]
pub async fn face_match(caller: Caller<'_>, faces: Faces) -> Result<face_match::Report, HttpError> {
    caller.post(Module::FaceMatch, faces).await
}

#[timed(module = "antifraud")]
pub async fn antifraud(caller: Caller<'_>, application: Application) -> Result<antifraud::Report, HttpError> {
    caller.post(Module::Antifraud, application).await
}

#[timed(module = "decision")]
pub async fn decision(caller: Caller<'_>, evidence: Evidence) -> Result<decision::Report, HttpError> {
    caller.post(Module::Decision, evidence).await
}

impl Caller<'_> {
    /// Waits for `call` as long as the gateway is willing to, and then drops it.
    pub async fn patiently<T>(
        self,
        module: Module,
        call: impl Future<Output = Result<T, HttpError>>,
    ) -> Result<T, ModuleFailure> {
        let patience = self.modules.patience;
        let outcome = tokio::time::timeout(patience, call).await;
        let failure = match outcome {
            Ok(Ok(report)) => return Ok(report),
            Ok(Err(error)) => Failure::Http(error),
            Err(_) => Failure::TimedOut(patience),
        };
        Err(ModuleFailure { module, failure })
    }

    async fn post<Input: Serialize, Report: DeserializeOwned>(
        self,
        module: Module,
        input: Input,
    ) -> Result<Report, HttpError> {
        let simulate = self
            .simulate
            .filter(|simulate| simulate.module == module)
            .map(|simulate| simulate.behaviour);
        let uri = Uri::builder()
            .scheme("http")
            .authority(self.modules.addresses.of(module).to_string())
            .path_and_query("/evaluate")
            .build()
            .map_err(HttpError::Request)?;
        self.modules.http.post_json(uri, &Call { input, simulate }).await
    }
}

/// A module that gave no report.
#[derive(Debug)]
pub struct ModuleFailure {
    pub module: Module,
    pub failure: Failure,
}

/// Why not.
#[derive(Debug)]
pub enum Failure {
    /// It failed, or what it said made no sense.
    Http(HttpError),
    /// It took longer than this.
    TimedOut(Duration),
}

impl fmt::Display for ModuleFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let module = self.module.value();
        match &self.failure {
            Failure::Http(error) => write!(f, "the module {module} failed: {error}"),
            Failure::TimedOut(patience) => write!(f, "the module {module} gave no report within {patience:?}"),
        }
    }
}
