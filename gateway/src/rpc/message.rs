//! JSON-RPC 2.0: requests, batches, errors.

use serde_json::{Value, json};

use super::method::{Chain, dispatch};
use crate::store::StoreError;

/// Most requests in a batch.
const MAX_BATCH: usize = 100;

/// Why a request has no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RpcError {
    code: i32,
    message: String,
}

impl RpcError {
    pub(super) fn method_not_found(method: &str) -> Self {
        let message = format!("the practice ledger does not know {method:?}");
        Self { code: -32601, message }
    }

    pub(super) fn params(message: impl Into<String>) -> Self {
        Self { code: -32602, message: message.into() }
    }

    pub(super) fn reverted() -> Self {
        Self { code: 3, message: "execution reverted".into() }
    }

    pub(super) fn limit(message: impl Into<String>) -> Self {
        Self { code: -32005, message: message.into() }
    }

    fn invalid(message: &str) -> Self {
        Self { code: -32600, message: message.into() }
    }
}

impl From<StoreError> for RpcError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a JSON-RPC request failed");
        Self { code: -32603, message: "internal error".into() }
    }
}

/// Answers a body: a request or a batch. `None` when it held notifications only.
pub(crate) fn answer(chain: &Chain<'_>, body: &[u8]) -> Option<Value> {
    match serde_json::from_slice(body) {
        Err(error) => {
            let message = format!("the body must be JSON: {error}");
            Some(failure(&Value::Null, &RpcError { code: -32700, message }))
        }
        Ok(Value::Array(batch)) if batch.is_empty() || batch.len() > MAX_BATCH => {
            let error = RpcError::invalid("a batch has 1 to 100 requests");
            Some(failure(&Value::Null, &error))
        }
        Ok(Value::Array(batch)) => {
            let answers: Vec<_> =
                batch.iter().filter_map(|request| answer_one(chain, request)).collect();
            (!answers.is_empty()).then_some(Value::Array(answers))
        }
        Ok(request) => answer_one(chain, &request),
    }
}

fn answer_one(chain: &Chain<'_>, request: &Value) -> Option<Value> {
    let valid = request["jsonrpc"] == "2.0";
    let Some(method) = request["method"].as_str().filter(|_| valid) else {
        let error = RpcError::invalid("a request has jsonrpc \"2.0\" and a method");
        return Some(failure(request.get("id").unwrap_or(&Value::Null), &error));
    };
    let result = dispatch(chain, method, &request["params"]);
    let id = request.get("id")?;
    Some(match result {
        Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
        Err(error) => failure(id, &error),
    })
}

fn failure(id: &Value, error: &RpcError) -> Value {
    let error = json!({"code": error.code, "message": error.message});
    json!({"jsonrpc": "2.0", "id": id, "error": error})
}
