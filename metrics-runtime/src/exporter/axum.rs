//! The exporter as a route of an axum server.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::routing::{self, MethodRouter};

use super::Exporter;
use super::access::Client;
use super::respond::Asked;

impl Exporter {
    /// A route for a router of the crate [`axum`], at whatever path and with whatever state.
    ///
    /// It answers GET and HEAD; other methods get status 405. Each call makes a route with buffers
    /// of its own: make one and clone that.
    ///
    /// Middleware of the router applies to it like to any other route. Mind that a layer that
    /// measures requests measures scrapes too, and one that compresses spends CPU time that on a
    /// local network buys nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use enumetrics_runtime as enumetrics;
    /// use axum::Router;
    /// use enumetrics::{Catalog, Exporter};
    ///
    /// fn router(metrics: &'static Catalog<'static>) -> Router {
    ///     Router::new().route("/metrics", Exporter::new(metrics).route())
    /// }
    /// ```
    pub fn route<S>(self) -> MethodRouter<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        let responder = Arc::new(self.into_responder());
        routing::get(move |request: Request| {
            let responder = Arc::clone(&responder);
            async move {
                let connection = request.extensions().get::<ConnectInfo<SocketAddr>>();
                let asked = Asked {
                    client: connection.map_or(Client::Unknown, |ConnectInfo(address)| Client::At(address.ip())),
                    method: request.method(),
                    uri: request.uri(),
                    headers: request.headers(),
                };
                // The body stays where it is: axum's is a box around ours.
                responder.scrape(asked).await.map(Body::new)
            }
        })
    }
}
