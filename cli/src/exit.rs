//! How the command ends: one table, which the help shows and the guide repeats.

use blockrun_llm::ErrorKind;

/// All went well.
pub(crate) const DONE: u8 = 0;
/// What no other code says.
pub(crate) const OTHER: u8 = 1;
/// What was asked for cannot be done so.
pub(crate) const USAGE: u8 = 2;
/// Ended by Ctrl-C, as shells count it: 128 and the signal's number.
pub(crate) const STOPPED: u8 = 130;

/// A row of the table.
#[derive(Debug)]
struct Ending {
    code: u8,
    means: &'static str,
    kinds: &'static [ErrorKind],
}

const ENDINGS: [Ending; 12] = [
    Ending { code: DONE, means: "done", kinds: &[] },
    Ending {
        code: OTHER,
        means: "anything else: a file, the terminal, a payment that could not be made, a fault that \
                `doctor` found",
        kinds: &[ErrorKind::Payment],
    },
    Ending {
        code: USAGE,
        means: "bad arguments or settings; nothing was sent",
        kinds: &[ErrorKind::InvalidArgument],
    },
    Ending { code: 3, means: "the server answered with an error", kinds: &[ErrorKind::Api] },
    Ending {
        code: 4,
        means: "no connection, or no time left",
        kinds: &[ErrorKind::Connection, ErrorKind::Timeout],
    },
    Ending {
        code: 5,
        means: "a limit or rule of yours refused; nothing was signed",
        kinds: &[ErrorKind::SpendLimit, ErrorKind::RequirementRejected],
    },
    Ending {
        code: 6,
        means: "the server refused the payment",
        kinds: &[ErrorKind::PaymentRefused],
    },
    Ending {
        code: 7,
        means: "a payment was sent and its outcome is not known: run it again, or `payments \
                reconcile`",
        kinds: &[ErrorKind::PaymentOutcomeUnknown, ErrorKind::PaymentAlreadyUsed],
    },
    Ending {
        code: 8,
        means: "the idempotency key belongs to another call, or is in use now",
        kinds: &[ErrorKind::IdempotencyConflict, ErrorKind::IdempotencyInFlight],
    },
    Ending {
        code: 9,
        means: "this machine is not fit to sign: its clock, or the journal that a limit needs",
        kinds: &[ErrorKind::ClockSkew, ErrorKind::Journal],
    },
    Ending {
        code: 10,
        means: "a paid answer broke off: `payments recover` fetches it",
        kinds: &[ErrorKind::StreamBroken, ErrorKind::StreamConsumed],
    },
    Ending { code: STOPPED, means: "stopped by Ctrl-C", kinds: &[] },
];

/// The code of an error.
pub(crate) fn code(kind: ErrorKind) -> u8 {
    let of_kind = |ending: &&Ending| ending.kinds.contains(&kind);
    ENDINGS.iter().find(of_kind).map_or(OTHER, |ending| ending.code)
}

/// The table for people.
pub(crate) fn help() -> String {
    let rows = ENDINGS.iter().map(|ending| format!("  {:>3}  {}", ending.code, ending.means));
    format!("Exit codes:\n{}", rows.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_error_has_exactly_one_code() {
        for kind in ErrorKind::ALL {
            let rows = ENDINGS.iter().filter(|ending| ending.kinds.contains(&kind)).count();
            assert_eq!(rows, 1, "{kind:?}");
        }
        let of = |kind| (kind, code(kind));
        assert_eq!(of(ErrorKind::InvalidArgument).1, 2);
        assert_eq!(of(ErrorKind::SpendLimit).1, 5);
        assert_eq!(of(ErrorKind::PaymentAlreadyUsed).1, 7);
    }

    /// The guide tells of every code in the same words, and of every kind beside its own.
    #[test]
    fn the_guide_has_the_table() {
        let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/guide/command.md");
        let guide = std::fs::read_to_string(guide).unwrap();
        for Ending { code, means, kinds } in &ENDINGS {
            let kinds: Vec<String> =
                kinds.iter().map(|kind| format!("`{}`", kind.code())).collect();
            let row = format!("| {code} | {means} | {} |", kinds.join(", "));
            assert!(guide.contains(&row), "docs/guide/command.md lacks:\n{row}");
        }
    }
}
