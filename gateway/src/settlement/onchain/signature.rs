//! Who stands behind a signature: an account's own key, a contract (EIP-1271, which an account that
//! delegates by EIP-7702 is too), or a contract that its factory has yet to deploy (EIP-6492).

use alloy::{
    primitives::{Address, B256, Bytes, b256, fixed_bytes},
    sol_types::{SolCall, SolValue},
};
use blockrun_llm::x402::InvalidReason;

use super::{
    contract::{self, Call, isValidSignatureCall},
    node::Node,
    reason,
};
use crate::settlement::{Transfer, Unavailable};

/// Ends a signature that carries the deployment of its signer (EIP-6492).
const WRAPPED: B256 = b256!("6492649264926492649264926492649264926492649264926492649264926492");
/// What a contract answers to confirm a signature (EIP-1271).
const CONFIRMED: alloy::primitives::FixedBytes<4> = fixed_bytes!("1626ba7e");

/// A signature with the deployment of its signer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrapped {
    pub(super) factory: Address,
    /// What the factory is called with.
    pub(super) deployment: Bytes,
    pub(super) signature: Bytes,
}

/// How a transfer is put to the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Approval {
    /// By this signature, of the account's key or of the contract that it is.
    Signed(Bytes),
    /// By deploying the payer first.
    Deploying(Wrapped),
}

impl Wrapped {
    /// Unwraps a signature; `None` when it is an ordinary one.
    ///
    /// # Errors
    /// It is marked as one with a deployment and is not.
    fn of(signature: &[u8]) -> Result<Option<Self>, InvalidReason> {
        let Some(wrapped) = signature.strip_suffix(WRAPPED.as_slice()) else { return Ok(None) };
        let (factory, deployment, signature) =
            <(Address, Bytes, Bytes)>::abi_decode_params_validate(wrapped).map_err(|_| {
                reason::signature("it ends as EIP-6492 says and does not begin like that")
            })?;
        Ok(Some(Self { factory, deployment, signature }))
    }
}

impl Approval {
    /// The call that executes the transfer.
    pub(super) fn call(&self, token: Address, transfer: &Transfer) -> Call {
        match self {
            Self::Signed(signature) => contract::call(token, transfer, signature),
            Self::Deploying(wrapped) => contract::deploying(token, transfer, wrapped),
        }
    }
}

/// Whether the payer signed, by the rule that the token has too: an account without code by its key,
/// one with code only if that code says so, however good its key's signature is.
///
/// Of a wallet that is not deployed only the factory is checked, which must be one of `factories`: the
/// rest shows when the whole call is simulated.
pub(super) async fn approval(
    node: &Node,
    factories: &[Address],
    transfer: &Transfer,
) -> Result<Result<Approval, InvalidReason>, Unavailable> {
    let deployed = node.has_code(transfer.payer).await?;
    let approval = match form(transfer, factories, deployed) {
        Ok(Approval::Signed(signature)) if deployed => {
            let call = isValidSignatureCall { hash: transfer.signed.digest, signature };
            let answer = node.view(transfer.payer, call.abi_encode()).await?;
            if answer.is_ok_and(|answer| confirms(&answer)) {
                Ok(Approval::Signed(call.signature))
            } else {
                Err(reason::signature("the contract at the payer's address does not confirm it"))
            }
        }
        other => other,
    };
    Ok(approval)
}

/// How a transfer whose signature was checked before is put to the token now: its wallet may have
/// been deployed meanwhile.
pub(super) async fn checked_before(
    node: &Node,
    factories: &[Address],
    transfer: &Transfer,
) -> Result<Result<Approval, InvalidReason>, Unavailable> {
    if transfer.signed.signature.ends_with(WRAPPED.as_slice()) {
        let deployed = node.has_code(transfer.payer).await?;
        return Ok(form(transfer, factories, deployed));
    }
    Ok(form(transfer, factories, transfer.own_signature().is_err()))
}

fn form(
    transfer: &Transfer,
    factories: &[Address],
    deployed: bool,
) -> Result<Approval, InvalidReason> {
    let signature = &transfer.signed.signature;
    let wrapped = Wrapped::of(signature)?;
    if deployed {
        let inner = wrapped.map_or_else(|| signature.clone(), |wrapped| wrapped.signature);
        return Ok(Approval::Signed(inner));
    }
    match (transfer.own_signature(), wrapped) {
        (Ok(own), _) => Ok(Approval::Signed(Bytes::copy_from_slice(&own))),
        (Err(_), Some(wrapped)) if factories.contains(&wrapped.factory) => {
            Ok(Approval::Deploying(wrapped))
        }
        (Err(_), Some(wrapped)) => Err(reason::factory(wrapped.factory)),
        // Longer than any key's: that of a contract.
        (Err(_), None) if signature.len() > 65 => Err(reason::undeployed(transfer.payer)),
        (Err(reason), None) => Err(reason),
    }
}

/// One word, and its first four bytes are the answer.
fn confirms(answer: &Bytes) -> bool {
    isValidSignatureCall::abi_decode_returns_validate(answer).is_ok_and(|said| said == CONFIRMED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_is_unwrapped_or_refused() {
        let (factory, deployment) = (Address::repeat_byte(7), Bytes::from_static(b"deploy"));
        let signature = Bytes::from_static(b"signature");
        let content = (factory, deployment.clone(), signature.clone()).abi_encode_params();
        let wrapped = [content.as_slice(), WRAPPED.as_slice()].concat();
        assert_eq!(
            Wrapped::of(&wrapped).unwrap(),
            Some(Wrapped { factory, deployment, signature })
        );
        assert_eq!(Wrapped::of(&content).unwrap(), None);
        let cut = [&content[..64], WRAPPED.as_slice()].concat();
        let reason = Wrapped::of(&cut).unwrap_err();
        assert_eq!(reason.code, "invalid_exact_evm_payload_signature");
    }

    #[test]
    fn only_the_very_word_confirms() {
        let word = |first: [u8; 4]| Bytes::from([first.as_slice(), &[0; 28]].concat());
        assert!(confirms(&word([0x16, 0x26, 0xba, 0x7e])));
        for other in [word([0xff; 4]), word([0; 4]), Bytes::from_static(&[0x16, 0x26, 0xba, 0x7e])]
        {
            assert!(!confirms(&other), "{other}");
        }
        let dirty = [[0x16, 0x26, 0xba, 0x7e].as_slice(), &[1; 28]].concat();
        assert!(!confirms(&dirty.into()));
        assert!(!confirms(&Bytes::new()));
    }
}
