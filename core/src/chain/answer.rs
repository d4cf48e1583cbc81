//! Answers of a node, read strictly: hex that is malformed is an error, never a zero.

use std::fmt;

use alloy::{
    primitives::{Address, B256, Bytes},
    sol_types::SolEvent,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::Value;

/// A JSON-RPC 2.0 response.
#[derive(Debug, Deserialize)]
pub(super) struct Reply {
    #[serde(default)]
    pub(super) result: Value,
    pub(super) error: Option<Refusal>,
}

/// Why a node has no result.
#[derive(Debug, Deserialize)]
pub(super) struct Refusal {
    #[serde(default)]
    pub(super) code: i64,
    #[serde(default)]
    pub(super) message: String,
}

/// A number as Ethereum writes it: `0x` and at least one hex digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Quantity(pub(super) u64);

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = String::deserialize(input)?;
        // The digits are checked here because the parser would take a sign as well.
        let digits =
            text.strip_prefix("0x").filter(|all| all.bytes().all(|c| c.is_ascii_hexdigit()));
        let number = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
        number.map(Self).ok_or_else(|| D::Error::custom(format!("{text:?} is not a 0x number")))
    }
}

/// The part of a block's header that is needed.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Block {
    pub(super) number: Quantity,
    /// Unix time, in seconds.
    pub(super) timestamp: Quantity,
}

/// What a contract said in a transaction that succeeded: one that reverted has no logs.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Log {
    pub(super) address: Address,
    pub(super) topics: Vec<B256>,
    pub(super) data: Bytes,
    pub(super) transaction_hash: B256,
    pub(super) block_number: Quantity,
}

/// The logs of one transaction, in order.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Receipt {
    pub(super) logs: Vec<Log>,
}

impl Log {
    /// Whether it is an event of this type, whatever its values.
    pub(super) fn is<E: SolEvent>(&self) -> bool {
        self.topics.first() == Some(&E::SIGNATURE_HASH)
    }

    /// The event, when it is one of this type.
    pub(super) fn event<E: SolEvent>(&self) -> Option<E> {
        E::decode_raw_log_validate(&self.topics, &self.data).ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn quantity(value: Value) -> Option<u64> {
        serde_json::from_value::<Quantity>(value).ok().map(|quantity| quantity.0)
    }

    #[test]
    fn numbers_are_read_strictly() {
        assert_eq!(quantity(json!("0x0")), Some(0));
        assert_eq!(quantity(json!("0x14a34")), Some(84_532));
        assert_eq!(quantity(json!("0xFFFFFFFFFFFFFFFF")), Some(u64::MAX));
        for bad in ["", "0x", "0", "14a34", "0X1", "0x+1", "0x-1", "0xg", "0x1 ", "latest"] {
            assert_eq!(quantity(json!(bad)), None, "{bad:?}");
        }
        for bad in [json!("0x10000000000000000"), json!(1), json!(null), json!([])] {
            assert_eq!(quantity(bad.clone()), None, "{bad}");
        }
        assert_eq!(serde_json::to_value(Quantity(84_532)).unwrap(), json!("0x14a34"));
    }

    #[test]
    fn a_block_without_a_time_is_none() {
        let read = |value| serde_json::from_value::<Block>(value);
        assert!(read(json!({"number": "0x1", "timestamp": "0x2", "miner": "0x"})).is_ok());
        assert!(read(json!({"number": null, "timestamp": "0x2"})).is_err());
        assert!(read(json!({"number": "0x1"})).is_err());
        assert!(read(Value::Null).is_err());
    }
}
