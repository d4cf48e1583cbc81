//! From a chat completion to Anthropic's form. Pure.

use blockrun_llm::{ChatResponse, chat::ChatUsage};
use serde_json::{Map, Value, json};

/// The message that says the same.
pub(super) fn to_message(chat: &ChatResponse) -> Value {
    let first = chat.choices.first();
    let mut content = Vec::new();
    if let Some(message) = first.map(|choice| &choice.message) {
        let text = message.text();
        if !text.is_empty() {
            content.push(json!({"type": "text", "text": text}));
        }
        let calls = message.tool_calls.as_ref().and_then(Value::as_array);
        content.extend(calls.into_iter().flatten().map(tool_use));
    }
    json!({
        "id": message_id(&chat.id),
        "type": "message",
        "role": "assistant",
        "model": chat.model,
        "content": content,
        "stop_reason": stop_reason(first.and_then(|choice| choice.finish_reason.as_deref())),
        "stop_sequence": null,
        "usage": usage(chat.usage.as_ref()),
    })
}

/// The id of the completion, as the form has them.
pub(super) fn message_id(id: &str) -> String {
    format!("msg_{}", id.strip_prefix("chatcmpl-").unwrap_or(id))
}

/// A chat does not tell which text stopped it.
pub(super) fn stop_reason(finish_reason: Option<&str>) -> &'static str {
    match finish_reason {
        Some("length") => "max_tokens",
        Some("tool_calls" | "function_call") => "tool_use",
        Some("content_filter") => "refusal",
        _ => "end_turn",
    }
}

/// Token counts: those that were read from a cache are told apart.
pub(super) fn usage(usage: Option<&ChatUsage>) -> Value {
    let json = usage.map(|usage| json!(usage)).unwrap_or_default();
    let count = |path: &str| json.pointer(path).and_then(Value::as_u64).unwrap_or_default();
    let cached = count("/prompt_tokens_details/cached_tokens");
    json!({
        "input_tokens": count("/prompt_tokens").saturating_sub(cached),
        "output_tokens": count("/completion_tokens"),
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": cached,
    })
}

fn tool_use(call: &Value) -> Value {
    let text = |path: &str| call.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let input = arguments(text("/function/arguments"));
    json!({"type": "tool_use", "id": text("/id"), "name": text("/function/name"), "input": input})
}

/// A model may write arguments that are no JSON object; they are handed over all the same.
fn arguments(text: &str) -> Value {
    match serde_json::from_str::<Map<String, Value>>(text) {
        Ok(arguments) => arguments.into(),
        Err(_) if text.trim().is_empty() => json!({}),
        Err(_) => json!({"arguments": text}),
    }
}
