//! Days of UTC, counted from the epoch of Unix, and their names.

use time::{Date, Month};

/// The Julian day of 1970-01-01.
const EPOCH: i32 = 2_440_588;

/// A day as `2026-01-31`.
pub(crate) fn day_name(day: u64) -> String {
    let date = i32::try_from(day).ok().and_then(|day| day.checked_add(EPOCH));
    let date = date.and_then(|day| Date::from_julian_day(day).ok()).unwrap_or(Date::MAX);
    let (year, month, day) = date.to_calendar_date();
    format!("{year:04}-{:02}-{day:02}", u8::from(month))
}

/// The day of a name; `None` when it is none.
pub(super) fn day_of(name: &str) -> Option<u64> {
    let mut parts = name.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return None;
    }
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    let date = Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()?;
    u64::try_from(date.to_julian_day() - EPOCH).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_a_name() {
        for (day, name) in [(0, "1970-01-01"), (20_454, "2026-01-01"), (19_782, "2024-02-29")] {
            assert_eq!((day_name(day), day_of(name)), (name.to_owned(), Some(day)));
        }
        for bad in ["", "2026-1-1", "2026-02-29", "2026-13-01", "1969-12-31", "2026-01-01-01"] {
            assert_eq!(day_of(bad), None, "{bad:?}");
        }
    }
}
