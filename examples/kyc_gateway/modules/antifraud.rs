//! Does anything around the document look wrong?
//!
//! | rule | finding |
//! |---|---|
//! | the document's last day is over | document expired |
//! | the holder is younger than 18 | underage |
//! | the document's nationality is not the country that the applicant states | country mismatch |
//! | the device has shown more than two different documents | device reused |
//!
//! Without a readable document none of these can be checked, and nothing is found.

use crate::api::{Country, DeviceId};
use crate::mrz::{Date, Document};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// The age from which a person can be a customer.
const OF_AGE: i32 = 18;
/// How many different documents a device may show; a couple with one phone is no fraud.
const DOCUMENTS_PER_DEVICE: usize = 2;
/// How many devices are remembered; when more come, all are forgotten, so that memory stays bounded.
const DEVICES: usize = 10_000;

/// What is known about an application.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Application {
    pub device: DeviceId,
    pub country: Country,
    pub document: Option<Document>,
}

/// What antifraud says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub findings: Vec<Finding>,
}

/// Something that looks wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    DocumentExpired,
    Underage,
    CountryMismatch,
    DeviceReused,
}

/// The module, with its memory of which device showed which documents.
#[derive(Debug, Clone, Default)]
pub struct Antifraud {
    shown: Arc<Mutex<HashMap<DeviceId, HashSet<String>>>>,
}

impl Antifraud {
    pub fn judge(&self, application: Application) -> Report {
        self.judge_on(Date::today(), application)
    }

    fn judge_on(&self, today: Date, application: Application) -> Report {
        let Application {
            device,
            country,
            document: Some(document),
        } = application
        else {
            return Report { findings: Vec::new() };
        };
        let holds = [
            (Finding::DocumentExpired, document.expiry < today),
            (Finding::Underage, document.birth.years_until(today) < OF_AGE),
            (Finding::CountryMismatch, document.nationality != country.as_str()),
            (
                Finding::DeviceReused,
                self.documents_of(device, document) > DOCUMENTS_PER_DEVICE,
            ),
        ];
        Report {
            findings: holds
                .into_iter()
                .filter(|(_, holds)| *holds)
                .map(|(finding, _)| finding)
                .collect(),
        }
    }

    /// How many different documents the device has shown, with this one.
    fn documents_of(&self, device: DeviceId, document: Document) -> usize {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.len() >= DEVICES && !shown.contains_key(&device) {
            shown.clear();
        }
        let documents = shown.entry(device).or_default();
        // What is beyond the limit changes nothing, and is not worth memory.
        if documents.len() <= DOCUMENTS_PER_DEVICE {
            documents.insert(format!("{}/{}", document.issuer, document.number));
        }
        documents.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mrz;

    const TODAY: (i32, i32, i32) = (2026, 6, 15);

    fn day((year, month, day): (i32, i32, i32)) -> Date {
        Date::new(year, month, day).unwrap()
    }

    fn application(change: impl FnOnce(&mut Document)) -> Application {
        let lines = [
            "I<UTOD231458907<<<<<<<<<<<<<<<",
            "7408122F1204159UTO<<<<<<<<<<<6",
            "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
        ];
        let mut document = mrz::read(&lines, day(TODAY)).unwrap();
        document.expiry = day((2030, 1, 1));
        change(&mut document);
        Application {
            device: "phone".to_owned().try_into().unwrap(),
            country: "UTO".to_owned().try_into().unwrap(),
            document: Some(document),
        }
    }

    fn findings(change: impl FnOnce(&mut Document)) -> Vec<Finding> {
        Antifraud::default().judge_on(day(TODAY), application(change)).findings
    }

    #[test]
    fn each_rule_on_its_boundary() {
        assert_eq!(findings(|_| {}), []);
        assert_eq!(findings(|document| document.expiry = day(TODAY)), []);
        assert_eq!(
            findings(|document| document.expiry = day((2026, 6, 14))),
            [Finding::DocumentExpired]
        );
        assert_eq!(findings(|document| document.birth = day((2008, 6, 15))), []);
        assert_eq!(
            findings(|document| document.birth = day((2008, 6, 16))),
            [Finding::Underage]
        );
        assert_eq!(
            findings(|document| document.nationality = "D".to_owned()),
            [Finding::CountryMismatch]
        );
    }

    #[test]
    fn the_third_document_of_a_device() {
        let module = Antifraud::default();
        let show =
            |number: &str| module.judge_on(day(TODAY), application(|document| document.number = number.to_owned()));
        assert_eq!(show("A").findings, []);
        assert_eq!(show("B").findings, []);
        assert_eq!(show("A").findings, []);
        assert_eq!(show("C").findings, [Finding::DeviceReused]);
        assert_eq!(show("A").findings, [Finding::DeviceReused]);
    }

    #[test]
    fn nothing_is_known_about_an_unreadable_document() {
        let mut application = application(|_| {});
        application.document = None;
        assert_eq!(Antifraud::default().judge(application).findings, []);
    }
}
