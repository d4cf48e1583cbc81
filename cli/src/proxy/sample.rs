//! Streamed answers of every shape, for the tests of the forms that they are translated to.

use blockrun_llm::{
    ChatAccumulator, ChatChunk, ChatResponse,
    sse::{EventParser, ServerEvent},
};
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::pieces::Translate;

const REASONS: [&str; 4] = ["stop", "length", "tool_calls", "content_filter"];

/// What a piece of an answer adds.
#[derive(Clone, Debug)]
pub(super) enum Delta {
    Text(String),
    /// To the arguments of the call at a place.
    Call(u64, String),
}

/// Answers in pieces: texts and calls in any order and in turns, and why they end.
pub(super) fn answers() -> impl Strategy<Value = (Vec<Delta>, &'static str)> {
    let delta = prop_oneof![
        "\\PC{0,8}".prop_map(Delta::Text),
        "[a-z\n]{0,4}".prop_map(Delta::Text),
        (0_u64..3, "\\PC{0,6}").prop_map(|(place, text)| Delta::Call(place, text)),
    ];
    (prop::collection::vec(delta, 0..12), prop::sample::select(REASONS.as_slice()))
}

/// The chunks that a server sends.
pub(super) fn chunks(deltas: &[Delta], reason: &str) -> Vec<ChatChunk> {
    let mut known = Vec::new();
    let mut said = vec![json!({"role": "assistant"})];
    said.extend(deltas.iter().map(|delta| match delta {
        Delta::Text(text) => json!({"content": text}),
        Delta::Call(place, text) if known.contains(place) => {
            json!({"tool_calls": [{"index": place, "function": {"arguments": text}}]})
        }
        Delta::Call(place, text) => {
            known.push(*place);
            let function = json!({"name": format!("tool-{place}"), "arguments": text});
            let id = format!("call-{place}");
            json!({"tool_calls": [{"index": place, "id": id, "type": "function", "function": function}]})
        }
    }));
    let mut choices: Vec<Value> = said
        .into_iter()
        .map(|delta| json!([{"index": 0, "delta": delta, "finish_reason": null}]))
        .collect();
    choices.push(json!([{"index": 0, "delta": {}, "finish_reason": reason}]));
    choices.push(json!([]));
    let last = choices.len() - 1;
    choices.into_iter().enumerate().map(|(at, choices)| chunk(choices, at == last)).collect()
}

fn chunk(choices: Value, last: bool) -> ChatChunk {
    let mut json = json!({
        "id": "chatcmpl-7", "object": "chat.completion.chunk", "created": 7, "model": "m",
        "choices": choices,
    });
    if last {
        json["usage"] = json!({
            "prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14,
            "prompt_tokens_details": {"cached_tokens": 3},
        });
    }
    let (event, data) = ("message".to_owned(), json.to_string());
    let event = ServerEvent { id: None, event, data, raw: Bytes::new() };
    ChatChunk::from_event(&event).unwrap().unwrap()
}

/// The answer that the same call would have had without a stream.
pub(super) fn whole(chunks: &[ChatChunk]) -> ChatResponse {
    let mut accumulator = ChatAccumulator::default();
    chunks.iter().for_each(|chunk| accumulator.push(chunk));
    accumulator.response()
}

/// The events that are sent, by name and data.
pub(super) fn told(mut translate: impl Translate, chunks: &[ChatChunk]) -> Vec<(String, Value)> {
    let mut parser = EventParser::default();
    for chunk in chunks {
        parser.push(translate.piece(chunk).as_bytes());
    }
    parser.push(translate.end().as_bytes());
    let mut told = Vec::new();
    while let Some(event) = parser.next_event().unwrap() {
        told.push((event.event, serde_json::from_str(&event.data).unwrap()));
    }
    told
}
