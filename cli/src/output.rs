//! Results to standard output, remarks and errors to standard error, kinds to exit codes.

use std::{
    fmt::Display,
    io::{ErrorKind as IoKind, Write, stderr, stdout},
};

use blockrun_llm::{Error, PaymentState};

use crate::{exit, terminal::plain, when};

/// Why the command ends with an error.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// A failure outside a call.
    pub(crate) fn other(message: impl Display) -> Self {
        Self { message: message.to_string(), code: exit::OTHER }
    }

    /// Something that was asked for and cannot be done so.
    pub(crate) fn usage(message: impl Display) -> Self {
        Self { message: message.to_string(), code: exit::USAGE }
    }

    /// Ctrl-C in the middle of a call.
    fn stopped() -> Self {
        let message = "stopped. `blockrun payments list` shows what was paid, `blockrun payments \
                       recover ID` fetches its answer";
        Self { message: message.to_owned(), code: exit::STOPPED }
    }

    /// The text, for an error that is told elsewhere.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Prints the error, which may have words of a server in it, and gives the exit code.
    pub(crate) fn report(self) -> u8 {
        // A reader who went away (`| head`) is no error, and there is nobody left to tell.
        if !self.message.is_empty() {
            let _ = writeln!(stderr(), "blockrun: {}", plain(&self.message));
        }
        self.code
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let money = match error.payment() {
            PaymentState::NotCharged => "nothing was charged".to_owned(),
            PaymentState::Charged { amount, .. } => format!("{amount} USDC was charged"),
            PaymentState::Refused { at_risk, live_until } => {
                let until = when::second(*live_until);
                format!("not charged, but {at_risk} USDC stays at risk until {until} UTC")
            }
            PaymentState::Unknown { valid_until, .. } => {
                let until = when::second(*valid_until);
                format!("it is not known whether it was charged; settled one way by {until} UTC")
            }
            other => other.name().to_owned(),
        };
        let mut message = error.to_string();
        if !message.to_lowercase().contains(&money) {
            message = format!("{message}\nblockrun: {money}");
        }
        Self { message, code: exit::code(error.kind()) }
    }
}

/// What a call comes to, unless Ctrl-C comes first: then it is let go of, which closes its books.
pub(crate) async fn stoppable<T>(
    call: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::select! {
        biased;
        done = call => done,
        Ok(()) = tokio::signal::ctrl_c() => Err(Failure::stopped()),
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
            Err(Failure { message: String::new(), code: exit::DONE })
        }
        Err(cause) => Err(Failure::other(format!("the output could not be written: {cause}"))),
    }
}

/// A field of comma-separated values as RFC 4180 has it; and a text that a spreadsheet would take for a formula is made plain text.
pub(crate) fn quoted(field: &str) -> String {
    let plain = match field.starts_with(['=', '+', '-', '@']) {
        true => format!("'{field}"),
        false => field.to_owned(),
    };
    match plain.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", plain.replace('"', "\"\"")),
        false => plain,
    }
}
