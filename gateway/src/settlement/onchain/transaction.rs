//! The settlement transaction: EIP-1559, signed by the gas key.

use alloy::{
    consensus::{SignableTransaction, Transaction as _, TxEip1559, TxEnvelope},
    eips::{Decodable2718, Encodable2718, eip1559::Eip1559Estimation},
    primitives::{B256, Bytes, Signature, TxKind},
    sol_types::SolCall,
};
use blockrun_llm::{networks::Network, wallet::LocalKey};

use super::contract::{Call, read_call};
use crate::settlement::Unavailable;

/// A signed transaction. Its bytes are all there is to know about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Transaction {
    pub(super) txid: B256,
    pub(super) gas_nonce: u64,
    pub(super) call: Call,
    pub(super) raw: Vec<u8>,
}

/// What the chain asks for a transaction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) gas_nonce: u64,
    pub(super) gas: u64,
    pub(super) fees: Eip1559Estimation,
}

impl Transaction {
    /// Signs a call to the token of a network.
    pub(super) fn sign(
        network: &Network,
        key: &LocalKey,
        terms: Terms,
        call: &Call,
    ) -> Result<Self, Unavailable> {
        let unsigned = TxEip1559 {
            chain_id: network.chain_id,
            nonce: terms.gas_nonce,
            gas_limit: terms.gas,
            max_fee_per_gas: terms.fees.max_fee_per_gas,
            max_priority_fee_per_gas: terms.fees.max_priority_fee_per_gas,
            to: TxKind::Call(network.usdc),
            input: Bytes::from(call.abi_encode()),
            ..TxEip1559::default()
        };
        let signature = key.sign_digest(&unsigned.signature_hash());
        let signature = signature.map_err(|error| Unavailable(error.to_string()))?;
        let signature = Signature::from_raw_array(&signature)
            .map_err(|error| Unavailable(error.to_string()))?;
        let signed = TxEnvelope::from(unsigned.into_signed(signature));
        Ok(Self {
            txid: *signed.tx_hash(),
            gas_nonce: terms.gas_nonce,
            call: call.clone(),
            raw: signed.encoded_2718(),
        })
    }

    /// Reads a transaction that was signed before; `None` when these are not the bytes of one.
    pub(super) fn read(raw: Vec<u8>) -> Option<Self> {
        let signed = TxEnvelope::decode_2718_exact(&raw).ok()?;
        let call = read_call(signed.input())?;
        Some(Self { txid: *signed.tx_hash(), gas_nonce: signed.nonce(), call, raw })
    }
}

#[cfg(test)]
mod tests {
    use alloy::{
        consensus::transaction::SignerRecoverable,
        primitives::{Address, U256},
    };
    use blockrun_llm::networks::BASE_SEPOLIA;

    use super::*;

    #[test]
    fn what_was_signed_is_read_again() {
        let key = LocalKey::from_hex(&"11".repeat(32)).unwrap();
        let call = Call {
            from: Address::repeat_byte(1),
            to: Address::repeat_byte(2),
            value: U256::from(1_000),
            validAfter: U256::ZERO,
            validBefore: U256::from(1_800_000_000),
            nonce: B256::repeat_byte(3),
            v: 27,
            r: B256::repeat_byte(4),
            s: B256::repeat_byte(5),
        };
        let fees = Eip1559Estimation { max_fee_per_gas: 9, max_priority_fee_per_gas: 1 };
        let terms = Terms { gas_nonce: 7, gas: 80_000, fees };
        let signed = Transaction::sign(&BASE_SEPOLIA, &key, terms, &call).unwrap();
        assert_eq!(Transaction::read(signed.raw.clone()), Some(signed.clone()));
        let envelope = TxEnvelope::decode_2718_exact(&signed.raw).unwrap();
        assert_eq!(envelope.recover_signer().unwrap(), key.address());
        assert_eq!((envelope.chain_id(), envelope.to()), (Some(84_532), Some(BASE_SEPOLIA.usdc)));
        assert_eq!(Transaction::read(signed.raw[1..].to_vec()), None);
    }
}
