//! What the journal shows of a payment.

use serde::Serialize;

use crate::{clock::Timestamp, money::Usdc};

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RecordState {
    /// Counted in the budgets, not signed yet.
    Reserved,
    /// Signed and recorded: maybe sent.
    Signed,
    /// The server answered the payment with success.
    Settled,
    /// The server refused; the authorization lives until it expires.
    Refused,
    /// Sent, and nobody knows.
    Unknown,
    /// Never sent.
    Released,
}

impl RecordState {
    /// The state's name, as it serializes: `reserved`, `signed`, `settled`, …
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Signed => "signed",
            Self::Settled => "settled",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::Released => "released",
        }
    }

    /// Whether it counts in the budgets. What the server says never gives money back.
    pub const fn counts(self) -> bool {
        !matches!(self, Self::Released)
    }
}

/// A payment in the journal. Holds no prompt, no answer and no key material.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PaymentRecord {
    /// Idempotency key of the call.
    pub key: String,
    /// Public id of the call, as sent to the server.
    pub payment_id: String,
    /// Where it stands.
    pub state: RecordState,
    /// Unix time at which it was reserved.
    pub created_at: Timestamp,
    /// HTTP method of the call.
    pub method: String,
    /// URL of the call.
    pub url: String,
    /// Model that was asked for, where the call names one.
    pub model: Option<String>,
    /// CAIP-2 identifier of the network.
    pub network: String,
    /// The signed value, in micro-USDC.
    pub amount: Usdc,
    /// Who is paid.
    pub payee: String,
    /// EIP-3009 nonce, 0x-hex.
    pub nonce: String,
    /// Unix time after which it cannot be executed any more, once signed.
    pub valid_before: Option<Timestamp>,
    /// Transaction, where the server told it.
    pub transaction: Option<String>,
}

/// Sums over the journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Spending {
    /// Settled, in micro-USDC.
    pub total: Usdc,
    /// Number of settled calls.
    pub calls: u64,
    /// Reserved, signed, refused or unknown: not settled, but counted in the budgets.
    pub reserved: Usdc,
}
