//! A KYC gateway, as a real service would be laid out: five modules behind it, its metrics, and the customers.
//!
//! ```text
//! cargo run --example kyc_gateway                     # prints what to open and what to type
//! cargo run --example kyc_gateway -- --requests 200   # ends with a comparison of what was seen and what was scraped
//! cargo run --example kyc_gateway -- --help           # everything that can be set
//! ```
//!
//! | request | answer |
//! |---|---|
//! | `POST /sessions` `{"device_id": "phone"}` | 201 and a session id |
//! | `POST /verify` (see [`api::VerifyRequest`]) | 200 and a status, or 502 or 504 and the module that is to blame |
//! | `DELETE /sessions/{id}` | 204 |
//! | `GET /metrics`, with user and password | 200 and everything that [`metrics`] declares |
//!
//! What is refused gets a JSON body that says why. Trouble can be ordered: with
//! `"simulate": {"module": "ocr", "behaviour": "slow"}` (or `fail`, or `hang`) in a verification, that module is slow,
//! fails, or never answers. A session ends with a decision, with `DELETE`, when its client leaves in the middle of a
//! verification, or after some minutes.
//!
//! Where to look:
//!
//! - [`alerts`]: what wakes somebody; [`ops`]: the files of those who operate it, in `ops/`;
//! - [`dashboard`]: what everybody looks at;
//! - [`metrics`]: every metric, and `timed_into!` below: where `#[timed]` records;
//! - [`clients`]: the timed calls; [`pipeline`]: their order, and the count of how a verification ends;
//! - [`sessions`], [`rate_limit`]: metrics that cannot be forgotten, because a guard records them;
//! - [`gateway`]: routes and handlers, and the layer that measures them; [`modules`]: the rules; [`mrz`]: passports and identity cards;
//! - [`traffic`], [`summary`]: the customers, and their count.

mod alerts;
mod api;
mod clients;
mod dashboard;
mod gateway;
mod http_client;
mod metrics;
mod modules;
mod mrz;
mod ops;
mod pipeline;
mod random;
mod rate_limit;
mod sessions;
mod settings;
mod summary;
mod terminal;
mod traffic;

use crate::alerts::ALERTS;
use crate::clients::Modules;
use crate::gateway::Gateway;
use crate::metrics::METRICS;
use crate::settings::{Command, Settings, Traffic, USAGE};
use crate::summary::{Summary, USER};
use crate::terminal::{complain, say};
use crate::traffic::Crowd;
use enumetrics::Exporter;
use std::env;
use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::ctrl_c;
use tokio::sync::oneshot;
use tokio::time::timeout;

// Where `#[timed(module = "…")]` records, in every file.
enumetrics::timed_into!(crate::metrics::KYC.module_duration_seconds);

/// How long requests under way may take to end after Ctrl-C.
const FAREWELL: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> ExitCode {
    // ENUMETRICS_OPERATIONS=folder writes the files there.
    match ops::operations().from_env() {
        Ok(false) => {}
        Ok(true) => return ExitCode::SUCCESS,
        Err(error) => {
            complain(error);
            return ExitCode::FAILURE;
        }
    }
    let settings = match Command::read(env::args_os().skip(1), |name| env::var_os(name)) {
        Ok(Command::Help) => {
            say(USAGE);
            return ExitCode::SUCCESS;
        }
        Ok(Command::Rules) => {
            say(ALERTS.to_yaml());
            return ExitCode::SUCCESS;
        }
        Ok(Command::Dashboard) => {
            say(dashboard::dashboard().to_json());
            return ExitCode::SUCCESS;
        }
        Ok(Command::Run(settings)) => settings,
        Err(mistakes) => {
            for mistake in mistakes {
                complain(mistake);
            }
            return ExitCode::from(2);
        }
    };
    match run(settings).await {
        Ok(code) => code,
        Err(error) => {
            complain(error);
            ExitCode::FAILURE
        }
    }
}

async fn run(settings: Settings) -> Result<ExitCode, Box<dyn Error>> {
    let exporter = Exporter::new(&METRICS)
        .process_metrics()
        .basic_auth(USER, settings.password.password()?)?;
    let listener = listen(settings.address).await?;
    let address = listener.local_addr()?;

    // The modules stop when this function ends.
    let (addresses, _services) = modules::start().await?;
    let modules = Modules::new(addresses, settings.module_timeout);
    let gateway = Arc::new(Gateway::new(modules, settings.session_lifetime));
    let sweeper = tokio::spawn(Arc::clone(&gateway).expire_sessions());

    let (stop, stopped) = oneshot::channel::<()>();
    let service = gateway::router(gateway, exporter.route()).into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(async {
        // An error says that the sender is gone, which means the same.
        let _ = stopped.await;
    });
    let server = tokio::spawn(async { server.await });

    let customers = async {
        terminal::welcome(address, &settings.password);
        customers(address, &settings).await
    };
    let code = tokio::select! {
        // In this order: whoever reads that the gateway listens can already stop it.
        biased;
        interrupted = ctrl_c() => {
            interrupted?;
            say("stopping");
            match settings.traffic {
                // Whoever asked for a comparison did not get one.
                Traffic::Requests(_) => ExitCode::from(130),
                Traffic::None | Traffic::Endless => ExitCode::SUCCESS,
            }
        }
        outcome = customers => outcome?,
    };

    // No new connections; those open end with the answer to their request.
    drop(stop);
    sweeper.abort();
    if timeout(FAREWELL, server).await.is_err() {
        say(format_args!(
            "some requests did not end within {FAREWELL:?} and were dropped"
        ));
    }
    say("stopped");
    Ok(code)
}

/// Lets the built-in customers come; ends when all that were asked for have come.
async fn customers(address: SocketAddr, settings: &Settings) -> Result<ExitCode, Box<dyn Error>> {
    match settings.traffic {
        Traffic::None => std::future::pending().await,
        Traffic::Endless => {
            Crowd::new(address, settings.seed, u64::MAX)
                .come(4, Duration::from_secs(1))
                .await;
            Ok(ExitCode::SUCCESS)
        }
        Traffic::Requests(requests) => {
            let crowd = Crowd::new(address, settings.seed, requests);
            crowd.come(8, Duration::ZERO).await;
            let summary = Summary::settled(address, &settings.password.text()?, &crowd.tally()).await?;
            say(format_args!("\n{summary}"));
            Ok(if summary.agrees() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| {
        format!("cannot listen on {address}: {error}; set KYC_ADDRESS to another address (port 0 takes any free port)")
    })
}
