//! The servers: one router, and what is around it.

use std::error::Error;
use std::future::IntoFuture as _;
use std::io;
use std::pin::Pin;
use std::thread;

use axum::extract::Path;
use axum::routing::{get, post};
use axum::{Json, Router};
use axum_prometheus::PrometheusMetricLayer;
use enumetrics::http::HttpLayer;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::metrics::HTTP;
use crate::service;

pub struct Contender {
    pub name: &'static str,
    serve: fn(TcpListener, Router) -> Serving,
}

type Serving = Pin<Box<dyn Future<Output = io::Result<()>>>>;

/// The first is what the others are compared with, and the second is the same: how far they are apart is chance.
pub const CONTENDERS: [Contender; 6] = [
    Contender {
        name: "no layer",
        serve,
    },
    Contender {
        name: "no layer, once more",
        serve,
    },
    Contender {
        name: "a layer that does nothing",
        serve: |listener, router| serve(listener, router.layer(tower::layer::layer_fn(Nothing))),
    },
    Contender {
        name: "enumetrics",
        serve: |listener, router| Box::pin(axum::serve(listener, HttpLayer::new(&HTTP).around(router)).into_future()),
    },
    Contender {
        name: "enumetrics, by route",
        serve: |listener, router| serve(listener, router.layer(HttpLayer::new(&HTTP).for_axum())),
    },
    Contender {
        name: "axum-prometheus",
        serve: |listener, router| serve(listener, router.layer(PrometheusMetricLayer::pair().0)),
    },
];

fn serve(listener: TcpListener, router: Router) -> Serving {
    Box::pin(axum::serve(listener, router).into_future())
}

/// Serves until it is killed; says first where.
pub fn run(name: &str) -> Result<(), Box<dyn Error>> {
    let contender = CONTENDERS.iter().find(|contender| contender.name == name);
    let contender = contender.ok_or("no such contender")?;
    // A process that never had a second thread takes less for each system call and for some allocations: no server is one,
    // and some layers start one.
    thread::spawn(|| ())
        .join()
        .map_err(|_| "a thread that does nothing panicked")?;
    // One thread, whose CPU time is the server's.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let router = Router::new()
            .route("/noop/{id}", get(|| async { "ok" }))
            .route("/orders/{id}", post(price))
            .merge(service::router(None));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        (contender.serve)(listener, router).await?;
        Ok(())
    })
}

/// An order, as a client sends it.
#[derive(Serialize, Deserialize)]
pub struct Order {
    pub customer: String,
    pub lines: Vec<Line>,
}

#[derive(Serialize, Deserialize)]
pub struct Line {
    pub article: String,
    pub description: String,
    pub quantity: u32,
    pub cents: u64,
}

#[derive(Serialize)]
struct Priced {
    id: u64,
    customer: String,
    lines: Vec<PricedLine>,
    cents: u64,
}

#[derive(Serialize)]
struct PricedLine {
    article: String,
    description: String,
    cents: u64,
}

/// A small endpoint: JSON comes, something is worked out, JSON goes.
async fn price(Path(id): Path<u64>, Json(order): Json<Order>) -> Json<Priced> {
    let lines = order.lines.into_iter().map(|line| {
        let cents = u64::from(line.quantity) * line.cents;
        // A tenth off for a dozen.
        PricedLine {
            article: line.article,
            description: line.description,
            cents: if line.quantity < 12 { cents } else { cents * 9 / 10 },
        }
    });
    let lines: Vec<_> = lines.collect();
    Json(Priced {
        id,
        customer: order.customer,
        cents: lines.iter().map(|line| line.cents).sum(),
        lines,
    })
}

/// What axum needs for any layer.
#[derive(Clone)]
struct Nothing<S>(S);

impl<S: tower::Service<R>, R> tower::Service<R> for Nothing<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: R) -> S::Future {
        self.0.call(request)
    }
}
