//! A private key in memory.

use std::{fmt, sync::LazyLock};

use alloy::primitives::{Address, keccak256};
use async_trait::async_trait;
use secp256k1::{Message, PublicKey, Secp256k1, SignOnly};
use zeroize::Zeroizing;

use super::{Signer, TypedData};
use crate::{
    clock::random_bytes,
    error::{Error, Result},
};

/// libsecp256k1, which signs in constant time and in a third of the time of pure Rust; blinded by
/// chance, so that what a signature takes tells even less about its key.
static CURVE: LazyLock<Secp256k1<SignOnly>> = LazyLock::new(|| {
    let mut curve = Secp256k1::signing_only();
    if let Ok(seed) = random_bytes() {
        curve.seeded_randomize(&seed);
    }
    curve
});

/// A secp256k1 key held in this process.
///
/// Zeroized when dropped; `Debug` shows the address only; it cannot be printed or exported.
#[derive(Clone)]
pub struct LocalKey {
    secret: Zeroizing<[u8; 32]>,
    address: Address,
}

impl LocalKey {
    /// Reads 64 hexadecimal digits, with or without `0x`.
    ///
    /// # Errors
    /// `InvalidArgument` that says what is wrong and never repeats the key.
    pub fn from_hex(text: &str) -> Result<Self> {
        Self::from_bytes(&*parse(text)?)
    }

    /// Takes the key's 32 bytes.
    ///
    /// # Errors
    /// `InvalidArgument` for zero or a number that is not below the curve's order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self> {
        let point = with_key(bytes, |key| PublicKey::from_secret_key(&CURVE, key))?;
        let hash = keccak256(&point.serialize_uncompressed()[1..]);
        Ok(Self { secret: Zeroizing::new(*bytes), address: Address::from_slice(&hash[12..]) })
    }

    /// The account of this key.
    pub const fn address(&self) -> Address {
        self.address
    }

    /// Signs a 32-byte digest: `r ‖ s ‖ v`, deterministic (RFC 6979), low `s`, `v` 27 or 28.
    ///
    /// # Errors
    /// None that is known: the key was checked when it was read.
    pub fn sign_digest(&self, digest: &[u8; 32]) -> Result<[u8; 65]> {
        let message = Message::from_digest(*digest);
        let signature = with_key(&self.secret, |key| CURVE.sign_ecdsa_recoverable(message, key))?;
        let (recovery, signature) = signature.serialize_compact();
        let mut out = [27; 65];
        out[..64].copy_from_slice(&signature);
        out[64] += u8::try_from(i32::from(recovery)).unwrap_or_default();
        Ok(out)
    }
}

#[async_trait]
impl Signer for LocalKey {
    fn address(&self) -> Address {
        self.address
    }

    async fn sign(&self, message: &dyn TypedData) -> Result<[u8; 65]> {
        self.sign_digest(&message.digest())
    }
}

impl fmt::Debug for LocalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Uses a key in the library's form, which is overwritten afterwards.
fn with_key<T>(bytes: &[u8; 32], work: impl FnOnce(&secp256k1::SecretKey) -> T) -> Result<T> {
    let mut key = secp256k1::SecretKey::from_byte_array(*bytes)
        .map_err(|_| invalid("is not a secp256k1 key: zero, or not below the curve's order"))?;
    let done = work(&key);
    key.non_secure_erase();
    Ok(done)
}

/// The bytes of a key in hexadecimal.
pub(super) fn parse(text: &str) -> Result<Zeroizing<[u8; 32]>> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    if looks_like_base58(digits) {
        return Err(invalid("looks like a Solana (base58) key; this client pays on EVM networks"));
    }
    if digits.len() != 64 {
        return Err(invalid("must be 66 characters (0x + 64 hexadecimal characters)"));
    }
    let mut bytes = Zeroizing::new([0; 32]);
    alloy::hex::decode_to_slice(digits, bytes.as_mut())
        .map_err(|_| invalid("must contain only hexadecimal characters"))?;
    Ok(bytes)
}

fn invalid(problem: &str) -> Error {
    Error::argument("private_key", &format!("Private key {problem}"))
}

/// Length of a base58 key, and a character that hexadecimal does not have.
fn looks_like_base58(text: &str) -> bool {
    (40..=90).contains(&text.len())
        && text.len() != 64
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && text.bytes().any(|byte| !byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    const KEY: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

    #[test]
    fn the_prefix_is_optional() {
        let address = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266".parse::<Address>().unwrap();
        for text in [KEY.to_owned(), format!("0x{KEY}"), format!("0X{}", KEY.to_uppercase())] {
            assert_eq!(LocalKey::from_hex(&text).unwrap().address(), address);
        }
    }

    #[test]
    fn a_bad_key_is_never_repeated() {
        let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
        let solana = "4uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofM1KAvYMxWaGRPd";
        for bad in ["", "0x", &KEY[1..], &format!("{KEY}00"), &KEY.replace('a', "g"), order, solana]
        {
            let error = LocalKey::from_hex(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert!(bad.len() < 8 || !format!("{error} {error:?}").contains(&bad[2..]));
        }
        assert!(LocalKey::from_hex(&"0".repeat(64)).is_err());
    }

    /// As other libraries sign: the nonce of RFC 6979, the lower `s`.
    #[test]
    fn a_signature_is_the_one_of_rfc_6979() {
        let (key, other) = (
            LocalKey::from_hex(KEY).unwrap(),
            k256::ecdsa::SigningKey::from_slice(&parse(KEY).unwrap()[..]).unwrap(),
        );
        for number in 0..64 {
            let digest = keccak256([number]);
            let (signature, recovery) = other.sign_prehash_recoverable(digest.as_slice()).unwrap();
            let signed = key.sign_digest(&digest).unwrap();
            assert_eq!(signed[..64], signature.to_bytes()[..]);
            assert_eq!(signed[64], 27 + recovery.to_byte());
        }
    }

    #[test]
    fn debug_shows_the_address_only() {
        let shown = format!("{:?}", LocalKey::from_hex(KEY).unwrap());
        assert!(shown.contains("0xf39f") || shown.contains("0xf39F"));
        assert!(!shown.contains(&KEY[..8]));
    }
}
