//! Results to standard output, remarks and errors to standard error, kinds to exit codes.

use std::{
    fmt::Display,
    io::{ErrorKind as IoKind, Write, stderr, stdout},
    process::ExitCode,
};

use blockrun_llm::{Error, ErrorKind, PaymentState};

/// Why the command ends with an error.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// A failure outside a call.
    pub(crate) fn other(message: impl Display) -> Self {
        Self { message: message.to_string(), code: 1 }
    }

    /// Something that was asked for and cannot be done so.
    pub(crate) fn usage(message: impl Display) -> Self {
        Self { message: message.to_string(), code: 2 }
    }

    /// The text, for an error that is told elsewhere.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Prints the error and gives the exit code.
    pub(crate) fn report(self) -> ExitCode {
        // A reader who went away (`| head`) is no error, and there is nobody left to tell.
        if !self.message.is_empty() {
            let _ = writeln!(stderr(), "blockrun: {}", self.message);
        }
        ExitCode::from(self.code)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let money = match error.payment() {
            PaymentState::NotCharged => "nothing was charged".to_owned(),
            PaymentState::Charged { amount, .. } => format!("{amount} USDC was charged"),
            PaymentState::Refused { at_risk, live_until } => {
                format!("not charged, but {at_risk} USDC stays at risk until {live_until}")
            }
            PaymentState::Unknown { valid_until, .. } => {
                format!("it is not known whether it was charged; settled one way by {valid_until}")
            }
            other => other.name().to_owned(),
        };
        let mut message = error.to_string();
        if !message.to_lowercase().contains(&money) {
            message = format!("{message}\nblockrun: {money}");
        }
        Self { message, code: exit_code(error.kind()) }
    }
}

/// 2 bad arguments, 3 the server's error, 4 no connection or no time, 5 a limit or rule of ours,
/// 6 a payment refused, 7 a payment of unknown outcome.
const fn exit_code(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::InvalidArgument => 2,
        ErrorKind::Api | ErrorKind::StreamConsumed | ErrorKind::StreamBroken => 3,
        ErrorKind::Timeout | ErrorKind::Connection => 4,
        ErrorKind::SpendLimit | ErrorKind::RequirementRejected | ErrorKind::ClockSkew => 5,
        ErrorKind::PaymentRefused => 6,
        ErrorKind::PaymentOutcomeUnknown | ErrorKind::PaymentAlreadyUsed => 7,
        _ => 1,
    }
}

/// A line of result.
pub(crate) fn print(line: &str) -> Result<(), Failure> {
    written(writeln!(stdout(), "{line}").and_then(|()| stdout().flush()))
}

/// A result as it is, with no end of line added.
pub(crate) fn write(bytes: &[u8]) -> Result<(), Failure> {
    written(stdout().write_all(bytes).and_then(|()| stdout().flush()))
}

/// A line beside the result.
pub(crate) fn remark(line: &str) -> Result<(), Failure> {
    written(writeln!(stderr(), "{line}"))
}

fn written(result: std::io::Result<()>) -> Result<(), Failure> {
    match result {
        Ok(()) => Ok(()),
        Err(cause) if cause.kind() == IoKind::BrokenPipe => {
            Err(Failure { message: String::new(), code: 0 })
        }
        Err(cause) => Err(Failure::other(format!("the output could not be written: {cause}"))),
    }
}
