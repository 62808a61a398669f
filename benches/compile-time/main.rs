//! What a program's build pays for its metrics: with enumetrics, and with the crates one would use otherwise.
//!
//! It writes a program with 10 and one with 100 metric families for each contender, and measures the processor time of
//! their debug builds: from nothing, and again after a line was changed. Time on the clock would say more about what
//! else the machine does, and about its number of cores.

mod contenders;
mod report;

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use self::contenders::{CONTENDERS, Contender, Family};

const HELP: &str = "\
cargo run --release -p enumetrics-compile-time -- [OPTION...]

  --rounds N       how often each build is measured; medians are over the rounds (3)
  --only TEXT      only contenders whose name contains TEXT
  --markdown FILE  replaces the table between the markers in FILE
";

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// How many families the programs have.
const SIZES: [usize; 2] = [10, 100];

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let result = Args::parse(std::env::args().skip(1)).and_then(|args| run(&args));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

struct Args {
    rounds: usize,
    only: String,
    markdown: Option<PathBuf>,
}

impl Args {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut args = Self {
            rounds: 3,
            only: String::new(),
            markdown: None,
        };
        while let Some(option) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{option} needs a value"));
            match option.as_str() {
                "--rounds" => args.rounds = value()?.parse().ok().filter(|rounds| *rounds > 0).ok_or("no rounds")?,
                "--only" => args.only = value()?,
                "--markdown" => args.markdown = Some(value()?.into()),
                _ => return Err(HELP.into()),
            }
        }
        Ok(args)
    }
}

/// What was measured of one program.
pub struct Figures {
    pub contender: &'static str,
    pub families: usize,
    /// Crates that are compiled besides the program itself.
    pub crates: usize,
    /// Lines of the program after its macros were expanded.
    pub lines: usize,
    /// Seconds of processor time, one for each round.
    pub clean: Vec<f64>,
    pub again: Vec<f64>,
}

fn run(args: &Args) -> Result<()> {
    let mut programs = Vec::new();
    for contender in CONTENDERS
        .iter()
        .filter(|contender| contender.name.contains(&args.only))
    {
        for families in SIZES {
            let program = Program::write(contender, families)?;
            let figures = Figures {
                contender: contender.name,
                families,
                crates: program.crates()?,
                lines: 0,
                clean: Vec::new(),
                again: Vec::new(),
            };
            programs.push((program, figures));
        }
    }
    // In turn, so that what disturbs the machine disturbs all of them.
    for round in 1..=args.rounds {
        for (program, figures) in &mut programs {
            eprintln!("{}, {} families: round {round}", figures.contender, figures.families);
            program.clean()?;
            figures.clean.push(program.build()?);
            program.change_a_line(round)?;
            figures.again.push(program.build()?);
            if round == 1 {
                program.check()?;
                figures.lines = program.expanded_lines()?;
            }
        }
    }
    let figures: Vec<_> = programs.into_iter().map(|(_, figures)| figures).collect();
    print!("{}", report::text(&figures));
    if let Some(path) = &args.markdown {
        let page = fs::read_to_string(path)?;
        let page = report::splice(&page, &report::markdown(&figures))
            .ok_or_else(|| format!("{} has no markers for the table", path.display()))?;
        fs::write(path, page)?;
    }
    Ok(())
}

/// A package of its own, below the target directory.
struct Program {
    folder: PathBuf,
    source: String,
    families: Vec<Family>,
}

impl Program {
    fn write(contender: &Contender, families: usize) -> Result<Self> {
        let name = contender.name.replace([',', ' '], "_");
        let executable = std::env::current_exe()?;
        let target = executable.ancestors().nth(2).ok_or("not in a target directory")?;
        let folder = target.join(format!("compile-time/{name}-{families}"));
        let root = fs::canonicalize(ROOT)?;
        let dependencies = contender.dependencies.replace("{root}", &root.display().to_string());
        let families = Family::first(families);
        let program = Self {
            folder,
            source: (contender.source)(&families),
            families,
        };
        fs::create_dir_all(program.folder.join("src"))?;
        let manifest = format!(
            "[workspace]\n\n[package]\nname = \"program\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}\n"
        );
        fs::write(program.folder.join("Cargo.toml"), manifest)?;
        // The versions that the other benches measure; Cargo leaves out what this program does not need.
        fs::copy(root.join("benches/Cargo.lock"), program.folder.join("Cargo.lock"))?;
        program.change_a_line(0)?;
        Ok(program)
    }

    fn change_a_line(&self, value: usize) -> Result<()> {
        // What is not used is not compiled to the end.
        let changed = format!(
            "#![allow(warnings)]\n{}#[used] static CHANGED: usize = {value};\n",
            self.source
        );
        Ok(fs::write(self.folder.join("src/main.rs"), changed)?)
    }

    fn cargo(&self, command: &str) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .arg(command)
            .arg("--quiet")
            .current_dir(&self.folder)
            // As a user's would be, wherever this program's own is.
            .env("CARGO_TARGET_DIR", self.folder.join("target"))
            .env_remove("RUSTFLAGS");
        cargo
    }

    fn clean(&self) -> Result<()> {
        match fs::remove_dir_all(self.folder.join("target")) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Builds, and says how much processor time that took.
    fn build(&self) -> Result<f64> {
        let before = time_of_children()?;
        let status = self.cargo("build").status()?;
        if !status.success() {
            return Err(format!("{} does not build", self.folder.display()).into());
        }
        Ok(time_of_children()? - before)
    }

    /// All families are in what the program prints: whoever compiles less does less.
    fn check(&self) -> Result<()> {
        let page = output(&mut Command::new(self.folder.join("target/debug/program")))?;
        match self.families.iter().find(|family| !page.contains(&family.stem())) {
            Some(family) => Err(format!("{} exports no {}:\n{page}", self.folder.display(), family.stem()).into()),
            None => Ok(()),
        }
    }

    fn crates(&self) -> Result<usize> {
        let tree = output(
            self.cargo("tree")
                .args(["--edges", "normal,build", "--prefix", "none", "--format", "{p}"]),
        )?;
        let crates: BTreeSet<_> = tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();
        Ok(crates.len() - 1)
    }

    fn expanded_lines(&self) -> Result<usize> {
        // Only a nightly compiler has this; for this one program the pinned one may be asked, too.
        let expanded = output(
            self.cargo("rustc")
                .env("RUSTC_BOOTSTRAP", "program")
                .args(["--", "-Zunpretty=expanded"]),
        )?;
        Ok(expanded.lines().count())
    }
}

fn output(command: &mut Command) -> Result<String> {
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("{command:?}:\n{}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The processor time, in seconds, of all processes that this one started and that ended, and of theirs.
fn time_of_children() -> Result<f64> {
    /// Of `/proc`: it is the same on every machine that Linux runs on nowadays.
    const TICKS_PER_SECOND: f64 = 100.0;
    let path = Path::new("/proc/self/stat");
    let stat = fs::read_to_string(path).map_err(|error| format!("{}: {error}; this needs Linux", path.display()))?;
    // After the name, which is in parentheses, the state is the third field: cutime and cstime are 16 and 17.
    let fields = stat.rsplit_once(')').ok_or("no name in /proc/self/stat")?.1;
    let ticks: Vec<f64> = fields
        .split_whitespace()
        .skip(13)
        .take(2)
        .map(str::parse)
        .collect::<std::result::Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / TICKS_PER_SECOND)
}
