//! Measures what an HTTP layer costs a server: the same server with each layer and without one, in processes of their
//! own, asked in turn by a client on keep-alive connections. The server is the service template, and two routes more.

mod client;
#[path = "../../examples/service_template/metrics.rs"]
mod metrics;
mod report;
mod server;
#[path = "../../examples/service_template/service.rs"]
mod service;

use std::error::Error;

use client::{Question, Server};
use report::Figures;
use server::CONTENDERS;

const HELP: &str = "\
cargo run --release --manifest-path benches/load/Cargo.toml -- [OPTIONS]

  --starts N       how often each server is started anew (30)
  --rounds N       how often it is asked each time (10)
  --requests N     how many requests each time (400)
  --markdown FILE  replaces the tables between the markers in FILE
";

struct Settings {
    starts: usize,
    rounds: usize,
    requests: usize,
    page: Option<(String, String)>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, contender] = &arguments[..]
        && word == SERVE
    {
        return server::run(contender);
    }
    let Some(settings) = settings(&arguments)? else {
        print!("{HELP}");
        return Ok(());
    };
    let tables = measure(&settings)?;
    print!("{tables}");
    if let Some((path, page)) = settings.page {
        let page = report::splice(&page, &tables).ok_or_else(|| format!("{path} has no markers for the tables"))?;
        std::fs::write(path, page)?;
    }
    Ok(())
}

/// What makes this program one of the servers.
const SERVE: &str = "serve";

fn settings(arguments: &[String]) -> Result<Option<Settings>, Box<dyn Error>> {
    let mut settings = Settings {
        starts: 30,
        rounds: 10,
        requests: 400,
        page: None,
    };
    for option in arguments.chunks(2) {
        match option {
            [name, value] if name == "--starts" => settings.starts = value.parse()?,
            [name, value] if name == "--rounds" => settings.rounds = value.parse()?,
            [name, value] if name == "--requests" => settings.requests = value.parse()?,
            [name, path] if name == "--markdown" => {
                settings.page = Some((path.clone(), std::fs::read_to_string(path)?));
            }
            _ => return Ok(None),
        }
    }
    Ok(Some(settings))
}

fn measure(settings: &Settings) -> Result<String, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut tables = String::new();
        for question in Question::all() {
            let mut figures: Vec<_> = CONTENDERS
                .iter()
                .map(|contender| Figures::new(contender.name))
                .collect();
            for _ in 0..settings.starts {
                ask_in_turn(settings, &question, &mut figures).await?;
            }
            tables += &report::markdown(question.name, &figures);
        }
        Ok(tables)
    })
}

/// Starts a server of each, and asks them round by round.
async fn ask_in_turn(settings: &Settings, question: &Question, figures: &mut [Figures]) -> Result<(), Box<dyn Error>> {
    let mut servers = Vec::new();
    for contender in &CONTENDERS {
        servers.push(Server::start(contender).await?);
    }
    // The first round only warms up.
    for round in 0..=settings.rounds {
        // Nobody always comes after the same one.
        for at in (0..servers.len()).map(|at| (at + round) % CONTENDERS.len()) {
            let before = servers[at].cpu_time()?;
            let latencies = servers[at].load(question, settings.requests).await?;
            let cpu_time = servers[at].cpu_time()?.saturating_sub(before);
            if round > 0 {
                figures[at].add(cpu_time, latencies);
            }
        }
    }
    Ok(())
}
