//! Customers' papers and faces.

use crate::modules::face_match::DIMENSIONS;
use crate::mrz::{Date, Document, Format, Name, Sex};
use crate::random::Random;

const COUNTRIES: [&str; 8] = ["UTO", "D", "ESP", "FRA", "POL", "PRT", "NGA", "JPN"];
const FAMILY_NAMES: [&str; 8] = [
    "ERIKSSON",
    "GARCIA LOPEZ",
    "MUELLER",
    "NOVAK",
    "SILVA",
    "OKAFOR",
    "TANAKA",
    "D ARTAGNAN",
];
const GIVEN_NAMES: [&str; 8] = [
    "ANNA MARIA",
    "PEDRO",
    "LENA",
    "JAN PAWEL",
    "BEATRIZ",
    "CHIDI",
    "YUKI",
    "",
];

/// A document of an adult, valid for at least the rest of the year.
pub fn document(random: &mut Random, today: Date) -> Document {
    let passport = random.below(2) == 0;
    let country = random.pick(COUNTRIES);
    // Beyond nine characters, a card's number continues in its optional data.
    let digits = if passport { 8 } else { random.pick([8, 11]) };
    let [age, validity] = [random.pick([19, 25, 33, 48, 71]), random.pick([1, 3, 6, 9])];
    let personal_number = if passport { random.pick([0, 10]) } else { 0 };
    Document {
        format: if passport { Format::Td3 } else { Format::Td1 },
        code: if passport {
            random.pick(["P", "PD"])
        } else {
            random.pick(["I", "ID", "AR"])
        }
        .to_owned(),
        issuer: country.to_owned(),
        number: format!("{}{}", random.pick(["C", "L", "X", "Y"]), number(random, digits)),
        name: Name {
            primary: random.pick(FAMILY_NAMES).to_owned(),
            secondary: random.pick(GIVEN_NAMES).to_owned(),
        },
        nationality: country.to_owned(),
        birth: day_of(random, today.year() - age),
        sex: random.pick([Sex::Female, Sex::Male, Sex::Unspecified]),
        expiry: day_of(random, today.year() + validity),
        optional_data: number(random, personal_number),
        more_optional_data: String::new(),
    }
}

/// Some day of `year`.
pub fn day_of(random: &mut Random, year: i32) -> Date {
    let [month, day] = [12, 28].map(|limit| i32::try_from(random.below(limit)).unwrap_or(0) + 1);
    Date::new(year, month, day).unwrap_or_else(Date::today)
}

/// Two pictures whose cosine similarity is `similarity`.
pub fn faces(random: &mut Random, similarity: f64) -> [[f64; DIMENSIONS]; 2] {
    let face: [f64; DIMENSIONS] =
        std::array::from_fn(|_| random.between(0.1, 0.7) * if random.below(2) == 0 { 1.0 } else { -1.0 });
    // As long as the face and at right angles to it: each pair (a, b) becomes (-b, a).
    let aside: [f64; DIMENSIONS] = std::array::from_fn(|i| if i % 2 == 0 { -face[i + 1] } else { face[i - 1] });
    let sine = (1.0 - similarity * similarity).sqrt();
    [face, std::array::from_fn(|i| similarity * face[i] + sine * aside[i])]
}

fn number(random: &mut Random, digits: usize) -> String {
    (0..digits)
        .map(|_| random.pick(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::face_match::{Faces, judge};
    use crate::mrz;

    #[test]
    fn every_document_can_be_read_back() {
        let today = Date::today();
        for seed in 0..2_000 {
            let document = document(&mut Random::new(seed), today);
            let lines = mrz::write(&document);
            assert_eq!(mrz::read(&lines, today).as_ref(), Ok(&document), "{lines:#?}");
        }
    }

    /// Every single substitution in every field that a check digit covers is noticed.
    #[test]
    fn a_misread_digit_is_never_accepted_as_another_document() {
        let today = Date::today();
        for seed in 0..50 {
            let document = document(&mut Random::new(seed), today);
            let lines = mrz::write(&document);
            for at in 0..lines[1].len() {
                let Some(digit) = lines[1][at..=at].parse::<u8>().ok() else {
                    continue;
                };
                let mut misread = lines.clone();
                misread[1].replace_range(at..=at, &((digit + 1) % 10).to_string());
                let read = mrz::read(&misread, today);
                assert!(read.is_err(), "{misread:#?}");
            }
        }
    }

    #[test]
    fn faces_are_as_similar_as_asked_for() {
        let mut random = Random::new(5);
        for similarity in [0.99, 0.9, 0.7, 0.2, -0.5] {
            let [selfie, document] = faces(&mut random, similarity).map(|face| face.try_into().unwrap());
            let report = judge(Faces { selfie, document });
            assert!((report.similarity - similarity).abs() < 1e-9, "{report:?}");
        }
    }
}
