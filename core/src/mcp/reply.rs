//! What a server says, as the answer over HTTP that would say the same.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header::RETRY_AFTER};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::{
    error::{Error, ErrorKind},
    flow::{Answer, Event},
    x402::{PAYMENT_RESPONSE, encode_header},
};

/// Where a settlement is told, in `_meta` or, when it failed, in the structured content.
const SETTLEMENT: &str = "x402/payment-response";
/// An error around what is asked, in text or structured content.
const WRAPPED: &str = "/x402~1error/data";
/// Our gateway's own words for an error: its status over HTTP, and when to ask again.
const OURS: [&str; 2] = ["blockrun/status", "blockrun/retry-after"];

/// The tool itself failed.
pub(super) const TOOL_FAILED: u16 = 422;
/// The server took the call for a wrong one.
const WRONG: u16 = 400;
/// The server failed.
const BROKEN: u16 = 500;

/// Reads a JSON-RPC response.
pub(super) fn event(response: &str) -> Event {
    #[derive(Deserialize)]
    struct Response<'a> {
        #[serde(borrow)]
        result: Option<&'a RawValue>,
        error: Option<Value>,
    }
    match serde_json::from_str(response) {
        Ok(Response { result: Some(result), .. }) => match serde_json::from_str(result.get()) {
            Ok(value) => Event::Answered(answered(&value, result.get())),
            Err(cause) => lost(&cause.to_string()),
        },
        Ok(Response { error: Some(error), .. }) => failed(&error, response),
        Ok(_) => lost("it has neither a result nor an error"),
        Err(cause) => lost(&cause.to_string()),
    }
}

/// The result of a tool.
fn answered(result: &Value, text: &str) -> Answer {
    let (meta, failed) = (&result["_meta"], result["isError"] == true);
    let required = if failed { required(result) } else { None };
    let settlement = [&meta[SETTLEMENT], &result["structuredContent"][SETTLEMENT]];
    let settlement = settlement.into_iter().find(|one| one.is_object());
    let mut headers = HeaderMap::new();
    if let Some(value) = settlement.and_then(|one| encode_header(&one.to_string()).parse().ok()) {
        headers.insert(PAYMENT_RESPONSE, value);
    }
    if let Some(seconds) = meta[OURS[1]].as_u64() {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    let said = meta[OURS[0]].as_u64().and_then(|status| u16::try_from(status).ok());
    let status = match (&required, failed) {
        (Some(_), _) => 402,
        (None, false) => 200,
        // What was settled was sold, whatever it is.
        (None, true) if settlement.is_some_and(|one| one["success"] == true) => 200,
        (None, true) => said.filter(|status| (403..600).contains(status)).unwrap_or(TOOL_FAILED),
    };
    let body = required.map_or_else(|| text.to_owned(), |required| required.to_string());
    Answer { status, headers, body: body.into() }
}

/// What is to be paid, where a result says it.
fn required(result: &Value) -> Option<Value> {
    let content = &result["structuredContent"];
    let text =
        result["content"][0]["text"].as_str().and_then(|text| serde_json::from_str(text).ok());
    let text: Value = text.unwrap_or_default();
    let places = [Some(content), content.pointer(WRAPPED), Some(&text), text.pointer(WRAPPED)];
    places.into_iter().flatten().find(|place| place["accepts"].is_array()).cloned()
}

/// An error of the protocol. Those that a client makes itself, of a connection that closed, a time that
/// passed or an answer that it could not read, say nothing of the server; the official TypeScript client
/// has a status of HTTP as the code where that was the answer. The first version of this transport asked
/// in the data of one.
fn failed(error: &Value, response: &str) -> Event {
    let code = error["code"].as_i64().unwrap_or_default();
    let message = error["message"].as_str().unwrap_or("no response came");
    let answer =
        |status, body: Bytes| Event::Answered(Answer { status, headers: HeaderMap::new(), body });
    match code {
        402 if error["data"]["accepts"].is_array() => answer(402, error["data"].to_string().into()),
        408 | -32_001 => Event::Lost(Error::new(ErrorKind::Timeout, message)),
        -32_000 | -32_700 => Event::Lost(Error::new(ErrorKind::Connection, message)),
        425 | 429 | 500..=599 => {
            answer(u16::try_from(code).unwrap_or(BROKEN), response.to_owned().into())
        }
        -32_603 => answer(BROKEN, response.to_owned().into()),
        _ => answer(WRONG, response.to_owned().into()),
    }
}

fn lost(problem: &str) -> Event {
    let message = format!("the session's answer is no JSON-RPC response: {problem}");
    Event::Lost(Error::new(ErrorKind::Connection, message))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::x402::Settlement;

    fn result(result: &Value) -> Answer {
        match event(&json!({"jsonrpc": "2.0", "id": 1, "result": result}).to_string()) {
            Event::Answered(answer) => answer,
            other => panic!("{other:?}"),
        }
    }

    fn asked() -> Value {
        json!({"x402Version": 2, "accepts": [{"amount": "1"}], "resource": {"url": "mcp://tool/x"}})
    }

    #[test]
    fn what_is_asked_is_found_wherever_it_may_be() {
        let wrapped = json!({"x402/error": {"code": 402, "message": "pay", "data": asked()}});
        let text = |json: &Value| json!([{"type": "text", "text": json.to_string()}]);
        for asking in [
            json!({"isError": true, "structuredContent": asked(), "content": []}),
            json!({"isError": true, "structuredContent": wrapped, "content": []}),
            json!({"isError": true, "content": text(&asked())}),
            json!({"isError": true, "content": text(&wrapped)}),
        ] {
            let answer = result(&asking);
            assert_eq!((answer.status, answer.body), (402, asked().to_string().into()), "{asking}");
        }
        // Whoever has sold it speaks of prices as it likes.
        assert_eq!(result(&json!({"structuredContent": asked(), "content": []})).status, 200);
    }

    #[test]
    fn a_settlement_is_told_with_the_result_or_with_its_failure() {
        let paid = json!({"success": true, "transaction": "0xab", "network": "eip155:84532"});
        for told in [
            json!({"content": [], "_meta": {"x402/payment-response": paid}}),
            json!({"content": [], "isError": true, "_meta": {"x402/payment-response": paid}}),
        ] {
            let answer = result(&told);
            let settlement = Settlement::from_headers(&answer.headers).unwrap();
            assert_eq!((answer.status, settlement.transaction()), (200, Some("0xab")), "{told}");
        }
        let mut unpaid = asked();
        unpaid["x402/payment-response"] =
            json!({"success": false, "errorReason": "settlement_pending"});
        let answer = result(&json!({"content": [], "isError": true, "structuredContent": unpaid}));
        assert_eq!(answer.status, 402);
        assert!(Settlement::from_headers(&answer.headers).unwrap().is_pending());
    }

    #[test]
    fn an_error_of_the_tool_is_its_answer() {
        let failed =
            json!({"isError": true, "content": [{"type": "text", "text": "no such city"}]});
        let answer = result(&failed);
        assert_eq!((answer.status, answer.body), (422, failed.to_string().into()));
        for (said, status) in [(503, 503), (409, 409), (200, 422), (402, 422), (99_999, 422)] {
            let meta = json!({"blockrun/status": said, "blockrun/retry-after": 2});
            let answer = result(&json!({"isError": true, "content": [], "_meta": meta}));
            assert_eq!(
                (answer.status, answer.headers[RETRY_AFTER].as_bytes()),
                (status, &b"2"[..])
            );
        }
    }

    #[test]
    fn an_error_of_the_protocol_is_an_answer_or_none() {
        let error = |code: i64, data: Value| {
            event(&json!({"error": {"code": code, "message": "m", "data": data}}).to_string())
        };
        let status = |event| match event {
            Event::Answered(answer) => answer.status,
            _ => 0,
        };
        assert_eq!(status(error(402, asked())), 402);
        assert_eq!(status(error(402, Value::Null)), 400);
        assert_eq!(status(error(-32_602, Value::Null)), 400);
        assert_eq!(status(error(-32_603, Value::Null)), 500);
        for (code, said) in [(404, 400), (425, 425), (429, 429), (503, 503), (600, 400)] {
            assert_eq!(status(error(code, Value::Null)), said);
        }
        let nothing = [408, -32_000, -32_001, -32_700].map(|code| error(code, Value::Null));
        for nothing in nothing.into_iter().chain([event("{}"), event("x")]) {
            assert!(matches!(nothing, Event::Lost(_)), "{nothing:?}");
        }
    }
}
