//! Is there a living face in front of the camera?
//!
//! Rules, from the most specific trace to the least; the first that holds names the attack:
//!
//! | measured | attack |
//! |---|---|
//! | `synthesis` at least 0.7: traces of a generated picture | deepfake |
//! | `mask` at least 0.7: skin that does not behave like skin | mask |
//! | `moire` at least 0.6: the pattern of a display's pixels | screen |
//! | `motion` at most 0.2: nothing moves | photo |
//!
//! The confidence is the weakest of the four measurements, read as "how far from an attack".

use super::Score;
use crate::metrics::AttackType;
use serde::{Deserialize, Serialize};

/// What the client's camera module measured.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capture {
    pub motion: Score,
    pub moire: Score,
    pub mask: Score,
    pub synthesis: Score,
}

/// What liveness says.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub attack: Option<AttackType>,
    pub confidence: f64,
}

pub fn judge(capture: Capture) -> Report {
    let [motion, moire, mask, synthesis] =
        [capture.motion, capture.moire, capture.mask, capture.synthesis].map(Score::get);
    let attack = if synthesis >= 0.7 {
        Some(AttackType::Deepfake)
    } else if mask >= 0.7 {
        Some(AttackType::Mask)
    } else if moire >= 0.6 {
        Some(AttackType::Screen)
    } else if motion <= 0.2 {
        Some(AttackType::Photo)
    } else {
        None
    };
    let confidence = [1.0 - moire, 1.0 - mask, 1.0 - synthesis]
        .into_iter()
        .fold(motion, f64::min);
    Report { attack, confidence }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attack(motion: f64, moire: f64, mask: f64, synthesis: f64) -> Option<AttackType> {
        let [motion, moire, mask, synthesis] = [motion, moire, mask, synthesis].map(|score| score.try_into().unwrap());
        judge(Capture {
            motion,
            moire,
            mask,
            synthesis,
        })
        .attack
    }

    #[test]
    fn each_attack_leaves_its_trace() {
        assert_eq!(attack(0.8, 0.1, 0.1, 0.1), None);
        assert_eq!(attack(0.2, 0.1, 0.1, 0.1), Some(AttackType::Photo));
        assert_eq!(attack(0.8, 0.6, 0.1, 0.1), Some(AttackType::Screen));
        assert_eq!(attack(0.8, 0.1, 0.7, 0.1), Some(AttackType::Mask));
        assert_eq!(attack(0.8, 0.1, 0.1, 0.7), Some(AttackType::Deepfake));
        // All of them at once: the most specific.
        assert_eq!(attack(0.0, 1.0, 1.0, 1.0), Some(AttackType::Deepfake));
    }

    #[test]
    fn confidence_is_the_weakest_measurement() {
        let [low, high] = [0.25, 0.75].map(|score| score.try_into().unwrap());
        let report = judge(Capture {
            motion: high,
            moire: low,
            mask: low,
            synthesis: low,
        });
        assert_eq!(
            report,
            Report {
                attack: None,
                confidence: 0.75
            }
        );
    }
}
