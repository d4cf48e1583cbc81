//! What a settlement is asked, and what it answers.

use std::sync::OnceLock;

use alloy::primitives::{Address, B256, Bytes, U256};
use blockrun_llm::{
    Usdc,
    x402::{InvalidReason, Payment, Verified},
};

use crate::{
    claim::{Answer, ClaimKey},
    signature::own_signature,
    store::StoreError,
};

/// A `transferWithAuthorization` (EIP-3009) whose terms are verified, and what it buys.
#[derive(Debug, Clone)]
pub(crate) struct Transfer {
    pub(crate) payer: Address,
    pub(crate) payee: Address,
    pub(crate) value: Usdc,
    /// Unix seconds; valid strictly after and strictly before.
    pub(crate) valid_after: u64,
    pub(crate) valid_before: u64,
    pub(crate) nonce: B256,
    pub(crate) signed: Signed,
    /// One line for people who look the transaction up.
    pub(crate) purchase: String,
    /// The URL that is paid for: information that some facilitators want.
    pub(crate) resource: String,
}

/// What the payer signed, and its signature, of whatever length.
#[derive(Clone, Default)]
pub(crate) struct Signed {
    pub(crate) digest: B256,
    pub(crate) signature: Bytes,
    /// What a facilitator is asked about it, which is the same each time, once it was written.
    pub(crate) question: OnceLock<String>,
}

impl std::fmt::Debug for Signed {
    /// Without the signature: it moves money.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signed").field("digest", &self.digest).finish_non_exhaustive()
    }
}

impl Transfer {
    /// The transfer of a payment whose terms were verified.
    pub(crate) fn new(verified: &Verified, payment: &Payment, purchase: String) -> Self {
        Self {
            payer: verified.payer,
            payee: verified.payee,
            value: verified.amount,
            valid_after: verified.valid_after,
            valid_before: verified.valid_before,
            nonce: verified.nonce,
            signed: Signed {
                digest: verified.digest,
                signature: payment.signature.clone().into(),
                question: OnceLock::new(),
            },
            purchase,
            resource: String::new(),
        }
    }

    /// The signature as `r ‖ s ‖ v` when it is by the payer's own key.
    ///
    /// # Errors
    /// It is not: the payer may be a contract, which only a chain can ask.
    pub(crate) fn own_signature(&self) -> Result<[u8; 65], InvalidReason> {
        own_signature(&self.signed.signature, self.signed.digest, self.payer)
    }

    /// One of a thousandth of a USDC, for tests.
    #[cfg(all(test, feature = "onchain"))]
    pub(crate) fn for_test() -> Self {
        Self {
            payer: Address::repeat_byte(1),
            payee: Address::repeat_byte(2),
            value: Usdc::from_micro(1_000),
            valid_after: 0,
            valid_before: 1_800_000_000,
            nonce: B256::repeat_byte(3),
            signed: Signed::default(),
            purchase: String::new(),
            resource: String::new(),
        }
    }
}

/// Outcome of a check.
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
    /// The whole answer, where it is not kept yet: it is before anything is sent.
    pub(crate) answer: Option<Answer>,
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

/// What is left to pay for transactions with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gas {
    /// The account that pays.
    pub(crate) account: Address,
    /// What it has of the chain's coin, in its smallest unit.
    pub(crate) wei: U256,
    /// For about how many settlements that is enough at the fees of the moment.
    pub(crate) settlements: u64,
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
    /// Whether the payer's account stands behind a signature that is not by its own key. Asked before
    /// there is a claim, so that only valid signatures make claims. Changes nothing.
    async fn confirm(&self, transfer: &Transfer) -> Result<Checked, Unavailable>;

    /// Everything about a transfer that needs no claim: signature, nonce, validity, balance less what
    /// is `held` of it, and whether the token would execute it now. Changes nothing.
    async fn verify(&self, transfer: &Transfer, held: Usdc) -> Result<Checked, Unavailable>;

    /// The same for the transfer of a claim that was just taken; `held` is what the payer's earlier claims
    /// held then.
    async fn check(
        &self,
        key: &ClaimKey,
        transfer: &Transfer,
        held: Usdc,
    ) -> Result<Checked, Unavailable>;

    /// Keeps the answer, if there is one that is not kept yet, and then executes a transfer, or finds that
    /// somebody else did.
    async fn settle(&self, due: Due) -> Result<Outcome, Unavailable>;

    /// Whether it could be asked now. Changes nothing. Default: yes.
    async fn ready(&self) -> Result<(), Unavailable> {
        Ok(())
    }

    /// Finds out what became of an earlier [`settle`](Self::settle); never starts another one.
    async fn reconcile(&self, pending: Pending) -> Result<Outcome, Unavailable>;

    /// What is left for gas, as it was seen last; `None` where settling costs nothing.
    fn gas(&self) -> Option<Gas> {
        None
    }
}

/// Why the payer did not sign, if so. Nobody is asked about the signature of its own key; that of a
/// contract only its chain can judge.
pub(crate) async fn unsigned(
    settlement: &dyn Settlement,
    transfer: &Transfer,
) -> Result<Option<InvalidReason>, Unavailable> {
    if transfer.own_signature().is_ok() {
        return Ok(None);
    }
    Ok(match settlement.confirm(transfer).await? {
        Checked::Good => None,
        Checked::Refused(reason) => Some(reason),
    })
}
