//! One door: a rate and a number of seats for each that comes.

use std::{
    fmt,
    hash::Hash,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    state::keyed::DashMapStateStore,
};

use super::{
    Allowance,
    crowd::{Crowd, Seat},
};

/// Those who were quiet long enough to be new again are forgotten every so many requests.
const SWEEP: u32 = 4_096;

type Rate<K> = RateLimiter<K, DashMapStateStore<K>, DefaultClock>;

/// Lets each key in as often as it may.
pub(super) struct Door<K: Clone + Eq + Hash> {
    rate: Option<Rate<K>>,
    crowd: Option<Arc<Crowd<K>>>,
    passed: AtomicU32,
}

/// Not now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closed {
    /// Too many in a short time: not before so long.
    Rate(Duration),
    /// Too many at once.
    Crowd,
}

impl<K: Copy + Eq + Hash> Door<K> {
    pub(super) fn of(allowance: &Allowance) -> Self {
        let rate = allowance.per_second.and_then(|rate| quota(rate, allowance.burst));
        let crowd = allowance.in_flight.map(Crowd::new);
        Self { rate: rate.map(RateLimiter::dashmap), crowd, passed: AtomicU32::new(0) }
    }

    /// Whether anybody is ever turned away.
    pub(super) const fn is_guarded(&self) -> bool {
        self.rate.is_some() || self.crowd.is_some()
    }

    /// Lets one in; it has its seat until that is dropped.
    pub(super) fn enter(&self, key: K) -> Result<Option<Seat<K>>, Closed> {
        let seat = match &self.crowd {
            Some(crowd) => Some(crowd.enter(key).ok_or(Closed::Crowd)?),
            None => None,
        };
        let Some(rate) = &self.rate else { return Ok(seat) };
        if self.passed.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            rate.retain_recent();
        }
        match rate.check_key(&key) {
            Ok(()) => Ok(seat),
            Err(not_until) => {
                Err(Closed::Rate(not_until.wait_time_from(DefaultClock::default().now())))
            }
        }
    }
}

fn quota(per_second: f64, burst: Option<u32>) -> Option<Quota> {
    // The settings have checked that it is a positive number of a fair size.
    let burst = burst.unwrap_or(per_second.ceil() as u32).max(1);
    let quota = Quota::with_period(Duration::try_from_secs_f64(per_second.recip()).ok()?)?;
    Some(quota.allow_burst(NonZeroU32::new(burst)?))
}

impl<K: Clone + Eq + Hash> fmt::Debug for Door<K> {
    /// Without those who came.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_at_once_and_so_many_a_second() {
        let allowance = Allowance { per_second: Some(0.01), burst: Some(3), in_flight: Some(2) };
        let door = Door::of(&allowance);
        let seats = [door.enter(1).unwrap(), door.enter(1).unwrap()];
        assert_eq!(door.enter(1).unwrap_err(), Closed::Crowd);
        drop(seats);
        assert!(door.enter(1).is_ok(), "who was turned away by the crowd used up nothing");
        let Err(Closed::Rate(wait)) = door.enter(1) else { panic!() };
        assert!(wait > Duration::from_secs(50) && wait <= Duration::from_secs(100), "{wait:?}");
        assert!(door.enter(2).is_ok(), "others are others");
        let open = Door::of(&Allowance::default());
        assert!((0..10_000).all(|_| open.enter(1).is_ok()));
    }

    #[test]
    fn those_who_are_quiet_are_forgotten() {
        let door = Door::of(&Allowance { per_second: Some(1e6), ..Allowance::default() });
        for key in 0..3 * SWEEP {
            door.enter(key).unwrap();
        }
        assert!(door.rate.unwrap().len() < 2 * SWEEP as usize);
    }
}
