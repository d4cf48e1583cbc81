//! Blocks: one for every transaction, and empty ones so that the chain's time goes on.

use alloy::{
    primitives::{B256, keccak256},
    sol_types::SolValue,
};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::store::StoreError;

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
pub(super) fn get(db: &Connection, number: u64) -> Result<Option<Block>, StoreError> {
    let Ok(number) = i64::try_from(number) else { return Ok(None) };
    let sql = "SELECT number, hash, parent, time FROM blocks WHERE number = ?1";
    Ok(db.query_row(sql, [number], read).optional()?)
}

/// The newest block, made now when the last one is older than a block's interval: whoever waits
/// for an authorization to expire sees it expire.
pub(super) fn latest(db: &Connection, now: u64) -> Result<Block, StoreError> {
    match last(db)? {
        Some(block) if now < block.time.saturating_add(INTERVAL) => Ok(block),
        last => extend(db, last, now, B256::ZERO),
    }
}

/// Makes the block of a transaction.
pub(super) fn append(db: &Connection, now: u64, content: B256) -> Result<Block, StoreError> {
    extend(db, last(db)?, now, content)
}

fn last(db: &Connection) -> Result<Option<Block>, StoreError> {
    let sql = "SELECT number, hash, parent, time FROM blocks ORDER BY number DESC LIMIT 1";
    Ok(db.query_row(sql, [], read).optional()?)
}

fn extend(
    db: &Connection,
    last: Option<Block>,
    now: u64,
    content: B256,
) -> Result<Block, StoreError> {
    let (number, parent, time) = match last {
        Some(last) => (last.number + 1, last.hash, now.max(last.time)),
        None => (0, B256::ZERO, now),
    };
    let hash = keccak256((parent, number, time, content).abi_encode());
    let block = Block { number, hash, parent, time };
    db.execute(
        "INSERT INTO blocks (number, hash, parent, time) VALUES (?1, ?2, ?3, ?4)",
        (number.cast_signed(), hash.as_slice(), parent.as_slice(), time.cast_signed()),
    )?;
    Ok(block)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Block> {
    Ok(Block {
        number: row.get::<_, i64>(0)?.cast_unsigned(),
        hash: row.get::<_, [u8; 32]>(1)?.into(),
        parent: row.get::<_, [u8; 32]>(2)?.into(),
        time: row.get::<_, i64>(3)?.cast_unsigned(),
    })
}
