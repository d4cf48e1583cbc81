//! What was paid.

use std::time::SystemTime;

use blockrun_llm::{Error, error::Result, http, journal, x402::Origin};
use url::Url;

use crate::{
    convert::{Count, seconds, time},
    money::Usdc,
};

/// Sums over what a client paid.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Spending {
    /// Settled.
    pub total: Usdc,
    /// Number of settled calls.
    pub calls: Count,
    /// Not settled, but counted in the limits.
    pub reserved: Usdc,
    /// Expired without proof, and counted in the limits.
    pub presumed: Usdc,
}

impl From<journal::Spending> for Spending {
    fn from(spending: journal::Spending) -> Self {
        Self {
            total: spending.total.into(),
            calls: spending.calls.into(),
            reserved: spending.reserved.into(),
            presumed: spending.presumed.into(),
        }
    }
}

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum RecordState {
    /// Counted in the limits, not signed yet.
    Reserved,
    /// Recorded and maybe sent.
    Signed,
    /// Paid.
    Settled,
    /// Refused by the server, and alive until it expires.
    Refused,
    /// Sent, and nobody knows.
    Unknown,
    /// Expired without proof either way: counts in full.
    PresumedCharged,
    /// Never sent, or proven not to be executable: free again.
    Released,
    /// Cancelled on the chain: free again.
    Cancelled,
}

impl From<journal::RecordState> for RecordState {
    fn from(state: journal::RecordState) -> Self {
        use journal::RecordState as Core;
        match state {
            Core::Reserved => Self::Reserved,
            Core::Signed => Self::Signed,
            Core::Settled => Self::Settled,
            Core::Refused => Self::Refused,
            Core::PresumedCharged => Self::PresumedCharged,
            Core::Released => Self::Released,
            Core::Cancelled => Self::Cancelled,
            // `Unknown`, or a state that is newer than this file: a test fails for it.
            _ => Self::Unknown,
        }
    }
}

/// A payment. Holds no prompt and no answer.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct PaymentRecord {
    /// Idempotency key of the call; absent when the caller gave one, which is not stored.
    pub key: Option<String>,
    /// Public id of the call, as sent to the server; `recover` takes it too.
    pub payment_id: String,
    /// Where it stands.
    pub state: RecordState,
    /// When it was reserved.
    pub created_at: SystemTime,
    /// HTTP method of the call.
    pub method: String,
    /// URL of the call.
    pub url: String,
    /// Model that was asked for.
    pub model: Option<String>,
    /// CAIP-2 identifier of the network.
    pub network: String,
    /// The signed value.
    pub amount: Usdc,
    /// Who is paid.
    pub payee: String,
    /// EIP-3009 nonce, 0x-hex.
    pub nonce: String,
    /// When it can no longer be executed, once signed.
    pub valid_before: Option<SystemTime>,
    /// Transaction, where it is known.
    pub transaction: Option<String>,
}

impl From<journal::PaymentRecord> for PaymentRecord {
    fn from(record: journal::PaymentRecord) -> Self {
        Self {
            key: record.key,
            payment_id: record.payment_id,
            state: record.state.into(),
            created_at: time(record.created_at),
            method: record.method,
            url: record.url,
            model: record.model,
            network: record.network,
            amount: record.amount.into(),
            payee: record.payee,
            nonce: record.nonce,
            valid_before: record.valid_before.map(time),
            transaction: record.transaction,
        }
    }
}

/// Whose payments to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, uniffi::Enum)]
pub enum PaymentScope {
    /// Those of this client.
    #[default]
    Client,
    /// Those of all programs of its wallet home.
    Home,
}

/// Which payments to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct PaymentFilter {
    /// Default `client`.
    #[uniffi(default)]
    pub scope: Option<PaymentScope>,
    /// In this state only.
    #[uniffi(default)]
    pub state: Option<RecordState>,
    /// Made at this time or later.
    #[uniffi(default)]
    pub since: Option<SystemTime>,
    /// For this model only.
    #[uniffi(default)]
    pub model: Option<String>,
    /// To the origin of this URL only.
    #[uniffi(default)]
    pub origin: Option<String>,
    /// At most so many, the newest ones. Default 1,000.
    #[uniffi(default)]
    pub limit: Option<Count>,
}

impl PaymentFilter {
    pub(crate) fn into_core(self) -> Result<journal::PaymentFilter> {
        let limit = self.limit.map(|limit| limit.whole("limit")).transpose()?;
        let state = |wanted| {
            journal::RecordState::ALL.into_iter().find(|state| RecordState::from(*state) == wanted)
        };
        Ok(journal::PaymentFilter {
            own: self.scope.unwrap_or_default() == PaymentScope::Client,
            state: self.state.and_then(state),
            since: self.since.map(seconds),
            model: self.model,
            origin: self.origin.map(|url| origin(&url)).transpose()?,
            limit: limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)),
        })
    }
}

/// The origin of a URL in the form of the journal, with its port.
fn origin(url: &str) -> Result<String> {
    let origin = url.parse().ok().and_then(|url: Url| Origin::of(&url));
    let origin = origin.ok_or_else(|| {
        Error::argument("origin", &format!("{url:?} is not an address such as https://blockrun.ai"))
    })?;
    Ok(origin.to_string())
}

/// What a reconciliation found, as counts of payments.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Reconciliation {
    /// Open when it began, at most 256.
    pub open: Count,
    /// Of them, shown by the chain to be paid.
    pub paid: Count,
    /// Of them, proven never to be executed: their money is free again.
    pub freed: Count,
    /// Of them, nothing could be learned about.
    pub unknown: Count,
}

impl From<http::Reconciliation> for Reconciliation {
    fn from(found: http::Reconciliation) -> Self {
        Self {
            open: found.open.into(),
            paid: found.paid.into(),
            freed: found.freed.into(),
            unknown: found.unknown.into(),
        }
    }
}

/// Where payments are recorded.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum JournalKind {
    /// In a file, shared by all programs of the wallet home.
    File {
        /// The file.
        path: String,
    },
    /// In memory, and gone after this process.
    Memory {
        /// Why it is not a file.
        problem: Option<String>,
    },
}

impl From<&journal::JournalKind> for JournalKind {
    fn from(kind: &journal::JournalKind) -> Self {
        match kind {
            journal::JournalKind::File(path) => Self::File { path: path.display().to_string() },
            journal::JournalKind::Memory => Self::Memory { problem: None },
            journal::JournalKind::MemoryBecause(problem) => {
                Self::Memory { problem: Some(problem.clone()) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_a_name_of_its_own() {
        let names: Vec<_> = journal::RecordState::ALL
            .map(|state| (format!("{:?}", RecordState::from(state)), format!("{state:?}")))
            .into();
        for (ours, theirs) in names {
            assert_eq!(ours, theirs);
        }
    }
}
