//! The gateway: its routes, and what each does.

use crate::api::{
    ApiError, ClientAddress, LONGEST_BODY, OpenSession, SessionOpened, VerifyAnswer, VerifyRequest, read_json,
};
use crate::clients::Modules;
use crate::metrics::{Endpoint, HTTP, KYC, LimitReason};
use crate::pipeline;
use crate::rate_limit::{RateLimits, Refusal};
use crate::sessions::{Sessions, Unusable};
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::StatusCode;
use axum::routing::{MethodRouter, delete, post};
use axum::{Json, Router};
use enumetrics::http::HttpLayer;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What the handlers share.
#[derive(Debug)]
pub struct Gateway {
    modules: Modules,
    limits: RateLimits,
    sessions: Sessions,
}

impl Gateway {
    pub fn new(modules: Modules, session_lifetime: Duration) -> Self {
        Self {
            modules,
            limits: RateLimits::new(),
            sessions: Sessions::new(&KYC.active_sessions, session_lifetime),
        }
    }

    /// Ends sessions that are too old, for ever.
    pub async fn expire_sessions(self: Arc<Self>) {
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        loop {
            tick.tick().await;
            self.sessions.expire(Instant::now());
        }
    }
}

/// The gateway's routes, and `metrics` as one more. All but that are measured: what they answer, what they refuse (a
/// method that they do not know), and what nobody waited for.
pub fn router(gateway: Arc<Gateway>, metrics: MethodRouter<Arc<Gateway>>) -> Router {
    // A refused method is told so in JSON like every other error; the exporter's route has answers of its own.
    let route = |route: MethodRouter<Arc<Gateway>>| route.fallback(wrong_method);
    Router::new()
        .route("/sessions", route(post(open_session)))
        .route("/sessions/{id}", route(delete(close_session)))
        .route("/verify", route(post(verify)))
        .route("/metrics", metrics)
        .fallback(unknown_path)
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(HttpLayer::new(&HTTP).for_axum())
        .with_state(gateway)
}

async fn open_session(
    State(gateway): State<Arc<Gateway>>,
    ClientAddress(address): ClientAddress,
    request: Request,
) -> Result<(StatusCode, Json<SessionOpened>), ApiError> {
    gateway.limits.admit_address(Endpoint::Sessions, address)?;
    let OpenSession { device_id } = read_json(request).await?;
    gateway.limits.admit_device(Endpoint::Sessions, device_id.clone())?;
    let opened = SessionOpened {
        session_id: gateway.sessions.open(device_id, Instant::now()),
        expires_in_seconds: gateway.sessions.lifetime().as_secs(),
    };
    Ok((StatusCode::CREATED, Json(opened)))
}

async fn close_session(
    State(gateway): State<Arc<Gateway>>,
    ClientAddress(address): ClientAddress,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    gateway.limits.admit_address(Endpoint::Sessions, address)?;
    gateway.sessions.end(&id)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The limits come in the order of what is known: the address before anything is read, the device with the session,
/// and the session's own last.
async fn verify(
    State(gateway): State<Arc<Gateway>>,
    ClientAddress(address): ClientAddress,
    request: Request,
) -> Result<Json<VerifyAnswer>, ApiError> {
    gateway.limits.admit_address(Endpoint::Verify, address)?;
    let request: VerifyRequest = read_json(request).await?;
    let session = request.session_id.clone();
    let device = gateway.sessions.device(&session)?;
    gateway.limits.admit_device(Endpoint::Verify, device.clone())?;
    let attempt = gateway.sessions.attempt(&session)?;
    match pipeline::verify(&gateway.modules, device, request).await {
        Ok(answer) => Ok(Json(answer)),
        Err(failure) => {
            attempt.may_try_again();
            Err(ApiError::Module(failure))
        }
    }
}

async fn wrong_method() -> ApiError {
    ApiError::WrongMethod
}

async fn unknown_path() -> ApiError {
    ApiError::UnknownPath
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self::RateLimited(refusal)
    }
}

impl From<Unusable> for ApiError {
    fn from(unusable: Unusable) -> Self {
        match unusable {
            Unusable::Unknown => Self::UnknownSession,
            // Only an attempt can exhaust a session, and only a verification is an attempt.
            Unusable::Exhausted => Refusal::new(Endpoint::Verify, LimitReason::SessionLimit, None).into(),
        }
    }
}

#[cfg(test)]
mod tests;
