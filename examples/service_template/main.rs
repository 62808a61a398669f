//! A service as one starts a new one: HTTP metrics in one line, and everything that operators set from outside.
//!
//! ```text
//! cargo run --example service_template
//! curl localhost:8080/items/7; curl localhost:8080/metrics
//! ```
//!
//! | request | answer |
//! |---|---|
//! | `GET /items/{id}` | 200 and the item, or 404 |
//! | `PUT /items/{id}` | 201 or 200 |
//! | `GET /admin/items` | how many there are |
//! | `GET /health` | 200 as long as the service runs |
//! | `GET /metrics` | what [`metrics`] declares, here or on an address of its own |
//!
//! [`settings`] has the variables of the environment; `deploy/` a container, and a Helm chart for Kubernetes;
//! `docs/observability.md` the guide for whoever operates it.

mod metrics;
mod service;
mod settings;

use std::env;
use std::error::Error;
use std::process::ExitCode;

use enumetrics::Exporter;
use tokio::net::TcpListener;
use tokio::signal::ctrl_c;

use crate::metrics::HTTP;
use crate::settings::Settings;

#[tokio::main]
async fn main() -> ExitCode {
    let settings = match Settings::read(|name| env::var_os(name)) {
        Ok(settings) => settings,
        Err(mistakes) => {
            for mistake in mistakes {
                eprintln!("service_template: {mistake}");
            }
            return ExitCode::from(2);
        }
    };
    match run(settings).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("service_template: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(settings: Settings) -> Result<(), Box<dyn Error>> {
    let exporter = settings.metrics.exporter().map(Exporter::process_metrics);
    let (route, own) = match (exporter, settings.metrics.addresses()) {
        (exporter, []) => (exporter.map(Exporter::route), None),
        (Some(exporter), addresses) => (None, Some(exporter.bind_all(addresses).await?)),
        (None, _) => (None, None),
    };
    // All that the router does, in one line.
    let service = settings.metrics.layer(&HTTP).around(service::router(route));
    let listener = TcpListener::bind(settings.address).await?;
    println!("http://{}", listener.local_addr()?);
    if let Some(own) = own {
        if let Some(address) = own.local_addr() {
            println!("http://{address}/metrics");
        }
        tokio::spawn(own.run());
    }
    let stop = async {
        // Who cannot hear Ctrl-C stops as well.
        let _ = ctrl_c().await;
    };
    axum::serve(listener, service).with_graceful_shutdown(stop).await?;
    Ok(())
}
