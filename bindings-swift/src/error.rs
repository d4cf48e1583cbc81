//! Errors as data; the languages throw the class of the code.

use std::{
    error::Error as _,
    fmt, iter,
    time::{Duration, SystemTime},
};

use blockrun_llm::{Error, ErrorKind};

use crate::{
    convert::{Status, time},
    money::Usdc,
};

/// Result with what the languages are told.
pub(crate) type NativeResult<T> = Result<T, NativeError>;

/// Internal: what a call ends with when it does not end well.
#[derive(Clone, Debug, thiserror::Error, uniffi::Error)]
pub enum NativeError {
    /// The core says what is wrong.
    #[error("{}", error.text)]
    Failed {
        /// What it says.
        error: Box<ErrorDetails>,
    },
    /// A cancel handle was used.
    #[error("cancelled")]
    Cancelled,
}

impl From<Error> for NativeError {
    fn from(error: Error) -> Self {
        Self::Failed { error: Box::new(error.into()) }
    }
}

/// The kind of an error; its text is the code that is the same in every language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
#[uniffi::export(Display)]
pub enum ErrorCode {
    /// A bad argument, found before any traffic.
    InvalidArgument,
    /// The server answered with an error.
    ApiError,
    /// The total deadline passed.
    ApiTimeout,
    /// The server could not be reached, or the connection broke.
    ApiConnection,
    /// A payment could not be made.
    Payment,
    /// A price over a spending limit; nothing was sent.
    SpendLimit,
    /// The server refused a payment that was sent.
    PaymentRefused,
    /// Our policy or network table refused the 402; nothing was signed.
    RequirementRejected,
    /// A payment was sent and it is not known whether it was executed.
    PaymentOutcomeUnknown,
    /// The server says that the authorization was executed already.
    PaymentAlreadyUsed,
    /// The key belongs to another call.
    IdempotencyConflict,
    /// The same key is in flight and cannot be shared.
    IdempotencyInFlight,
    /// Our clock and the server's are too far apart to sign.
    ClockSkew,
    /// The journal cannot be written, and a rule in force needs it.
    Journal,
    /// A stream was iterated a second time.
    StreamConsumed,
    /// A paid stream broke and could not be resumed.
    StreamBroken,
}

impl From<ErrorKind> for ErrorCode {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidArgument => Self::InvalidArgument,
            ErrorKind::Timeout => Self::ApiTimeout,
            ErrorKind::Connection => Self::ApiConnection,
            ErrorKind::Payment => Self::Payment,
            ErrorKind::SpendLimit => Self::SpendLimit,
            ErrorKind::PaymentRefused => Self::PaymentRefused,
            ErrorKind::RequirementRejected => Self::RequirementRejected,
            ErrorKind::PaymentOutcomeUnknown => Self::PaymentOutcomeUnknown,
            ErrorKind::PaymentAlreadyUsed => Self::PaymentAlreadyUsed,
            ErrorKind::IdempotencyConflict => Self::IdempotencyConflict,
            ErrorKind::IdempotencyInFlight => Self::IdempotencyInFlight,
            ErrorKind::ClockSkew => Self::ClockSkew,
            ErrorKind::Journal => Self::Journal,
            ErrorKind::StreamConsumed => Self::StreamConsumed,
            ErrorKind::StreamBroken => Self::StreamBroken,
            // `Api`; a test fails for a kind that is newer than this file.
            _ => Self::ApiError,
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, letter) in format!("{self:?}").char_indices() {
            if index > 0 && letter.is_ascii_uppercase() {
                f.write_str("_")?;
            }
            write!(f, "{}", letter.to_ascii_uppercase())?;
        }
        Ok(())
    }
}

/// Everything that an error says. Its texts never contain a private key.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ErrorDetails {
    /// The kind of the error.
    pub code: ErrorCode,
    /// What is wrong, for people.
    pub text: String,
    /// What happened to the money.
    pub payment: PaymentState,
    /// Whether the same call may succeed when simply made again. No statement about money.
    pub retryable: bool,
    /// HTTP status of the answer that ended the call, where there was one.
    pub status_code: Option<Status>,
    /// Body of that answer.
    pub response: Option<String>,
    /// The server's own reason, such as `insufficient_funds`.
    pub reason: Option<String>,
    /// How long the server asked to wait.
    pub retry_after: Option<Duration>,
    /// Key of a call that was sent: the same call with this idempotency key resumes it.
    pub key: Option<String>,
    /// The argument that is wrong, or the environment variable.
    pub field: Option<String>,
    /// What was refused in a 402.
    pub rejection: Option<Rejection>,
    /// The limit that a price ran into.
    pub limit: Option<SpendLimit>,
    /// What caused it, the nearest first.
    pub causes: Vec<String>,
}

impl From<Error> for ErrorDetails {
    fn from(error: Error) -> Self {
        Self {
            code: error.kind().into(),
            text: text(&error),
            payment: error.payment().into(),
            retryable: error.is_retryable(),
            status_code: error.status().map(Status::from),
            response: error.response().map(str::to_owned),
            reason: error.reason().map(str::to_owned),
            retry_after: error.retry_after(),
            key: error.key().map(str::to_owned),
            field: error.field().map(camel_case),
            rejection: error.rejection().cloned().map(Rejection::from),
            limit: error.limit().cloned().map(SpendLimit::from),
            causes: iter::successors(error.source(), |&source| source.source())
                .map(ToString::to_string)
                .collect(),
        }
    }
}

/// What was refused in a 402.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Rejection {
    /// The field that was refused.
    pub field: String,
    /// What it said.
    pub got: String,
    /// What is allowed.
    pub allowed: String,
}

impl From<blockrun_llm::error::Rejection> for Rejection {
    fn from(rejection: blockrun_llm::error::Rejection) -> Self {
        let blockrun_llm::error::Rejection { field, got, allowed } = rejection;
        Self { field, got, allowed }
    }
}

/// The limit that a price ran into.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct SpendLimit {
    /// Price of the refused call.
    pub quoted: Usdc,
    /// The limit.
    pub limit: Usdc,
    /// Which limit: `call`, `session`, `hour`, `day`, `model` or `origin`.
    pub scope: String,
    /// What the scope already holds, paid and reserved.
    pub reserved: Usdc,
    /// When enough of it frees by itself, where the scope rolls.
    pub frees_at: Option<SystemTime>,
}

impl From<blockrun_llm::error::Limit> for SpendLimit {
    fn from(limit: blockrun_llm::error::Limit) -> Self {
        Self {
            quoted: limit.quoted.into(),
            limit: limit.limit.into(),
            scope: limit.scope.to_owned(),
            reserved: limit.reserved.into(),
            frees_at: limit.frees_at.map(time),
        }
    }
}

/// What happened to the money of a call.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum PaymentState {
    /// Nothing was sent, or it is proven that nothing was executed.
    NotCharged,
    /// The server refused the authorization, which could still be executed for a while.
    Refused {
        /// When it cannot be executed any more.
        live_until: SystemTime,
        /// What it would cost.
        at_risk: Usdc,
    },
    /// The authorization was executed.
    Charged {
        /// What it cost: the signed value.
        amount: Usdc,
        /// The transaction, where the server told it.
        transaction: Option<String>,
        /// Who vouches for it.
        proof: Proof,
    },
    /// It was sent, and nobody knows. The key resumes the call.
    Unknown {
        /// Its nonce, 0x-hex.
        nonce: String,
        /// When it cannot be executed any more.
        valid_until: SystemTime,
        /// The key that resumes the call.
        key: String,
    },
    /// It expired without proof either way and counts in full.
    PresumedCharged {
        /// What is counted.
        amount: Usdc,
    },
}

/// Who vouches for a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Proof {
    /// The server answered a paid request with success.
    Server,
    /// The chain shows the transfer.
    Chain,
}

impl From<&blockrun_llm::PaymentState> for PaymentState {
    fn from(state: &blockrun_llm::PaymentState) -> Self {
        use blockrun_llm::PaymentState as Core;
        match state.clone() {
            Core::NotCharged => Self::NotCharged,
            Core::Refused { live_until, at_risk } => {
                Self::Refused { live_until: time(live_until), at_risk: at_risk.into() }
            }
            Core::Charged { amount, transaction, proof } => {
                Self::Charged { amount: amount.into(), transaction, proof: proof.into() }
            }
            Core::Unknown { nonce, valid_until, key } => {
                Self::Unknown { nonce, valid_until: time(valid_until), key }
            }
            Core::PresumedCharged { amount } => Self::PresumedCharged { amount: amount.into() },
            // A state that is newer than this file is nothing that we know.
            _ => Self::Unknown { nonce: String::new(), valid_until: time(0), key: String::new() },
        }
    }
}

impl From<blockrun_llm::error::Proof> for Proof {
    fn from(proof: blockrun_llm::error::Proof) -> Self {
        match proof {
            blockrun_llm::error::Proof::Server => Self::Server,
            blockrun_llm::error::Proof::Chain => Self::Chain,
        }
    }
}

/// The text, with a wrong argument under the name that it has in Swift and Kotlin.
fn text(error: &Error) -> String {
    let text = error.to_string();
    match (error.kind(), error.field()) {
        (ErrorKind::InvalidArgument, Some(field)) => text.replacen(field, &camel_case(field), 1),
        _ => text,
    }
}

/// `max_tokens` as `maxTokens`; the name of an environment variable as it is.
fn camel_case(name: &str) -> String {
    if name.contains(|letter: char| letter.is_ascii_uppercase()) {
        return name.to_owned();
    }
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (initial, rest) = word.split_at(word.len().min(1));
        name + &initial.to_ascii_uppercase() + rest
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_code() {
        for kind in ErrorKind::ALL {
            assert_eq!(ErrorCode::from(kind).to_string(), kind.code());
        }
    }

    #[test]
    fn arguments_have_the_names_of_the_languages() {
        let details = ErrorDetails::from(Error::argument("max_tokens", "0 is too small"));
        assert_eq!(details.text, "maxTokens: 0 is too small");
        assert_eq!(details.field.as_deref(), Some("maxTokens"));
        let variable = ErrorDetails::from(Error::argument("BLOCKRUN_HOME", "is empty"));
        assert_eq!(variable.text, "BLOCKRUN_HOME: is empty");
    }
}
