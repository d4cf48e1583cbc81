//! EIP-3009 `TransferWithAuthorization` as EIP-712 typed data.

use alloy::{
    primitives::{Address, B256, U256, b256, keccak256},
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

/// `TRANSFER_WITH_AUTHORIZATION_TYPEHASH` of EIP-3009: the hash of the struct's EIP-712 type.
const TYPE_HASH: B256 = b256!("7c7c6cdb67a18743f49ec6fa9b35f50d52ed05cbed4cc592e13b44501c1a2267");

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
        keccak256([TYPE_HASH.as_slice(), &self.message().eip712_encode_data()].concat())
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
        let (domain, message) = (self.network.domain_separator(), self.struct_hash());
        keccak256([b"\x19\x01".as_slice(), domain.as_slice(), message.as_slice()].concat())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networks;

    #[test]
    fn a_digest_is_that_of_eip_712() {
        for network in networks::ALL {
            let authorization = Authorization {
                from: Address::repeat_byte(1),
                to: Address::repeat_byte(2),
                value: U256::from(3),
                valid_after: U256::from(4),
                valid_before: U256::from(5),
                nonce: B256::repeat_byte(6),
            };
            let transfer = Transfer { network, authorization };
            let message = transfer.message();
            assert_eq!(message.eip712_type_hash(), TYPE_HASH);
            assert_eq!(transfer.struct_hash(), message.eip712_hash_struct());
            assert_eq!(transfer.digest(), message.eip712_signing_hash(&network.domain()));
        }
    }
}
