//! Blocks. What the practice ledger has no notion of (gas, state roots, uncles) is zero.

use alloy::primitives::{Address, B256, Bloom};
use serde_json::{Value, json};

use super::{
    message::RpcError,
    method::Chain,
    param::{block_number, quantity},
};
use crate::ledger::{Block, Ledger, Record};

/// The block of a number or tag, its transactions by hash; null when there is none.
pub(super) fn by_number(chain: &Chain<'_>, number: &Value) -> Result<Value, RpcError> {
    let number = block_number(chain, number)?;
    let Some(block) = Ledger::block(chain.db, number)? else { return Ok(Value::Null) };
    let transaction = Record::of_block(chain.db, number)?;
    Ok(describe(&block, transaction.map(|record| record.txid)))
}

fn describe(block: &Block, transaction: Option<B256>) -> Value {
    let (zero, none) = (B256::ZERO.to_string(), quantity(0_u8));
    let transactions: Vec<_> = transaction.iter().map(B256::to_string).collect();
    json!({
        "number": quantity(block.number),
        "hash": block.hash.to_string(),
        "parentHash": block.parent.to_string(),
        "timestamp": quantity(block.time),
        "transactions": transactions,
        "baseFeePerGas": none,
        "difficulty": none,
        "extraData": "0x",
        "gasLimit": none,
        "gasUsed": none,
        "logsBloom": Bloom::ZERO.to_string(),
        "miner": Address::ZERO.to_string(),
        "mixHash": zero,
        "nonce": "0x0000000000000000",
        "receiptsRoot": zero,
        "sha3Uncles": zero,
        "size": none,
        "stateRoot": zero,
        "transactionsRoot": zero,
        "uncles": [],
    })
}
