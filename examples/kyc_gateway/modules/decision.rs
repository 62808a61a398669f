//! What follows from all of it?
//!
//! Every module's report gives reasons, every reason has a verdict, and the strictest verdict wins:
//!
//! | verdict | reasons |
//! |---|---|
//! | rejected | spoofing attack, different face, document expired, underage |
//! | manual review | weak liveness (confidence under 0.5), unreadable document, unsure face, device reused, country mismatch |
//! | verified | none |

use super::antifraud::Finding;
use super::face_match::Likeness;
use super::{antifraud, face_match, liveness, ocr};
use serde::{Deserialize, Serialize};

/// Liveness under this is worth a look by a person.
const CONFIDENT: f64 = 0.5;

/// What the other modules said.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Evidence {
    pub liveness: liveness::Report,
    pub ocr: ocr::Report,
    pub face_match: face_match::Report,
    pub antifraud: antifraud::Report,
}

/// What decision says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub verdict: Verdict,
    pub reasons: Vec<Reason>,
}

/// From the mildest to the strictest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Verified,
    ManualReview,
    Rejected,
}

/// Why a verification is not simply verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    SpoofingAttack,
    WeakLiveness,
    UnreadableDocument,
    DifferentFace,
    UnsureFace,
    DocumentExpired,
    Underage,
    CountryMismatch,
    DeviceReused,
}

impl Reason {
    fn verdict(self) -> Verdict {
        match self {
            Self::SpoofingAttack | Self::DifferentFace | Self::DocumentExpired | Self::Underage => Verdict::Rejected,
            Self::WeakLiveness
            | Self::UnreadableDocument
            | Self::UnsureFace
            | Self::CountryMismatch
            | Self::DeviceReused => Verdict::ManualReview,
        }
    }
}

impl From<Finding> for Reason {
    fn from(finding: Finding) -> Self {
        match finding {
            Finding::DocumentExpired => Self::DocumentExpired,
            Finding::Underage => Self::Underage,
            Finding::CountryMismatch => Self::CountryMismatch,
            Finding::DeviceReused => Self::DeviceReused,
        }
    }
}

pub fn judge(evidence: Evidence) -> Report {
    let Evidence {
        liveness,
        ocr,
        face_match,
        antifraud,
    } = evidence;
    let liveness = match liveness.attack {
        Some(_) => Some(Reason::SpoofingAttack),
        None => (liveness.confidence < CONFIDENT).then_some(Reason::WeakLiveness),
    };
    let ocr = ocr.document().is_none().then_some(Reason::UnreadableDocument);
    let face_match = match face_match.likeness {
        Likeness::Same => None,
        Likeness::Unsure => Some(Reason::UnsureFace),
        Likeness::Different => Some(Reason::DifferentFace),
    };
    let antifraud = antifraud.findings.into_iter().map(Reason::from);
    let reasons: Vec<Reason> = [liveness, ocr, face_match]
        .into_iter()
        .flatten()
        .chain(antifraud)
        .collect();
    let verdict = reasons
        .iter()
        .map(|reason| reason.verdict())
        .max()
        .unwrap_or(Verdict::Verified);
    Report { verdict, reasons }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::AttackType;
    use crate::mrz::{self, Date};

    fn evidence() -> Evidence {
        let lines = [
            "I<UTOD231458907<<<<<<<<<<<<<<<",
            "7408122F1204159UTO<<<<<<<<<<<6",
            "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
        ];
        Evidence {
            liveness: liveness::Report {
                attack: None,
                confidence: 0.9,
            },
            ocr: ocr::Report::Read(mrz::read(&lines, Date::today()).unwrap()),
            face_match: face_match::Report {
                similarity: 0.95,
                likeness: Likeness::Same,
            },
            antifraud: antifraud::Report { findings: vec![] },
        }
    }

    fn decide(change: impl FnOnce(&mut Evidence)) -> (Verdict, Vec<Reason>) {
        let mut evidence = evidence();
        change(&mut evidence);
        let report = judge(evidence);
        (report.verdict, report.reasons)
    }

    #[test]
    fn nothing_against_it() {
        assert_eq!(decide(|_| {}), (Verdict::Verified, vec![]));
    }

    #[test]
    fn each_module_is_heard() {
        use Verdict::*;
        assert_eq!(
            decide(|evidence| evidence.liveness.attack = Some(AttackType::Mask)),
            (Rejected, vec![Reason::SpoofingAttack])
        );
        assert_eq!(
            decide(|evidence| evidence.liveness.confidence = 0.49),
            (ManualReview, vec![Reason::WeakLiveness])
        );
        let refused = mrz::read(&["?"], Date::today()).unwrap_err();
        assert_eq!(
            decide(|evidence| evidence.ocr = ocr::Report::Unreadable(refused)),
            (ManualReview, vec![Reason::UnreadableDocument])
        );
        assert_eq!(
            decide(|evidence| evidence.face_match.likeness = Likeness::Different),
            (Rejected, vec![Reason::DifferentFace])
        );
        assert_eq!(
            decide(|evidence| evidence.antifraud.findings = vec![Finding::DeviceReused]),
            (ManualReview, vec![Reason::DeviceReused])
        );
    }

    #[test]
    fn the_strictest_verdict_wins_and_every_reason_is_told() {
        let decision = decide(|evidence| {
            evidence.face_match.likeness = Likeness::Unsure;
            evidence.antifraud.findings = vec![Finding::Underage, Finding::CountryMismatch];
        });
        assert_eq!(
            decision,
            (
                Verdict::Rejected,
                vec![Reason::UnsureFace, Reason::Underage, Reason::CountryMismatch]
            )
        );
    }
}
