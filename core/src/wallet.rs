//! Who signs: the [`Signer`] trait and a key held in memory. And where keys are kept: the
//! [`WalletHome`], encrypted or in plain; how they come in (hexadecimal, words, keystores) and how money
//! does ([`Funding`]).

mod checked;
mod discover;
mod funding;
mod home;
mod keystore;
mod local;
mod mnemonic;
mod passphrase;
mod private;
#[cfg(feature = "qr")]
mod qr;
mod secret;
mod steps;
mod text;
mod watch;

use std::fmt;

pub use alloy::primitives::{Address, B256};
use async_trait::async_trait;
pub use checked::CheckedSigner;
pub use discover::{DiscoveredWallet, discover_wallets, discovered_key};
pub use funding::{Funding, FundingDetails};
pub(crate) use home::home_folder;
pub use home::{WalletFile, WalletHome, write_key_file};
pub use keystore::{Keystore, ScryptCost};
pub use local::LocalKey;
pub use mnemonic::{DEFAULT_DERIVATION_PATH, new_mnemonic};
pub use passphrase::Passphrase;
pub(crate) use private::{create_file, create_folder};
pub use secret::SecretKey;
pub use text::KeyForm;
pub use watch::WatchOnly;

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
