//! The clock of this machine, beside those of others.

use super::Finding;

/// More than this and payments are refused whose validity begins or ends about now.
const MUCH: i64 = 5;
/// More than this and most are.
const FAR_TOO_MUCH: i64 = 60;

/// How far another clock is ahead of ours, in seconds, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Skew {
    pub(super) whose: String,
    pub(super) seconds: i64,
}

/// What the others say. One of them may be wrong: the nearest one counts.
pub(super) fn clock(skews: &[Skew]) -> Finding {
    let Some(Skew { whose, seconds }) = skews.iter().min_by_key(|skew| skew.seconds.abs()) else {
        return Finding::doubtful("clock", "nobody told the time to compare it with");
    };
    let (off, side) = (seconds.abs(), if *seconds > 0 { "behind" } else { "ahead of" });
    let says = format!("{off} s {side} that of {whose}");
    let advice = "payments are valid for minutes: keep it right by NTP (timedatectl set-ntp true)";
    match off {
        0..=MUCH => Finding::good("clock", format!("within {MUCH} s of that of {whose}")),
        off if off <= FAR_TOO_MUCH => Finding::doubtful("clock", format!("{says}; {advice}")),
        _ => Finding::bad("clock", format!("{says}; {advice}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Health;

    #[test]
    fn the_nearest_clock_counts() {
        let skew = |seconds| Skew { whose: "b".into(), seconds };
        assert_eq!(clock(&[]).health, Health::Doubtful);
        assert_eq!(clock(&[skew(900), skew(-3)]).health, Health::Good);
        let ahead = clock(&[skew(-30)]);
        assert_eq!(ahead.health, Health::Doubtful);
        assert!(ahead.says.starts_with("30 s ahead of that of b"), "{ahead:?}");
        let behind = clock(&[skew(61)]);
        assert!(behind.health == Health::Bad && behind.says.contains("61 s behind"), "{behind:?}");
    }
}
