//! The contracts: the token (USDC, EIP-3009), wallets that sign (EIP-1271), and Multicall3.

use alloy::{
    primitives::{Address, B256, Bytes, U256, address},
    rpc::types::TransactionReceipt,
    sol,
    sol_types::{SolCall, SolEvent},
};

use super::signature::Wrapped;
use crate::settlement::Transfer;

/// Where Multicall3 is, on every chain that has it (mds1/multicall3).
pub(super) const MULTICALL: Address = address!("cA11bde05977b3631167028862bE2a173976CA11");

sol! {
    #[derive(Debug, PartialEq, Eq)]
    interface Token {
        function DOMAIN_SEPARATOR() external view returns (bytes32);
        function transferWithAuthorization(
            address from, address to, uint256 value, uint256 validAfter, uint256 validBefore,
            bytes32 nonce, uint8 v, bytes32 r, bytes32 s
        ) external;
        function transferWithAuthorization(
            address from, address to, uint256 value, uint256 validAfter, uint256 validBefore,
            bytes32 nonce, bytes signature
        ) external;

        event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce);
        event Transfer(address indexed from, address indexed to, uint256 value);
    }

    interface Wallet {
        function isValidSignature(bytes32 hash, bytes signature) external view returns (bytes4);
    }

    interface Multicall {
        struct Call3 { address target; bool allowFailure; bytes callData; }
        struct Result { bool success; bytes returnData; }
        function aggregate3(Call3[] calls) external payable returns (Result[] returnData);
    }
}

use Multicall::{Call3, aggregate3Call};
pub(super) use Token::DOMAIN_SEPARATORCall;
use Token::{
    transferWithAuthorization_0Call as ByKey, transferWithAuthorization_1Call as BySignature,
};
pub(super) use Wallet::isValidSignatureCall;

/// What a transaction calls to execute a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) target: Address,
    pub(super) data: Bytes,
}

/// The transfer that a [`Call`] executes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Execution {
    pub(super) from: Address,
    pub(super) to: Address,
    pub(super) value: U256,
    pub(super) valid_before: u64,
    pub(super) nonce: B256,
}

impl Execution {
    /// What executing a transfer means.
    pub(super) fn of(transfer: &Transfer) -> Self {
        Self {
            from: transfer.payer,
            to: transfer.payee,
            value: U256::from(transfer.value.micro()),
            valid_before: transfer.valid_before,
            nonce: transfer.nonce,
        }
    }
}

/// The call that executes a transfer by a signature: the overload with `v, r, s` for 65 bytes, which
/// every EIP-3009 token has, and that with bytes for any other length.
pub(super) fn call(token: Address, transfer: &Transfer, signature: &[u8]) -> Call {
    let Transfer { payer: from, payee: to, nonce, valid_after, valid_before, .. } = *transfer;
    let value = U256::from(transfer.value.micro());
    let (after, before) = (U256::from(valid_after), U256::from(valid_before));
    let data = if let Ok([r @ .., v]) = <[u8; 65]>::try_from(signature) {
        let (r, s) = r.split_at(32);
        let (r, s) = (B256::from_slice(r), B256::from_slice(s));
        let call =
            ByKey { from, to, value, validAfter: after, validBefore: before, nonce, v, r, s };
        call.abi_encode()
    } else {
        let signature = Bytes::copy_from_slice(signature);
        let call = BySignature {
            from,
            to,
            value,
            validAfter: after,
            validBefore: before,
            nonce,
            signature,
        };
        call.abi_encode()
    };
    Call { target: token, data: data.into() }
}

/// The call that deploys the payer's wallet and executes its transfer, both or neither. The
/// deployment alone may fail: somebody may have been faster with it.
pub(super) fn deploying(token: Address, transfer: &Transfer, wrapped: &Wrapped) -> Call {
    Call { target: MULTICALL, data: both(token, transfer, wrapped, false) }
}

/// The same for a simulation that tells of each part why it fails.
pub(super) fn trying(token: Address, transfer: &Transfer, wrapped: &Wrapped) -> Call {
    Call { target: MULTICALL, data: both(token, transfer, wrapped, true) }
}

fn both(token: Address, transfer: &Transfer, wrapped: &Wrapped, may_fail: bool) -> Bytes {
    let Call { target, data } = call(token, transfer, &wrapped.signature);
    let deployment =
        Call3 { target: wrapped.factory, allowFailure: true, callData: wrapped.deployment.clone() };
    let payment = Call3 { target, allowFailure: may_fail, callData: data };
    aggregate3Call { calls: vec![deployment, payment] }.abi_encode().into()
}

/// What each of the two calls of [`trying`] answered: whether it succeeded, and with which data.
pub(super) fn tried(answer: &Bytes) -> Option<[(bool, Bytes); 2]> {
    let parts = aggregate3Call::abi_decode_returns_validate(answer).ok()?;
    let parts = parts.into_iter().map(|part| (part.success, part.returnData));
    parts.collect::<Vec<_>>().try_into().ok()
}

/// The transfer in a transaction's data, by any of the calls above.
pub(super) fn read(target: Address, data: &Bytes) -> Option<Execution> {
    if target == MULTICALL {
        let calls = aggregate3Call::abi_decode_validate(data).ok()?.calls;
        let payment = calls.last().filter(|last| last.target != MULTICALL)?;
        return read(payment.target, &payment.callData);
    }
    let by_key = |call: ByKey| (call.from, call.to, call.value, call.validBefore, call.nonce);
    let signed = |call: BySignature| (call.from, call.to, call.value, call.validBefore, call.nonce);
    let (from, to, value, valid_before, nonce) = ByKey::abi_decode_validate(data)
        .map(by_key)
        .or_else(|_| BySignature::abi_decode_validate(data).map(signed))
        .ok()?;
    Some(Execution { from, to, value, valid_before: valid_before.saturating_to(), nonce })
}

/// Whether a transaction succeeded and did execute the transfer: the token says so itself, that it
/// used the authorization and then moved the money.
pub(super) fn executed(
    receipt: &TransactionReceipt,
    token: Address,
    execution: &Execution,
) -> bool {
    let Execution { from, to, value, nonce, .. } = *execution;
    let used = Token::AuthorizationUsed { authorizer: from, nonce };
    let moved = Token::Transfer { from, to, value };
    let logs = || receipt.inner.logs().iter().filter(|log| log.address() == token);
    let used = logs().any(|log| {
        Token::AuthorizationUsed::decode_log(&log.inner).is_ok_and(|event| event.data == used)
    });
    let moved = logs()
        .any(|log| Token::Transfer::decode_log(&log.inner).is_ok_and(|event| event.data == moved));
    receipt.status() && used && moved
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: Address = Address::repeat_byte(9);

    #[test]
    fn every_call_says_what_it_executes() {
        let transfer = Transfer::for_test();
        let wrapped = Wrapped {
            factory: Address::repeat_byte(4),
            deployment: Bytes::from_static(b"deploy"),
            signature: Bytes::from_static(&[5; 97]),
        };
        let calls = [
            call(TOKEN, &transfer, &[27; 65]),
            call(TOKEN, &transfer, &[5; 97]),
            deploying(TOKEN, &transfer, &wrapped),
        ];
        for Call { target, data } in calls {
            assert_eq!(read(target, &data), Some(Execution::of(&transfer)));
        }
        assert_eq!(read(TOKEN, &Bytes::from_static(b"else")), None);
    }

    #[test]
    fn the_overload_depends_on_the_length() {
        let selector =
            |length| call(TOKEN, &Transfer::for_test(), &vec![0; length]).data[..4].to_vec();
        assert_eq!(selector(65), ByKey::SELECTOR);
        assert_eq!(selector(64), BySignature::SELECTOR);
        // Those of USDC's FiatTokenV2_2.
        assert_eq!(alloy::hex::encode(ByKey::SELECTOR), "e3ee160e");
        assert_eq!(alloy::hex::encode(BySignature::SELECTOR), "cf092995");
    }
}
