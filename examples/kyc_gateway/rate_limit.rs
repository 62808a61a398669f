//! Rate limiting by address and by device, and the counting of everything that is refused.
//!
//! | limit | requests at once | then one every |
//! |---|---|---|
//! | address | 12 | second |
//! | device | 6 | 10 seconds |
//! | session | 3 verifications | never ([`crate::sessions`]) |

use crate::api::DeviceId;
use crate::metrics::{Endpoint, KYC, LimitReason, RateLimitHit};
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const PER_ADDRESS: Rate = Rate {
    burst: 12,
    interval: Duration::from_secs(1),
};
const PER_DEVICE: Rate = Rate {
    burst: 6,
    interval: Duration::from_secs(10),
};

/// A request that is refused. It counts itself: there is no way to refuse a request without saying so in
/// `kyc_rate_limit_hits_total`.
#[derive(Debug)]
pub struct Refusal {
    pub reason: LimitReason,
    /// When to come back; nothing if that would not help.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    pub fn new(endpoint: Endpoint, reason: LimitReason, retry_after: Option<Duration>) -> Self {
        KYC.rate_limit_hits_total.with(RateLimitHit { endpoint, reason }).inc();
        Self { reason, retry_after }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.reason {
            LimitReason::IpLimit => "too many requests from this address",
            LimitReason::DeviceLimit => "too many requests from this device",
            LimitReason::SessionLimit => "this session's attempts are used up: open another one",
        })
    }
}

/// The limits that time heals.
#[derive(Debug)]
pub struct RateLimits {
    addresses: Limiter<IpAddr>,
    devices: Limiter<DeviceId>,
}

impl RateLimits {
    pub fn new() -> Self {
        Self {
            addresses: Limiter::new(PER_ADDRESS),
            devices: Limiter::new(PER_DEVICE),
        }
    }

    /// Lets a request from `address` in, or refuses it.
    pub fn admit_address(&self, endpoint: Endpoint, address: IpAddr) -> Result<(), Refusal> {
        let admitted = self.addresses.admit(address, Instant::now());
        admitted.map_err(|wait| Refusal::new(endpoint, LimitReason::IpLimit, Some(wait)))
    }

    /// Lets a request from `device` in, or refuses it.
    pub fn admit_device(&self, endpoint: Endpoint, device: DeviceId) -> Result<(), Refusal> {
        let admitted = self.devices.admit(device, Instant::now());
        admitted.map_err(|wait| Refusal::new(endpoint, LimitReason::DeviceLimit, Some(wait)))
    }
}

/// So many requests at once, and one more after each interval.
#[derive(Debug, Clone, Copy)]
struct Rate {
    burst: u32,
    interval: Duration,
}

/// The "generic cell rate algorithm": one instant per key says all.
#[derive(Debug)]
struct Limiter<K> {
    rate: Rate,
    buckets: Mutex<Buckets<K>>,
}

#[derive(Debug)]
struct Buckets<K> {
    /// When the key has its whole burst again; a key that has it now need not be remembered.
    full_at: HashMap<K, Instant>,
    /// At this size the map is swept, so that it never holds many more keys than are busy.
    sweep_at: usize,
}

const SMALLEST_SWEEP: usize = 1024;

impl<K: Hash + Eq> Limiter<K> {
    fn new(rate: Rate) -> Self {
        Self {
            rate,
            buckets: Mutex::new(Buckets {
                full_at: HashMap::new(),
                sweep_at: SMALLEST_SWEEP,
            }),
        }
    }

    /// Lets a request of `key` in, or says how long to wait.
    fn admit(&self, key: K, now: Instant) -> Result<(), Duration> {
        // No code here can panic half-way through a change, so a poisoned map is as good as any.
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.full_at.len() >= buckets.sweep_at {
            buckets.full_at.retain(|_, full_at| *full_at > now);
            buckets.sweep_at = SMALLEST_SWEEP.max(2 * buckets.full_at.len());
        }
        let full_at = buckets.full_at.entry(key).or_insert(now);
        let next = (*full_at).max(now) + self.rate.interval;
        let too_soon = next
            .duration_since(now)
            .saturating_sub(self.rate.interval * self.rate.burst);
        if too_soon.is_zero() {
            *full_at = next;
            Ok(())
        } else {
            Err(too_soon)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const RATE: Rate = Rate {
        burst: 3,
        interval: SECOND,
    };

    #[test]
    fn a_burst_and_then_one_per_interval() {
        let limiter = Limiter::new(RATE);
        let start = Instant::now();
        for _ in 0..3 {
            assert_eq!(limiter.admit("a", start), Ok(()));
        }
        assert_eq!(limiter.admit("a", start), Err(SECOND));
        // Another key has a burst of its own.
        assert_eq!(limiter.admit("b", start), Ok(()));
        // Being refused costs nothing.
        assert_eq!(limiter.admit("a", start + SECOND / 2), Err(SECOND / 2));
        assert_eq!(limiter.admit("a", start + SECOND), Ok(()));
        assert_eq!(limiter.admit("a", start + SECOND), Err(SECOND));
        // A long rest gives the burst back, and no more.
        let later = start + 100 * SECOND;
        for _ in 0..3 {
            assert_eq!(limiter.admit("a", later), Ok(()));
        }
        assert_eq!(limiter.admit("a", later), Err(SECOND));
    }

    #[test]
    fn keys_at_rest_are_forgotten() {
        let limiter = Limiter::new(RATE);
        let start = Instant::now();
        for key in 0..SMALLEST_SWEEP {
            assert_eq!(limiter.admit(key, start), Ok(()));
        }
        assert_eq!(limiter.admit(usize::MAX, start + 10 * SECOND), Ok(()));
        assert_eq!(limiter.buckets.lock().unwrap().full_at.len(), 1);
    }

    #[test]
    fn a_refusal_counts_itself() {
        let limits = RateLimits::new();
        let device: DeviceId = "limited".to_owned().try_into().unwrap();
        let hits = KYC.rate_limit_hits_total.with(RateLimitHit {
            endpoint: Endpoint::Verify,
            reason: LimitReason::DeviceLimit,
        });
        let before = hits.get();
        let refused = (0..8)
            .filter(|_| limits.admit_device(Endpoint::Verify, device.clone()).is_err())
            .count();
        assert_eq!((refused, hits.get() - before), (2, 2));
    }
}
