//! Times as people write them, in UTC.

use std::time::{SystemTime, UNIX_EPOCH};

use time::{Date, Month, OffsetDateTime, UtcDateTime};

/// Seconds of a day.
const DAY: u64 = 86_400;

/// Now, in seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A point in time, in seconds since 1970: a day (`2026-01-31`), a while ago (`7d`, `24h`, `30m`), or
/// the seconds themselves.
pub(crate) fn since(text: &str) -> Result<u64, String> {
    read(text, now()).ok_or_else(|| {
        format!(
            "{text:?} is no time: write a day (2026-01-31), a while (7d, 24h, 30m) or Unix seconds"
        )
    })
}

fn read(text: &str, now: u64) -> Option<u64> {
    if let Some((year, rest)) = text.split_once('-') {
        let (month, day) = rest.split_once('-')?;
        let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
        let date = Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()?;
        return u64::try_from(date.midnight().assume_utc().unix_timestamp()).ok();
    }
    let length = match text.chars().last()? {
        'd' => DAY,
        'h' => 3_600,
        'm' => 60,
        _ => return text.parse().ok(),
    };
    let count: u64 = text[..text.len() - 1].parse().ok()?;
    Some(now.saturating_sub(count.checked_mul(length)?))
}

/// The day of a time, as `2026-01-31`.
pub(crate) fn day(seconds: u64) -> String {
    let at =
        i64::try_from(seconds).ok().and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
    at.map_or_else(|| "?".to_owned(), |at| at.date().to_string())
}

/// A time to the second, as `2026-01-31 12:00:00`.
pub(crate) fn second(seconds: u64) -> String {
    let at = i64::try_from(seconds).ok().and_then(|at| UtcDateTime::from_unix_timestamp(at).ok());
    let text = |at: UtcDateTime| {
        format!("{} {:02}:{:02}:{:02}", at.date(), at.hour(), at.minute(), at.second())
    };
    at.map_or_else(|| "?".to_owned(), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_told() {
        let now = 1_769_860_800; // 2026-01-31 12:00
        for (text, seconds) in [
            ("2026-01-31", 1_769_817_600),
            ("1d", now - DAY),
            ("36h", now - 36 * 3_600),
            ("5m", now - 300),
            ("1769860800", now),
            ("999999d", 0),
        ] {
            assert_eq!(read(text, now), Some(seconds), "{text}");
        }
        for text in ["", "d", "2026-13-01", "2026-1", "1w", "-1", "yesterday", "5é"] {
            assert_eq!(read(text, now), None, "{text}");
        }
        assert_eq!((day(now), second(now)), ("2026-01-31".into(), "2026-01-31 12:00:00".into()));
        assert_eq!(day(u64::MAX), "?");
    }
}
