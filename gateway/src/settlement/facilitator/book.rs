//! What facilitators were asked, on disk.

use crate::{
    claim::ClaimKey,
    store::{Db, StoreError, values},
};

const CLAIM: &str = "SELECT id FROM claims
                     WHERE network = ?1 AND asset = ?2 AND payer = ?3 AND nonce = ?4";

/// A settlement that a facilitator was or is about to be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Order {
    /// Under this name it may be asked for again.
    pub(super) name: String,
    /// The body, byte for byte.
    pub(super) body: String,
}

/// Keeps one that is about to be sent.
pub(super) fn keep(db: &Db, key: &ClaimKey, order: &Order) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO orders (claim, name, body) VALUES (({CLAIM}), ?5, ?6)
         ON CONFLICT (claim) DO UPDATE SET name = excluded.name, body = excluded.body"
    );
    let ClaimKey { network, asset, payer, nonce } = key;
    let (name, body) = (order.name.as_str(), order.body.as_str());
    db.execute(&sql, values![*network, asset, payer, nonce, name, body])?;
    Ok(())
}

/// The one of a claim.
pub(super) fn find(db: &Db, key: &ClaimKey) -> Result<Order, StoreError> {
    let sql = format!("SELECT name, body FROM orders WHERE claim = ({CLAIM})");
    let ClaimKey { network, asset, payer, nonce } = key;
    let found = db.one(&sql, values![*network, asset, payer, nonce], |row| {
        Ok(Order { name: row.get(0)?, body: row.get(1)? })
    })?;
    found.ok_or(StoreError::Damaged("a facilitator's order"))
}

/// Forgets one whose outcome is booked.
pub(super) fn forget(db: &Db, key: &ClaimKey) -> Result<(), StoreError> {
    let sql = format!("DELETE FROM orders WHERE claim = ({CLAIM})");
    let ClaimKey { network, asset, payer, nonce } = key;
    db.execute(&sql, values![*network, asset, payer, nonce])?;
    Ok(())
}
