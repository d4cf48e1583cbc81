//! What an error, or an answer, says about the money.

use serde::Serialize;

use crate::money::Usdc;

/// Who vouches for a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Proof {
    /// The server answered a paid request with success.
    Server,
    /// The chain shows the transfer.
    Chain,
}

/// What happened to the money of one call.
///
/// Serializes as `{"state": "not_charged" | "refused" | "charged" | "unknown" |
/// "presumed_charged", …}`; amounts are micro-USDC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[non_exhaustive]
pub enum PaymentState {
    /// Nothing was sent, or it is proven that nothing was executed.
    NotCharged,
    /// The server refused the authorization, which could still be executed until it expires.
    Refused {
        /// Unix time after which it cannot be executed any more.
        live_until: u64,
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
    /// The authorization was sent; whether it was executed is not known.
    Unknown {
        /// Its nonce, 0x-hex.
        nonce: String,
        /// Unix time after which it cannot be executed any more.
        valid_until: u64,
        /// The key that resumes the call.
        key: String,
    },
    /// It expired without proof either way and counts in full.
    PresumedCharged {
        /// What is counted.
        amount: Usdc,
    },
}

impl PaymentState {
    /// The state's name: `not_charged`, `refused`, `charged`, `unknown`, `presumed_charged`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NotCharged => "not_charged",
            Self::Refused { .. } => "refused",
            Self::Charged { .. } => "charged",
            Self::Unknown { .. } => "unknown",
            Self::PresumedCharged { .. } => "presumed_charged",
        }
    }
}
