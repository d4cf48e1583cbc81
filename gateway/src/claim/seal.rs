//! Stored answers are encrypted under something that only the buyer has.
//!
//! A settlement's calldata is public, so a payment alone must not open an answer. The key comes
//! from the buyer's 32 random bytes, of which only a hash is kept here, or, when none were sent,
//! from the full body of the request. Whoever has the database has neither.

use alloy::primitives::{B256, hex};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest, hkdf,
};

use super::ClaimKey;

/// Bytes by which a sealed answer is longer than the answer: nonce and tag.
pub(super) const OVERHEAD: u64 = (NONCE_LEN + ring::aead::MAX_TAG_LEN) as u64;
/// Domain of the derived keys; a change makes old answers unreadable.
const PURPOSE: &[u8] = b"blockrun/answer/v1";
/// Domain of the hash that is kept of a token.
const TOKEN_PURPOSE: &[u8] = b"blockrun/recovery/v1";

/// The 32 bytes of a `Blockrun-Recovery` header. Never stored, never printed.
pub(crate) struct RecoveryToken([u8; 32]);

impl RecoveryToken {
    /// Reads 64 hex digits, with or without `0x`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        hex::decode_to_array(text.trim()).ok().map(Self)
    }

    /// What the gateway keeps of it.
    pub(crate) fn hash(&self) -> B256 {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(TOKEN_PURPOSE);
        context.update(&self.0);
        B256::from_slice(context.finish().as_ref())
    }
}

/// Encrypts and decrypts the answer of one claim, by AES-256-GCM under a key from HKDF-SHA256.
#[derive(Debug)]
pub(crate) struct Seal {
    key: LessSafeKey,
}

/// The answer could not be sealed, or what was presented does not open it.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the stored answer cannot be sealed or opened with what was presented")]
pub(crate) struct SealError;

impl Seal {
    /// The seal of a claim: of the token when there is one, else of the body.
    pub(crate) fn new(
        claim: &ClaimKey,
        token: Option<&RecoveryToken>,
        body: &[u8],
    ) -> Result<Self, SealError> {
        let secret = token.map_or(body, |token| token.0.as_slice());
        let salt = [claim.network.as_bytes(), claim.payer.as_slice(), claim.nonce.as_slice()];
        let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, &salt.concat()).extract(secret);
        let expanded = extracted.expand(&[PURPOSE], &AES_256_GCM).map_err(|_| SealError)?;
        Ok(Self { key: LessSafeKey::new(UnboundKey::from(expanded)) })
    }

    /// Nonce, ciphertext and tag of an answer.
    pub(crate) fn close(&self, answer: &[u8]) -> Result<Vec<u8>, SealError> {
        // Random, because an answer may be made twice: after a crash in the middle of a stream.
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|_| SealError)?;
        let mut sealed = answer.to_vec();
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::empty(),
                &mut sealed,
            )
            .map_err(|_| SealError)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// The answer that was sealed.
    pub(crate) fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (nonce, sealed) = sealed.split_first_chunk().ok_or(SealError)?;
        let mut answer = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened =
            self.key.open_in_place(nonce, Aad::empty(), &mut answer).map_err(|_| SealError)?.len();
        answer.truncate(opened);
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use alloy::primitives::Address;

    use super::*;

    fn key() -> ClaimKey {
        ClaimKey {
            network: "eip155:84532",
            asset: Address::ZERO,
            payer: Address::repeat_byte(1),
            nonce: B256::repeat_byte(2),
        }
    }

    #[test]
    fn only_the_same_secret_opens() {
        let token = RecoveryToken([7; 32]);
        let sealed = Seal::new(&key(), Some(&token), b"body").unwrap().close(b"answer").unwrap();
        let open = |claim: &ClaimKey, token: Option<&RecoveryToken>, body: &[u8]| {
            Seal::new(claim, token, body).unwrap().open(&sealed).ok()
        };
        assert_eq!(open(&key(), Some(&token), b"").unwrap(), b"answer");
        assert_eq!(open(&key(), Some(&RecoveryToken([8; 32])), b"body"), None);
        assert_eq!(open(&key(), None, b"body"), None);
        let other = ClaimKey { nonce: B256::repeat_byte(3), ..key() };
        assert_eq!(open(&other, Some(&token), b"body"), None);
    }

    #[test]
    fn without_a_token_the_body_is_the_secret() {
        let sealed = Seal::new(&key(), None, b"body").unwrap().close(b"answer").unwrap();
        assert!(Seal::new(&key(), None, b"body ").unwrap().open(&sealed).is_err());
        assert_eq!(Seal::new(&key(), None, b"body").unwrap().open(&sealed).unwrap(), b"answer");
        assert_eq!(sealed.len() as u64, 6 + OVERHEAD);
        assert!(!sealed.windows(6).any(|window| window == b"answer"));
    }

    #[test]
    fn a_token_is_32_bytes_of_hex() {
        let hex = "ab".repeat(32);
        assert_eq!(RecoveryToken::parse(&hex).unwrap().0, [0xab; 32]);
        assert!(RecoveryToken::parse(&format!("0x{hex}")).is_some());
        assert!(RecoveryToken::parse(&hex[2..]).is_none());
    }
}
