//! A small HTTP client: for the gateway, which calls its modules, and for the traffic, which calls the gateway.

use axum::body::Bytes;
use axum::http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::error::Error;
use std::fmt;

/// More than any answer here has; whoever sends more is not one of ours.
const LONGEST_BODY: usize = 1 << 20;

/// Keeps connections open between requests. A request that is dropped closes its connection, so that the other side
/// notices.
#[derive(Debug, Clone)]
pub struct HttpClient(Client<HttpConnector, Full<Bytes>>);

/// An answer, whatever its status.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Bytes,
}

/// Why there is no answer, or not the expected one.
#[derive(Debug)]
pub enum HttpError {
    /// The request could not be built.
    Request(axum::http::Error),
    /// Nobody answered.
    Unreachable(Box<dyn Error + Send + Sync>),
    /// The answer broke off or was too long.
    Body(Box<dyn Error + Send + Sync>),
    /// An answer, but no success.
    Status(StatusCode),
    /// What was sent or what came back is not the JSON that was agreed on.
    Json(serde_json::Error),
}

impl HttpClient {
    pub fn new() -> Self {
        Self(Client::builder(TokioExecutor::new()).build(HttpConnector::new()))
    }

    /// Sends `request`; any status is an answer.
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Result<Answer, HttpError> {
        let response = self
            .0
            .request(request)
            .await
            .map_err(|error| HttpError::Unreachable(error.into()))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), LONGEST_BODY)
            .collect()
            .await
            .map_err(HttpError::Body)?;
        Ok(Answer {
            status,
            body: body.to_bytes(),
        })
    }

    /// Posts `input` to `uri`; a success is an answer.
    pub async fn post_json<Output>(&self, uri: Uri, input: &impl Serialize) -> Result<Output, HttpError>
    where
        Output: DeserializeOwned,
    {
        let body = serde_json::to_vec(input).map_err(HttpError::Json)?;
        let request = Request::post(uri)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::from(body))
            .map_err(HttpError::Request)?;
        let Answer { status, body } = self.send(request).await?;
        if !status.is_success() {
            return Err(HttpError::Status(status));
        }
        serde_json::from_slice(&body).map_err(HttpError::Json)
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(error) => write!(f, "the request cannot be sent: {error}"),
            // The client's own message is "client error (Connect)"; the reason is behind it.
            Self::Unreachable(error) => match error.source() {
                Some(reason) => write!(f, "no answer: {error}: {reason}"),
                None => write!(f, "no answer: {error}"),
            },
            Self::Body(error) => write!(f, "the answer broke off: {error}"),
            Self::Status(status) => write!(f, "the answer was {status}"),
            Self::Json(error) => write!(f, "not the agreed JSON: {error}"),
        }
    }
}

impl Error for HttpError {}
