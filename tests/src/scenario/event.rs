//! The events of a scripted stream.

use serde::Deserialize;
use serde_json::{Value, json};

/// One event, or any bytes at its place.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum StreamEvent {
    /// These bytes as they are, with or without a blank line at their end.
    Raw(String),
    /// An event, well formed.
    Made(MadeEvent),
}

/// A well-formed event: one of `text`, `repeated_text`, `finish`, `data` and `done`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MadeEvent {
    /// `id` of the event.
    id: Option<String>,
    /// `event` of the event.
    event: Option<String>,
    /// A chunk of a chat completion with this text.
    text: Option<String>,
    /// The same, of this text so many times.
    repeated_text: Option<(String, usize)>,
    /// The chunk that ends an answer for this reason.
    finish: Option<String>,
    /// Any other data: text as it is, anything else as JSON.
    data: Option<Value>,
    /// `[DONE]`.
    #[serde(default)]
    done: bool,
}

impl StreamEvent {
    /// The bytes to send.
    pub fn render(&self) -> String {
        match self {
            Self::Raw(bytes) => bytes.clone(),
            Self::Made(event) => event.render(),
        }
    }
}

impl MadeEvent {
    fn render(&self) -> String {
        let mut lines = String::new();
        for (name, value) in [("id", &self.id), ("event", &self.event)] {
            if let Some(value) = value {
                lines.push_str(&format!("{name}: {value}\n"));
            }
        }
        for line in self.data().split('\n') {
            lines.push_str(&format!("data: {line}\n"));
        }
        lines + "\n"
    }

    fn data(&self) -> String {
        if self.done {
            return "[DONE]".to_owned();
        }
        let repeated = self.repeated_text.as_ref().map(|(text, times)| text.repeat(*times));
        match (self.text.as_ref().or(repeated.as_ref()), &self.finish, &self.data) {
            (Some(text), ..) => chunk(&json!({"content": text}), None).to_string(),
            (_, Some(reason), _) => chunk(&json!({}), Some(reason)).to_string(),
            (.., Some(Value::String(text))) => text.clone(),
            (.., Some(json)) => json.to_string(),
            _ => String::new(),
        }
    }
}

fn chunk(delta: &Value, finish_reason: Option<&str>) -> Value {
    json!({
        "id": "chatcmpl-scripted", "object": "chat.completion.chunk", "created": 1,
        "model": "scripted",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}],
    })
}
