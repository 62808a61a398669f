//! Counts the instructions of enumetrics' hot paths under valgrind's callgrind, and holds them against a baseline.
//!
//! A count is the difference between two runs that differ in their number of passes, so that everything around the
//! calls cancels. It contains the loop, whose own cost is the path `loop`. Callgrind counts a `lock add` as one
//! instruction, like any other, and it sees no cache: fewer instructions are a good sign, not a time.

mod baseline;
mod http;
mod paths;

use std::error::Error;
use std::process::{Command, ExitCode};

use self::baseline::Count;
use self::http::REQUESTS;
use self::paths::{PATHS, Path, SCRAPES, SWITCHED_OFF, settle_the_clock};

const HELP: &str = "\
cargo run --release -p enumetrics-instructions -- COMMAND

  check    fails when a path has more instructions than the baseline tolerates
  record   writes a new baseline
";

const BASELINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../instructions.baseline");

const COMMENT: &str = "\
Instructions per call, per series for scrapes, per request for HTTP, the loop included; a `lock add` counts as one. Of x86_64.
A new one: cargo run --release -p enumetrics-instructions -- record";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        ["check"] => check(),
        ["record"] => record(),
        // What runs under valgrind.
        ["run", path, passes] => run(path, passes),
        _ => Err(HELP.into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn check() -> Result<(), Box<dyn Error>> {
    if std::env::consts::ARCH != "x86_64" {
        println!("the baseline is of x86_64: there is nothing to compare with here");
        return Ok(());
    }
    let text = std::fs::read_to_string(BASELINE).map_err(|error| format!("{BASELINE}: {error}"))?;
    let baseline = baseline::parse(&text)?;
    let complaints = baseline::complaints(&baseline, &counts()?);
    if complaints.is_empty() {
        println!("no path grew by more than {} %", baseline::TOLERANCE * 100.0);
        return Ok(());
    }
    Err(format!(
        "{}\nIf that is meant to be, record a new baseline, and say why in its commit:\n  \
         cargo run --release -p enumetrics-instructions -- record",
        complaints.join("\n"),
    )
    .into())
}

fn record() -> Result<(), Box<dyn Error>> {
    std::fs::write(BASELINE, baseline::write(&counts()?, COMMENT))?;
    Ok(())
}

fn run(path: &str, passes: &str) -> Result<(), Box<dyn Error>> {
    settle_the_clock();
    counted(find(path)?, passes.parse()?);
    Ok(())
}

/// What callgrind counts: its name is known to `instructions`.
#[inline(never)]
fn counted(path: &Path, passes: u64) {
    (path.run)(passes);
}

fn find(name: &str) -> Result<&'static Path, String> {
    all()
        .find(|path| path.name == name)
        .ok_or(format!("no path is called {name}"))
}

fn all() -> impl Iterator<Item = &'static Path> {
    PATHS.iter().chain(SWITCHED_OFF).chain(SCRAPES).chain(REQUESTS)
}

/// Counts all paths and prints them.
fn counts() -> Result<Vec<Count>, Box<dyn Error>> {
    all()
        .map(|path| {
            let instructions = count(path)?;
            let target = path.target.first().map_or_else(String::new, |target| {
                let verdict = if instructions <= *target { "met" } else { "missed" };
                format!("  target {target}: {verdict}")
            });
            println!("{:20} {instructions:10.2}{target}", path.name);
            Ok(Count {
                path: path.name.to_owned(),
                instructions,
            })
        })
        .collect()
}

/// What is counted of a path, without what it is compared with.
fn count(path: &Path) -> Result<f64, Box<dyn Error>> {
    let without = path.beyond.map_or(Ok(0.0), |name| calls(find(name)?))?;
    Ok(calls(path)? - without)
}

fn calls(path: &Path) -> Result<f64, Box<dyn Error>> {
    let few = instructions(path, path.passes)?;
    let many = instructions(path, path.passes * 2)?;
    Ok((many as f64 - few as f64) / (path.passes * path.calls) as f64)
}

/// The instructions of so many passes, of a process whose timers use the processor's counter, as nearly each does: another
/// may be disturbed while it learns the counter's frequency. Where none is found, there is no such counter.
fn instructions(path: &Path, passes: u64) -> Result<u64, Box<dyn Error>> {
    const TRIES: usize = 8;
    let mut tries = (0..TRIES).map(|_| instructions_and_clock(path, passes));
    let counted = tries.find(|tried| !matches!(tried, Ok((_, false))));
    Ok(counted.unwrap_or_else(|| instructions_and_clock(path, passes))?.0)
}

/// And whether no timer used `Instant`.
fn instructions_and_clock(path: &Path, passes: u64) -> Result<(u64, bool), Box<dyn Error>> {
    let profile = std::env::temp_dir().join(format!("enumetrics-instructions-{}", std::process::id()));
    let mut to = std::ffi::OsString::from("--callgrind-out-file=");
    to.push(&profile);
    let output = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(to)
        // Nothing else: how long the clock's calibration takes is a matter of time.
        .args(["--collect-atstart=no", "--toggle-collect=*::counted"])
        .arg(std::env::current_exe()?)
        // As many digits for few as for many: the arguments lie on the stack.
        .args(["run", path.name, &format!("{passes:08}")])
        .output()
        .map_err(|error| {
            format!("valgrind: {error}\nInstall it as root (Debian: apt-get install valgrind libc6-dbg).")
        })?;
    let functions = std::fs::read_to_string(&profile).unwrap_or_default();
    _ = std::fs::remove_file(&profile);
    let report = String::from_utf8_lossy(&output.stderr);
    let instructions = report
        .lines()
        .find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
        .filter(|_| output.status.success())
        .ok_or_else(|| format!("valgrind counted nothing of {}:\n{report}", path.name))?;
    Ok((instructions, !functions.contains("since_instant")))
}
