//! Our clock against the server's, as the `Date` of its 402 shows it.

use std::time::UNIX_EPOCH;

use http::{
    HeaderMap,
    header::{AGE, DATE},
};

use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, Result},
};

/// Below this difference the clocks agree: network time and whole seconds make as much.
const TOLERATED_SECONDS: u64 = 5;
/// Beyond this one of the clocks is wrong and nothing may be signed by either.
const CORRECTED_SECONDS: u64 = 2 * 60 * 60;

/// What a response tells about the server's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockReading {
    /// The server's time, `None` without a usable `Date` or when a cache's `Age` blurs it.
    pub server: Option<Timestamp>,
}

impl ClockReading {
    /// Reads `Date` (RFC 9110 §6.6.1).
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let date = headers.get(DATE).and_then(|value| value.to_str().ok());
        let fresh = !headers.contains_key(AGE);
        Self { server: date.filter(|_| fresh).and_then(parse_date) }
    }
}

/// The time to sign with: ours, or the server's when the two differ by more than 5 seconds.
///
/// # Errors
/// `ClockSkew` when they differ by more than two hours.
pub fn corrected_now(local: Timestamp, reading: ClockReading) -> Result<Timestamp> {
    let Some(server) = reading.server else { return Ok(local) };
    let difference = local.abs_diff(server);
    if difference <= TOLERATED_SECONDS {
        return Ok(local);
    }
    if difference <= CORRECTED_SECONDS {
        return Ok(server);
    }
    let direction = if local > server { "ahead of" } else { "behind" };
    Err(Error::new(
        ErrorKind::ClockSkew,
        format!(
            "this machine's clock is {difference} s {direction} the server's; nothing was signed: \
             set the clock, or ask the server's operator to"
        ),
    ))
}

fn parse_date(text: &str) -> Option<Timestamp> {
    let time = httpdate::parse_http_date(text).ok()?;
    time.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(date: &str, age: Option<&str>) -> ClockReading {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, date.parse().unwrap());
        if let Some(age) = age {
            headers.insert(AGE, age.parse().unwrap());
        }
        ClockReading::from_headers(&headers)
    }

    #[test]
    fn dates_are_read() {
        assert_eq!(reading("Sun, 06 Nov 1994 08:49:37 GMT", None).server, Some(784_111_777));
        assert_eq!(reading("Thu, 01 Jan 1970 00:00:00 GMT", None).server, Some(0));
        assert_eq!(reading("Thu, 29 Feb 2024 12:00:00 GMT", None).server, Some(1_709_208_000));
        assert_eq!(reading("Sun, 06 Nov 1994 08:49:37 GMT", Some("1")).server, None);
        for bad in ["", "now", "Sun, 0 Nov 1994 08:49:37 GMT"] {
            assert_eq!(reading(bad, None).server, None, "{bad:?}");
        }
    }

    #[test]
    fn a_small_difference_is_ignored_a_larger_one_corrected_a_day_refused() {
        let at = |server| ClockReading { server: Some(server) };
        assert_eq!(corrected_now(1_000_000, at(1_000_005)).unwrap(), 1_000_000);
        assert_eq!(corrected_now(1_000_000, at(1_000_006)).unwrap(), 1_000_006);
        assert_eq!(corrected_now(1_000_000, at(992_800)).unwrap(), 992_800);
        for server in [992_799, 1_086_400] {
            let error = corrected_now(1_000_000, at(server)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ClockSkew);
        }
        assert_eq!(corrected_now(7, ClockReading { server: None }).unwrap(), 7);
    }
}
