//! Who comes to the gateway, and what they do there.

use super::people;
use crate::metrics::{AttackType, Module};
use crate::mrz::{self, Date};
use crate::random::Random;
use crate::sessions::ATTEMPTS;
use enumetrics::LabelValue;
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};

/// A kind of customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Story {
    /// Has everything in order.
    Honest,
    /// Gets a person to look: a misread document, a face that is hard to tell, another country than stated.
    Doubtful,
    /// Cannot be a customer: an expired document, a child, somebody else's document.
    Refused,
    /// Holds something other than a living face in front of the camera.
    Attacker(AttackType),
    /// Meets a slow module.
    Unlucky,
    /// Meets a failing module, and comes back.
    Unluckier,
    /// Meets a module that hangs until the gateway gives up, and goes.
    Stuck,
    /// Meets a module that hangs, and gives up first.
    Impatient,
    /// Thinks better of it.
    Undecided,
    /// Has a client with bugs.
    Confused,
    /// Opens sessions from one address until it is told to stop.
    Bot,
    /// Opens sessions for one device from many addresses until it is told to stop.
    Farm,
    /// Tries again and again in the same session, and leaves it open.
    Stubborn,
}

/// How often each comes, in some fifty.
const DECK: [(Story, usize); 16] = [
    (Story::Honest, 26),
    (Story::Doubtful, 5),
    (Story::Refused, 4),
    (Story::Attacker(AttackType::Photo), 1),
    (Story::Attacker(AttackType::Screen), 1),
    (Story::Attacker(AttackType::Mask), 1),
    (Story::Attacker(AttackType::Deepfake), 1),
    (Story::Unlucky, 2),
    (Story::Unluckier, 1),
    (Story::Stuck, 1),
    (Story::Impatient, 2),
    (Story::Undecided, 1),
    (Story::Confused, 2),
    (Story::Bot, 1),
    (Story::Farm, 1),
    (Story::Stubborn, 1),
];

/// One request of a customer. Bodies are plain JSON, as a stranger's would be; what follows `Open` happens in the
/// session that it opened.
#[derive(Debug)]
pub struct Step {
    pub address: IpAddr,
    pub action: Action,
}

#[derive(Debug)]
pub enum Action {
    Open {
        device: String,
    },
    Verify(Value),
    /// The same, but this module hangs and nobody waits for the answer.
    VerifyAndLeave(Module, Value),
    /// Something that the gateway has to refuse.
    Nonsense(Nonsense, Value),
    Close,
}

/// What clients with bugs send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nonsense {
    /// JSON that breaks off.
    Truncated,
    /// A field is missing, or has a word or a number that it cannot have.
    WrongField,
    /// JSON that says it is text.
    WrongContentType,
    /// `GET /verify`
    WrongMethod,
    /// `POST /verfy`
    WrongPath,
}

/// Deals customers: every deck has each story as often as it is meant to be, in an order of its own.
#[derive(Debug)]
pub struct Dealer {
    random: Random,
    deck: Vec<Story>,
    customers: u32,
}

impl Dealer {
    pub fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            deck: Vec::new(),
            customers: 0,
        }
    }

    /// What the next customer does.
    pub fn next_customer(&mut self) -> Vec<Step> {
        let story = self.next_story();
        self.customers += 1;
        let device = format!("phone-{}", self.customers);
        let steps: Vec<Action> = match story {
            Story::Bot => (0..16)
                .map(|n| Action::Open {
                    device: format!("{device}-{n}"),
                })
                .collect(),
            Story::Farm => (0..8).map(|_| Action::Open { device: device.clone() }).collect(),
            _ => std::iter::once(Action::Open { device })
                .chain(self.visit(story))
                .collect(),
        };
        let step = |(n, action)| Step {
            address: self.address(if story == Story::Farm { n } else { 0 }),
            action,
        };
        (0..).zip(steps).map(step).collect()
    }

    fn next_story(&mut self) -> Story {
        loop {
            if let Some(story) = self.deck.pop() {
                return story;
            }
            self.deck = DECK
                .iter()
                .flat_map(|(story, times)| std::iter::repeat_n(*story, *times))
                .collect();
            self.random.shuffle(&mut self.deck);
        }
    }

    /// The customer's own address and some beside it, from the range that is set aside for tests (RFC 2544).
    fn address(&self, beside: u32) -> IpAddr {
        const FIRST: u32 = u32::from_be_bytes([198, 18, 0, 0]);
        const ADDRESSES: u32 = 1 << 17;
        Ipv4Addr::from_bits(FIRST + (8 * self.customers + beside) % ADDRESSES).into()
    }

    /// What happens in the session.
    fn visit(&mut self, story: Story) -> Vec<Action> {
        let request = self.request(story);
        let mut trouble = |behaviour| {
            let module = Module::VARIANTS[self.random.below(Module::VARIANTS.len() as u64) as usize];
            let mut request = request.clone();
            request["simulate"] = json!({ "module": module, "behaviour": behaviour });
            (module, request)
        };
        match story {
            Story::Unlucky => vec![Action::Verify(trouble("slow").1)],
            Story::Unluckier => vec![Action::Verify(trouble("fail").1), Action::Verify(request)],
            Story::Stuck => vec![Action::Verify(trouble("hang").1), Action::Close],
            Story::Impatient => {
                let (module, request) = trouble("hang");
                vec![Action::VerifyAndLeave(module, request)]
            }
            Story::Stubborn => (0..=ATTEMPTS).map(|_| Action::Verify(trouble("fail").1)).collect(),
            Story::Undecided => vec![Action::Close],
            Story::Confused => vec![self.nonsense(&request), Action::Verify(request)],
            _ => vec![Action::Verify(request)],
        }
    }

    /// What the customer submits, but for the session.
    fn request(&mut self, story: Story) -> Value {
        let random = &mut self.random;
        let today = Date::today();
        let mut document = people::document(random, today);
        let mut country = document.nationality.clone();
        let mut similarity = random.between(0.9, 0.99);
        let mut misread = false;
        match (story, random.below(3)) {
            (Story::Doubtful, 0) => misread = true,
            (Story::Doubtful, 1) => country = "ATA".to_owned(),
            (Story::Doubtful, _) => similarity = random.between(0.65, 0.8),
            (Story::Refused, 0) => document.expiry = people::day_of(random, today.year() - 2),
            (Story::Refused, 1) => document.birth = people::day_of(random, today.year() - 12),
            (Story::Refused, _) => similarity = random.between(0.0, 0.5),
            _ => {}
        }
        let mut mrz = mrz::write(&document);
        if misread {
            // In both formats the second line ends with the check digit over everything.
            let wrong = mrz[1]
                .pop()
                .and_then(|digit| digit.to_digit(10))
                .map_or(0, |digit| (digit + 1) % 10);
            mrz[1] += &wrong.to_string();
        }
        let [selfie, picture] = people::faces(random, similarity);
        let mut request = json!({
            "country": country,
            "liveness": {
                "motion": random.between(0.6, 1.0),
                "moire": random.between(0.0, 0.3),
                "mask": random.between(0.0, 0.3),
                "synthesis": random.between(0.0, 0.3),
            },
            "document": { "mrz": mrz },
            "faces": { "selfie": selfie, "document": picture },
        });
        if let Story::Attacker(attack) = story {
            let (trace, score) = match attack {
                AttackType::Photo => ("motion", random.between(0.0, 0.2)),
                AttackType::Screen => ("moire", random.between(0.6, 1.0)),
                AttackType::Mask => ("mask", random.between(0.7, 1.0)),
                AttackType::Deepfake => ("synthesis", random.between(0.7, 1.0)),
            };
            request["liveness"][trace] = json!(score);
        }
        request
    }

    fn nonsense(&mut self, request: &Value) -> Action {
        let mut request = request.clone();
        let nonsense = self.random.pick([
            Nonsense::Truncated,
            Nonsense::WrongField,
            Nonsense::WrongContentType,
            Nonsense::WrongMethod,
            Nonsense::WrongPath,
        ]);
        if nonsense == Nonsense::WrongField {
            match self.random.below(4) {
                0 => request["country"] = Value::Null,
                1 => request["liveness"]["motion"] = json!(1.5),
                2 => request["faces"]["selfie"] = json!([1, 2, 3]),
                _ => request["simulate"] = json!({ "module": "orc", "behaviour": "slow" }),
            }
        }
        Action::Nonsense(nonsense, request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats() {
        let first = |seed| {
            let mut dealer = Dealer::new(seed);
            format!("{:?}", [(); 20].map(|()| dealer.next_customer()))
        };
        assert_eq!(first(1), first(1));
        assert_ne!(first(1), first(2));
    }

    /// So that a run of 200 requests has something of everything.
    #[test]
    fn a_deck_has_every_story_and_takes_fewer_than_200_requests() {
        let cards: usize = DECK.iter().map(|(_, times)| times).sum();
        for seed in 0..20 {
            let mut dealer = Dealer::new(seed);
            let steps: Vec<Step> = (0..cards).flat_map(|_| dealer.next_customer()).collect();
            assert!(steps.len() < 200, "{}", steps.len());
            assert!(
                steps
                    .iter()
                    .any(|step| matches!(step.action, Action::VerifyAndLeave(..)))
            );
            assert!(steps.iter().any(|step| matches!(step.action, Action::Nonsense(..))));
            assert!(steps.iter().any(|step| matches!(step.action, Action::Close)));
        }
    }
}
