//! The arithmetic of a keystore: passphrase to key, key to cipher and seal.

use aes::Aes128;
use alloy::primitives::keccak256;
use ctr::{
    Ctr128BE,
    cipher::{KeyIvInit, StreamCipher},
};
use ring::pbkdf2::{PBKDF2_HMAC_SHA256, derive as pbkdf2};
use zeroize::Zeroizing;

use super::{Kdf, invalid};
use crate::error::Result;

/// What a passphrase becomes: 16 bytes that encrypt and 16 that seal.
pub(super) struct Derived(Zeroizing<[u8; 32]>);

pub(super) fn derive(kdf: &Kdf, passphrase: &str) -> Result<Derived> {
    let mut out = Zeroizing::new([0; 32]);
    match kdf {
        Kdf::Scrypt(params) => {
            scrypt::scrypt(passphrase.as_bytes(), &params.salt, &params.checked()?, out.as_mut())
                .map_err(|_| invalid("has kdfparams that scrypt does not know"))?;
        }
        Kdf::Pbkdf2(params) => {
            let passphrase = passphrase.as_bytes();
            pbkdf2(PBKDF2_HMAC_SHA256, params.c, &params.salt, passphrase, out.as_mut());
        }
    }
    Ok(Derived(out))
}

impl Derived {
    /// AES-128 in counter mode, the same both ways.
    pub(super) fn apply(&self, iv: &[u8; 16], text: &mut [u8; 32]) {
        let mut key = Zeroizing::new([0; 16]);
        key.copy_from_slice(&self.0[..16]);
        Ctr128BE::<Aes128>::new((&*key).into(), iv.into()).apply_keystream(text);
    }

    /// What shows that the passphrase is right and the text unaltered.
    pub(super) fn mac(&self, ciphertext: &[u8]) -> [u8; 32] {
        keccak256([&self.0[16..], ciphertext].concat()).0
    }
}
