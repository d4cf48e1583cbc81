//! A signer that is not believed.

use std::sync::Arc;

use alloy::primitives::{Address, B256, Signature};
use async_trait::async_trait;

use super::{Signer, TypedData};
use crate::error::{Error, ErrorKind, Result};

/// Somebody else's signer, whose signatures are checked before they are used: one of another account
/// or of another message would be recorded and sent for nothing.
///
/// A signature whose `s` is high, or whose `v` is 0 or 1, is put into the form that the token
/// contract takes. Those of contract wallets (EIP-1271), which belong to no key, are refused.
#[derive(Clone, Debug)]
pub struct CheckedSigner {
    inner: Arc<dyn Signer>,
}

impl CheckedSigner {
    /// Checks what this one signs.
    pub const fn new(inner: Arc<dyn Signer>) -> Self {
        Self { inner }
    }
}

#[async_trait]
impl Signer for CheckedSigner {
    fn address(&self) -> Address {
        self.inner.address()
    }

    async fn sign(&self, message: &dyn TypedData) -> Result<[u8; 65]> {
        normal(self.inner.sign(message).await?, message.digest(), self.address())
    }
}

fn normal(signature: [u8; 65], digest: B256, account: Address) -> Result<[u8; 65]> {
    let unusable = |what: &str| {
        let message = format!("the signature of the signer {what}; nothing was sent");
        Error::new(ErrorKind::Payment, message)
    };
    let parsed = Signature::from_raw_array(&signature).map_err(|_| unusable("is malformed"))?;
    let signature = parsed.normalize_s().unwrap_or(parsed);
    match signature.recover_address_from_prehash(&digest) {
        Ok(by) if by == account => Ok(signature.as_bytes()),
        Ok(by) => Err(unusable(&format!("is by {by}, or of another message, not by {account}"))),
        Err(_) => Err(unusable("belongs to no account")),
    }
}

#[cfg(test)]
mod tests {
    use alloy::primitives::U256;

    use super::*;
    use crate::wallet::LocalKey;

    /// The order of secp256k1.
    const ORDER: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

    fn signed() -> ([u8; 65], B256, Address) {
        let key = LocalKey::from_bytes(&[7; 32]).unwrap();
        let digest = B256::repeat_byte(9);
        (key.sign_digest(&digest.0).unwrap(), digest, key.address())
    }

    #[test]
    fn a_good_signature_passes_as_it_is() {
        let (signature, digest, account) = signed();
        assert_eq!(normal(signature, digest, account).unwrap(), signature);
    }

    #[test]
    fn other_spellings_of_it_are_put_right() {
        let (signature, digest, account) = signed();
        let mut short = signature;
        short[64] -= 27;
        assert_eq!(normal(short, digest, account).unwrap(), signature);
        let mut high = signature;
        let s = U256::from_be_slice(&signature[32..64]);
        let order = U256::from_str_radix(ORDER, 16).unwrap();
        high[32..64].copy_from_slice(&(order - s).to_be_bytes::<32>());
        high[64] = 55 - signature[64];
        assert_eq!(normal(high, digest, account).unwrap(), signature);
    }

    #[test]
    fn one_of_another_account_or_message_is_refused() {
        let (signature, digest, account) = signed();
        for (signature, digest, account, says) in [
            (signature, digest, Address::ZERO, "not by 0x0000"),
            (signature, B256::ZERO, account, "or of another message"),
            ([0; 65], digest, account, "nothing was sent"),
        ] {
            let error = normal(signature, digest, account).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Payment);
            assert!(error.message().contains(says), "{error}");
        }
    }
}
