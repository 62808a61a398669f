//! The exporter as a service of any server that speaks tower: hyper, tonic, axum and others.

use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::Exporter;
use super::access::Client;
use super::body::ScrapeBody;
use super::respond::{Asked, Responder};

impl Exporter {
    /// A [tower](tower_service) service for the program's own server, at whatever path that gives it.
    ///
    /// It answers GET and HEAD; other methods get status 405. Each call makes a service with buffers of its own: make
    /// one and clone that. Where addresses [are checked](Self::allow_from), it takes the client's from an extension of
    /// the request of the type [`SocketAddr`], which the server has to put there.
    ///
    /// It runs in a Tokio runtime with a timer.
    ///
    /// # Examples
    ///
    /// Beside services of tonic, whose router takes any service, or with hyper:
    ///
    /// ```no_run
    /// # use enumetrics_runtime as enumetrics;
    /// use enumetrics::{Catalog, Exporter};
    /// use hyper_util::service::TowerToHyperService;
    ///
    /// fn service(metrics: &'static Catalog<'static>) -> TowerToHyperService<enumetrics::ExporterService> {
    ///     TowerToHyperService::new(Exporter::new(metrics).into_service())
    /// }
    /// ```
    pub fn into_service(self) -> ExporterService {
        ExporterService(Arc::new(self.into_responder()))
    }
}

/// Answers requests for metrics: made by [`Exporter::into_service`].
#[derive(Clone)]
pub struct ExporterService(Arc<Responder>);

impl<B> Service<Request<B>> for ExporterService {
    type Response = Response<ScrapeBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let responder = Arc::clone(&self.0);
        // Its body is nothing to us.
        let (head, _) = request.into_parts();
        Box::pin(async move {
            let address = head.extensions.get::<SocketAddr>();
            let answer = responder.method_and_scrape(Asked {
                client: address.map_or(Client::Unknown, |address| Client::At(address.ip())),
                method: &head.method,
                uri: &head.uri,
                headers: &head.headers,
            });
            Ok(answer.await)
        })
    }
}

impl fmt::Debug for ExporterService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExporterService")
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;
    use crate::exporter::fixture::catalog;

    async fn ask(service: &ExporterService, method: &str, client: Option<&str>) -> (u16, String) {
        let mut request = Request::new(());
        *request.method_mut() = method.parse().unwrap();
        if let Some(client) = client {
            request.extensions_mut().insert::<SocketAddr>(client.parse().unwrap());
        }
        let answer = service.clone().oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn it_answers_whatever_the_path() {
        let service = Exporter::new(catalog()).into_service();
        assert_eq!(ask(&service, "GET", None).await, (200, catalog().render()));
        assert_eq!(ask(&service, "POST", None).await.0, 405);
    }

    #[tokio::test]
    async fn it_knows_addresses_where_the_server_says_them() {
        let exporter = Exporter::new(catalog()).allow_from(["10.0.0.0/8"]).unwrap();
        let service = exporter.into_service();
        assert_eq!(ask(&service, "GET", Some("10.1.2.3:4")).await.0, 200);
        assert_eq!(ask(&service, "GET", Some("11.1.2.3:4")).await.0, 403);
        let (status, text) = ask(&service, "GET", None).await;
        assert_eq!(status, 403);
        assert!(text.contains("does not say"), "{text}");
    }
}
