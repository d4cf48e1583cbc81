//! What the journal takes and what it shows.

use alloy::primitives::{Address, B256};
use bytes::Bytes;
use serde::Serialize;

use crate::{
    clock::Timestamp,
    flow::{Outcome, Recording},
    money::Usdc,
    policy::{Budgets, Scope},
};

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RecordState {
    /// Counted in the budgets, not signed yet.
    Reserved,
    /// Signed and recorded: maybe sent.
    Signed,
    /// The server answered the payment with success, or the chain shows the transfer.
    Settled,
    /// The server refused; the authorization lives until it expires.
    Refused,
    /// Sent, and nobody knows.
    Unknown,
    /// Expired without proof either way: counts in full.
    PresumedCharged,
    /// Never sent, or proven not to be executable.
    Released,
    /// Cancelled on the chain: it can never be executed.
    Cancelled,
}

impl RecordState {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Reserved,
        Self::Signed,
        Self::Settled,
        Self::Refused,
        Self::Unknown,
        Self::PresumedCharged,
        Self::Released,
        Self::Cancelled,
    ];

    /// Name, as in JSON and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Signed => "signed",
            Self::Settled => "settled",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::PresumedCharged => "presumed_charged",
            Self::Released => "released",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether it counts in the budgets. What the server says never gives money back.
    pub const fn counts(self) -> bool {
        !matches!(self, Self::Released | Self::Cancelled)
    }

    /// Whether something was sent and it is not known what became of it.
    pub const fn is_unresolved(self) -> bool {
        matches!(self, Self::Signed | Self::Refused | Self::Unknown | Self::PresumedCharged)
    }
}

/// A payment in the journal. Holds no prompt, no answer, no key material, and of idempotency keys
/// only those that were made up here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PaymentRecord {
    /// Idempotency key of the call; `None` when the caller gave one, which is not stored.
    pub key: Option<String>,
    /// Public id of the call, as sent to the server. It names the call wherever a key does.
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
    /// The signed value, in micro-USDC: the largest one, when terms changed.
    pub amount: Usdc,
    /// Who is paid.
    pub payee: String,
    /// EIP-3009 nonce, 0x-hex.
    pub nonce: String,
    /// Unix time after which it cannot be executed any more, once signed.
    pub valid_before: Option<Timestamp>,
    /// Transaction, where it is known.
    pub transaction: Option<String>,
}

/// Sums over the payments of one client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Spending {
    /// Settled, in micro-USDC.
    pub total: Usdc,
    /// Number of settled calls.
    pub calls: u64,
    /// Reserved, signed, refused or unknown: not settled, but counted in the budgets.
    pub reserved: Usdc,
    /// Expired without proof, and counted in the budgets.
    pub presumed: Usdc,
}

/// A limit in force, and what is left of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BudgetState {
    /// For what: `call`, `session`, `hour`, `day`, `model` or `origin`.
    pub scope: &'static str,
    /// Which model or origin; `None` for the other scopes.
    pub name: Option<String>,
    /// The limit, inclusive, in micro-USDC.
    pub limit: Usdc,
    /// What already counts: paid, reserved, or of unknown outcome. A rolling window may count up to
    /// a minute more than its length.
    pub counted: Usdc,
    /// What may still be spent.
    pub left: Usdc,
}

impl BudgetState {
    pub(crate) fn new(scope: Scope, name: Option<String>, limit: Usdc, counted: Usdc) -> Self {
        let left = limit.saturating_sub(counted);
        Self { scope: scope.name(), name, limit, counted, left }
    }
}

/// What a call is, before anything is signed for it.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Idempotency key.
    pub key: String,
    /// Whether the caller gave the key; otherwise the same call is recognised by its content.
    pub keyed: bool,
    /// Whether a key that was made up may have been used by an earlier attempt of the same object.
    pub again: bool,
    /// Nonce derived from the key.
    pub nonce: B256,
    /// Who pays.
    pub wallet: Address,
    /// What makes two calls the same: method, URL and canonical body, as text. It is hashed under
    /// the secret of the wallet home and not kept.
    pub content: Bytes,
}

/// What is reserved for a call.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The call.
    pub identity: Identity,
    /// The row as it will be shown, in state `reserved`.
    pub record: PaymentRecord,
    /// Origin of the call, `scheme://host:port`.
    pub origin: String,
    /// The client object.
    pub session: [u8; 16],
    /// Token that opens the stored answer, unless the row has one already.
    pub recovery: String,
    /// Limits that must be kept.
    pub budgets: Budgets,
    /// Whether only the payee that was paid first at this origin may be paid.
    pub pin_payee: bool,
    /// The time as the server's 402 shows it: what was signed earlier has expired only when this
    /// and the local clock are past it.
    pub server_time: Timestamp,
}

/// Names a call's row: its number, and the nonce that has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId {
    pub(super) id: i64,
    pub(super) nonce: B256,
}

impl RowId {
    /// The call's nonce.
    pub const fn nonce(self) -> B256 {
        self.nonce
    }
}

/// What a reservation came to.
#[derive(Clone, Debug)]
pub enum Reservation {
    /// The amount is reserved.
    Made {
        /// The row.
        row: RowId,
        /// Token that opens the stored answer: the entry's, or that of an earlier attempt under
        /// the same key, whose payment expired and may have been executed unnoticed.
        recovery: String,
    },
    /// The same content was paid before and never answered; that payment is leased to us.
    Found(Box<Resumable>),
}

/// How a call stands to what the journal knows.
#[derive(Clone, Debug)]
pub enum Standing {
    /// Nothing is known of it, or nothing that matters any more.
    New,
    /// Its payment was recorded and is taken up again; the lease is ours now.
    Resume(Box<Resumable>),
    /// Somebody works on it.
    InFlight,
}

/// A recorded payment that can be shown to the server again.
#[derive(Clone, Debug)]
pub struct Resumable {
    /// Its row.
    pub row: RowId,
    /// The key, if it was made up here.
    pub key: Option<String>,
    /// Public id.
    pub payment_id: String,
    /// The model it was made for, where the call names one.
    pub model: Option<String>,
    /// What was signed last.
    pub recording: Recording,
    /// Token that opens the stored answer.
    pub recovery: String,
    /// Most that anything signed for it would cost.
    pub at_risk: Usdc,
    /// How it ended, when only its answer is missing.
    pub ended: Option<Outcome>,
}

/// Which payments to list.
#[derive(Clone, Debug, Default)]
pub struct PaymentFilter {
    /// In this state only.
    pub state: Option<RecordState>,
    /// Reserved at or after this Unix time.
    pub since: Option<Timestamp>,
    /// For this model only.
    pub model: Option<String>,
    /// Whose call was made to this URL's origin.
    pub origin: Option<String>,
    /// At most so many, the newest ones. Default 1,000.
    pub limit: Option<usize>,
    /// Of the asking client and its clones only; otherwise of the whole wallet home.
    pub own: bool,
}
