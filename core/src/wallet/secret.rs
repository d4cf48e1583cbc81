//! A private key that may be written down.

use std::fmt;

use alloy::primitives::Address;
use zeroize::Zeroizing;

use super::{LocalKey, local};
use crate::{clock::random_bytes, error::Result};

/// A wallet's private key on its way into or out of a file; for signing there is [`LocalKey`].
///
/// Zeroized when dropped. `Debug` shows the address only; the one way to the key is
/// [`SecretKey::expose_hex`].
#[derive(Clone)]
pub struct SecretKey {
    bytes: Zeroizing<[u8; 32]>,
    key: LocalKey,
}

impl SecretKey {
    /// A new key from the operating system's generator.
    ///
    /// # Errors
    /// `Payment` when the system has no randomness to give.
    pub fn generate() -> Result<Self> {
        loop {
            // One in 2^128 numbers is no key.
            if let Ok(key) = Self::from_bytes(&Zeroizing::new(random_bytes()?)) {
                return Ok(key);
            }
        }
    }

    /// Takes the key's 32 bytes.
    ///
    /// # Errors
    /// `InvalidArgument` for a number that is no key.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self> {
        Ok(Self { bytes: Zeroizing::new(*bytes), key: LocalKey::from_bytes(bytes)? })
    }

    /// Reads 64 hexadecimal digits, with or without `0x`.
    ///
    /// # Errors
    /// `InvalidArgument` that says what is wrong and never repeats the key.
    pub fn from_hex(text: &str) -> Result<Self> {
        Self::from_bytes(&*local::parse(text)?)
    }

    /// The account of this key.
    pub const fn address(&self) -> Address {
        self.key.address()
    }

    /// The key as a signer.
    pub fn signer(&self) -> LocalKey {
        self.key.clone()
    }

    /// The key itself, `0x` and 64 hexadecimal digits. Whoever has it has the money.
    pub fn expose_hex(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(66));
        text.push_str("0x");
        for byte in self.bytes.iter() {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
            }
        }
        text
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey").field("address", &self.address()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_what_it_wrote() {
        let key = SecretKey::generate().unwrap();
        let text = key.expose_hex();
        assert_eq!((text.len(), text.capacity()), (66, 66), "no copy was left behind by growing");
        assert_eq!(SecretKey::from_hex(&text).unwrap().address(), key.address());
        assert_ne!(SecretKey::generate().unwrap().address(), key.address());
    }

    #[test]
    fn debug_shows_the_address_only() {
        let key = SecretKey::from_bytes(&[7; 32]).unwrap();
        let shown = format!("{key:?}");
        assert!(shown.contains(&format!("{:?}", key.address())));
        assert!(!shown.contains("0707") && !shown.contains("7, 7"));
    }
}
