//! EIP-3009 `TransferWithAuthorization` as EIP-712 typed data.

use alloy::{
    primitives::{Address, B256, U256},
    sol,
    sol_types::SolStruct,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    networks::Network,
    wallet::{TypedData, checksummed},
};

sol! {
    #[allow(missing_docs)]
    struct TransferWithAuthorization {
        address from;
        address to;
        uint256 value;
        uint256 validAfter;
        uint256 validBefore;
        bytes32 nonce;
    }
}

/// The authorization as it travels: addresses in their checksummed spelling (EIP-55), without which
/// the official Python facilitator takes none, the nonce in 0x-hex, numbers as decimal strings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Authorization {
    /// Payer.
    #[serde(serialize_with = "checksummed")]
    pub from: Address,
    /// Payee.
    #[serde(serialize_with = "checksummed")]
    pub to: Address,
    /// Amount in the token's smallest unit.
    #[serde(with = "decimal")]
    pub value: U256,
    /// Unix time after which it can be executed.
    #[serde(with = "decimal")]
    pub valid_after: U256,
    /// Unix time before which it can be executed.
    #[serde(with = "decimal")]
    pub valid_before: U256,
    /// Executed at most once per payer and token contract.
    pub nonce: B256,
}

/// An authorization together with the token contract it is for: what is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// The network, and with it the token contract and the EIP-712 domain.
    pub network: &'static Network,
    /// The authorization.
    pub authorization: Authorization,
}

impl Transfer {
    /// EIP-712 `hashStruct` of the message.
    pub fn struct_hash(&self) -> B256 {
        self.message().eip712_hash_struct()
    }

    fn message(&self) -> TransferWithAuthorization {
        let Authorization { from, to, value, valid_after, valid_before, nonce } =
            self.authorization;
        TransferWithAuthorization {
            from,
            to,
            value,
            validAfter: valid_after,
            validBefore: valid_before,
            nonce,
        }
    }
}

impl TypedData for Transfer {
    fn digest(&self) -> B256 {
        self.message().eip712_signing_hash(&self.network.domain())
    }

    fn to_json(&self) -> String {
        let field = |name: &str, kind: &str| json!({"name": name, "type": kind});
        json!({
            "domain": {
                "name": self.network.domain_name,
                "version": self.network.domain_version,
                "chainId": self.network.chain_id,
                "verifyingContract": self.network.usdc,
            },
            "primaryType": "TransferWithAuthorization",
            "types": {
                "EIP712Domain": [
                    field("name", "string"), field("version", "string"),
                    field("chainId", "uint256"), field("verifyingContract", "address"),
                ],
                "TransferWithAuthorization": [
                    field("from", "address"), field("to", "address"),
                    field("value", "uint256"), field("validAfter", "uint256"),
                    field("validBefore", "uint256"), field("nonce", "bytes32"),
                ],
            },
            "message": self.authorization,
        })
        .to_string()
    }
}

/// 256-bit numbers as decimal strings, digits only.
mod decimal {
    use std::str::FromStr;

    use alloy::primitives::U256;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(value: &U256, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(value)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<U256, D::Error> {
        let text = String::deserialize(input)?;
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(D::Error::custom(format!("{text:?} is not a decimal number")));
        }
        U256::from_str(&text).map_err(D::Error::custom)
    }
}
