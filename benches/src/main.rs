//! Measures enumetrics against its peers in one process, and says how it stands to its targets.
//!
//! `workload` is what everybody is asked to do, `rows` what is measured of it, `peers` who does it and how, `bench`
//! how it is measured, `targets` what it is held against, and `report` how it is told.

mod allocation;
mod args;
mod bench;
mod http;
mod peers;
mod report;
mod rows;
mod stats;
mod targets;
mod workload;

use std::error::Error;
use std::process::ExitCode;

use self::args::Args;

#[global_allocator]
static ALLOCATOR: allocation::Counting = allocation::Counting;

fn main() -> ExitCode {
    let result = match Args::parse(std::env::args().skip(1)) {
        Ok(args) => run(&args),
        Err(None) => {
            print!("{}", args::HELP);
            return ExitCode::SUCCESS;
        }
        Err(Some(mistake)) => Err(format!("{mistake}\n\n{}", args::HELP).into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    // What cannot be written shall not be found out after the measuring.
    let page = match &args.markdown {
        Some(path) => std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?,
        None => String::new(),
    };
    let mut bench = bench::Bench::default();
    peers::enter(&mut bench);
    let figures = bench.run(args.rounds, &args.only, |row| eprintln!("measuring {}", row.title));
    let outcomes = targets::outcomes(targets::TARGETS, &figures);

    print!("{}", report::text(&figures, &outcomes));
    if let Some(path) = &args.json {
        std::fs::write(path, report::json(&figures, &outcomes))?;
    }
    if let Some(path) = &args.svg {
        std::fs::write(path, report::svg(&figures))?;
    }
    if let Some(path) = &args.markdown {
        let tables = report::markdown(&figures, &outcomes);
        let page = report::splice(&page, &tables).ok_or_else(|| format!("{path} has no markers for the ratios"))?;
        std::fs::write(path, page)?;
    }
    Ok(())
}
