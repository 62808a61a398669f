//! What the program says to whoever started it.
//!
//! `println!` panics when nobody listens any longer (`kyc_gateway | head`); a service goes on.

use crate::settings::PasswordSource;
use crate::summary::USER;
use std::fmt::Display;
use std::io::{Write, stderr, stdout};
use std::net::SocketAddr;

pub fn say(line: impl Display) {
    let _ = writeln!(stdout(), "{line}");
}

pub fn complain(error: impl Display) {
    let _ = writeln!(stderr(), "error: {error}");
}

/// What to open and what to type.
pub fn welcome(address: SocketAddr, password: &PasswordSource) {
    let url = format!("http://{address}");
    say(format_args!(
        r#"listening on {url}

Open {url}/metrics as user {USER}, or type:

  curl -u "{USER}:{password}" {url}/metrics

To verify the passport that ICAO prints as its specimen (it expired in 2012):

  session=$(curl -s {url}/sessions --json '{{"device_id": "phone"}}' | grep -o '[0-9a-f]\{{32\}}')
  curl {url}/verify --json '{{
    "session_id": "'$session'",
    "country": "UTO",
    "liveness": {{ "motion": 0.8, "moire": 0.1, "mask": 0.1, "synthesis": 0.1 }},
    "document": {{ "mrz": [
      "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
      "L898902C36UTO7408122F1204159ZE184226B<<<<<10" ] }},
    "faces": {{ "selfie": [0.3, 0.1, 0, 0, 0, 0, 0, 0], "document": [0.3, 0.2, 0, 0, 0, 0, 0, 0] }}
  }}'

For trouble, add "simulate": {{"module": "ocr", "behaviour": "slow"}}, or "fail", or "hang".
Ctrl-C stops.
"#
    ));
}
