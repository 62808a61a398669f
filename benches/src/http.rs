//! An HTTP server without a network: axum's router, with a layer that records what is asked for.
//!
//! Everybody records how many requests there were and how long they took, by method, status and endpoint, and how many
//! there are now, by method and endpoint. The endpoint is the route that matched, not the path.

use std::hint::black_box;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, Request};
use axum::http::{Method, StatusCode, Uri};
use axum::routing::any;
use tower::ServiceExt as _;

use crate::workload::{Outcome, Route, Step, run_to_end};

const ROUTES: [(&str, &str); 8] = [
    ("/verify/{id}", "/verify/8203"),
    ("/upload/{id}", "/upload/8203"),
    ("/status/{id}", "/status/8203"),
    ("/search/{id}", "/search/8203"),
    ("/login/{id}", "/login/8203"),
    ("/logout/{id}", "/logout/8203"),
    ("/health/{id}", "/health/8203"),
    ("/report/{id}", "/report/8203"),
];

const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH];

/// The server, without a layer.
pub fn router() -> Router {
    ROUTES
        .iter()
        .fold(Router::new(), |router, (route, _)| router.route(route, any(answer)))
}

async fn answer(Extension(outcome): Extension<Outcome>) -> StatusCode {
    match outcome {
        Outcome::Ok => StatusCode::OK,
        Outcome::Error => StatusCode::INTERNAL_SERVER_ERROR,
        Outcome::Rejected => StatusCode::FORBIDDEN,
        Outcome::Cancelled => StatusCode::NOT_FOUND,
    }
}

/// Asks it, step by step.
pub fn client(router: Router) -> impl Fn(&Step) + Send + Sync {
    let uris = ROUTES.map(|(_, path)| Uri::from_static(path));
    move |step| {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = METHODS[step.request.method as usize].clone();
        *request.uri_mut() = uris[step.request.route as usize].clone();
        request.extensions_mut().insert(step.request.outcome);
        black_box(run_to_end(router.clone().oneshot(request))).expect("a router cannot fail");
    }
}

/// The route whose pattern this is.
pub fn route_of(pattern: &str) -> Route {
    match pattern {
        "/verify/{id}" => Route::Verify,
        "/upload/{id}" => Route::Upload,
        "/status/{id}" => Route::Status,
        "/search/{id}" => Route::Search,
        "/login/{id}" => Route::Login,
        "/logout/{id}" => Route::Logout,
        "/health/{id}" => Route::Health,
        _ => Route::Report,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use enumetrics::LabelValue as _;

    #[test]
    fn patterns_are_the_routes_in_their_order() {
        assert_eq!(ROUTES.map(|(pattern, _)| route_of(pattern)), *Route::VARIANTS);
        for ((pattern, path), route) in ROUTES.iter().zip(Route::VARIANTS) {
            assert_eq!(*pattern, format!("/{}/{{id}}", route.value()));
            assert!(path.starts_with(pattern.trim_end_matches("{id}")));
        }
    }
}
