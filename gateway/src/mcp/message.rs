//! JSON-RPC 2.0, as far as MCP speaks it.

use serde::Deserialize;
use serde_json::{Value, json};

/// The message is no JSON-RPC request.
const INVALID: i64 = -32_600;
/// The parameters are wrong.
pub(super) const WRONG: i64 = -32_602;

/// A request.
#[derive(Debug, Deserialize)]
pub(crate) struct Message {
    jsonrpc: String,
    /// How its answer names it.
    pub(crate) id: Option<Value>,
    /// What is asked.
    #[serde(default)]
    pub(crate) method: String,
    /// With what.
    #[serde(default)]
    pub(crate) params: Value,
}

/// What came.
#[derive(Debug)]
pub(crate) enum Spoken {
    /// Something to be answered.
    Request(Value, Message),
    /// Something that is not: a notification, or an answer to what was never asked.
    Nothing,
    /// Nothing that can be understood; what is to be said of it.
    Wrong(Value),
}

impl Spoken {
    /// Reads a body. Batches are no part of MCP any more.
    pub(crate) fn read(body: &[u8]) -> Self {
        let message = match serde_json::from_slice::<Message>(body) {
            Ok(message) if message.jsonrpc == "2.0" => message,
            Ok(_) => return Self::Wrong(failed(&Value::Null, INVALID, "jsonrpc must be \"2.0\"")),
            Err(cause) => {
                let problem = format!("send one JSON-RPC message: {cause}");
                return Self::Wrong(failed(&Value::Null, INVALID, &problem));
            }
        };
        match message.id.clone() {
            None => Self::Nothing,
            Some(_) if message.method.is_empty() => Self::Nothing,
            Some(id) if id.is_string() || id.is_number() => Self::Request(id, message),
            Some(_) => {
                let problem = "id must be a string or a number";
                Self::Wrong(failed(&Value::Null, INVALID, problem))
            }
        }
    }
}

/// The answer to a request.
pub(crate) fn succeeded(id: &Value, result: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "result": result})
}

/// The error that answers a request.
pub(crate) fn failed(id: &Value, code: i64, message: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_a_name_and_anything_else_is_told_apart() {
        let read = |text: &str| match Spoken::read(text.as_bytes()) {
            Spoken::Request(id, message) => format!("{id} {}", message.method),
            Spoken::Nothing => String::new(),
            Spoken::Wrong(error) => error["error"]["code"].to_string(),
        };
        assert_eq!(read(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#), "1 ping");
        assert_eq!(read(r#"{"jsonrpc":"2.0","id":"a","method":"ping","params":{}}"#), "\"a\" ping");
        assert_eq!(read(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#), "");
        assert_eq!(read(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#), "");
        for wrong in [
            "",
            "[]",
            r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":[],"method":"ping"}"#,
            r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
        ] {
            assert_eq!(read(wrong), INVALID.to_string(), "{wrong}");
        }
    }
}
