//! What a settlement is asked, and what it answers.

use alloy::primitives::{Address, B256};
use blockrun_llm::{Usdc, x402::InvalidReason};

use crate::{claim::ClaimKey, store::StoreError};

/// A verified `transferWithAuthorization` (EIP-3009), and what it buys.
#[derive(Debug, Clone)]
pub(crate) struct Transfer {
    pub(crate) payer: Address,
    pub(crate) payee: Address,
    pub(crate) value: Usdc,
    /// Unix seconds; valid strictly after and strictly before.
    pub(crate) valid_after: u64,
    pub(crate) valid_before: u64,
    pub(crate) nonce: B256,
    /// The payer's, `r ‖ s ‖ v`. It moves money: never printed.
    #[cfg_attr(not(feature = "onchain"), expect(dead_code, reason = "only a chain asks for it"))]
    pub(crate) signature: Signature,
    /// One line for people who look the transaction up.
    pub(crate) purchase: String,
}

/// A payer's signature.
#[derive(Clone, Copy)]
pub(crate) struct Signature(
    #[cfg_attr(not(feature = "onchain"), expect(dead_code, reason = "only a chain asks for it"))]
    pub(crate) [u8; 65],
);

impl std::fmt::Debug for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signature")
    }
}

/// Outcome of [`Settlement::check`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Checked {
    /// The token would execute the transfer.
    Good,
    /// It would not.
    Refused(InvalidReason),
}

/// A transfer that is due: its claim is taken and its answer there, whole or its first byte.
#[derive(Debug, Clone)]
pub(crate) struct Due {
    pub(crate) key: ClaimKey,
    pub(crate) transfer: Transfer,
    /// Id of the model that answered.
    pub(crate) model: String,
}

/// A settlement whose outcome is not known, as it is read from disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) key: ClaimKey,
    pub(crate) value: Usdc,
    /// The transaction that may have been sent; `None` where whoever sends it has not told.
    pub(crate) txid: Option<B256>,
}

/// How a settlement ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The transfer was executed by this transaction.
    Settled(B256),
    /// It was not executed; the claim is released.
    Refused(InvalidReason),
    /// It may have been executed or may still be, by this transaction where it is known.
    Unknown(Option<B256>),
}

/// The chain or the store could not be asked. Nothing was sent that was not sent before.
#[derive(Debug, Clone, thiserror::Error)]
#[error("settlement: {0}")]
pub(crate) struct Unavailable(pub(crate) String);

impl From<StoreError> for Unavailable {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

/// Something that executes transfers.
///
/// An implementation books what it does on the claim: that a transaction may be out, before it is
/// out; how it ended, before it says so. The caller has the claim's turn.
#[async_trait::async_trait]
pub(crate) trait Settlement: Send + Sync + std::fmt::Debug {
    /// Whether the token would execute the transfer of a claim now, beside what the payer's earlier
    /// claims hold. Changes nothing.
    async fn check(&self, key: &ClaimKey, transfer: &Transfer) -> Result<Checked, Unavailable>;

    /// Executes a transfer, or finds that somebody else did.
    async fn settle(&self, due: Due) -> Result<Outcome, Unavailable>;

    /// Finds out what became of an earlier [`settle`](Self::settle); never starts another one.
    async fn reconcile(&self, pending: Pending) -> Result<Outcome, Unavailable>;
}
