//! The layer for axum's routers, in axum's own types: what it hands on needs no box that was not there before.

use std::fmt;
use std::future::Future;
use std::mem::take;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::response::Response;
use axum::routing::Route;
use axum::routing::future::RouteFuture;
use bytes::Bytes;
use http::Request;
use http_body::{Body as _, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::body::{RequestBody, ResponseBody};
use super::ended::HttpMetrics;
use super::label::End;
use super::layer::{HttpLayer, Measuring};
use super::ongoing::Ongoing;

/// An [`HttpLayer`] for the routes of axum: [`HttpLayer::for_axum`] makes one.
///
/// It records what an [`HttpLayer`] records, and takes a fifth less: it hands on axum's own bodies, boxes only
/// those that it must count, and needs no copy of the route for each request.
#[derive(Debug)]
pub struct AxumLayer<M: HttpMetrics>(pub(super) HttpLayer<M>);

impl<M: HttpMetrics> Clone for AxumLayer<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<M: HttpMetrics, E> Layer<Route<E>> for AxumLayer<M> {
    type Service = AxumService<M, E>;

    fn layer(&self, route: Route<E>) -> AxumService<M, E> {
        AxumService(Arc::new(Measured {
            shared: Mutex::new(route.clone()),
            route,
            measuring: Measuring::new(self.0.clone()),
        }))
    }
}

/// A route that an [`AxumLayer`] measures.
pub struct AxumService<M: HttpMetrics, E>(Arc<Measured<M, E>>);

struct Measured<M: HttpMetrics, E> {
    measuring: Measuring<M>,
    route: Route<E>,
    /// A copy of it for whoever finds it free. A route copies itself for each call, and is ready for any number of them: to
    /// copy it here as well, as a service must that it is called through, would be a box too many.
    shared: Mutex<Route<E>>,
}

impl<M: HttpMetrics, E> Service<Request<Body>> for AxumService<M, E> {
    type Response = Response;
    type Error = E;
    type Future = AxumFuture<M, E>;

    #[inline]
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), E>> {
        // As a route is.
        Poll::Ready(Ok(()))
    }

    #[inline]
    fn call(&mut self, mut request: Request<Body>) -> AxumFuture<M, E> {
        let mut ongoing = self.0.measuring.begin(&mut request);
        // To copy a route may panic as well.
        ongoing.iter_mut().for_each(|ongoing| ongoing.running(true));
        let (mut shared, mut copy);
        // Nobody waits.
        let route = match self.0.shared.try_lock() {
            Ok(route) => {
                shared = route;
                &mut *shared
            }
            Err(_) => {
                copy = self.0.route.clone();
                &mut copy
            }
        };
        begun(route, request, ongoing)
    }
}

/// Calls a route or a router.
#[inline]
pub(super) fn begun<M, S, B, E>(
    service: &mut S,
    request: Request<B>,
    mut ongoing: Option<Ongoing<M>>,
) -> AxumFuture<M, E>
where
    M: HttpMetrics,
    S: Service<Request<B>, Future = RouteFuture<E>> + Service<Request<Body>, Future = RouteFuture<E>>,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    let Some(exchange) = &mut ongoing else {
        let future = service.call(request);
        return AxumFuture { future, ongoing };
    };
    // Whoever sends nothing needs no count of it.
    let future = if request.body().is_end_stream() {
        exchange.running(true);
        service.call(request)
    } else {
        let count = exchange.count_request_bytes();
        exchange.running(true);
        service.call(request.map(|body| Body::new(RequestBody::new(body, Some(count)))))
    };
    exchange.running(false);
    AxumFuture { future, ongoing }
}

impl<M: HttpMetrics, E> Clone for AxumService<M, E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<M: HttpMetrics, E> fmt::Debug for AxumService<M, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AxumService")
            .field("route", &self.0.route)
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// The response of a route that an [`AxumLayer`] measures, which is still to come.
    pub struct AxumFuture<M: HttpMetrics, E> {
        #[pin]
        future: RouteFuture<E>,
        // Until there is a response, which takes it along.
        ongoing: Option<Ongoing<M>>,
    }
}

impl<M: HttpMetrics, E> Future for AxumFuture<M, E> {
    type Output = Result<Response, E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(ongoing) = this.ongoing else {
            return this.future.poll(cx);
        };
        ongoing.running(true);
        let result = this.future.poll(cx);
        ongoing.running(false);
        let mut result = ready!(result);
        match &mut result {
            Ok(response) => {
                if !ongoing.answered(response) {
                    hand_on(response.body_mut(), this.ongoing, cx);
                }
            }
            Err(_) => ongoing.end(End::Failed),
        }
        Poll::Ready(result)
    }
}

/// The exchange ends with the response's body, which most handlers have made as a whole: then this is its end, and nobody
/// needs to watch.
#[inline]
fn hand_on<M: HttpMetrics>(body: &mut Body, slot: &mut Option<Ongoing<M>>, cx: &mut Context<'_>) {
    let Some(ongoing) = slot else { return };
    // Of any other body the first piece is hardly all.
    let exact = body.size_hint().exact().filter(|_| !ongoing.is_grpc());
    if let Some(size) = exact {
        ongoing.running(true);
        let polled = Pin::new(&mut *body).poll_frame(cx);
        let is_last = body.is_end_stream();
        ongoing.running(false);
        *body = match polled {
            Poll::Ready(Some(Ok(frame)))
                if is_last && frame.data_ref().is_some_and(|data| data.len() as u64 == size) =>
            {
                let data = frame.into_data().unwrap_or_default();
                ongoing.sent(size, Some(&data));
                ongoing.end(End::Complete);
                *body = Body::from(data);
                return;
            }
            Poll::Ready(first) => Body::new(Peeked {
                first: Some(first),
                size,
                rest: take(body),
            }),
            Poll::Pending => take(body),
        };
    }
    ongoing.begins_to_answer();
    *body = Body::new(ResponseBody::new(take(body), slot.take()));
}

/// A body that was asked for its first piece.
struct Peeked {
    first: Option<Option<Result<Frame<Bytes>, axum::Error>>>,
    /// As it was before.
    size: u64,
    rest: Body,
}

impl http_body::Body for Peeked {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match self.first.take() {
            Some(first) => Poll::Ready(first),
            None => Pin::new(&mut self.rest).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        match self.first {
            Some(_) => SizeHint::with_exact(self.size),
            None => self.rest.size_hint(),
        }
    }
}

impl<M: HttpMetrics, E> fmt::Debug for AxumFuture<M, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AxumFuture").finish_non_exhaustive()
    }
}
