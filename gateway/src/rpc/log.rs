//! Logs and receipts: each transfer emits what USDC emits, `AuthorizationUsed` and `Transfer`.

use alloy::{
    primitives::{Address, B256, Log, U256, hex, logs_bloom},
    sol,
    sol_types::SolEvent,
};
use serde_json::{Value, json};

use super::{
    message::RpcError,
    method::Chain,
    param::{address, block_number, hash, quantity},
};
use crate::ledger::{Filter, Record};

sol! {
    /// ERC-20.
    #[derive(Debug)]
    event Transfer(address indexed from, address indexed to, uint256 value);
    /// EIP-3009.
    #[derive(Debug)]
    event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce);
}

/// Most transfers that one `eth_getLogs` looks through.
const MAX_TRANSFERS: u32 = 10_000;

/// A position of a topic filter: any, or one of these.
type Topic = Option<Vec<B256>>;

/// The logs that pass a filter (`address`, `topics`, `fromBlock`, `toBlock`).
pub(super) fn list(chain: &Chain<'_>, filter: &Value) -> Result<Value, RpcError> {
    let token = chain.ledger.network.usdc;
    let addresses = one_or_many(&filter["address"], address)?;
    if addresses.is_some_and(|wanted| !wanted.contains(&token)) {
        return Ok(json!([]));
    }
    let topics = topics(&filter["topics"])?;
    let filter = Filter {
        from_block: block_number(chain, &filter["fromBlock"])?,
        to_block: block_number(chain, &filter["toBlock"])?,
        payer: payer(&topics),
        limit: MAX_TRANSFERS + 1,
    };
    let records = Record::list(chain.db, filter)?;
    if records.len() > MAX_TRANSFERS as usize {
        return Err(RpcError::limit("too many logs: ask for fewer blocks or for one payer"));
    }
    let logs = records.iter().flat_map(|record| described(token, record));
    Ok(logs.filter(|(log, _)| passes(log, &topics)).map(|(_, json)| json).collect())
}

/// The receipt of a transfer.
pub(super) fn receipt(chain: &Chain<'_>, record: &Record) -> Value {
    let token = chain.ledger.network.usdc;
    json!({
        "transactionHash": record.txid.to_string(),
        "transactionIndex": quantity(0_u8),
        "blockHash": record.block_hash.to_string(),
        "blockNumber": quantity(record.block),
        "from": record.payee.to_string(),
        "to": token.to_string(),
        "contractAddress": null,
        "cumulativeGasUsed": quantity(0_u8),
        "gasUsed": quantity(0_u8),
        "effectiveGasPrice": quantity(0_u8),
        "logs": described(token, record).map(|(_, json)| json),
        "logsBloom": logs_bloom(&logs(token, record)).to_string(),
        "status": quantity(1_u8),
        "type": quantity(2_u8),
    })
}

/// What a transfer emits, in USDC's order.
fn logs(token: Address, record: &Record) -> [Log; 2] {
    let used = AuthorizationUsed { authorizer: record.payer, nonce: record.nonce };
    let value = U256::from(record.value.micro());
    let moved = Transfer { from: record.payer, to: record.payee, value };
    [used.encode_log_data(), moved.encode_log_data()].map(|data| Log { address: token, data })
}

fn described(token: Address, record: &Record) -> [(Log, Value); 2] {
    let [used, moved] = logs(token, record);
    [(used, 0_u8), (moved, 1_u8)].map(|(log, index)| {
        let json = describe(&log, index, record);
        (log, json)
    })
}

fn describe(log: &Log, index: u8, record: &Record) -> Value {
    let topics: Vec<_> = log.topics().iter().map(B256::to_string).collect();
    json!({
        "address": log.address.to_string(),
        "topics": topics,
        "data": hex::encode_prefixed(&log.data.data),
        "blockNumber": quantity(record.block),
        "blockHash": record.block_hash.to_string(),
        "blockTimestamp": quantity(record.time),
        "transactionHash": record.txid.to_string(),
        "transactionIndex": quantity(0_u8),
        "logIndex": quantity(index),
        "removed": false,
    })
}

fn topics(value: &Value) -> Result<Vec<Topic>, RpcError> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(positions) => positions.iter().map(|at| one_or_many(at, hash)).collect(),
        other => Err(RpcError::params(format!("topics is a list; got {other}"))),
    }
}

/// Null for any, a value, or a list of values.
fn one_or_many<T>(
    value: &Value,
    read: impl Fn(&Value) -> Result<T, RpcError>,
) -> Result<Option<Vec<T>>, RpcError> {
    match value {
        Value::Null => Ok(None),
        Value::Array(values) => values.iter().map(read).collect::<Result<_, _>>().map(Some),
        one => Ok(Some(vec![read(one)?])),
    }
}

/// Both logs have the payer as their first indexed value, so a filter on it narrows the search.
fn payer(topics: &[Topic]) -> Option<Address> {
    match topics.get(1)?.as_deref()? {
        [one] => Some(Address::from_word(*one)),
        _ => None,
    }
}

fn passes(log: &Log, topics: &[Topic]) -> bool {
    let here = log.topics();
    topics.len() <= here.len()
        && topics
            .iter()
            .zip(here)
            .all(|(wanted, topic)| wanted.as_ref().is_none_or(|wanted| wanted.contains(topic)))
}
