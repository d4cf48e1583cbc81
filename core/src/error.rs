//! One error for everything: what kind, what happened to the money, what the server said.
//!
//! Each [`ErrorKind`] has a class of its own in every language; `tests/vectors/errors/table.json`
//! is the table, and a kind without a row there fails the build.

mod kind;
mod payment;

use std::{fmt, time::Duration};

pub use kind::ErrorKind;
pub use payment::{PaymentState, Proof};
use serde::Serialize;

use crate::money::Usdc;

/// Result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, and what it means for the money.
///
/// Cheap to move (one pointer). Prints one line; never contains a private key.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    payment: PaymentState,
    status: Option<u16>,
    response: Option<String>,
    reason: Option<String>,
    retry_after: Option<Duration>,
    key: Option<String>,
    field: Option<String>,
    rejection: Option<Rejection>,
    limit: Option<Limit>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The field that was refused: what it said and what would have been accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rejection {
    /// Name of the field, as on the wire or as in the constructor.
    pub field: String,
    /// What it said.
    pub got: String,
    /// What is allowed.
    pub allowed: String,
}

/// The spending limit that a price ran into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Limit {
    /// Price of the refused call.
    pub quoted: Usdc,
    /// The limit.
    pub limit: Usdc,
    /// Which limit: `call` or `session`.
    pub scope: &'static str,
    /// What the scope already holds: paid and reserved.
    pub reserved: Usdc,
    /// Unix time at which enough of it frees by itself, where the scope rolls.
    pub frees_at: Option<u64>,
}

impl Error {
    /// An error of this kind; nothing has been charged unless [`Error::with_payment`] says so.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            payment: PaymentState::NotCharged,
            status: None,
            response: None,
            reason: None,
            retry_after: None,
            key: None,
            field: None,
            rejection: None,
            limit: None,
            source: None,
        }))
    }

    /// A bad argument, found before any traffic. `problem` says what is wrong and the way out.
    pub fn argument(field: &str, problem: &str) -> Self {
        let mut error = Self::new(ErrorKind::InvalidArgument, format!("{field}: {problem}"));
        error.0.field = Some(field.to_owned());
        error
    }

    /// A 402, or something around it, that may not be signed.
    pub fn rejected(rejection: Rejection) -> Self {
        let message = format!(
            "nothing was signed: {} is {}, allowed: {}",
            rejection.field, rejection.got, rejection.allowed
        );
        let mut error = Self::new(ErrorKind::RequirementRejected, message);
        error.0.rejection = Some(rejection);
        error
    }

    /// A price over a limit.
    pub fn over_limit(limit: Limit) -> Self {
        let counted = match limit.reserved {
            Usdc::ZERO => String::new(),
            reserved => format!(" with ${reserved} already counted"),
        };
        let message = format!(
            "Refused a ${} quote: it exceeds the per-{} limit of ${}{counted}. \
             Nothing was sent and nothing was charged.",
            limit.quoted, limit.scope, limit.limit
        );
        let mut error = Self::new(ErrorKind::SpendLimit, message);
        error.0.limit = Some(limit);
        error
    }

    /// Replaces the kind.
    #[must_use]
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Replaces the text.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.0.message = message.into();
        self
    }

    /// Says what happened to the money.
    #[must_use]
    pub fn with_payment(mut self, payment: PaymentState) -> Self {
        self.0.payment = payment;
        self
    }

    /// Adds the HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Adds the response's body.
    #[must_use]
    pub fn with_response(mut self, body: impl Into<String>) -> Self {
        self.0.response = Some(body.into());
        self
    }

    /// Adds the server's own reason.
    #[must_use]
    pub fn with_reason(mut self, reason: Option<String>) -> Self {
        self.0.reason = reason;
        self
    }

    /// Adds how long the server asked to wait.
    #[must_use]
    pub fn with_retry_after(mut self, delay: Option<Duration>) -> Self {
        self.0.retry_after = delay;
        self
    }

    /// Adds the call's idempotency key.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<String>) -> Self {
        self.0.key = Some(key.into());
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What kind of problem.
    pub const fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What happened to the money.
    pub const fn payment(&self) -> &PaymentState {
        &self.0.payment
    }

    /// The text, without the kind.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// HTTP status of the response that ended the call, if there was one.
    pub const fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Body of that response, as text.
    pub fn response(&self) -> Option<&str> {
        self.0.response.as_deref()
    }

    /// The server's own reason, such as `insufficient_funds`.
    pub fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// How long the server asked to wait before another try.
    pub const fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Idempotency key of a call that was sent; the same key resumes it.
    pub fn key(&self) -> Option<&str> {
        self.0.key.as_deref()
    }

    /// The argument that is wrong, for [`ErrorKind::InvalidArgument`]: the name with which the
    /// message begins, in the spelling of Rust, or of an environment variable.
    pub fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// The refused field, for [`ErrorKind::RequirementRejected`].
    pub const fn rejection(&self) -> Option<&Rejection> {
        self.0.rejection.as_ref()
    }

    /// The limit, for [`ErrorKind::SpendLimit`].
    pub const fn limit(&self) -> Option<&Limit> {
        self.0.limit.as_ref()
    }

    /// Whether the same call may succeed when simply made again. Never a statement about money:
    /// see [`Error::payment`] for that.
    pub fn is_retryable(&self) -> bool {
        match self.0.kind {
            ErrorKind::Timeout | ErrorKind::Connection | ErrorKind::PaymentOutcomeUnknown => true,
            ErrorKind::Api => {
                matches!(self.0.status, Some(408 | 425 | 429 | 500 | 502 | 503 | 504))
            }
            _ => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        match &self.0.reason {
            Some(reason) if !self.0.message.contains(reason) => write!(f, " ({reason})"),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("payment", &self.0.payment)
            .field("status", &self.0.status)
            .field("reason", &self.0.reason)
            .field("key", &self.0.key)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
