//! What clients send to the gateway and what they get back.

mod error;
mod extract;

pub use error::ApiError;
pub use extract::{ClientAddress, DEMO_ADDRESS, LONGEST_BODY, read_json};

use crate::metrics::{AttackType, Module, Status};
use crate::modules::Behaviour;
use crate::modules::decision::Reason;
use crate::modules::face_match::Faces;
use crate::modules::liveness::Capture;
use crate::modules::ocr::Scan;
use serde::{Deserialize, Serialize};

/// `POST /sessions`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenSession {
    pub device_id: DeviceId,
}

/// The answer to `POST /sessions`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SessionOpened {
    pub session_id: String,
    pub expires_in_seconds: u64,
}

/// `POST /verify`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifyRequest {
    pub session_id: String,
    /// The country whose passport or card the applicant says to have.
    pub country: Country,
    pub liveness: Capture,
    pub document: Scan,
    pub faces: Faces,
    /// For demonstrations: makes one module misbehave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulate: Option<Simulate>,
}

/// `{"module": "ocr", "behaviour": "slow"}`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Simulate {
    pub module: Module,
    pub behaviour: Behaviour,
}

/// The answer to `POST /verify`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyAnswer {
    pub status: Status,
    pub reasons: Vec<Reason>,
    pub attack_type: Option<AttackType>,
    /// Why the document's machine-readable zone was refused.
    pub unreadable: Option<String>,
}

/// A device: 1 to 64 letters, digits, `.`, `_` or `-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct DeviceId(String);

impl TryFrom<String> for DeviceId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if (1..=64).contains(&text.len()) && text.chars().all(allowed) {
            Ok(Self(text))
        } else {
            Err("expected 1 to 64 letters, digits, `.`, `_` or `-`")
        }
    }
}

/// A country as documents write it: one to three capital letters, such as `UTO` or `D`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Country(String);

impl Country {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Country {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if (1..=3).contains(&text.len()) && text.chars().all(|c| c.is_ascii_uppercase()) {
            Ok(Self(text))
        } else {
            Err("expected one to three capital letters, as in a passport")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_where_they_come_in() {
        for good in ["a", "ios-7F3a_1.2", &"x".repeat(64)] {
            assert!(DeviceId::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", "a b", "é", &"x".repeat(65)] {
            assert!(DeviceId::try_from(bad.to_owned()).is_err(), "{bad}");
        }
        for (text, good) in [
            ("D", true),
            ("UTO", true),
            ("", false),
            ("uto", false),
            ("UT0", false),
            ("UTOP", false),
        ] {
            assert_eq!(Country::try_from(text.to_owned()).is_ok(), good, "{text}");
        }
    }
}
