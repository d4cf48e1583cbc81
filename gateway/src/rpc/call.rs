//! `eth_call` on the token contract.

use alloy::{
    primitives::{U256, hex},
    sol,
    sol_types::SolCall,
};
use serde_json::Value;

use super::{
    message::RpcError,
    method::Chain,
    param::{address, block_number},
};
use crate::ledger::Ledger;

sol! {
    /// The views of USDC (FiatToken v2, EIP-3009) that the practice ledger has.
    #[derive(Debug)]
    interface Token {
        function balanceOf(address account) external view returns (uint256);
        function authorizationState(address authorizer, bytes32 nonce) external view returns (bool);
        function DOMAIN_SEPARATOR() external view returns (bytes32);
    }
}

/// Runs a view at a block. Like a node, it answers nothing for an account without code and reverts
/// for a function that the token does not have.
pub(super) fn call(chain: &Chain<'_>, tx: &Value, block: &Value) -> Result<Value, RpcError> {
    let block = block_number(chain, block)?;
    if address(&tx["to"])? != chain.ledger.network.usdc {
        return Ok("0x".into());
    }
    let data = tx["input"].as_str().or(tx["data"].as_str()).unwrap_or_default();
    let data = hex::decode(data).map_err(|_| RpcError::params("data is not hex"))?;
    run(chain, &data, block).map(|returned| hex::encode_prefixed(returned).into())
}

fn run(chain: &Chain<'_>, data: &[u8], block: u64) -> Result<Vec<u8>, RpcError> {
    if let Ok(call) = Token::balanceOfCall::abi_decode(data) {
        let balance = chain.ledger.balance_at(chain.db, call.account, block)?;
        return Ok(Token::balanceOfCall::abi_encode_returns(&U256::from(balance.micro())));
    }
    if let Ok(call) = Token::authorizationStateCall::abi_decode(data) {
        let used = Ledger::used_in(chain.db, call.authorizer, call.nonce)?;
        let used = used.is_some_and(|number| number <= block);
        return Ok(Token::authorizationStateCall::abi_encode_returns(&used));
    }
    if Token::DOMAIN_SEPARATORCall::abi_decode(data).is_ok() {
        let separator = chain.ledger.network.domain_separator();
        return Ok(Token::DOMAIN_SEPARATORCall::abi_encode_returns(&separator));
    }
    Err(RpcError::reverted())
}
