//! Answers in OpenAI's form: one JSON object, or the events of a stream.

use std::iter;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{
    answer::{Answer, Said},
    tool_call::ToolCall,
};
use crate::provider::ProviderCall;

/// Characters of a tool's arguments that one event carries.
const ARGUMENTS: usize = 8;
/// Sources that a search finds here.
const SOURCES: u64 = 3;

/// The body of a `chat.completion`.
pub(super) fn completion(call: &ProviderCall, answers: &[Answer]) -> Bytes {
    let mut body = envelope(call, "chat.completion");
    body["choices"] = indexed(answers.iter()).map(|(index, one)| choice(index, one)).collect();
    body["usage"] = usage(call, answers);
    cite(call, &mut body);
    Bytes::from(body.to_string())
}

fn choice(index: u64, answer: &Answer) -> Value {
    let mut message = Map::new();
    message.insert("role".into(), "assistant".into());
    match &answer.said {
        Said::Text(text) => {
            message.insert("content".into(), text.as_str().into());
        }
        Said::Calls(calls) => {
            let calls = indexed(calls.iter()).map(|(position, call)| {
                let function = json!({"name": call.name, "arguments": call.arguments});
                json!({"id": tool_id(index, position), "type": "function", "function": function})
            });
            message.insert("content".into(), Value::Null);
            message.insert("tool_calls".into(), calls.collect());
        }
    }
    json!({"index": index, "message": message, "finish_reason": answer.finish})
}

/// The events of a stream, `[DONE]` included, each made when it is wanted.
pub(super) fn frames(
    call: &ProviderCall,
    answers: Vec<Answer>,
) -> impl Iterator<Item = Bytes> + Send + use<> {
    let mut chunk = envelope(call, "chat.completion.chunk");
    // With the usage at the end, OpenAI's other chunks have none, and say so.
    let mut last = call.chat.stream_usage.then(|| chunk.clone());
    if let Some(last) = &mut last {
        chunk["usage"] = Value::Null;
        last["choices"] = json!([]);
        last["usage"] = usage(call, &answers);
    }
    let mut cited = chunk.clone();
    cite(call, &mut cited);
    let parts = indexed(answers.into_iter()).flat_map(|(index, answer)| parts(index, answer));
    let chunks = parts.map(move |(index, delta, finish)| {
        let mut chunk = if finish.is_some() { cited.clone() } else { chunk.clone() };
        chunk["choices"] = json!([{"index": index, "delta": delta, "finish_reason": finish}]);
        chunk
    });
    let events = chunks.chain(last).map(|chunk| Bytes::from(format!("data: {chunk}\n\n")));
    events.chain(iter::once(Bytes::from_static(b"data: [DONE]\n\n")))
}

/// An index, a delta and, in the last one, why it is the last.
type Part = (u64, Value, Option<&'static str>);

fn parts(index: u64, answer: Answer) -> impl Iterator<Item = Part> + Send {
    let start = json!({"role": "assistant", "content": ""});
    let end = (index, json!({}), Some(answer.finish));
    let deltas: Box<dyn Iterator<Item = Value> + Send> = match answer.said {
        Said::Text(text) => Box::new(words(text)),
        Said::Calls(calls) => {
            Box::new(indexed(calls.into_iter()).flat_map(move |(position, call)| {
                tool_deltas(position, tool_id(index, position), call)
            }))
        }
    };
    let deltas = iter::once(start).chain(deltas).map(move |delta| (index, delta, None));
    deltas.chain(iter::once(end))
}

/// A text word by word.
fn words(text: String) -> impl Iterator<Item = Value> + Send {
    let mut read = 0;
    iter::from_fn(move || {
        let word = text[read..].split_inclusive(' ').next()?;
        read += word.len();
        Some(json!({ "content": word }))
    })
}

/// A tool call: its name, and then its arguments piece by piece.
fn tool_deltas(position: u64, id: String, call: ToolCall) -> impl Iterator<Item = Value> + Send {
    let name = json!({"name": call.name, "arguments": ""});
    let head = json!({"index": position, "id": id, "type": "function", "function": name});
    let arguments: Vec<_> = call.arguments.chars().collect();
    let pieces: Vec<String> =
        arguments.chunks(ARGUMENTS).map(|piece| piece.iter().collect()).collect();
    let rest = pieces
        .into_iter()
        .map(move |piece| json!({"index": position, "function": {"arguments": piece}}));
    iter::once(head).chain(rest).map(|part| json!({ "tool_calls": [part] }))
}

fn indexed<T>(items: impl Iterator<Item = T>) -> impl Iterator<Item = (u64, T)> {
    (0..).zip(items)
}

fn tool_id(choice: u64, position: u64) -> String {
    format!("call_practice_{choice}_{position}")
}

/// What all bodies of an answer share. The id follows from the request, so that the same request
/// gets the same answer.
fn envelope(call: &ProviderCall, object: &str) -> Value {
    // An object of JSON is always written as JSON.
    let request = serde_json::to_vec(&call.chat.json).unwrap_or_default();
    let hash = alloy::primitives::keccak256(request);
    json!({
        "id": format!("chatcmpl-practice-{}", alloy::hex::encode(&hash[..12])),
        "object": object,
        "created": call.created,
        "model": call.answering(),
        "system_fingerprint": "practice",
    })
}

fn usage(call: &ProviderCall, answers: &[Answer]) -> Value {
    let completion: u64 = answers.iter().map(Answer::tokens).sum();
    let mut usage = json!({
        "prompt_tokens": call.prompt_tokens,
        "completion_tokens": completion,
        "total_tokens": call.prompt_tokens + completion,
    });
    if let Some(sources) = sources(call) {
        usage["num_sources_used"] = sources.into();
    }
    usage
}

/// Names the sources of a search. They do not exist: nothing is looked up here.
fn cite(call: &ProviderCall, body: &mut Value) {
    if let Some(sources) = sources(call).filter(|_| call.chat.search.is_some_and(|s| s.citations)) {
        let link = |number| format!("https://example.com/practice/source-{number}");
        body["citations"] = (1..=sources).map(link).collect();
    }
}

fn sources(call: &ProviderCall) -> Option<u64> {
    call.chat.search.map(|search| search.max_results.min(SOURCES))
}
