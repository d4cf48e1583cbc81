//! Blocks: one for every transaction, and empty ones so that the chain's time goes on.

use alloy::{
    primitives::{B256, keccak256},
    sol_types::SolValue,
};

use crate::store::{Db, Lock, Row, StoreError, values};

/// Seconds between blocks, as on Base.
const INTERVAL: u64 = 2;

/// A block of the practice ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) number: u64,
    pub(crate) hash: B256,
    pub(crate) parent: B256,
    /// Unix seconds; never less than its parent's.
    pub(crate) time: u64,
}

/// The block of a number.
pub(super) fn get(db: &Db, number: u64) -> Result<Option<Block>, StoreError> {
    let sql = "SELECT number, hash, parent, time FROM blocks WHERE number = ?1";
    db.one(sql, values![number], read)
}

/// The newest block, made now when the last one is older than a block's interval: whoever waits
/// for an authorization to expire sees it expire.
pub(super) fn latest(db: &Db, now: u64) -> Result<Block, StoreError> {
    let young = |block: &Block| now < block.time.saturating_add(INTERVAL);
    if let Some(block) = last(db)?.filter(young) {
        return Ok(block);
    }
    // Another process may just be making it.
    db.lock(Lock::Ledger)?;
    match last(db)? {
        Some(block) if young(&block) => Ok(block),
        last => extend(db, last, now, B256::ZERO),
    }
}

/// Makes the block of a transaction; the caller has locked the ledger.
pub(super) fn append(db: &Db, now: u64, content: B256) -> Result<Block, StoreError> {
    extend(db, last(db)?, now, content)
}

fn last(db: &Db) -> Result<Option<Block>, StoreError> {
    let sql = "SELECT number, hash, parent, time FROM blocks ORDER BY number DESC LIMIT 1";
    db.one(sql, &[], read)
}

fn extend(db: &Db, last: Option<Block>, now: u64, content: B256) -> Result<Block, StoreError> {
    let (number, parent, time) = match last {
        Some(last) => (last.number + 1, last.hash, now.max(last.time)),
        None => (0, B256::ZERO, now),
    };
    let hash = keccak256((parent, number, time, content).abi_encode());
    let block = Block { number, hash, parent, time };
    db.execute(
        "INSERT INTO blocks (number, hash, parent, time) VALUES (?1, ?2, ?3, ?4)",
        values![number, &hash, &parent, time],
    )?;
    Ok(block)
}

fn read(row: &Row<'_>) -> Result<Block, StoreError> {
    Ok(Block { number: row.get(0)?, hash: row.get(1)?, parent: row.get(2)?, time: row.get(3)? })
}
