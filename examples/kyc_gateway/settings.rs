//! What the user can choose, from the command line and the environment. Every mistake is found before anything starts,
//! all of them are told at once, and each names what is wrong, what was found there and what is allowed.

use crate::random;
use enumetrics::Secret;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use std::{env, fmt, fs, io};

pub const USAGE: &str = "\
A KYC gateway with its five modules, its metrics and its customers, in one process.

usage: kyc_gateway [--requests N] [--seed N] [--no-traffic]
       kyc_gateway --rules
       kyc_gateway --dashboard

  --requests N   send N requests, compare what came back with a scrape, and exit:
                 0 if all numbers agree, 1 if not
  --seed N       other customers in another order (default 1)
  --no-traffic   only serve
  --rules        print the alerts for Prometheus, and exit
  --dashboard    print the dashboard for Grafana, and exit
  --help         this text

environment:
  KYC_ADDRESS                 where to listen (default 127.0.0.1:8000; port 0 takes any free one)
  KYC_METRICS_PASSWORD_FILE   a file with the password of /metrics, as Prometheus' password_file
  KYC_METRICS_PASSWORD        or the password itself
                              (with neither, one is made up for this run and shown)
  KYC_MODULE_TIMEOUT_SECONDS  how long to wait for a module (default 2; from 0.1 to 60)
  KYC_SESSION_SECONDS         how long a session stays open (default 300; from 1 to 86400)
";

const ADDRESS: &str = "KYC_ADDRESS";
const PASSWORD_FILE: &str = "KYC_METRICS_PASSWORD_FILE";
const PASSWORD: &str = "KYC_METRICS_PASSWORD";
const MODULE_TIMEOUT: &str = "KYC_MODULE_TIMEOUT_SECONDS";
const SESSION: &str = "KYC_SESSION_SECONDS";

/// What the command line asks for.
#[derive(Debug, PartialEq)]
pub enum Command {
    Help,
    Rules,
    Dashboard,
    Run(Settings),
}

#[derive(Debug, PartialEq)]
pub struct Settings {
    pub address: SocketAddr,
    pub password: PasswordSource,
    pub module_timeout: Duration,
    pub session_lifetime: Duration,
    pub traffic: Traffic,
    pub seed: u64,
}

/// How many requests the built-in customers send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Traffic {
    None,
    Endless,
    Requests(u64),
}

/// Where the password of `/metrics` comes from.
#[derive(PartialEq)]
pub enum PasswordSource {
    File(PathBuf),
    Environment,
    /// Made up for this run: the only one that is ever shown.
    MadeUp(String),
}

impl PasswordSource {
    /// For the side that asks for it.
    pub fn password(&self) -> Result<Secret, String> {
        match self {
            Self::File(path) => Secret::from_file(path).map_err(|error| format!("{PASSWORD_FILE}: {error}")),
            Self::Environment => Secret::from_env(PASSWORD).map_err(|error| error.to_string()),
            Self::MadeUp(text) => Ok(Secret::new(text)),
        }
    }

    /// For the side that sends it: like Prometheus, the scraper reads the same source for itself.
    pub fn text(&self) -> io::Result<String> {
        let text = match self {
            Self::File(path) => fs::read_to_string(path)?,
            Self::Environment => env::var(PASSWORD).map_err(io::Error::other)?,
            Self::MadeUp(text) => text.clone(),
        };
        Ok(text.trim().to_owned())
    }
}

/// For the banner: what to type, without the password unless it is made up.
impl fmt::Display for PasswordSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "$(cat {})", path.display()),
            Self::Environment => write!(f, "${PASSWORD}"),
            Self::MadeUp(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for PasswordSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File(_) => "File",
            Self::Environment => "Environment",
            Self::MadeUp(_) => "MadeUp",
        })
    }
}

impl Command {
    /// Reads `arguments` (without the program's name) and the variables that `environment` knows.
    pub fn read(
        arguments: impl IntoIterator<Item = OsString>,
        environment: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        let mut requests = None;
        let mut no_traffic = false;
        let mut seed = 1;
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            match argument.to_str() {
                Some("--help" | "-h") => return Ok(Self::Help),
                Some("--rules") => return Ok(Self::Rules),
                Some("--dashboard") => return Ok(Self::Dashboard),
                Some("--no-traffic") => no_traffic = true,
                Some(name @ "--requests") => {
                    requests = number(name, arguments.next(), 1..=1_000_000, &mut mistakes);
                }
                Some(name @ "--seed") => {
                    seed = number(name, arguments.next(), 0..=u64::MAX, &mut mistakes).unwrap_or(seed);
                }
                _ => mistakes.push(Mistake::new(
                    "the command line",
                    &argument,
                    "one of the options that --help shows",
                )),
            }
        }
        if no_traffic && requests.is_some() {
            mistakes.push(Mistake::alone(
                "--no-traffic and --requests contradict each other: choose one",
            ));
        }
        let settings = Settings {
            address: address(environment(ADDRESS), &mut mistakes),
            password: password(environment(PASSWORD_FILE), environment(PASSWORD), &mut mistakes),
            module_timeout: seconds(
                MODULE_TIMEOUT,
                environment(MODULE_TIMEOUT),
                2.0,
                0.1..=60.0,
                &mut mistakes,
            ),
            session_lifetime: seconds(SESSION, environment(SESSION), 300.0, 1.0..=86_400.0, &mut mistakes),
            traffic: match requests {
                Some(requests) => Traffic::Requests(requests),
                None if no_traffic => Traffic::None,
                None => Traffic::Endless,
            },
            seed,
        };
        if mistakes.is_empty() {
            Ok(Self::Run(settings))
        } else {
            Err(mistakes)
        }
    }
}

fn number(
    name: &str,
    value: Option<OsString>,
    allowed: std::ops::RangeInclusive<u64>,
    mistakes: &mut Vec<Mistake>,
) -> Option<u64> {
    let value = value.unwrap_or_default();
    let number = value
        .to_str()
        .and_then(|text| text.parse().ok())
        .filter(|number| allowed.contains(number));
    if number.is_none() {
        let expected = format!("a whole number from {} to {}", allowed.start(), allowed.end());
        mistakes.push(Mistake::new(name, &value, expected));
    }
    number
}

fn seconds(
    name: &str,
    value: Option<OsString>,
    default: f64,
    allowed: std::ops::RangeInclusive<f64>,
    mistakes: &mut Vec<Mistake>,
) -> Duration {
    let seconds = match value {
        None => default,
        Some(value) => {
            let seconds = value
                .to_str()
                .and_then(|text| text.parse().ok())
                .filter(|seconds| allowed.contains(seconds));
            seconds.unwrap_or_else(|| {
                let expected = format!("a number of seconds from {} to {}", allowed.start(), allowed.end());
                mistakes.push(Mistake::new(name, &value, expected));
                default
            })
        }
    };
    Duration::from_secs_f64(seconds)
}

fn address(value: Option<OsString>, mistakes: &mut Vec<Mistake>) -> SocketAddr {
    let default = SocketAddr::from(([127, 0, 0, 1], 8000));
    let Some(value) = value else { return default };
    value.to_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| {
        mistakes.push(Mistake::new(
            ADDRESS,
            &value,
            "an IP address and a port, such as 127.0.0.1:8000 or [::1]:8000",
        ));
        default
    })
}

fn password(file: Option<OsString>, text: Option<OsString>, mistakes: &mut Vec<Mistake>) -> PasswordSource {
    match (file, text) {
        (None, None) => PasswordSource::MadeUp(random::unguessable()),
        (Some(file), None) => PasswordSource::File(file.into()),
        (None, Some(_)) => PasswordSource::Environment,
        (Some(_), Some(_)) => {
            mistakes.push(Mistake::alone(format!(
                "{PASSWORD_FILE} and {PASSWORD} are both set: unset one"
            )));
            PasswordSource::Environment
        }
    }
}

/// One thing that is wrong with the settings.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistake(String);

impl Mistake {
    fn new(name: &str, found: &OsString, expected: impl fmt::Display) -> Self {
        // Debug, so that blanks and what is not UTF-8 can be seen.
        Self(format!("{name}: expected {expected}, found {found:?}"))
    }

    fn alone(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
        let arguments = arguments.iter().map(OsString::from);
        let lookup = |name: &str| {
            environment
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.into())
        };
        match Command::read(arguments, lookup) {
            Ok(Command::Run(settings)) => Ok(settings),
            Ok(Command::Help | Command::Rules | Command::Dashboard) => Err(vec![USAGE.to_owned()]),
            Err(mistakes) => Err(mistakes.iter().map(Mistake::to_string).collect()),
        }
    }

    #[test]
    fn nothing_needs_to_be_set() {
        let settings = read(&[], &[]).unwrap();
        assert_eq!(settings.address.to_string(), "127.0.0.1:8000");
        assert_eq!(settings.traffic, Traffic::Endless);
        assert_eq!(settings.module_timeout, Duration::from_secs(2));
        assert!(matches!(settings.password, PasswordSource::MadeUp(_)));
    }

    #[test]
    fn everything_can_be_set() {
        let settings = read(
            &["--requests", "200", "--seed", "7"],
            &[
                ("KYC_ADDRESS", "[::1]:0"),
                ("KYC_METRICS_PASSWORD_FILE", "/run/secrets/password"),
                ("KYC_MODULE_TIMEOUT_SECONDS", "0.5"),
                ("KYC_SESSION_SECONDS", "60"),
            ],
        );
        assert_eq!(
            settings.unwrap(),
            Settings {
                address: "[::1]:0".parse().unwrap(),
                password: PasswordSource::File("/run/secrets/password".into()),
                module_timeout: Duration::from_millis(500),
                session_lifetime: Duration::from_secs(60),
                traffic: Traffic::Requests(200),
                seed: 7,
            }
        );
        assert_eq!(read(&["--no-traffic"], &[]).unwrap().traffic, Traffic::None);
        assert_eq!(read(&["--help"], &[]).unwrap_err(), [USAGE]);
    }

    #[test]
    fn every_mistake_is_named_and_all_at_once() {
        let mistakes = read(
            &["--requests", "ten", "--fast"],
            &[
                ("KYC_ADDRESS", "localhost"),
                ("KYC_METRICS_PASSWORD_FILE", "x"),
                ("KYC_METRICS_PASSWORD", "hunter2"),
                ("KYC_MODULE_TIMEOUT_SECONDS", "NaN"),
                ("KYC_SESSION_SECONDS", ""),
            ],
        );
        assert_eq!(
            mistakes.unwrap_err(),
            [
                "--requests: expected a whole number from 1 to 1000000, found \"ten\"",
                "the command line: expected one of the options that --help shows, found \"--fast\"",
                "KYC_ADDRESS: expected an IP address and a port, such as 127.0.0.1:8000 or [::1]:8000, found \"localhost\"",
                "KYC_METRICS_PASSWORD_FILE and KYC_METRICS_PASSWORD are both set: unset one",
                "KYC_MODULE_TIMEOUT_SECONDS: expected a number of seconds from 0.1 to 60, found \"NaN\"",
                "KYC_SESSION_SECONDS: expected a number of seconds from 1 to 86400, found \"\"",
            ]
        );
        assert_eq!(
            read(&["--no-traffic", "--requests", "1"], &[]).unwrap_err(),
            ["--no-traffic and --requests contradict each other: choose one"]
        );
        assert_eq!(read(&["--requests"], &[]).unwrap_err().len(), 1);
        for requests in ["0", "-1", "1000001", "1.5"] {
            assert!(read(&["--requests", requests], &[]).is_err(), "{requests}");
        }
    }

    #[test]
    fn a_password_is_never_shown_unless_it_was_made_up() {
        let settings = read(&[], &[("KYC_METRICS_PASSWORD", "hunter2")]).unwrap();
        assert!(!format!("{settings:?} {}", settings.password).contains("hunter2"));
        let made_up = PasswordSource::MadeUp("made up".to_owned());
        assert_eq!(format!("{made_up:?} {made_up}"), "MadeUp made up");
        assert_eq!(made_up.text().unwrap(), "made up");
    }
}
