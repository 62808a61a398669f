//! Does the face in front of the camera belong to the document?
//!
//! Both pictures come as embeddings, and their cosine similarity decides: from 0.85 up it is the same person, from
//! 0.6 up nobody can tell, and below it is somebody else.

use serde::{Deserialize, Serialize};

/// How many numbers describe a face here; real models take some hundred.
pub const DIMENSIONS: usize = 8;

/// Two faces to compare.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Faces {
    pub selfie: Embedding,
    pub document: Embedding,
}

/// A face as a direction in space: numbers from -1 to 1, not all of them (almost) 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "[f64; DIMENSIONS]")]
pub struct Embedding([f64; DIMENSIONS]);

impl TryFrom<[f64; DIMENSIONS]> for Embedding {
    type Error = String;

    fn try_from(numbers: [f64; DIMENSIONS]) -> Result<Self, Self::Error> {
        if let Some(number) = numbers.iter().find(|number| !(-1.0..=1.0).contains(*number)) {
            return Err(format!("expected numbers from -1 to 1, found {number}"));
        }
        let embedding = Self(numbers);
        // A shorter one has no direction that floating point could still tell.
        if embedding.length() < 1e-3 {
            return Err("expected numbers that are not all 0".to_owned());
        }
        Ok(embedding)
    }
}

impl Embedding {
    fn dot(&self, other: &Self) -> f64 {
        self.0.iter().zip(other.0).map(|(a, b)| a * b).sum()
    }

    fn length(&self) -> f64 {
        self.dot(self).sqrt()
    }
}

/// What face match says.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub similarity: f64,
    pub likeness: Likeness,
}

/// What the similarity means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Likeness {
    Same,
    Unsure,
    Different,
}

pub fn judge(faces: Faces) -> Report {
    let Faces { selfie, document } = faces;
    let similarity = selfie.dot(&document) / (selfie.length() * document.length());
    let likeness = match similarity {
        0.85.. => Likeness::Same,
        0.6.. => Likeness::Unsure,
        _ => Likeness::Different,
    };
    Report { similarity, likeness }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embedding(first: f64, second: f64) -> Embedding {
        Embedding::try_from([first, second, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]).unwrap()
    }

    #[test]
    fn the_angle_decides_and_not_the_length() {
        let document = embedding(1.0, 0.0);
        for (selfie, similarity, likeness) in [
            (embedding(0.5, 0.0), 1.0, Likeness::Same),
            (embedding(0.8, 0.6), 0.8, Likeness::Unsure),
            (embedding(0.0, 1.0), 0.0, Likeness::Different),
            (embedding(-1.0, 0.0), -1.0, Likeness::Different),
        ] {
            let report = judge(Faces { selfie, document });
            assert!((report.similarity - similarity).abs() < 1e-12, "{report:?}");
            assert_eq!(report.likeness, likeness);
        }
    }

    #[test]
    fn an_embedding_has_a_direction() {
        for (json, message) in [
            ("[0,0,0,0,0,0,0,0]", "expected numbers that are not all 0"),
            ("[2,0,0,0,0,0,0,0]", "expected numbers from -1 to 1, found 2"),
            ("[1,0]", "invalid length 2, expected an array of length 8"),
        ] {
            let error = serde_json::from_str::<Embedding>(json).unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}");
        }
    }
}
