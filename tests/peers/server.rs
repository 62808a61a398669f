//! What `crowd.rs` crowds: a server with handlers and bodies that take their time. It says where it listens, and what it
//! measured at `/metrics`.

use std::future::pending;
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::{get, post};
use axum::serve::ListenerExt as _;
use enumetrics::http::HttpLayer;
use futures_core::Stream;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{Interval, interval};

enumetrics::http_metrics! {
    #[http(in_progress_labels)]
    static HTTP: Http;
}
enumetrics::catalog! { static METRICS = [HTTP]; }

/// How many addresses there are: one client has no more than some 28 000 ports for each.
const LISTENERS: usize = 4;

#[tokio::main(worker_threads = 2)]
async fn main() -> std::io::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            ..limit
        },
    )?;
    let router = Router::new()
        .route("/ok", get(|| async { "hello" }))
        .route("/hang", get(|| async { pending::<&str>().await }))
        .route(
            "/drip",
            get(|| async { Body::from_stream(Drip(interval(Duration::from_secs(1)))) }),
        )
        .route("/read", post(|body: Bytes| async move { body.len().to_string() }))
        .route("/metrics", get(|| async { METRICS.render() }))
        .layer(HttpLayer::new(&HTTP).for_axum());
    let mut servers = JoinSet::new();
    for _ in 0..LISTENERS {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        writeln!(std::io::stdout(), "{}", listener.local_addr()?)?;
        // What is answered to many requests at once shall not wait to be one packet.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let router = router.clone();
        servers.spawn(async { axum::serve(listener, router).await });
    }
    while servers.join_next().await.is_some() {}
    Ok(())
}

/// A body of a drop each second, without end.
struct Drip(Interval);

impl Stream for Drip {
    type Item = std::io::Result<&'static str>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        ready!(self.0.poll_tick(context));
        Poll::Ready(Some(Ok("drop")))
    }
}
