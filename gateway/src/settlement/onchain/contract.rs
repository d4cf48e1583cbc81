//! The token contract (USDC, EIP-3009), as far as it is needed.

use alloy::{
    primitives::{Address, B256, Bytes, U256},
    rpc::types::TransactionReceipt,
    sol,
    sol_types::{SolCall, SolEvent},
};

use crate::settlement::Transfer;

sol! {
    #[derive(Debug, PartialEq, Eq)]
    interface Token {
        function transferWithAuthorization(
            address from, address to, uint256 value, uint256 validAfter, uint256 validBefore,
            bytes32 nonce, uint8 v, bytes32 r, bytes32 s
        ) external;

        event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce);
        event Transfer(address indexed from, address indexed to, uint256 value);
    }
}

/// What a settlement transaction asks the token to do.
pub(super) type Call = Token::transferWithAuthorizationCall;

/// The call that executes a transfer, by the payer's 65-byte signature `r ‖ s ‖ v`.
pub(super) fn call(transfer: &Transfer) -> Call {
    let [r @ .., v] = transfer.signature.0;
    let (r, s) = r.split_at(32);
    Call {
        from: transfer.payer,
        to: transfer.payee,
        value: U256::from(transfer.value.micro()),
        validAfter: U256::from(transfer.valid_after),
        validBefore: U256::from(transfer.valid_before),
        nonce: transfer.nonce,
        v,
        r: B256::from_slice(r),
        s: B256::from_slice(s),
    }
}

/// The call in a transaction's data.
pub(super) fn read_call(data: &Bytes) -> Option<Call> {
    Call::abi_decode_validate(data).ok()
}

/// Whether a transaction succeeded and did execute the call: the token says so itself, that it used
/// the authorization and then moved the money.
pub(super) fn executed(receipt: &TransactionReceipt, token: Address, call: &Call) -> bool {
    let used = Token::AuthorizationUsed { authorizer: call.from, nonce: call.nonce };
    let moved = Token::Transfer { from: call.from, to: call.to, value: call.value };
    let logs = || receipt.inner.logs().iter().filter(|log| log.address() == token);
    let used = logs().any(|log| {
        Token::AuthorizationUsed::decode_log(&log.inner).is_ok_and(|event| event.data == used)
    });
    let moved = logs()
        .any(|log| Token::Transfer::decode_log(&log.inner).is_ok_and(|event| event.data == moved));
    receipt.status() && used && moved
}
