//! The layer, its service and its future.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::mem::swap;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use http::{Request, Response, request};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

#[cfg(feature = "axum")]
use super::around::{MeasuredRouter, Routes};
use super::body::{RequestBody, ResponseBody};
use super::ended::{Exchange, HttpMetrics};
use super::label::{End, Handler as _, UNTEMPLATED};
use super::ongoing::Ongoing;
use super::options::{Head, Options};
use super::patterns::PatternError;
#[cfg(feature = "exporter")]
use super::patterns::Patterns;
#[cfg(feature = "axum")]
use super::router::AxumLayer;
use crate::storage::is_recording;

/// A layer that records each exchange of a service once, whatever its end.
///
/// It goes around any [`Service`] of HTTP: an axum router, a service of hyper or tonic, a client. What it records into is
/// declared with `http_metrics!`; what it does is set here.
///
/// ```
/// # use enumetrics_runtime as enumetrics;
/// use enumetrics::http::{HttpLayer, HttpMetrics, PatternError};
///
/// fn layer<M: HttpMetrics>(http: &'static M) -> Result<HttpLayer<M>, PatternError> {
///     HttpLayer::new(http).routes(["/health"]).exclude([".*admin.*"])
/// }
/// ```
///
/// # Which handler
///
/// The template of the route that a request takes, never its path: a client can make up as many paths as it likes, and all
/// those that lead nowhere are one handler, `none`. A template is found where the first of these knows one:
///
/// 1. the function given to [`template`](Self::template);
/// 2. [`routes`](Self::routes), for paths without parameters, as those of gRPC;
/// 3. axum's routes (feature `axum`), nested routers included: for [`around`](Self::around), and for a layer that was added
///    with `Router::layer` or `route_layer`, but not for one around anything that is a service. Axum tells of no template
///    behind `nest_service`;
/// 4. the response, where the service puts a [`HandledBy`](super::HandledBy) into its
///    extensions.
///
/// An outgoing call's handler is the host that is called.
///
/// # When an exchange ends
///
/// When the last of the response's body is handed to the server; at once where the response has no body (HEAD, 204, 304, an
/// upgrade, CONNECT). And when the response or its future is dropped before: because the client left, because something
/// around this layer waited too long, or because of a panic. See [`End`].
///
/// A timeout inside the layer is an answer like any other; one around it drops the future, and the exchange counts as
/// cancelled.
pub struct HttpLayer<M: HttpMetrics> {
    metrics: &'static M,
    options: Arc<Options>,
}

impl<M: HttpMetrics> HttpLayer<M> {
    /// A layer that records into these metrics.
    #[must_use]
    pub fn new(metrics: &'static M) -> Self {
        // Its place is taken before any route's, so that there is one.
        let _ = M::Handler::of(UNTEMPLATED);
        Self {
            metrics,
            options: Arc::new(Options::new(M::OUTGOING)),
        }
    }

    /// Whether anything is recorded; it is, unless this says `false`. With [`env_flag`](super::env_flag) the environment
    /// decides.
    #[must_use]
    pub fn enabled(self, enabled: bool) -> Self {
        self.with(|options| options.disabled = !enabled)
    }

    /// Records nothing of requests whose template or, where there is none, whose path one of these regular expressions
    /// matches, anywhere in it: neither counts nor durations, nor that they are in progress. It may be called several
    /// times.
    ///
    /// # Errors
    ///
    /// A pattern is no regular expression.
    pub fn exclude<P: AsRef<str>>(self, patterns: impl IntoIterator<Item = P>) -> Result<Self, PatternError> {
        let mut result = Ok(());
        let layer = self.with(|options| result = options.exclude_also(patterns));
        result.map(|()| layer)
    }

    /// The same with patterns that are compiled.
    #[cfg(feature = "exporter")]
    pub(crate) fn exclude_all(self, patterns: &Patterns) -> Self {
        self.with(|options| options.exclude_all(patterns))
    }

    /// The path of the program's own scrapes, which are not recorded: `/metrics`, unless this says another. Nothing is
    /// excluded where it is empty.
    #[must_use]
    pub fn scrape_path(self, path: impl Into<Cow<'static, str>>) -> Self {
        let path = path.into();
        self.with(|options| options.unmeasured = (!path.is_empty()).then_some(path))
    }

    /// Records nothing of requests that take no known route, instead of counting them as `none`.
    #[must_use]
    pub fn ignore_untemplated(self) -> Self {
        self.with(|options| options.ignore_untemplated = true)
    }

    /// Paths that are their own templates. Their values are there from now on.
    #[must_use]
    pub fn routes<P: Into<String>>(self, paths: impl IntoIterator<Item = P>) -> Self {
        self.with(|options| {
            for path in paths {
                let path = path.into();
                let _ = M::Handler::of(&path);
                options.routes.insert(path);
            }
        })
    }

    /// A function from a request's head to the template of its route, or to the target of an outgoing call, which is asked
    /// before anything else. It must return texts of a bounded number: what is beyond the label's capacity is counted as
    /// its value for the rest.
    ///
    /// ```
    /// # use enumetrics_runtime as enumetrics;
    /// # use enumetrics::http::{HttpLayer, HttpMetrics};
    /// # fn layer<M: HttpMetrics>(http: &'static M) -> HttpLayer<M> {
    /// HttpLayer::new(http).template(|request| {
    ///     let path = request.uri.path();
    ///     path.starts_with("/users/").then_some("/users/{id}")
    /// })
    /// # }
    /// ```
    #[must_use]
    pub fn template(
        self,
        template: impl for<'a> Fn(&'a request::Parts) -> Option<&'a str> + Send + Sync + 'static,
    ) -> Self {
        self.with(|options| options.template = Some(Arc::new(template)))
    }

    /// Observes the seconds until the response begins, instead of those until it has been sent.
    #[must_use]
    pub fn until_response_begins(self) -> Self {
        self.with(|options| options.durations.to_head = true)
    }

    /// Rounds durations to so many decimals.
    #[must_use]
    pub fn round_durations(self, decimals: u8) -> Self {
        self.with(|options| options.durations.decimals = Some(decimals.min(15)))
    }

    /// Leaves everything but `2xx` out of the histogram of high resolution.
    #[must_use]
    pub fn only_successes_in_high_resolution(self) -> Self {
        self.with(|options| options.durations.only_successes_in_high_resolution = true)
    }

    /// Calls a function at the end of each exchange that is recorded, after the metrics: for metrics of one's own. It may
    /// be called several times.
    ///
    /// The heads of request and response are copied for it. It must not block; one that panics is called again the next
    /// time, and harms nothing.
    #[must_use]
    pub fn on_end(self, listener: impl Fn(&Exchange<'_>) + Send + Sync + 'static) -> Self {
        self.with(|options| options.listeners.push(Arc::new(listener)))
    }

    /// Keeps the beginning of responses' bodies, of `longest` bytes at most, for the functions given to
    /// [`on_end`](Self::on_end): those of handlers that one of these regular expressions matches, anywhere in it.
    ///
    /// # Errors
    ///
    /// A pattern is no regular expression.
    pub fn keep_bodies<P: AsRef<str>>(
        self,
        handlers: impl IntoIterator<Item = P>,
        longest: usize,
    ) -> Result<Self, PatternError> {
        let mut result = Ok(());
        let layer = self.with(|options| {
            options.longest_body = longest;
            result = options.bodies.add(handlers);
        });
        result.map(|()| layer)
    }

    /// The same for `Router::layer` and `route_layer` of axum, which takes a fifth less: it hands on axum's own bodies. Where
    /// it is around all routes, [`around`](Self::around) takes less again.
    ///
    /// ```
    /// # use enumetrics_runtime as enumetrics;
    /// use axum::{Router, routing::get};
    /// use enumetrics::http::{HttpLayer, HttpMetrics};
    ///
    /// fn app<M: HttpMetrics>(http: &'static M) -> Router {
    ///     Router::new()
    ///         .route("/users/{id}", get(|| async { "…" }))
    ///         .layer(HttpLayer::new(http).for_axum())
    /// }
    /// ```
    ///
    /// It goes around routes alone. Among the layers of a `ServiceBuilder` the last is such a place; elsewhere it is the
    /// layer itself that fits.
    #[cfg(feature = "axum")]
    #[must_use]
    pub fn for_axum(self) -> AxumLayer<M> {
        AxumLayer(self)
    }

    /// Measures a router as a whole, which takes least: what axum needs for a layer is not needed, and templates are looked
    /// up among the router's own.
    ///
    /// ```
    /// # use enumetrics_runtime as enumetrics;
    /// use axum::{Router, routing::get};
    /// use enumetrics::http::{HttpLayer, HttpMetrics, MeasuredRouter};
    ///
    /// fn app<M: HttpMetrics>(http: &'static M) -> MeasuredRouter<M> {
    ///     let router = Router::new().route("/users/{id}", get(|| async { "…" }));
    ///     HttpLayer::new(http).around(router)
    /// }
    /// # fn is_served<M: HttpMetrics>(listener: tokio::net::TcpListener, app: MeasuredRouter<M>) {
    /// # let _ =
    /// axum::serve(listener, app)
    /// # ;
    /// # }
    /// ```
    ///
    /// Everything that the router does is measured, its layers included. It records what
    /// [`for_axum`](Self::for_axum) records; of a service that is mounted, a template is known from
    /// [`HandledBy`](super::HandledBy) alone.
    #[cfg(feature = "axum")]
    #[must_use]
    pub fn around(self, router: axum::Router) -> MeasuredRouter<M> {
        MeasuredRouter::new(self, router)
    }

    fn with(mut self, set: impl FnOnce(&mut Options)) -> Self {
        set(Arc::make_mut(&mut self.options));
        self
    }
}

impl<M: HttpMetrics> Clone for HttpLayer<M> {
    fn clone(&self) -> Self {
        Self {
            metrics: self.metrics,
            options: Arc::clone(&self.options),
        }
    }
}

impl<M: HttpMetrics> fmt::Debug for HttpLayer<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpLayer")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl<S, M: HttpMetrics> Layer<S> for HttpLayer<M> {
    type Service = HttpService<S, M>;

    fn layer(&self, inner: S) -> HttpService<S, M> {
        HttpService {
            inner,
            measuring: Arc::new(Measuring::new(self.clone())),
        }
    }
}

/// A service that an [`HttpLayer`] measures.
pub struct HttpService<S, M: HttpMetrics> {
    inner: S,
    // In one piece: axum clones the service for each request.
    measuring: Arc<Measuring<M>>,
}

pub(super) struct Measuring<M: HttpMetrics> {
    layer: HttpLayer<M>,
    /// The first template that was measured, and its value: axum makes a service of each route, so that there it is the only
    /// one, which nobody needs to look up again.
    first: OnceLock<(Box<str>, Handled<M>)>,
}

/// What a request is counted as handled by.
pub(super) struct Handled<M: HttpMetrics> {
    pub(super) handler: M::Handler,
    /// As it is exported.
    pub(super) text: &'static str,
}

impl<M: HttpMetrics> Handled<M> {
    pub(super) fn by(template: &str) -> Self {
        let handler = M::Handler::of(template);
        let text = handler.text();
        Self { handler, text }
    }
}

impl<M: HttpMetrics> Clone for Handled<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M: HttpMetrics> Copy for Handled<M> {}

impl<M: HttpMetrics> Measuring<M> {
    pub(super) fn new(layer: HttpLayer<M>) -> Self {
        Self {
            layer,
            first: OnceLock::new(),
        }
    }

    /// An exchange begins; none where nothing is recorded of it.
    #[inline]
    pub(super) fn begin<B>(&self, request: &mut Request<B>) -> Option<Ongoing<M>> {
        self.begin_as(request, |head| {
            let template = self.layer.options.template(head);
            self.handled(template.or_else(|| head.matched()), head)
        })
    }

    /// The same where the routes of a router are known, which has not seen the request yet.
    #[cfg(feature = "axum")]
    #[inline]
    pub(super) fn begin_on<B>(&self, request: &mut Request<B>, routes: &Routes<M>) -> Option<Ongoing<M>> {
        let options = &self.layer.options;
        self.begin_as(request, |head| {
            if let Some(template) = options.template(head) {
                return self.handled(Some(template), head);
            }
            let Some((route, template)) = routes
                .at(head.uri.path())
                .and_then(|route| Some((route, route.template()?)))
            else {
                return self.handled(None, head);
            };
            if let Some(handled) = route.handled.get() {
                return handled.inspect(|handled| handled.handler.renew());
            }
            *route.handled.get_or_init(|| self.look_up(Some(template), head))
        })
    }

    #[inline]
    fn begin_as<B>(
        &self,
        request: &mut Request<B>,
        handled: impl FnOnce(Head<'_>) -> Option<Handled<M>>,
    ) -> Option<Ongoing<M>> {
        let HttpLayer { metrics, options } = &self.layer;
        if options.disabled || !is_recording() {
            return None;
        }
        let begin = |head: Head<'_>| Some(Ongoing::begin(*metrics, options, handled(head)?, head));
        if options.takes_parts() {
            with_parts(request, |parts| begin(Head::from(parts)))
        } else {
            begin(Head::from(&*request))
        }
    }

    /// What a template is counted as; none where nothing is recorded.
    #[inline]
    fn handled(&self, template: Option<&str>, request: Head<'_>) -> Option<Handled<M>> {
        if let (Some(template), Some((first, handled))) = (template, self.first.get())
            && *template == **first
        {
            handled.handler.renew();
            return Some(*handled);
        }
        let handled = self.look_up(template, request)?;
        if let Some(template) = template {
            // The first one stays.
            let _ = self.first.set((template.into(), handled));
        }
        Some(handled)
    }

    fn look_up(&self, template: Option<&str>, request: Head<'_>) -> Option<Handled<M>> {
        let excluded = self.layer.options.exclude(template, request.uri.path());
        (!excluded).then(|| Handled::by(template.unwrap_or(UNTEMPLATED)))
    }
}

impl<S, M, B, R> Service<Request<B>> for HttpService<S, M>
where
    S: Service<Request<RequestBody<B>>, Response = Response<R>>,
    M: HttpMetrics,
    B: Body,
    R: Body,
{
    type Response = Response<ResponseBody<R, M>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, M>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline]
    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let mut ongoing = self.measuring.begin(&mut request);
        // Whoever sends nothing needs no count of it.
        let counted = ongoing.as_mut().filter(|_| !request.body().is_end_stream());
        let count = counted.map(Ongoing::count_request_bytes);
        let request = request.map(|body| RequestBody::new(body, count));
        ongoing.iter_mut().for_each(|ongoing| ongoing.running(true));
        let mut future = ResponseFuture {
            future: self.inner.call(request),
            ongoing,
        };
        future.ongoing.iter_mut().for_each(|ongoing| ongoing.running(false));
        future
    }
}

/// Functions of one's own want a request's head in one piece, which a request does not lend.
#[cold]
fn with_parts<B, T>(request: &mut Request<B>, run: impl FnOnce(&request::Parts) -> T) -> T {
    fn swap_head<B>(request: &mut Request<B>, parts: &mut request::Parts) {
        swap(request.method_mut(), &mut parts.method);
        swap(request.uri_mut(), &mut parts.uri);
        swap(request.version_mut(), &mut parts.version);
        swap(request.headers_mut(), &mut parts.headers);
        swap(request.extensions_mut(), &mut parts.extensions);
    }
    let (mut parts, ()) = Request::new(()).into_parts();
    swap_head(request, &mut parts);
    let result = run(&parts);
    swap_head(request, &mut parts);
    result
}

impl<S: Clone, M: HttpMetrics> Clone for HttpService<S, M> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            measuring: Arc::clone(&self.measuring),
        }
    }
}

impl<S: fmt::Debug, M: HttpMetrics> fmt::Debug for HttpService<S, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpService")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// The response of a service that an [`HttpLayer`] measures, which is still to come.
    pub struct ResponseFuture<F, M: HttpMetrics> {
        #[pin]
        future: F,
        // Until there is a response, which takes it along.
        ongoing: Option<Ongoing<M>>,
    }
}

impl<F, R, E, M> Future for ResponseFuture<F, M>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Body,
    M: HttpMetrics,
{
    type Output = Result<Response<ResponseBody<R, M>>, E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.ongoing.iter_mut().for_each(|ongoing| ongoing.running(true));
        let result = this.future.poll(cx);
        this.ongoing.iter_mut().for_each(|ongoing| ongoing.running(false));
        if let (Some(ongoing), Poll::Ready(result)) = (&mut *this.ongoing, &result) {
            match result {
                Ok(response) => {
                    if !ongoing.answered(response) {
                        ongoing.begins_to_answer();
                    }
                }
                Err(_) => ongoing.end(End::Failed),
            }
        }
        result.map_ok(|response| response.map(|body| ResponseBody::new(body, this.ongoing.take())))
    }
}

impl<F, M: HttpMetrics> fmt::Debug for ResponseFuture<F, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
