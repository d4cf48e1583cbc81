//! The methods.

use alloy::primitives::hex;
use serde_json::Value;

use super::{
    block, call, log,
    message::RpcError,
    param::{address, block_number, hash, quantity},
};
use crate::{
    ledger::{Ledger, Record},
    store::Db,
};

/// Code of the token contract: enough for "there is a contract here". It cannot be run.
const TOKEN_CODE: [u8; 1] = [0xfe];

/// A state of the ledger at a time.
#[derive(Debug)]
pub(crate) struct Chain<'a> {
    pub(crate) db: &'a Db,
    pub(crate) ledger: Ledger,
    pub(crate) now: u64,
}

pub(super) fn dispatch(chain: &Chain<'_>, method: &str, params: &Value) -> Result<Value, RpcError> {
    let network = chain.ledger.network;
    match method {
        "eth_chainId" => Ok(quantity(network.chain_id)),
        "net_version" => Ok(network.chain_id.to_string().into()),
        "eth_blockNumber" => Ok(quantity(Ledger::latest(chain.db, chain.now)?.number)),
        "eth_getBlockByNumber" => block::by_number(chain, &params[0]),
        "eth_call" => call::call(chain, &params[0], &params[1]),
        "eth_getCode" => {
            block_number(chain, &params[1])?;
            let is_token = address(&params[0])? == network.usdc;
            let code = if is_token { TOKEN_CODE.as_slice() } else { &[] };
            Ok(hex::encode_prefixed(code).into())
        }
        "eth_getTransactionReceipt" => {
            let record = Record::get(chain.db, hash(&params[0])?)?;
            Ok(record.map_or(Value::Null, |record| log::receipt(chain, &record)))
        }
        "eth_getLogs" => log::list(chain, &params[0]),
        _ => Err(RpcError::method_not_found(method)),
    }
}
