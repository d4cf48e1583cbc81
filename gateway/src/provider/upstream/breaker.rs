//! A circuit breaker: an upstream that keeps failing is not asked for a while.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Counts failures in a row. At its limit it opens: nothing is let through but one attempt after
/// each pause, and the first success closes it again.
#[derive(Debug)]
pub(super) struct Breaker {
    limit: u32,
    pause: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    failures: u32,
    /// While it is open: when the next attempt may be made.
    next: Instant,
}

impl Breaker {
    pub(super) fn new(limit: u32, pause: Duration) -> Self {
        Self { limit, pause, state: Mutex::new(State { failures: 0, next: Instant::now() }) }
    }

    /// Whether an attempt may be made now. While it is open an attempt takes its turn, so one that
    /// is never heard of again keeps others away for one pause and no longer.
    pub(super) fn admit(&self, now: Instant) -> bool {
        let mut state = self.state();
        if state.failures < self.limit {
            return true;
        }
        let due = now >= state.next;
        if due {
            state.next = now + self.pause;
        }
        due
    }

    /// Whether it is open.
    pub(super) fn is_open(&self) -> bool {
        self.state().failures >= self.limit
    }

    /// An attempt was answered.
    pub(super) fn succeeded(&self) {
        self.state().failures = 0;
    }

    /// An attempt failed. Returns whether this opened it.
    pub(super) fn failed(&self, now: Instant) -> bool {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        state.next = now + self.pause;
        state.failures == self.limit
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code here can panic while it holds the lock, so a poisoned state is a whole state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(30);

    #[test]
    fn it_opens_at_its_limit_and_closes_by_a_success() {
        let (breaker, now) = (Breaker::new(2, PAUSE), Instant::now());
        assert!(!breaker.failed(now) && breaker.admit(now));
        breaker.succeeded();
        assert!(!breaker.failed(now), "only failures in a row count");
        assert!(breaker.failed(now));
        assert!(!breaker.admit(now) && !breaker.admit(now + PAUSE / 2));
        assert!(breaker.admit(now + PAUSE));
        breaker.succeeded();
        assert!(breaker.admit(now + PAUSE));
    }

    #[test]
    fn one_attempt_is_let_through_after_each_pause() {
        let (breaker, now) = (Breaker::new(1, PAUSE), Instant::now());
        breaker.failed(now);
        for turn in 1..4 {
            assert!(breaker.admit(now + PAUSE * turn));
            assert!(!breaker.admit(now + PAUSE * turn), "the attempt is under way");
        }
        breaker.failed(now + PAUSE * 4);
        assert!(!breaker.admit(now + PAUSE * 4) && breaker.admit(now + PAUSE * 5));
    }
}
