//! The sessions now open. A session belongs to a device, lasts for a few attempts or some minutes, and is counted in
//! `kyc_active_sessions` for exactly as long as it is in the map here.

use crate::api::DeviceId;
use crate::random;
use enumetrics::{Gauge, Tracked};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often a session may ask for a verification.
pub const ATTEMPTS: u32 = 3;

/// All sessions.
#[derive(Debug)]
pub struct Sessions {
    open: Mutex<HashMap<String, Session>>,
    gauge: &'static Gauge,
    lifetime: Duration,
}

#[derive(Debug)]
struct Session {
    device: DeviceId,
    attempts: u32,
    opened: Instant,
    /// Counts the session for as long as it exists: there is no way to end it that forgets the gauge.
    _active: Tracked<'static>,
}

/// Why a session cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub enum Unusable {
    /// There is none with this id, or no longer.
    Unknown,
    /// Its attempts are used up.
    Exhausted,
}

impl Sessions {
    pub fn new(gauge: &'static Gauge, lifetime: Duration) -> Self {
        Self {
            open: Mutex::default(),
            gauge,
            lifetime,
        }
    }

    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// Opens a session for `device` and returns its id.
    pub fn open(&self, device: DeviceId, now: Instant) -> String {
        let id = random::unguessable();
        let session = Session {
            device,
            attempts: 0,
            opened: now,
            _active: self.gauge.track(),
        };
        self.lock().insert(id.clone(), session);
        id
    }

    /// The device of session `id`.
    pub fn device(&self, id: &str) -> Result<DeviceId, Unusable> {
        self.lock()
            .get(id)
            .map(|session| session.device.clone())
            .ok_or(Unusable::Unknown)
    }

    /// Begins an attempt in session `id`.
    pub fn attempt<'a>(&'a self, id: &'a str) -> Result<Attempt<'a>, Unusable> {
        let mut open = self.lock();
        let session = open.get_mut(id).ok_or(Unusable::Unknown)?;
        if session.attempts >= ATTEMPTS {
            return Err(Unusable::Exhausted);
        }
        session.attempts += 1;
        Ok(Attempt {
            sessions: self,
            id,
            ends_session: true,
        })
    }

    /// Ends session `id`, if it is open.
    pub fn end(&self, id: &str) -> Result<(), Unusable> {
        self.lock().remove(id).map(drop).ok_or(Unusable::Unknown)
    }

    /// Ends the sessions that were opened too long ago.
    pub fn expire(&self, now: Instant) {
        self.lock()
            .retain(|_, session| now.duration_since(session.opened) < self.lifetime);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        // No code here can panic half-way through a change, so a poisoned map is as good as any.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An attempt under way. However it ends, its session ends with it (decided, given up by the client, panicked), unless
/// the client [may try again](Self::may_try_again).
#[derive(Debug)]
pub struct Attempt<'a> {
    sessions: &'a Sessions,
    id: &'a str,
    ends_session: bool,
}

impl Attempt<'_> {
    /// Nothing was decided, through no fault of the client: the session stays open.
    pub fn may_try_again(mut self) {
        self.ends_session = false;
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if self.ends_session {
            // It may have expired or been closed meanwhile, which is as good.
            let _ = self.sessions.end(self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    /// Sessions with a gauge of their own, so that tests do not count each other's.
    fn sessions() -> (Sessions, &'static Gauge) {
        let gauge: &'static Gauge = Box::leak(Box::default());
        (Sessions::new(gauge, MINUTE), gauge)
    }

    fn device() -> DeviceId {
        "phone".to_owned().try_into().unwrap()
    }

    #[test]
    fn the_gauge_follows_every_way_to_end() {
        let (sessions, gauge) = sessions();
        let start = Instant::now();
        let [decided, closed, retried, expired] = [0; 4].map(|_| sessions.open(device(), start));
        assert_eq!(gauge.get(), 4);

        drop(sessions.attempt(&decided).unwrap());
        assert_eq!(gauge.get(), 3);
        assert_eq!(sessions.attempt(&decided).unwrap_err(), Unusable::Unknown);

        assert_eq!(sessions.end(&closed), Ok(()));
        assert_eq!(sessions.end(&closed), Err(Unusable::Unknown));
        assert_eq!(gauge.get(), 2);

        sessions.attempt(&retried).unwrap().may_try_again();
        assert_eq!(gauge.get(), 2);
        let panicked = std::panic::catch_unwind(|| {
            let _attempt = sessions.attempt(&retried).unwrap();
            panic!("the handler of an attempt");
        });
        assert!(panicked.is_err());
        assert_eq!(gauge.get(), 1);

        sessions.expire(start + MINUTE / 2);
        assert_eq!(gauge.get(), 1);
        sessions.expire(start + MINUTE);
        assert_eq!(gauge.get(), 0);
        assert_eq!(sessions.device(&expired), Err(Unusable::Unknown));
    }

    #[test]
    fn attempts_run_out() {
        let (sessions, gauge) = sessions();
        let id = sessions.open(device(), Instant::now());
        for _ in 0..ATTEMPTS {
            sessions.attempt(&id).unwrap().may_try_again();
        }
        assert_eq!(sessions.attempt(&id).unwrap_err(), Unusable::Exhausted);
        assert_eq!(gauge.get(), 1);
    }
}
