//! The settlement transaction: EIP-1559, signed by the gas key.

use alloy::{
    consensus::{SignableTransaction, Transaction as _, TxEip1559, TxEnvelope},
    eips::{Decodable2718, Encodable2718},
    primitives::{B256, Signature, TxKind},
};
use blockrun_llm::{networks::Network, wallet::LocalKey};

use super::{
    contract::{self, Call, Execution},
    fees::Fees,
};
use crate::settlement::Unavailable;

/// What every transaction takes.
const PLAIN_GAS: u64 = 21_000;

/// A signed transaction. Its bytes are all there is to know about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Transaction {
    pub(super) txid: B256,
    pub(super) gas_nonce: u64,
    pub(super) fees: Fees,
    /// The transfer that it executes.
    pub(super) execution: Execution,
    pub(super) raw: Vec<u8>,
}

/// What the chain asks for a transaction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) gas_nonce: u64,
    pub(super) gas: u64,
    pub(super) fees: Fees,
}

impl Transaction {
    /// Signs a call on a network.
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
            max_fee_per_gas: terms.fees.most,
            max_priority_fee_per_gas: terms.fees.tip,
            to: TxKind::Call(call.target),
            input: call.data.clone(),
            ..TxEip1559::default()
        };
        Self::signed(unsigned, key)
    }

    /// The same transaction for another fee: it takes the place of this one, or comes too late.
    pub(super) fn replaced(&self, key: &LocalKey, fees: Fees) -> Result<Self, Unavailable> {
        let Some(mut unsigned) = decoded(&self.raw) else {
            return Err(Unavailable("a stored transaction is damaged".into()));
        };
        unsigned.max_fee_per_gas = fees.most;
        unsigned.max_priority_fee_per_gas = fees.tip;
        Self::signed(unsigned, key)
    }

    fn signed(unsigned: TxEip1559, key: &LocalKey) -> Result<Self, Unavailable> {
        Self::read(signed(unsigned, key)?)
            .ok_or_else(|| Unavailable("a transaction executes no transfer".into()))
    }

    /// What it calls.
    pub(super) fn call(&self) -> Option<Call> {
        let unsigned = decoded(&self.raw)?;
        Some(Call { target: unsigned.to.to().copied()?, data: unsigned.input })
    }

    /// Reads a transaction that was signed before; `None` when these are not the bytes of one.
    pub(super) fn read(raw: Vec<u8>) -> Option<Self> {
        let signed = TxEnvelope::decode_2718_exact(&raw).ok()?;
        let fees = Fees {
            most: signed.max_fee_per_gas(),
            tip: signed.max_priority_fee_per_gas().unwrap_or_default(),
        };
        let execution = contract::read(signed.to()?, signed.input())?;
        Some(Self { txid: *signed.tx_hash(), gas_nonce: signed.nonce(), fees, execution, raw })
    }
}

/// A transaction that does nothing but take up a gas nonce.
pub(super) fn filler(
    network: &Network,
    key: &LocalKey,
    gas_nonce: u64,
    fees: Fees,
) -> Result<Vec<u8>, Unavailable> {
    let unsigned = TxEip1559 {
        chain_id: network.chain_id,
        nonce: gas_nonce,
        gas_limit: PLAIN_GAS,
        max_fee_per_gas: fees.most,
        max_priority_fee_per_gas: fees.tip,
        to: TxKind::Call(key.address()),
        ..TxEip1559::default()
    };
    signed(unsigned, key)
}

fn signed(unsigned: TxEip1559, key: &LocalKey) -> Result<Vec<u8>, Unavailable> {
    let signature = key.sign_digest(&unsigned.signature_hash());
    let signature = signature.map_err(|error| Unavailable(error.to_string()))?;
    let signature =
        Signature::from_raw_array(&signature).map_err(|error| Unavailable(error.to_string()))?;
    Ok(TxEnvelope::from(unsigned.into_signed(signature)).encoded_2718())
}

fn decoded(raw: &[u8]) -> Option<TxEip1559> {
    match TxEnvelope::decode_2718_exact(raw).ok()? {
        TxEnvelope::Eip1559(signed) => Some(signed.strip_signature()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use alloy::consensus::transaction::SignerRecoverable;
    use blockrun_llm::networks::BASE_SEPOLIA;

    use super::*;
    use crate::settlement::Transfer;

    const TERMS: Terms = Terms { gas_nonce: 7, gas: 80_000, fees: Fees { most: 9, tip: 1 } };

    fn sign(key: &LocalKey) -> Transaction {
        let call = contract::call(BASE_SEPOLIA.usdc, &Transfer::for_test(), &[27; 65]);
        Transaction::sign(&BASE_SEPOLIA, key, TERMS, &call).unwrap()
    }

    #[test]
    fn what_was_signed_is_read_again() {
        let key = LocalKey::from_hex(&"11".repeat(32)).unwrap();
        let signed = sign(&key);
        assert_eq!(Transaction::read(signed.raw.clone()), Some(signed.clone()));
        let envelope = TxEnvelope::decode_2718_exact(&signed.raw).unwrap();
        assert_eq!(envelope.recover_signer().unwrap(), key.address());
        assert_eq!((envelope.chain_id(), envelope.to()), (Some(84_532), Some(BASE_SEPOLIA.usdc)));
        assert_eq!(Transaction::read(signed.raw[1..].to_vec()), None);
    }

    #[test]
    fn a_replacement_differs_in_its_fee_alone() {
        let key = LocalKey::from_hex(&"11".repeat(32)).unwrap();
        let first = sign(&key);
        let fees = Fees { most: 20, tip: 2 };
        let second = first.replaced(&key, fees).unwrap();
        assert_eq!(second.fees, fees);
        assert_ne!(second.txid, first.txid);
        assert_eq!(second.replaced(&key, TERMS.fees).unwrap(), first);
    }
}
