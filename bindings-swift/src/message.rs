//! Messages in OpenAI's form. What the types do not know is kept as JSON text.

use blockrun_llm::error::Result;
use serde_json::{Map, Value, json};

use crate::convert;

/// A message of a chat. The message of an answer can be sent again as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct ChatMessage {
    /// `system`, `user`, `assistant` or `tool`.
    pub role: String,
    /// Its text.
    #[uniffi(default)]
    pub content: Option<String>,
    /// Texts and images, instead of `content`.
    #[uniffi(default)]
    pub parts: Vec<ContentPart>,
    /// Calls of tools that the model asks for.
    #[uniffi(default)]
    pub tool_calls: Vec<ToolCall>,
    /// The call that a message of role `tool` answers.
    #[uniffi(default)]
    pub tool_call_id: Option<String>,
    /// Every other field: a JSON object.
    #[uniffi(default)]
    pub extra: Option<String>,
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ContentPart {
    /// Text.
    Text {
        /// The text.
        text: String,
    },
    /// An image.
    Image {
        /// Its address, or a data URL such as `data:image/png;base64,…`.
        url: String,
    },
    /// Anything else.
    Other {
        /// A JSON object.
        json: String,
    },
}

/// A call of a tool that the model asks for.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ToolCall {
    /// Names the call; the message that answers it repeats it.
    pub id: String,
    /// The tool.
    pub name: String,
    /// Its arguments: JSON text as the model wrote it.
    pub arguments: String,
}

impl ChatMessage {
    /// The message as it is sent.
    pub(crate) fn into_json(self) -> Result<Value> {
        let mut fields = match &self.extra {
            Some(extra) => convert::members("extra", extra)?,
            None => Map::new(),
        };
        fields.insert("role".to_owned(), self.role.into());
        if !self.parts.is_empty() {
            let parts: Result<Vec<_>> =
                self.parts.into_iter().map(ContentPart::into_json).collect();
            fields.insert("content".to_owned(), Value::Array(parts?));
        } else if self.content.is_some() || !self.tool_calls.is_empty() {
            fields.insert("content".to_owned(), self.content.into());
        }
        if !self.tool_calls.is_empty() {
            let calls = self.tool_calls.into_iter().map(ToolCall::into_json).collect();
            fields.insert("tool_calls".to_owned(), calls);
        }
        if let Some(id) = self.tool_call_id {
            fields.insert("tool_call_id".to_owned(), id.into());
        }
        Ok(Value::Object(fields))
    }

    /// A message as it came.
    pub(crate) fn from_json(role: String, fields: Map<String, Value>) -> Self {
        let mut message = Self { role, ..Self::default() };
        let mut extra = Map::new();
        for (name, value) in fields {
            match (name.as_str(), value) {
                (_, Value::Null) => {}
                ("content", Value::String(text)) => message.content = Some(text),
                ("content", Value::Array(parts)) => {
                    message.parts = parts.into_iter().map(ContentPart::from_json).collect();
                }
                ("tool_call_id", Value::String(id)) => message.tool_call_id = Some(id),
                ("tool_calls", value) => match ToolCall::list(&value) {
                    Some(calls) => message.tool_calls = calls,
                    None => drop(extra.insert(name, value)),
                },
                (_, value) => drop(extra.insert(name, value)),
            }
        }
        if message.content.is_none() && !message.parts.is_empty() {
            message.content = Some(message.parts.iter().filter_map(ContentPart::text).collect());
        }
        message.extra = (!extra.is_empty()).then(|| Value::Object(extra).to_string());
        message
    }
}

impl ContentPart {
    fn into_json(self) -> Result<Value> {
        Ok(match self {
            Self::Text { text } => json!({"type": "text", "text": text}),
            Self::Image { url } => json!({"type": "image_url", "image_url": {"url": url}}),
            Self::Other { json } => Value::Object(convert::members("parts", &json)?),
        })
    }

    fn from_json(part: Value) -> Self {
        let kind = part.get("type").and_then(Value::as_str);
        match (kind, part.get("text").and_then(Value::as_str)) {
            (Some("text") | None, Some(text)) => Self::Text { text: text.to_owned() },
            _ => Self::Other { json: part.to_string() },
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Self::Text { text } => Some(text),
            _ => None,
        }
    }
}

impl ToolCall {
    fn into_json(self) -> Value {
        let function = json!({"name": self.name, "arguments": self.arguments});
        json!({"id": self.id, "type": "function", "function": function})
    }

    /// `None` when one of them is something else than a call of a function.
    fn list(calls: &Value) -> Option<Vec<Self>> {
        let text = |call: &Value, at: &str| Some(call.pointer(at)?.as_str()?.to_owned());
        let read = |call: &Value| {
            Some(Self {
                id: text(call, "/id")?,
                name: text(call, "/function/name")?,
                arguments: text(call, "/function/arguments")?,
            })
        };
        calls.as_array()?.iter().map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(value: Value) -> Value {
        let Value::Object(mut fields) = value else { panic!("not an object") };
        let role = fields.remove("role").unwrap().as_str().unwrap().to_owned();
        ChatMessage::from_json(role, fields).into_json().unwrap()
    }

    #[test]
    fn what_was_answered_can_be_sent_again() {
        for message in [
            json!({"role": "assistant", "content": "Hi"}),
            json!({"role": "assistant", "content": "Hi", "reasoning": {"steps": [1]}}),
            json!({"role": "assistant", "content": [
                {"type": "text", "text": "Look:"}, {"type": "refusal", "refusal": "no"},
            ]}),
            json!({"role": "assistant", "content": null, "tool_calls": [
                {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
            ]}),
            json!({"role": "tool", "content": "4", "tool_call_id": "1"}),
        ] {
            assert_eq!(again(message.clone()), message);
        }
    }

    #[test]
    fn tool_calls_of_another_kind_are_kept() {
        let message = json!({"role": "assistant", "tool_calls": [{"id": "1", "type": "custom"}]});
        assert_eq!(again(message.clone()), message);
    }

    #[test]
    fn images_are_sent_in_openai_form() {
        let url = "data:image/png;base64,AA==".to_owned();
        let message = ChatMessage {
            role: "user".to_owned(),
            parts: vec![ContentPart::Image { url: url.clone() }],
            ..ChatMessage::default()
        };
        let image = json!({"type": "image_url", "image_url": {"url": url}});
        assert_eq!(message.into_json().unwrap()["content"], json!([image]));
    }
}
