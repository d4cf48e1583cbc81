//! Rows of the database as values, and back.

use alloy::primitives::{Address, B256};
use rusqlite::{Connection, Row, params, types::FromSql};

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

/// Values of a row from its first column on: to find one by its name takes longer than to read it.
struct Values<'a> {
    row: &'a Row<'a>,
    next: usize,
}

impl Values<'_> {
    fn next<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        self.next += 1;
        self.row.get(self.next - 1)
    }

    fn time(&mut self) -> rusqlite::Result<Option<Timestamp>> {
        Ok(self.next::<Option<i64>>()?.map(i64::cast_unsigned))
    }
}

impl Stored {
    /// Reads [`COLUMNS`].
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let mut values = Values { row, next: 0 };
        let (id, payment_id) = (values.next()?, values.next()?);
        let nonce = B256::from(values.next::<[u8; 32]>()?);
        let (key, fingerprint, session) = (values.next()?, values.next()?, values.next()?);
        let state: String = values.next()?;
        let open = values.next()?;
        let (created_at, counted_at) = (values.time()?, values.time()?);
        let (method, url, origin, model) =
            (values.next()?, values.next()?, values.next()?, values.next()?);
        let wallet = Address::from(values.next::<[u8; 20]>()?);
        let (network, payee) = (values.next()?, values.next()?);
        let (amount, carried) = (micro(values.next()?), micro(values.next()?));
        let (valid_before, transaction) = (values.time()?, values.next()?);
        let (recovery, lease_owner, lease_until) = (values.next()?, values.next()?, values.time()?);
        let record = PaymentRecord {
            key,
            payment_id,
            // A state that we do not know is the careful one.
            state: RecordState::from_name(&state).unwrap_or(RecordState::Unknown),
            created_at: created_at.unwrap_or_default(),
            method,
            url,
            model,
            network,
            amount,
            payee,
            nonce: nonce.to_string(),
            valid_before,
            transaction,
        };
        Ok(Self {
            id,
            nonce,
            fingerprint,
            session,
            wallet,
            origin,
            open,
            counted_at: counted_at.unwrap_or_default(),
            carried,
            recovery,
            lease_owner,
            lease_until: lease_until.unwrap_or_default(),
            record,
        })
    }

    /// Its name.
    pub(super) const fn row(&self) -> RowId {
        RowId { id: self.id, nonce: self.nonce }
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
            row: self.row(),
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
