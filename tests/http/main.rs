//! HTTP measured by a layer: real servers, real sockets, and clients that behave as badly as they can.

mod around;
mod client;
mod declared;
mod grpc;
mod shared_route;
mod websocket;
mod wire;

/// What is said of a router is true of each way to measure one.
macro_rules! of_routers {
    ($($around:ident: |$router:ident, $http:ident| $measured:expr;)+) => {
        $(#[path = "."]
        #[allow(clippy::duplicate_mod, reason = "the same tests, of each way")]
        mod $around {
            use axum::Router;
            use enumetrics::http::{HttpLayer, HttpMetrics};

            #[path = "ends.rs"]
            mod ends;
            #[path = "options.rs"]
            mod options;
            #[path = "routes.rs"]
            mod routes;

            fn measured<M: HttpMetrics>($router: Router, $http: HttpLayer<M>) -> Router {
                $measured
            }
        })+
    };
}

of_routers! {
    as_any_layer: |router, http| router.layer(http);
    by_routes_of_axum: |router, http| router.layer(http.for_axum());
    // In a router again, to be one like the others.
    as_a_whole: |router, http| Router::new().fallback_service(http.around(router));
}

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use enumetrics::Catalog;
use enumetrics::testing::Samples;
use hyper::body::{Body, Frame, SizeHint};
use tokio::net::TcpListener;

/// Metrics for one test: `HTTP` and `METRICS`.
macro_rules! metrics {
    ($(#[$option:meta])*) => {
        enumetrics::http_metrics! {
            $(#[$option])*
            static HTTP: Http;
        }
        enumetrics::catalog! { static METRICS = [HTTP]; }
    };
}
pub(crate) use metrics;

/// Longer than anything here should take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Serves a router for as long as the test's runtime lives.
async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Everything that was recorded by now and is no duration: what is left is the same however long things took.
fn recorded(catalog: &Catalog<'_>) -> Samples {
    let all = Samples::of(catalog).since(&Samples::default());
    all.filtered(|series| {
        let name = series.split('{').next().unwrap_or_default();
        !name.contains("duration") || name.ends_with("_count")
    })
}

/// Waits until a series has a value: the server ends some exchanges after the client has seen their end.
async fn until(catalog: &Catalog<'_>, series: &str, value: f64) {
    let reached = async {
        while Samples::of(catalog).get(series).unwrap_or_default() != value {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    if tokio::time::timeout(PATIENCE, reached).await.is_err() {
        panic!("{series} does not become {value}:\n{}", catalog.render());
    }
}

/// A body that comes in several pieces, of which nobody knows how many there will be.
fn pieces<E: Into<axum::BoxError> + Send + 'static>(
    pieces: impl IntoIterator<Item = Result<&'static str, E>, IntoIter: Send + 'static>,
) -> axum::body::Body {
    struct Pieces<I>(I);

    impl<E, I: Iterator<Item = Result<&'static str, E>> + Unpin> Body for Pieces<I> {
        type Data = &'static [u8];
        type Error = E;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<&'static [u8]>, E>>> {
            let piece = self.0.next();
            Poll::Ready(piece.map(|piece| piece.map(|text| Frame::data(text.as_bytes()))))
        }
    }

    use http_body_util::BodyExt as _;
    let body = Pieces(Box::new(pieces.into_iter()) as Box<dyn Iterator<Item = _> + Send>);
    axum::body::Body::new(body.map_frame(|frame| frame.map_data(bytes::Bytes::from_static)))
}

/// The same of a body that says how long it is, and that waits for ever where it is shorter.
fn known(
    length: u64,
    texts: impl IntoIterator<Item = Result<&'static str, std::io::Error>, IntoIter: Send + 'static>,
) -> axum::body::Body {
    struct Known {
        left: u64,
        pieces: axum::body::Body,
    }

    impl Body for Known {
        type Data = bytes::Bytes;
        type Error = axum::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<bytes::Bytes>, axum::Error>>> {
            let polled = Pin::new(&mut self.pieces).poll_frame(context);
            match &polled {
                Poll::Ready(Some(Ok(frame))) => self.left -= frame.data_ref().map_or(0, |data| data.len() as u64),
                Poll::Ready(None) if self.left > 0 => return Poll::Pending,
                _ => {}
            }
            polled
        }

        fn is_end_stream(&self) -> bool {
            self.left == 0
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(self.left)
        }
    }

    axum::body::Body::new(Known {
        left: length,
        pieces: pieces(texts),
    })
}

/// The same where no piece is an error.
fn whole(texts: impl IntoIterator<Item = &'static str, IntoIter: Send + 'static>) -> axum::body::Body {
    pieces(texts.into_iter().map(Ok::<_, Infallible>))
}
