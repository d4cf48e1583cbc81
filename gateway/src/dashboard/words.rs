//! Figures as people read them.

use std::time::Duration;

/// A length of time in its largest unit, and the next one: `3 h 12 min`.
pub(super) fn span(seconds: u64) -> String {
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{rest} s"),
        (0, 0, _) => format!("{minutes} min {rest} s"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// A latency to three digits or so.
pub(super) fn latency(average: Option<Duration>) -> String {
    let Some(average) = average else { return "–".to_owned() };
    let milliseconds = average.as_secs_f64() * 1e3;
    match milliseconds {
        short if short < 10.0 => format!("{short:.1} ms"),
        middle if middle < 1e3 => format!("{middle:.0} ms"),
        long => format!("{:.2} s", long / 1e3),
    }
}

/// A share as whole percent, rounded down, and never more than all.
pub(super) fn percent(part: u128, whole: u128) -> u128 {
    part.saturating_mul(100).checked_div(whole).unwrap_or(0).min(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        let spans = [0, 59, 61, 3_661, 90_000].map(span);
        assert_eq!(spans, ["0 s", "59 s", "1 min 1 s", "1 h 1 min", "1 d 1 h"]);
        let of = |ms| latency(Some(Duration::from_micros(ms)));
        assert_eq!([of(1_234), of(45_678), of(2_345_678)], ["1.2 ms", "46 ms", "2.35 s"]);
        assert_eq!(latency(None), "–");
        assert_eq!((percent(1, 3), percent(1, 0), percent(u128::MAX, 5)), (33, 0, 100));
    }
}
