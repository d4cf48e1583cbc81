//! From a chat completion to the Responses form. Pure.

use blockrun_llm::{ChatResponse, chat::ChatUsage};
use serde_json::{Map, Value, json};

/// What of a request its answer repeats, with what stands for what was not said.
#[derive(Clone, Debug)]
pub(super) struct Echo(Map<String, Value>);

/// How far an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    InProgress,
    Completed,
    /// It was cut at its longest.
    TooLong,
    /// It was held back.
    Filtered,
}

impl Status {
    pub(super) fn of(finish_reason: Option<&str>) -> Self {
        match finish_reason {
            Some("length") => Self::TooLong,
            Some("content_filter") => Self::Filtered,
            _ => Self::Completed,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::TooLong | Self::Filtered => "incomplete",
        }
    }

    fn details(self) -> Value {
        match self {
            Self::InProgress | Self::Completed => Value::Null,
            Self::TooLong => json!({"reason": "max_output_tokens"}),
            Self::Filtered => json!({"reason": "content_filter"}),
        }
    }
}

impl Echo {
    /// Takes it from a request.
    pub(super) fn of(request: &Map<String, Value>) -> Self {
        let defaults = json!({
            "instructions": null,
            "max_output_tokens": null,
            "metadata": {},
            "parallel_tool_calls": true,
            "reasoning": {"effort": null, "summary": null},
            "temperature": null,
            "text": {"format": {"type": "text"}},
            "tool_choice": "auto",
            "tools": [],
            "top_p": null,
            "user": null,
        });
        let Value::Object(mut echo) = defaults else { return Self(Map::new()) };
        for (name, value) in &mut echo {
            if let Some(said) = request.get(name).filter(|said| !said.is_null()) {
                *value = said.clone();
            }
        }
        Self(echo)
    }

    /// The whole object around what was answered.
    pub(super) fn response(
        &self,
        answered: &Answered<'_>,
        status: Status,
        output: &[Value],
        usage: Value,
    ) -> Value {
        let mut response = json!({
            "id": format!("resp_{}", answered.id),
            "object": "response",
            "created_at": answered.created,
            "status": status.name(),
            "background": false,
            "error": null,
            "incomplete_details": status.details(),
            "model": answered.model,
            "output": output,
            "previous_response_id": null,
            "store": false,
            "truncation": "disabled",
            "usage": usage,
        });
        if let Some(fields) = response.as_object_mut() {
            fields.extend(self.0.clone());
        }
        response
    }
}

/// What names an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answered<'a> {
    pub(super) id: &'a str,
    pub(super) created: u64,
    pub(super) model: &'a str,
}

/// The response that says the same.
pub(super) fn to_response(chat: &ChatResponse, echo: &Echo) -> Value {
    let first = chat.choices.first();
    let mut output = Vec::new();
    if let Some(said) = first.map(|choice| &choice.message) {
        let text = said.text();
        if !text.is_empty() {
            output.push(message(&chat.id, 0, "completed", &[text_part(&text)]));
        }
        let calls = said.tool_calls.as_ref().and_then(Value::as_array);
        for call in calls.into_iter().flatten() {
            let text = |path: &str| call.pointer(path).and_then(Value::as_str).unwrap_or_default();
            let call = Call {
                id: text("/id").to_owned(),
                name: text("/function/name").to_owned(),
                arguments: text("/function/arguments").to_owned(),
            };
            output.push(call.item(&chat.id, output.len(), "completed"));
        }
    }
    let status = Status::of(first.and_then(|choice| choice.finish_reason.as_deref()));
    let answered = Answered { id: &chat.id, created: chat.created, model: &chat.model };
    echo.response(&answered, status, &output, usage(chat.usage.as_ref()))
}

/// A call of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) arguments: String,
}

impl Call {
    pub(super) fn item(&self, answer: &str, index: usize, status: &str) -> Value {
        json!({
            "id": format!("fc_{answer}_{index}"),
            "type": "function_call",
            "status": status,
            "call_id": self.id,
            "name": self.name,
            "arguments": self.arguments,
        })
    }
}

/// An item of text.
pub(super) fn message(answer: &str, index: usize, status: &str, content: &[Value]) -> Value {
    json!({
        "id": format!("msg_{answer}_{index}"),
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": content,
    })
}

pub(super) fn text_part(text: &str) -> Value {
    json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []})
}

/// Token counts; null where none were told.
pub(super) fn usage(usage: Option<&ChatUsage>) -> Value {
    let Some(json) = usage.map(|usage| json!(usage)) else { return Value::Null };
    let count = |path: &str| json.pointer(path).and_then(Value::as_u64).unwrap_or_default();
    json!({
        "input_tokens": count("/prompt_tokens"),
        "input_tokens_details": {"cached_tokens": count("/prompt_tokens_details/cached_tokens")},
        "output_tokens": count("/completion_tokens"),
        "output_tokens_details": {
            "reasoning_tokens": count("/completion_tokens_details/reasoning_tokens"),
        },
        "total_tokens": count("/prompt_tokens") + count("/completion_tokens"),
    })
}
