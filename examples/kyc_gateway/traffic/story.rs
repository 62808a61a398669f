//! Who comes to the gateway, and what they do there.

use super::people;
use crate::api::{Simulate, VerifyRequest};
use crate::metrics::{AttackType, Module};
use crate::modules::Behaviour;
use crate::modules::face_match::Faces;
use crate::modules::liveness::Capture;
use crate::modules::ocr::Scan;
use crate::mrz::{self, Date};
use crate::random::Random;
use crate::sessions::ATTEMPTS;
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
const DECK: [(Story, usize); 15] = [
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
    (Story::Confused, 2),
    (Story::Bot, 1),
    (Story::Farm, 1),
    (Story::Stubborn, 1),
];

/// One request of a customer. What follows `Open` happens in the session that it opened.
#[derive(Debug)]
pub struct Step {
    pub address: IpAddr,
    pub action: Action,
}

#[derive(Debug)]
pub enum Action {
    Open { device: String },
    Verify(Box<VerifyRequest>),
    /// The same, but nobody waits for the answer.
    VerifyAndLeave(Box<VerifyRequest>),
    /// Something that the gateway has to refuse.
    Nonsense(Nonsense, Box<VerifyRequest>),
    Close,
}

/// What clients with bugs send.
#[derive(Debug, Clone, Copy)]
pub enum Nonsense {
    /// JSON that breaks off.
    Truncated,
    /// A field is missing.
    NoCountry,
    /// A number is out of its range.
    ImpossibleScore,
    /// A word is not in its vocabulary.
    UnknownModule,
    /// JSON that says it is text.
    WrongContentType,
    /// `GET /verify`
    WrongMethod,
    /// `POST /verfy`
    WrongPath,
    /// A session that never was.
    NoSession,
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
        Self { random: Random::new(seed), deck: Vec::new(), customers: 0 }
    }

    /// What the next customer does.
    pub fn next_customer(&mut self) -> Vec<Step> {
        let story = self.next_story();
        self.customers += 1;
        let device = format!("phone-{}", self.customers);
        let steps: Vec<Action> = match story {
            Story::Bot => (0..16).map(|n| Action::Open { device: format!("{device}-{n}") }).collect(),
            Story::Farm => (0..8).map(|_| Action::Open { device: device.clone() }).collect(),
            _ => std::iter::once(Action::Open { device }).chain(self.visit(story)).collect(),
        };
        let step = |(n, action)| Step { address: self.address(if story == Story::Farm { n } else { 0 }), action };
        (0..).zip(steps).map(step).collect()
    }

    fn next_story(&mut self) -> Story {
        loop {
            if let Some(story) = self.deck.pop() {
                return story;
            }
            self.deck = DECK.iter().flat_map(|(story, times)| std::iter::repeat_n(*story, *times)).collect();
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
        let mut request = Box::new(self.honest());
        match story {
            Story::Doubtful => self.make_doubtful(&mut request),
            Story::Refused => self.make_unacceptable(&mut request),
            Story::Attacker(attack) => fake(&mut request, attack),
            _ => {}
        }
        let mut troubled = |behaviour, modules: &[Module]| {
            let module = modules[self.random.below(modules.len() as u64) as usize];
            let mut request = request.clone();
            request.simulate = Some(Simulate { module, behaviour });
            request
        };
        match story {
            Story::Unlucky => vec![Action::Verify(troubled(Behaviour::Slow, &MODULES))],
            Story::Unluckier => vec![Action::Verify(troubled(Behaviour::Fail, &MODULES)), Action::Verify(request)],
            Story::Stuck => vec![Action::Verify(troubled(Behaviour::Hang, &MODULES)), Action::Close],
            Story::Impatient => vec![Action::VerifyAndLeave(troubled(Behaviour::Hang, &MODULES[..3]))],
            Story::Stubborn => {
                (0..=ATTEMPTS).map(|_| Action::Verify(troubled(Behaviour::Fail, &MODULES))).collect()
            }
            Story::Confused => {
                let nonsense = self.random.pick([
                    Nonsense::Truncated,
                    Nonsense::NoCountry,
                    Nonsense::ImpossibleScore,
                    Nonsense::UnknownModule,
                    Nonsense::WrongContentType,
                    Nonsense::WrongMethod,
                    Nonsense::WrongPath,
                    Nonsense::NoSession,
                ]);
                vec![Action::Nonsense(nonsense, request.clone()), Action::Verify(request)]
            }
            _ => vec![Action::Verify(request)],
        }
    }
}
