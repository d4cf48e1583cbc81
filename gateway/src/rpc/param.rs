//! Reading parameters.

use alloy::primitives::{Address, B256};
use serde_json::Value;

use super::{message::RpcError, method::Chain};
use crate::ledger::Ledger;

/// A `0x` number without leading zeros, as Ethereum writes quantities.
pub(super) fn quantity(number: impl Into<u128>) -> Value {
    format!("{:#x}", number.into()).into()
}

/// An address.
pub(super) fn address(value: &Value) -> Result<Address, RpcError> {
    let parsed = value.as_str().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| RpcError::params(format!("{value} is not an address")))
}

/// 32 bytes.
pub(super) fn hash(value: &Value) -> Result<B256, RpcError> {
    let parsed = value.as_str().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| RpcError::params(format!("{value} is not 32 bytes of hex")))
}

/// A block number: a quantity or a tag; without one, the latest.
pub(super) fn block_number(chain: &Chain<'_>, value: &Value) -> Result<u64, RpcError> {
    let latest = || Ok(Ledger::latest(chain.db, chain.now)?.number);
    match value {
        Value::Null => latest(),
        Value::String(tag) => match tag.as_str() {
            "latest" | "pending" | "safe" | "finalized" => latest(),
            "earliest" => Ok(0),
            text => {
                let digits = text.strip_prefix("0x").unwrap_or_default();
                u64::from_str_radix(digits, 16)
                    .map_err(|_| RpcError::params(format!("{text:?} is not a block")))
            }
        },
        other => Err(RpcError::params(format!("{other} is not a block"))),
    }
}
