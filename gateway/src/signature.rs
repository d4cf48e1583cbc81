//! Whose key signed, by libsecp256k1: the gateway asks that of every payment, and the library of the core,
//! which is written for small programs, takes four times as long.

use std::sync::LazyLock;

use alloy::primitives::{Address, B256, Signature, keccak256};
use blockrun_llm::x402::{InvalidReason, own_signature_by};
use secp256k1::{
    Message, Secp256k1, VerifyOnly,
    ecdsa::{RecoverableSignature, RecoveryId},
};

static CURVE: LazyLock<Secp256k1<VerifyOnly>> = LazyLock::new(Secp256k1::verification_only);

/// The signature of an account's own key over a digest, as `r ‖ s ‖ v`.
///
/// # Errors
/// Those of [`own_signature`](blockrun_llm::x402::own_signature).
pub(crate) fn own_signature(
    signature: &[u8],
    digest: B256,
    account: Address,
) -> Result<[u8; 65], InvalidReason> {
    own_signature_by(|signature| signer(signature, digest), signature, account)
}

fn signer(signature: &Signature, digest: B256) -> Option<Address> {
    let parity = if signature.v() { RecoveryId::One } else { RecoveryId::Zero };
    let signature = RecoverableSignature::from_compact(&signature.as_bytes()[..64], parity).ok()?;
    let key = CURVE.recover_ecdsa(Message::from_digest(digest.0), &signature).ok()?;
    // Behind the byte that says that both coordinates follow.
    Some(Address::from_slice(&keccak256(&key.serialize_uncompressed()[1..])[12..]))
}

#[cfg(test)]
mod tests {
    use blockrun_llm::{wallet::LocalKey, x402};

    use super::*;

    /// Both libraries say the same of a signature and of everything that is nearly one.
    #[test]
    fn it_judges_as_the_core_does() {
        for number in 1..40_u8 {
            let key = LocalKey::from_hex(&format!("{number:064x}")).unwrap();
            let digest = keccak256([number]);
            let good = key.sign_digest(&digest.0).unwrap();
            for spoiled in 0..66 {
                let mut bytes = good.to_vec();
                match spoiled {
                    65 => drop(bytes.pop()),
                    // The first turn leaves it as it is.
                    at if number > 1 => bytes[at] ^= number - 1,
                    _ => (),
                }
                let ours = own_signature(&bytes, digest, key.address());
                assert_eq!(ours, x402::own_signature(&bytes, digest, key.address()));
            }
            assert!(own_signature(&good, digest, key.address()).is_ok());
            assert!(own_signature(&good, digest, Address::ZERO).is_err());
        }
    }
}
