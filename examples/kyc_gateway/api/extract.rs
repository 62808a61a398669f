//! What is taken out of a request before a handler sees it.

use super::ApiError;
use axum::Json;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use std::net::{IpAddr, SocketAddr};

/// More bytes than any sensible request has.
pub const LONGEST_BODY: usize = 16 * 1024;

/// The body of `request` as `T`; a wrong one is refused with the name of the wrong field.
pub async fn read_json<T: DeserializeOwned>(request: Request) -> Result<T, ApiError> {
    match Json::from_request(request, &()).await {
        Ok(Json(body)) => Ok(body),
        Err(refused) => Err(ApiError::Malformed {
            status: refused.status(),
            message: match refused.status() {
                StatusCode::PAYLOAD_TOO_LARGE => format!("the body is longer than {LONGEST_BODY} bytes"),
                _ => refused.body_text(),
            },
        }),
    }
}

/// Whoever sent a request: the address at the other end of the connection.
///
/// The traffic generator plays many clients from one machine. It says which in [`DEMO_ADDRESS`], which is believed
/// only when it comes over the loopback interface: nobody else can pretend to be somebody else.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

/// See [`ClientAddress`].
pub const DEMO_ADDRESS: HeaderName = HeaderName::from_static("x-demo-address");

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let ConnectInfo(peer) = ConnectInfo::<SocketAddr>::from_request_parts(parts, state)
            .await
            .map_err(IntoResponse::into_response)?;
        let peer = peer.ip().to_canonical();
        let Some(claimed) = parts.headers.get(DEMO_ADDRESS).filter(|_| peer.is_loopback()) else {
            return Ok(Self(peer));
        };
        match claimed.to_str().ok().and_then(|text| text.parse().ok()) {
            Some(address) => Ok(Self(address)),
            None => Err(ApiError::Malformed {
                status: StatusCode::BAD_REQUEST,
                message: format!("the header {DEMO_ADDRESS} must be an IP address, found {claimed:?}"),
            }
            .into_response()),
        }
    }
}
