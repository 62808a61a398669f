//! The layer around a whole router of axum: it knows the templates before there is a request, and needs nothing of axum's
//! for a layer.

use std::convert::Infallible;
use std::fmt;
use std::future::{Ready, ready};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use axum::Router;
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use bytes::Bytes;
use http::Request;
use http_body::Body;
use tower_service::Service;

use super::ended::HttpMetrics;
use super::layer::{Handled, HttpLayer, Measuring};
use super::router::{AxumFuture, begun};

/// A router that an [`HttpLayer`] measures as a whole: [`HttpLayer::around`] makes one.
///
/// It is a service like the router itself: `axum::serve` takes it, and what goes around a router goes around it.
pub struct MeasuredRouter<M: HttpMetrics> {
    router: Router,
    /// None where each of its routes measures itself.
    around: Option<Arc<Around<M>>>,
}

struct Around<M: HttpMetrics> {
    measuring: Measuring<M>,
    routes: Routes<M>,
}

impl<M: HttpMetrics> MeasuredRouter<M> {
    pub(super) fn new(layer: HttpLayer<M>, router: Router) -> Self {
        match Routes::of(&router) {
            Some(routes) => {
                let measuring = Measuring::new(layer);
                Self {
                    // As `axum::serve` has it: whatever can be made before there is a request is made now.
                    router: router.with_state(()),
                    around: Some(Arc::new(Around { measuring, routes })),
                }
            }
            None => Self {
                router: router.layer(layer.for_axum()),
                around: None,
            },
        }
    }
}

impl<M, B> Service<Request<B>> for MeasuredRouter<M>
where
    M: HttpMetrics,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = AxumFuture<M, Infallible>;

    #[inline]
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // As a router is.
        Poll::Ready(Ok(()))
    }

    #[inline]
    fn call(&mut self, mut request: Request<B>) -> AxumFuture<M, Infallible> {
        let around = self.around.as_deref();
        let ongoing = around.and_then(|Around { measuring, routes }| measuring.begin_on(&mut request, routes));
        begun(&mut self.router, request, ongoing)
    }
}

/// For `axum::serve`.
impl<M: HttpMetrics, L: Listener> Service<IncomingStream<'_, L>> for MeasuredRouter<M> {
    type Response = Self;
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: IncomingStream<'_, L>) -> Self::Future {
        ready(Ok(self.clone()))
    }
}

impl<M: HttpMetrics> Clone for MeasuredRouter<M> {
    fn clone(&self) -> Self {
        Self {
            router: self.router.clone(),
            around: self.around.clone(),
        }
    }
}

impl<M: HttpMetrics> fmt::Debug for MeasuredRouter<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeasuredRouter")
            .field("router", &self.router)
            .finish_non_exhaustive()
    }
}

/// The routes of a router, to find the one that a request takes as axum does.
pub(super) struct Routes<M: HttpMetrics>(matchit::Router<Known<M>>);

/// A route, whose template is known.
pub(super) struct Known<M: HttpMetrics> {
    template: String,
    /// Since its first request; none where nothing is recorded of it.
    pub(super) handled: OnceLock<Option<Handled<M>>>,
}

impl<M: HttpMetrics> Routes<M> {
    fn of(router: &Router) -> Option<Self> {
        let templates = templates(&format!("{router:?}"))?;
        if templates.is_empty() && router.has_routes() {
            return None;
        }
        let mut routes = matchit::Router::new();
        for template in templates {
            let known = Known {
                template: template.clone(),
                handled: OnceLock::new(),
            };
            routes.insert(template, known).ok()?;
        }
        Some(Self(routes))
    }

    #[inline]
    pub(super) fn at(&self, path: &str) -> Option<&Known<M>> {
        self.0.at(path).ok().map(|found| found.value)
    }
}

impl<M: HttpMetrics> Known<M> {
    /// The template; none of what is mounted, as axum knows none behind it.
    pub(super) fn template(&self) -> Option<&str> {
        /// Axum's own, which a service is mounted at.
        const MOUNTED: &str = "/{*__private__axum_nest_tail_param}";
        Some(&*self.template).filter(|template| !template.ends_with(MOUNTED))
    }
}

/// The templates of a router that axum prints so: it lists them nowhere else. None where it prints something else, as another
/// version may: then each route must say what it is.
fn templates(router: &str) -> Option<Vec<String>> {
    let (_, mut rest) = router.split_once("node: Node { paths: {")?;
    let mut templates = Vec::new();
    while !rest.starts_with('}') {
        // RouteId(1): "/users/{id}"
        let (id, quoted) = rest.trim_start_matches(", ").split_once(": \"")?;
        let number = id.strip_prefix("RouteId(")?.strip_suffix(')')?;
        number.parse::<u32>().ok()?;
        let (template, more) = quoted.split_once('"')?;
        // One with characters that are printed in another way: so rare that it need not be understood.
        if template.contains('\\') {
            return None;
        }
        templates.push(template.to_owned());
        rest = more;
    }
    Some(templates)
}

#[cfg(test)]
mod tests {
    use axum::routing::get;

    use super::*;

    fn sorted(router: &str) -> Option<Vec<String>> {
        let mut templates = templates(router)?;
        templates.sort();
        Some(templates)
    }

    /// If this fails, the version of axum prints its routes in another way than those before, and measuring a router as a whole
    /// has become as expensive as measuring its routes.
    #[test]
    fn routers_say_their_templates() {
        let route = || get(|| async {});
        let empty: Router = Router::new().fallback(|| async {});
        assert_eq!(sorted(&format!("{empty:?}")), Some(Vec::new()));
        let router: Router = Router::new()
            .route("/", route())
            .route("/a, b: {c}", route())
            .nest(
                "/users/{id}",
                Router::new().route("/{*rest}", route()).fallback(route()),
            )
            .nest_service("/mounted", route())
            .fallback(route())
            .layer(tower_layer::Identity::new());
        assert_eq!(
            sorted(&format!("{router:?}")).unwrap(),
            [
                "/",
                "/a, b: {c}",
                "/mounted",
                "/mounted/",
                "/mounted/{*__private__axum_nest_tail_param}",
                "/users/{id}/{*rest}",
            ]
        );
    }

    #[test]
    fn what_is_printed_in_another_way_is_no_list() {
        let router = |paths: &str| format!("Router {{ node: Node {{ paths: {{{paths}}} }} }}");
        assert_eq!(
            sorted(&router(r#"RouteId(1): "/a", RouteId(2): "/b""#)).unwrap(),
            ["/a", "/b"]
        );
        for paths in [
            r#"RouteId(1): "/a\"b""#,
            r#"RouteId(1): "/a\u{7}""#,
            r#"RouteId(x): "/a""#,
            r#"Id(1): "/a""#,
            r#"RouteId(1): "/a"#,
            r#"RouteId(1): Path("/a")"#,
            "RouteId(1): ..",
        ] {
            assert_eq!(sorted(&router(paths)), None, "{paths}");
        }
        assert_eq!(sorted("Router { .. }"), None);
    }
}
