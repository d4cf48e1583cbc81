//! Reading what an upstream answers, in bounded memory.

use bytes::{Bytes, BytesMut};
use reqwest::Response;
use serde_json::{Map, Value};

use super::failure::Failure;

/// Largest answer that is read: room for ten large pictures in base64.
const ANSWER: usize = 64 << 20;
/// Largest error that is read.
const ERROR: usize = 64 << 10;
/// Longest message of a refusal that is passed on, in characters.
const MESSAGE: usize = 1_000;

/// A whole body of at most so many bytes.
pub(super) async fn body(mut response: Response, limit: usize) -> Result<Bytes, Failure> {
    let mut whole = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if whole.len() + chunk.len() > limit => {
                return Err(Failure::useless("the upstream's answer is too large"));
            }
            Ok(Some(chunk)) => whole.extend_from_slice(&chunk),
            Ok(None) => return Ok(whole.freeze()),
            Err(_) => return Err(Failure::lost("the upstream broke off")),
        }
    }
}

/// The object that a successful answer is.
pub(super) async fn object(response: Response) -> Result<Map<String, Value>, Failure> {
    parse(&body(response, ANSWER).await?)
}

/// A JSON object that reports no error: some upstreams do so with a good status.
pub(super) fn parse(json: &[u8]) -> Result<Map<String, Value>, Failure> {
    let Ok(Value::Object(object)) = serde_json::from_slice(json) else {
        return Err(Failure::useless("the upstream answered something that is no JSON object"));
    };
    match object.get("error") {
        None | Some(Value::Null) => Ok(object),
        Some(_) => Err(Failure::useless("the upstream answered an error")),
    }
}

/// What an upstream says about a request that it refuses, without the key that it may repeat.
pub(super) async fn refusal(response: Response, key: Option<&str>) -> Failure {
    // A body that cannot be read explains nothing, and is a refusal all the same.
    let body = body(response, ERROR).await.unwrap_or_default();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let said = [&body["error"]["message"], &body["message"], &body["error"]];
    let said = said.into_iter().find_map(Value::as_str).unwrap_or("it does not say why");
    let said = key.map_or_else(|| said.to_owned(), |key| said.replace(key, "[key]"));
    Failure::refused(said.trim_end_matches('.').chars().take(MESSAGE).collect())
}
