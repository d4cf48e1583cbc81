//! The kinds of error, each with the code that is the same in every language.

/// What kind of problem an [`Error`](super::Error) is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A bad argument, found before any traffic.
    InvalidArgument,
    /// The server answered with an error.
    Api,
    /// The total deadline passed.
    Timeout,
    /// The server could not be reached, or the connection broke.
    Connection,
    /// A payment could not be made: the base of the kinds below.
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

impl ErrorKind {
    /// Every kind.
    pub const ALL: [Self; 16] = [
        Self::InvalidArgument,
        Self::Api,
        Self::Timeout,
        Self::Connection,
        Self::Payment,
        Self::SpendLimit,
        Self::PaymentRefused,
        Self::RequirementRejected,
        Self::PaymentOutcomeUnknown,
        Self::PaymentAlreadyUsed,
        Self::IdempotencyConflict,
        Self::IdempotencyInFlight,
        Self::ClockSkew,
        Self::Journal,
        Self::StreamConsumed,
        Self::StreamBroken,
    ];

    /// The code, the same in every language.
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::Api => "API_ERROR",
            Self::Timeout => "API_TIMEOUT",
            Self::Connection => "API_CONNECTION",
            Self::Payment => "PAYMENT",
            Self::SpendLimit => "SPEND_LIMIT",
            Self::PaymentRefused => "PAYMENT_REFUSED",
            Self::RequirementRejected => "REQUIREMENT_REJECTED",
            Self::PaymentOutcomeUnknown => "PAYMENT_OUTCOME_UNKNOWN",
            Self::PaymentAlreadyUsed => "PAYMENT_ALREADY_USED",
            Self::IdempotencyConflict => "IDEMPOTENCY_CONFLICT",
            Self::IdempotencyInFlight => "IDEMPOTENCY_IN_FLIGHT",
            Self::ClockSkew => "CLOCK_SKEW",
            Self::Journal => "JOURNAL",
            Self::StreamConsumed => "STREAM_CONSUMED",
            Self::StreamBroken => "STREAM_BROKEN",
        }
    }
}
