//! Answers in OpenAI's form: one JSON object, or the frames of a stream.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Said};
use crate::provider::ProviderCall;

/// The body of a `chat.completion`.
pub(super) fn completion(call: &ProviderCall, answers: &[Answer]) -> Bytes {
    let choices = indexed(answers).map(|(index, answer)| {
        let mut message = Map::new();
        message.insert("role".into(), "assistant".into());
        match &answer.said {
            Said::Text(text) => message.insert("content".into(), text.as_str().into()),
            Said::Call(_) => message.insert("content".into(), Value::Null),
        };
        if let Said::Call(tool) = &answer.said {
            let function = json!({"name": tool.name, "arguments": tool.arguments});
            let tool = json!({"id": tool_id(index), "type": "function", "function": function});
            message.insert("tool_calls".into(), json!([tool]));
        }
        json!({"index": index, "message": message, "finish_reason": answer.finish})
    });
    let mut body = envelope(call, "chat.completion");
    body["choices"] = choices.collect();
    body["usage"] = usage(call, answers);
    Bytes::from(body.to_string())
}

/// The frames of a stream, `[DONE]` included.
pub(super) fn frames(call: &ProviderCall, answers: &[Answer]) -> Vec<Bytes> {
    let mut frames = Vec::new();
    for (index, answer) in indexed(answers) {
        let start = json!({"role": "assistant", "content": ""});
        frames.push(choice(call, index, start, None));
        frames.extend(deltas(index, answer).map(|delta| choice(call, index, delta, None)));
        frames.push(choice(call, index, json!({}), Some(answer.finish)));
    }
    if call.chat.stream_usage {
        let mut last = envelope(call, "chat.completion.chunk");
        last["choices"] = json!([]);
        last["usage"] = usage(call, answers);
        frames.push(frame(&last));
    }
    frames.push(Bytes::from_static(b"data: [DONE]\n\n"));
    frames
}

/// The pieces of an answer: a text word by word, a tool call as its name and then its arguments.
fn deltas(index: u64, answer: &Answer) -> Box<dyn Iterator<Item = Value> + '_> {
    match &answer.said {
        Said::Text(text) => {
            Box::new(text.split_inclusive(' ').map(|piece| json!({"content": piece})))
        }
        Said::Call(tool) => {
            let name = json!({"name": tool.name, "arguments": ""});
            let head = json!({
                "index": 0, "id": tool_id(index), "type": "function", "function": name,
            });
            let rest = json!({"index": 0, "function": {"arguments": tool.arguments}});
            Box::new([head, rest].into_iter().map(|part| json!({"tool_calls": [part]})))
        }
    }
}

fn choice(call: &ProviderCall, index: u64, delta: Value, finish: Option<&str>) -> Bytes {
    let mut chunk = envelope(call, "chat.completion.chunk");
    chunk["choices"] = json!([{"index": index, "delta": delta, "finish_reason": finish}]);
    frame(&chunk)
}

fn frame(chunk: &Value) -> Bytes {
    Bytes::from(format!("data: {chunk}\n\n"))
}

fn indexed(answers: &[Answer]) -> impl Iterator<Item = (u64, &Answer)> {
    (0..).zip(answers)
}

fn tool_id(index: u64) -> String {
    format!("call_practice_{index}")
}

/// What all bodies of an answer share. The id follows from the request, so that the same request
/// gets the same answer.
fn envelope(call: &ProviderCall, object: &str) -> Value {
    let request = Value::Object(call.chat.json.clone()).to_string();
    let hash = alloy::primitives::keccak256(request);
    json!({
        "id": format!("chatcmpl-practice-{}", alloy::hex::encode(&hash[..12])),
        "object": object,
        "created": call.created,
        "model": answering(call),
        "system_fingerprint": "practice",
    })
}

/// The model as it was asked for, or the one that answers in its place.
fn answering(call: &ProviderCall) -> &str {
    let asked = call.chat.model.as_str();
    let own = asked == call.model.bare_id() || asked == call.model.id;
    if own { asked } else { &call.model.id }
}

fn usage(call: &ProviderCall, answers: &[Answer]) -> Value {
    let completion: u64 = answers.iter().map(Answer::tokens).sum();
    json!({
        "prompt_tokens": call.prompt_tokens,
        "completion_tokens": completion,
        "total_tokens": call.prompt_tokens + completion,
    })
}
