//! The token that stands for USDC.

use std::process::Command;

use alloy::{primitives::B256, sol, sol_types::SolStruct};
use blockrun_llm::{
    networks::BASE_SEPOLIA, offline::SignedPayment, wallet::LocalKey, x402::Payment,
};

use super::anvil::{Anvil, missing, root};

sol! {
    #[allow(missing_docs)]
    interface TestUSDC {
        function mint(address to, uint256 value) external;
        function transfer(address to, uint256 value) external returns (bool);
        function balanceOf(address account) external view returns (uint256);
        function DOMAIN_SEPARATOR() external view returns (bytes32);
        function authorizationState(address authorizer, bytes32 nonce) external view returns (bool);
        function cancelAuthorization(
            address authorizer, bytes32 nonce, uint8 v, bytes32 r, bytes32 s
        ) external;
        function transferWithAuthorization(
            address from, address to, uint256 value, uint256 validAfter, uint256 validBefore,
            bytes32 nonce, bytes signature
        ) external;
        event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce);
        event Transfer(address indexed from, address indexed to, uint256 value);
    }

    #[allow(missing_docs)]
    struct CancelAuthorization {
        address authorizer;
        bytes32 nonce;
    }
}

/// The call with which anybody who sees a payment can execute it.
pub(crate) fn execution(payment: &SignedPayment) -> TestUSDC::transferWithAuthorizationCall {
    let signed = Payment::decode(&payment.header_value).unwrap();
    let authorization = signed.authorization;
    TestUSDC::transferWithAuthorizationCall {
        from: authorization.from,
        to: authorization.to,
        value: authorization.value,
        validAfter: authorization.valid_after,
        validBefore: authorization.valid_before,
        nonce: authorization.nonce,
        signature: signed.signature.into(),
    }
}

/// The call with which the payer takes a payment back.
pub(crate) fn cancellation(key: &LocalKey, nonce: B256) -> TestUSDC::cancelAuthorizationCall {
    let message = CancelAuthorization { authorizer: key.address(), nonce };
    let digest = message.eip712_signing_hash(&BASE_SEPOLIA.domain());
    let signature = key.sign_digest(&digest).unwrap();
    TestUSDC::cancelAuthorizationCall {
        authorizer: key.address(),
        nonce,
        v: signature[64],
        r: B256::from_slice(&signature[..32]),
        s: B256::from_slice(&signature[32..64]),
    }
}

#[tokio::test]
async fn it_signs_in_the_name_of_the_real_one() {
    let Some(anvil) = Anvil::start().await else { return };
    let separator = anvil.view(TestUSDC::DOMAIN_SEPARATORCall {}).await;
    assert_eq!(separator, BASE_SEPOLIA.domain_separator());
}

#[test]
fn its_code_is_what_its_source_compiles_to() {
    if !root().join("node_modules/solc").exists() {
        missing::<()>("solc");
        return;
    }
    let script = root().join("tests/chain/compile.mjs");
    let output = Command::new("node").arg(script).arg("--check").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
