//! Time and chance come in as arguments, so that every decision about money can be repeated.

use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::error::{Error, ErrorKind, Result};

/// Seconds since the Unix epoch, the unit of `validAfter` and `validBefore`.
pub type Timestamp = u64;

/// Tells the time of day.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Seconds since the Unix epoch.
    fn now(&self) -> Timestamp;
}

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // A clock before 1970 reads as 0; the server's `Date` then shows it to be wrong.
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }
}

/// A clock that stands still, for tests and for signing offline.
#[derive(Clone, Copy, Debug)]
pub struct FixedClock(pub Timestamp);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// Bytes from the operating system's generator.
///
/// # Errors
/// `Payment` when the system has no randomness to give: nothing may be signed then.
pub fn random_bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|cause| {
        Error::new(ErrorKind::Payment, format!("the system gave no random bytes: {cause}"))
    })?;
    Ok(bytes)
}
