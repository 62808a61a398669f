//! What does the document say?
//!
//! The lines of its machine-readable zone are read as [`crate::mrz`] describes. A zone that cannot be read is a
//! finding about the document and no failure of the module.

use crate::mrz::{self, Date, Document, MrzError};
use serde::{Deserialize, Serialize};

/// What the client's camera module recognised.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scan {
    /// The lines of the zone, from top to bottom.
    pub mrz: Vec<String>,
}

/// What OCR says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    Read(Document),
    Unreadable(MrzError),
}

impl Report {
    /// The document, if it could be read.
    pub fn document(&self) -> Option<&Document> {
        match self {
            Self::Read(document) => Some(document),
            Self::Unreadable(_) => None,
        }
    }
}

pub fn judge(scan: Scan) -> Report {
    mrz::read(&scan.mrz, Date::today()).map_or_else(Report::Unreadable, Report::Read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_survives_the_wire() {
        let lines = [
            "I<UTOD231458907<<<<<<<<<<<<<<<",
            "7408122F1204159UTO<<<<<<<<<<<6",
            "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
        ];
        for mrz in [lines.map(str::to_owned).to_vec(), vec!["?".to_owned()]] {
            let report = judge(Scan { mrz });
            let text = serde_json::to_string(&report).unwrap();
            assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
        }
    }
}
