//! Streams put together again: the same answer however the server cut it into chunks.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use blockrun_llm::{ChatAccumulator, ChatChunk, sse::EventParser};
use proptest::prelude::*;
use serde_json::{Value, json};

fn chunks(stream: &str) -> Vec<ChatChunk> {
    let mut parser = EventParser::default();
    parser.push(stream.as_bytes());
    let mut chunks = Vec::new();
    while let Some(event) = parser.next_event().unwrap() {
        chunks.extend(ChatChunk::from_event(&event).unwrap());
    }
    chunks
}

/// Each value as an event of its own, as a server sends it.
fn stream(values: &[Value]) -> String {
    values
        .iter()
        .map(|value| format!("data: {value}\n\n"))
        .chain(["data: [DONE]\n\n".into()])
        .collect()
}

fn accumulate(values: &[Value]) -> Value {
    let mut whole = ChatAccumulator::default();
    chunks(&stream(values)).iter().for_each(|chunk| whole.push(chunk));
    whole.json()
}

fn part(index: u64, delta: Value) -> Value {
    json!({"id": "c1", "object": "chat.completion.chunk", "created": 5, "model": "m",
        "choices": [{"index": index, "delta": delta, "finish_reason": null}]})
}

fn end(index: u64, reason: &str) -> Value {
    json!({"id": "c1", "object": "chat.completion.chunk", "created": 5, "model": "m",
        "choices": [{"index": index, "delta": {}, "finish_reason": reason}]})
}

#[test]
fn text_thoughts_and_counts() {
    let usage = json!({"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3});
    let mut last =
        json!({"id": "", "model": "", "choices": [], "usage": usage, "citations": ["u"]});
    last["service_tier"] = "a".into();
    let whole = accumulate(&[
        part(0, json!({"role": "assistant", "content": "", "refusal": null})),
        part(0, json!({"reasoning_content": "Hm"})),
        part(0, json!({"role": "assistant", "reasoning_content": "m."})),
        part(0, json!({"content": "Hel"})),
        part(0, json!({"content": "lo"})),
        end(0, "stop"),
        part(0, json!({})),
        last,
    ]);
    let message = json!({"role": "assistant", "content": "Hello", "refusal": null,
        "reasoning_content": "Hmm."});
    let choice = json!({"index": 0, "message": message, "finish_reason": "stop"});
    assert_eq!(
        whole,
        json!({"id": "c1", "object": "chat.completion", "created": 5, "model": "m",
            "choices": [choice], "usage": usage, "citations": ["u"], "service_tier": "a"})
    );
}

#[test]
fn choices_probabilities_and_refusals() {
    let mut with_logprobs = part(1, json!({"content": "b"}));
    with_logprobs["choices"][0]["logprobs"] = json!({"content": [{"token": "b"}], "refusal": null});
    let mut more = part(1, json!({"content": "c"}));
    more["choices"][0]["logprobs"] = json!({"content": [{"token": "c"}], "refusal": null});
    let refused = part(0, json!({"refusal": "I can"}));
    let whole = accumulate(&[
        with_logprobs,
        refused,
        more,
        part(0, json!({"refusal": "not."})),
        end(1, "length"),
        end(0, "stop"),
    ]);
    assert_eq!(whole["choices"][0]["message"]["refusal"], "I cannot.");
    assert_eq!(whole["choices"][0]["message"]["content"], Value::Null);
    assert_eq!(whole["choices"][1]["message"]["content"], "bc");
    assert_eq!(whole["choices"][1]["finish_reason"], "length");
    let tokens = json!({"content": [{"token": "b"}, {"token": "c"}], "refusal": null});
    assert_eq!(whole["choices"][1]["logprobs"], tokens);
}

#[test]
fn calls_without_an_index_are_told_apart_by_id() {
    let call = |call: Value| part(0, json!({"tool_calls": [call]}));
    let whole = accumulate(&[
        call(json!({"id": "a", "type": "function", "function": {"name": "f", "arguments": "{"}})),
        call(json!({"function": {"arguments": "}"}})),
        call(json!({"id": "b", "type": "function", "function": {"name": "g", "arguments": "[]"}})),
        call(json!({"id": "a", "function": {"name": "f", "arguments": " "}})),
    ]);
    assert_eq!(
        whole["choices"][0]["message"]["tool_calls"],
        json!([
            {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{} "}},
            {"id": "b", "type": "function", "function": {"name": "g", "arguments": "[]"}},
        ])
    );
}

#[test]
fn a_flood_of_calls_is_gathered_in_time() {
    let calls: Vec<_> = (0..20_000).map(|id| json!({"id": id.to_string()})).collect();
    let started = std::time::Instant::now();
    let whole = accumulate(&[part(0, json!({"tool_calls": calls}))]);
    assert_eq!(whole["choices"][0]["message"]["tool_calls"].as_array().unwrap().len(), 20_000);
    assert!(started.elapsed() < std::time::Duration::from_secs(10), "{:?}", started.elapsed());
}

#[test]
fn odd_chunks_add_what_they_have() {
    let whole = accumulate(&[
        json!("text"),
        json!({"choices": "none", "id": 7}),
        json!({"choices": [5, {"delta": [1]}, {"delta": {"content": ["a"], "tool_calls": 5}}]}),
        part(0, json!({"content": ["b"], "tool_calls": [null]})),
    ]);
    assert_eq!(whole["id"], "c1");
    assert_eq!(whole["choices"][0]["message"]["content"], json!(["a", "b"]));
    assert_eq!(accumulate(&[])["choices"], json!([]));
}

#[test]
fn what_was_gathered_is_an_answer() {
    let mut whole = ChatAccumulator::default();
    let values = [part(0, json!({"content": "Hi"})), end(0, "stop")];
    chunks(&stream(&values)).iter().for_each(|chunk| whole.push(chunk));
    let response = whole.response();
    assert_eq!((response.text().as_str(), response.model.as_str()), ("Hi", "m"));
    assert_eq!(response.choices[0].finish_reason.as_deref(), Some("stop"));
    assert_eq!(serde_json::from_str::<Value>(&response.raw).unwrap(), whole.json());
}

/// Two calls and a text as a provider streams them, each piece of text whole.
fn recorded() -> Vec<(u64, Value)> {
    let call = |index: u64, id: &str, name: &str| {
        json!({"tool_calls": [{"index": index, "id": id, "type": "function",
            "function": {"name": name, "arguments": ""}}]})
    };
    let arguments = |index: u64, text: &str| json!({"tool_calls": [{"index": index, "function": {"arguments": text}}]});
    vec![
        (0, json!({"role": "assistant", "content": null})),
        (1, json!({"role": "assistant", "content": "It rains – 🌧 in Zürich."})),
        (0, call(0, "call_a", "get_weather")),
        (0, arguments(0, r#"{"city": "Zürich", "unit": "celsius"}"#)),
        (0, call(1, "call_b", "get_time")),
        (0, arguments(1, r#"{"zone": "Europe/Zurich"}"#)),
    ]
}

/// The text of a delta that may be cut, if it has one.
fn text_of(delta: &mut Value) -> Option<&mut Value> {
    let pointer = match delta.get("tool_calls") {
        Some(_) => "/tool_calls/0/function/arguments",
        None => "/content",
    };
    delta.pointer_mut(pointer).filter(|text| text.is_string())
}

/// The same delta in two: the second has only the index and the rest of the text.
fn cut(delta: &Value, at: prop::sample::Index) -> Vec<Value> {
    let mut first = delta.clone();
    let Some(text) = text_of(&mut first) else { return vec![first] };
    let whole: Vec<char> = text.as_str().unwrap().chars().collect();
    let (head, tail) = whole.split_at(at.index(whole.len() + 1));
    *text = head.iter().collect::<String>().into();
    let tail: String = tail.iter().collect();
    let second = match delta.pointer("/tool_calls/0/index") {
        Some(index) => json!({"tool_calls": [{"index": index, "function": {"arguments": tail}}]}),
        None => json!({"content": tail}),
    };
    vec![first, second]
}

fn with_ends(parts: Vec<(u64, Value)>) -> Vec<Value> {
    let parts = parts.into_iter().map(|(index, delta)| part(index, delta));
    parts.chain([end(0, "tool_calls"), end(1, "stop")]).collect()
}

proptest! {
    #[test]
    fn any_cut_of_a_recorded_stream_is_the_same_answer(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..40),
    ) {
        let expected = accumulate(&with_ends(recorded()));
        let calls = expected["choices"][0]["message"]["tool_calls"].as_array().unwrap();
        prop_assert_eq!(calls.len(), 2);
        let mut parts = recorded();
        for (which, at) in cuts {
            let which = which.index(parts.len());
            let (index, delta) = parts.remove(which);
            let pieces: Vec<_> = cut(&delta, at).into_iter().map(|delta| (index, delta)).collect();
            parts.splice(which..which, pieces);
        }
        prop_assert_eq!(accumulate(&with_ends(parts)), expected);
    }
}
