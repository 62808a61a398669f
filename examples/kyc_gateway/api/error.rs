//! Every answer that is not what was asked for: a status, and a JSON body that says what went wrong in a word
//! (`error`), in a sentence (`message`) and in the details that a client can act on.

use crate::clients::{Failure, ModuleFailure};
use crate::metrics::{LimitReason, Module, Status};
use crate::rate_limit::Refusal;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// Why a request does not get what it asked for.
#[derive(Debug)]
pub enum ApiError {
    /// The request makes no sense.
    Malformed { status: StatusCode, message: String },
    /// There is no such session, or no longer.
    UnknownSession,
    /// Too many requests.
    RateLimited(Refusal),
    /// A module failed, so the verification ended in an error.
    Module(ModuleFailure),
    /// There is no such path.
    UnknownPath,
    /// There is such a path, but not for this method.
    WrongMethod,
}

#[derive(Debug, Serialize)]
struct Problem {
    error: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<Module>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<LimitReason>,
}

impl Problem {
    fn new(error: &'static str, message: impl Into<String>) -> Self {
        Self {
            error,
            message: message.into(),
            status: None,
            module: None,
            reason: None,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut retry_after = None;
        let (status, problem) = match self {
            Self::Malformed { status, message } => (status, Problem::new("malformed_request", message)),
            Self::UnknownSession => (
                StatusCode::NOT_FOUND,
                Problem::new(
                    "unknown_session",
                    "there is no such session: it ended, or POST /sessions opens one",
                ),
            ),
            Self::RateLimited(refusal) => {
                retry_after = refusal.retry_after;
                let problem = Problem::new("rate_limited", refusal.to_string());
                (
                    StatusCode::TOO_MANY_REQUESTS,
                    Problem {
                        reason: Some(refusal.reason),
                        ..problem
                    },
                )
            }
            Self::Module(failure) => {
                let (status, error) = match failure.failure {
                    Failure::TimedOut(_) => (StatusCode::GATEWAY_TIMEOUT, "module_timed_out"),
                    Failure::Http(_) => (StatusCode::BAD_GATEWAY, "module_failed"),
                };
                let problem = Problem::new(error, failure.to_string());
                (
                    status,
                    Problem {
                        status: Some(Status::Error),
                        module: Some(failure.module),
                        ..problem
                    },
                )
            }
            Self::UnknownPath => (
                StatusCode::NOT_FOUND,
                Problem::new(
                    "unknown_path",
                    "try POST /sessions, DELETE /sessions/{id}, POST /verify or GET /metrics",
                ),
            ),
            Self::WrongMethod => (
                StatusCode::METHOD_NOT_ALLOWED,
                Problem::new(
                    "wrong_method",
                    "this path does not know the method; `allow` lists those that it knows",
                ),
            ),
        };
        let mut response = (status, Json(problem)).into_response();
        if let Some(wait) = retry_after {
            // Whole seconds, rounded up: a client that waits this long is let in.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
