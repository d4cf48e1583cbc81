//! Who signs: the [`Signer`] trait and a key held in memory.

mod checked;
mod local;

use std::fmt;

pub use alloy::primitives::{Address, B256};
use async_trait::async_trait;
pub use checked::CheckedSigner;
pub use local::LocalKey;

use crate::error::Result;

/// Typed data to be signed (EIP-712).
pub trait TypedData: Send + Sync {
    /// The digest that a key signs: `keccak256(0x1901 ‖ domainSeparator ‖ structHash)`.
    fn digest(&self) -> B256;

    /// The same as a JSON document in the form of `eth_signTypedData_v4`, for signers that show
    /// their user what is signed or refuse bare digests.
    fn to_json(&self) -> String;
}

/// Signs typed data with one account's key, wherever that key is.
///
/// It does not decide whether something may be signed (that is [`crate::policy`]), and it is only
/// asked after a payment was approved and its budget reserved.
#[async_trait]
pub trait Signer: fmt::Debug + Send + Sync {
    /// The account that pays.
    fn address(&self) -> Address;

    /// A 65-byte signature `r ‖ s ‖ v` with low `s` and `v` 27 or 28.
    ///
    /// # Errors
    /// Whatever keeps it from signing; nothing has been sent then.
    async fn sign(&self, message: &dyn TypedData) -> Result<[u8; 65]>;
}

/// Serializes an address in its checksummed spelling, the one that people compare.
pub(crate) fn checksummed<S: serde::Serializer>(
    address: &Address,
    out: S,
) -> std::result::Result<S::Ok, S::Error> {
    out.collect_str(address)
}
