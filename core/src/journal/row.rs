//! Rows of the database as values, and back.

use alloy::primitives::{Address, B256};
use rusqlite::{Connection, Row, params};

use super::{PaymentRecord, RecordState, Resumable, RowId};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, Proof, Result},
    flow::{Outcome, Recording},
    money::Usdc,
    networks::Network,
    x402::{PAYMENT_SIGNATURE, Payment, Transfer, X_PAYMENT},
};

/// Columns of [`Stored`], in order.
pub(super) const COLUMNS: &str = "id, payment_id, nonce, key, fingerprint, session, state, open, \
    created_at, counted_at, method, url, origin, model, wallet, network, payee, amount, carried, valid_before, tx, \
    recovery, lease_owner, lease_until";

/// A row of `calls`.
pub(super) struct Stored {
    pub(super) id: i64,
    pub(super) nonce: B256,
    pub(super) fingerprint: Vec<u8>,
    pub(super) session: Vec<u8>,
    pub(super) wallet: Address,
    pub(super) origin: String,
    /// Whether it is reserved, or sent and nobody has its answer yet.
    pub(super) open: bool,
    pub(super) counted_at: Timestamp,
    pub(super) carried: Usdc,
    pub(super) recovery: String,
    pub(super) lease_owner: String,
    pub(super) lease_until: Timestamp,
    pub(super) record: PaymentRecord,
}

impl Stored {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let nonce = B256::from(row.get::<_, [u8; 32]>("nonce")?);
        let state: String = row.get("state")?;
        let time =
            |name: &str| row.get::<_, Option<i64>>(name).map(|at| at.map(i64::cast_unsigned));
        Ok(Self {
            id: row.get("id")?,
            nonce,
            open: row.get("open")?,
            fingerprint: row.get("fingerprint")?,
            session: row.get("session")?,
            wallet: Address::from(row.get::<_, [u8; 20]>("wallet")?),
            origin: row.get("origin")?,
            counted_at: time("counted_at")?.unwrap_or_default(),
            carried: micro(row.get("carried")?),
            recovery: row.get("recovery")?,
            lease_owner: row.get("lease_owner")?,
            lease_until: time("lease_until")?.unwrap_or_default(),
            record: PaymentRecord {
                key: row.get("key")?,
                payment_id: row.get("payment_id")?,
                // A state that we do not know is the careful one.
                state: RecordState::from_name(&state).unwrap_or(RecordState::Unknown),
                created_at: time("created_at")?.unwrap_or_default(),
                method: row.get("method")?,
                url: row.get("url")?,
                model: row.get("model")?,
                network: row.get("network")?,
                amount: micro(row.get("amount")?),
                payee: row.get("payee")?,
                nonce: nonce.to_string(),
                valid_before: time("valid_before")?,
                transaction: row.get("tx")?,
            },
        })
    }

    /// The state at a time: what expired without proof is presumed to be charged.
    pub(super) fn state_at(&self, now: Timestamp) -> RecordState {
        let state = self.record.state;
        let expired = self.record.valid_before.is_some_and(|at| at <= now);
        if state.is_unresolved() && expired { RecordState::PresumedCharged } else { state }
    }

    /// The last thing that was signed for it, ready to be shown again.
    pub(super) fn resumable(&self, db: &Connection) -> Result<Resumable> {
        let sql = "SELECT header_name, header_value FROM authorizations
                   WHERE call = ?1 ORDER BY number DESC LIMIT 1";
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let mut statement = db.prepare_cached(sql).map_err(super::failed)?;
        let (name, header_value): (String, String) =
            statement.query_row(params![self.id], read).map_err(super::failed)?;
        let authorization = Payment::decode(&header_value).map_err(|_| damaged())?.authorization;
        let network = Network::by_id(&self.record.network).ok_or_else(damaged)?;
        let header_name = if name == X_PAYMENT { X_PAYMENT } else { PAYMENT_SIGNATURE };
        let ended = (self.record.state == RecordState::Settled).then(|| Outcome::Settled {
            amount: self.record.amount,
            transaction: self.record.transaction.clone(),
            proof: Proof::Server,
        });
        Ok(Resumable {
            row: RowId(self.nonce),
            key: self.record.key.clone(),
            payment_id: self.record.payment_id.clone(),
            model: self.record.model.clone(),
            recording: Recording {
                transfer: Transfer { network, authorization },
                header_name,
                header_value,
            },
            recovery: self.recovery.clone(),
            at_risk: self.record.amount,
            ended,
        })
    }
}

/// An amount as the database keeps it.
pub(super) fn storable(amount: Usdc) -> Result<i64> {
    i64::try_from(amount.micro()).map_err(|_| {
        Error::new(ErrorKind::Journal, format!("{amount} USDC is more than the journal can count"))
    })
}

/// An amount from the database; a sum is never below zero.
pub(super) fn micro(amount: i64) -> Usdc {
    Usdc::from_micro(u128::try_from(amount).unwrap_or(0))
}

pub(super) fn damaged() -> Error {
    Error::new(ErrorKind::Journal, "the payment journal holds a row that cannot be read")
}
