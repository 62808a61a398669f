//! The two kinds of randomness that the example needs, without a dependency for either.

use std::hash::{BuildHasher, RandomState};

/// Repeatable numbers for the traffic: xorshift64*, so that a seed tells the same story every time.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    /// Numbers that depend on `seed` alone.
    pub fn new(seed: u64) -> Self {
        // The generator would stay at zero for ever; multiplying by an odd number spreads small seeds over all bits.
        Self(seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15).max(1))
    }

    /// A number below `limit`; 0 if there is none.
    pub fn below(&mut self, limit: u64) -> u64 {
        // The tiny bias towards small numbers does not matter for traffic.
        self.next().checked_rem(limit).unwrap_or(0)
    }

    /// A number from `low` to `high`, rounded to three digits as a person would write it.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        let part = self.below(1001) as f64 / 1000.0;
        ((low + part * (high - low)) * 1000.0).round() / 1000.0
    }

    /// One of `choices`, which are never none: an array's length is known.
    pub fn pick<T: Copy, const N: usize>(&mut self, choices: [T; N]) -> T {
        const { assert!(N > 0) };
        choices[self.below(N as u64) as usize]
    }

    /// Puts `cards` into another order.
    pub fn shuffle<T>(&mut self, cards: &mut [T]) {
        for last in (1..cards.len()).rev() {
            cards.swap(last, self.below(last as u64 + 1) as usize);
        }
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
}

/// Text that nobody can guess: session ids and the password of a demonstration.
///
/// The standard library seeds `RandomState` from the operating system and hashes with SipHash, which gives away
/// nothing about its key. A real service would ask the operating system directly.
pub fn unguessable() -> String {
    let word = |salt: u8| RandomState::new().hash_one(salt);
    format!("{:016x}{:016x}", word(0), word(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats() {
        let numbers = |seed| {
            let mut random = Random::new(seed);
            [random.below(1000), random.below(1000), random.below(1000)]
        };
        assert_eq!(numbers(7), numbers(7));
        assert_ne!(numbers(7), numbers(8));
        assert_ne!(numbers(0), [0, 0, 0]);
        assert_ne!(numbers(u64::MAX), [0, 0, 0]);
    }

    #[test]
    fn numbers_stay_in_their_bounds() {
        let mut random = Random::new(1);
        for _ in 0..10_000 {
            assert!(random.below(7) < 7);
            assert!((0.25..=0.75).contains(&random.between(0.25, 0.75)));
        }
        assert_eq!(random.below(0), 0);
    }

    #[test]
    fn a_shuffle_keeps_every_card() {
        let mut cards: Vec<u32> = (0..50).collect();
        Random::new(3).shuffle(&mut cards);
        assert_ne!(cards, (0..50).collect::<Vec<_>>());
        cards.sort_unstable();
        assert_eq!(cards, (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn secrets_differ() {
        let first = unguessable();
        assert_eq!(first.len(), 32);
        assert_ne!(first, unguessable());
    }
}
