//! Answers, whole and in chunks.

use std::collections::BTreeMap;

use blockrun_llm::{
    ChatAccumulator, ChatChunk, ChatResponse, ImageResponse, http::PaidResponse, sse::ServerEvent,
};
use bytes::Bytes;
use http::HeaderMap;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// A paid body of whatever shape is handed over, and nothing of one that fits is lost.
pub fn chat_response(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let chat = ChatResponse::from_http(response(input));
    assert_eq!(chat.raw, text);
    let _ = chat.text();
    keeps_every_field::<ChatResponse>(&text);
    assert_eq!(ImageResponse::from_http(response(input)).raw, text);
    keeps_every_field::<ImageResponse>(&text);
}

/// Each line is a chunk: what they add up to is what they said one by one.
pub fn chat_chunk(input: &[u8]) {
    let mut whole = ChatAccumulator::default();
    let mut texts: BTreeMap<u64, Option<String>> = BTreeMap::new();
    for line in String::from_utf8_lossy(input).lines() {
        let Ok(Some(chunk)) = ChatChunk::from_event(&event(line)) else { continue };
        assert_eq!(chunk.raw(), line.trim());
        let first = chunk.choices().find(|choice| choice.index() == 0);
        assert_eq!(chunk.text(), first.map(|choice| choice.text()).unwrap_or_default());
        for choice in chunk.choices() {
            let text = texts.entry(choice.index()).or_insert_with(|| Some(String::new()));
            match choice.delta().get("content") {
                None | Some(Value::Null) => {}
                Some(Value::String(more)) => {
                    *text = text.take().map(|text| text + more);
                }
                // A list of parts is no text to compare.
                Some(_) => *text = None,
            }
        }
        whole.push(&chunk);
    }
    let response = whole.response();
    if let Some(Some(text)) = texts.values().next() {
        assert_eq!(&response.text(), text);
    }
    assert_eq!(
        serde_json::from_str::<Value>(&response.raw).expect("JSON")["object"],
        "chat.completion"
    );
}

fn response(body: &[u8]) -> PaidResponse {
    let body = Bytes::copy_from_slice(body);
    PaidResponse { status: 200, headers: HeaderMap::new(), body, receipt: None }
}

fn event(data: &str) -> ServerEvent {
    let (event, data) = ("message".to_owned(), data.to_owned());
    ServerEvent { id: None, event, data, raw: Bytes::new() }
}

fn keeps_every_field<T: Serialize + DeserializeOwned>(text: &str) {
    let Ok(typed) = serde_json::from_str::<T>(text) else { return };
    let Ok(Value::Object(fields)) = serde_json::from_str(text) else { return };
    let again = serde_json::to_value(&typed).expect("what was read can be written");
    for name in fields.keys() {
        assert!(again.get(name).is_some(), "{name} is lost");
    }
}
