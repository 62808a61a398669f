//! The command line.

pub const HELP: &str = "\
cargo run --release --manifest-path benches/Cargo.toml -- [OPTION...]

  --rounds N       how often each contender is measured; medians are over the rounds (61)
  --only TEXT      only rows whose title, or contenders whose name, contain TEXT
  --json FILE      writes all figures and targets
  --svg FILE       draws the ratios
  --markdown FILE  replaces the ratios between the markers in FILE
";

#[derive(Debug, PartialEq)]
pub struct Args {
    pub rounds: usize,
    pub only: String,
    pub json: Option<String>,
    pub svg: Option<String>,
    pub markdown: Option<String>,
}

impl Args {
    /// `Err` with what is wrong, or with nothing when help is wanted.
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, Option<String>> {
        let mut args = Self {
            rounds: 61,
            only: String::new(),
            json: None,
            svg: None,
            markdown: None,
        };
        let mut arguments = arguments.into_iter();
        while let Some(option) = arguments.next() {
            let mut value = || arguments.next().ok_or(Some(format!("{option} needs a value")));
            match option.as_str() {
                "--rounds" => {
                    let value = value()?;
                    let rounds = value.parse().ok().filter(|rounds| *rounds > 0);
                    args.rounds = rounds.ok_or(Some(format!("--rounds is a number above 0, not {value}")))?;
                }
                "--only" => args.only = value()?,
                "--json" => args.json = Some(value()?),
                "--svg" => args.svg = Some(value()?),
                "--markdown" => args.markdown = Some(value()?),
                "--help" | "-h" => return Err(None),
                _ => return Err(Some(format!("there is no option {option}"))),
            }
        }
        Ok(args)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Args, Option<String>> {
        Args::parse(arguments.iter().map(|argument| (*argument).to_owned()))
    }

    #[test]
    fn options_take_values() {
        let args = parse(&["--rounds", "3", "--only", "scrape"]).expect("good options");
        assert_eq!((args.rounds, args.only.as_str(), args.json), (3, "scrape", None));
        assert_eq!(parse(&[]).expect("no options").rounds, 61);
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(
            parse(&["--rounds", "0"]),
            Err(Some("--rounds is a number above 0, not 0".to_owned()))
        );
        assert_eq!(parse(&["--json"]), Err(Some("--json needs a value".to_owned())));
        assert_eq!(parse(&["--fast"]), Err(Some("there is no option --fast".to_owned())));
        assert_eq!(parse(&["-h"]), Err(None));
    }
}
