//! A request in the Responses form: what of it has a counterpart in a chat completion.

use serde::Deserialize;
use serde_json::{Number, Value};

use crate::proxy::reading::{Fields, TextOr};

/// What is read of a request. What is ignored only tells, or asks for what is not there anyway.
pub(super) const FIELDS: Fields = Fields {
    known: &[
        "model",
        "input",
        "instructions",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "max_output_tokens",
        "temperature",
        "top_p",
        "text",
        "reasoning",
        "stream",
        "truncation",
        "metadata",
        "user",
    ],
    refused: &[
        ("previous_response_id", "nothing is kept here: send the whole conversation as input"),
        ("conversation", "nothing is kept here: send the whole conversation as input"),
        ("prompt", "nothing is kept here: send the prompt itself as input"),
        ("background", "nothing is kept here: wait for the answer, or stream it"),
    ],
    ignored: &[
        "store",
        "include",
        "service_tier",
        "prompt_cache_key",
        "prompt_cache_retention",
        "safety_identifier",
        "stream_options",
        "client_metadata",
    ],
};

/// A request.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ResponsesRequest {
    pub(super) model: String,
    pub(super) input: TextOr<AnyItem>,
    pub(super) instructions: Option<String>,
    pub(super) tools: Option<Vec<Tool>>,
    pub(super) tool_choice: Option<Value>,
    pub(super) parallel_tool_calls: Option<bool>,
    pub(super) max_output_tokens: Option<u64>,
    pub(super) temperature: Option<Number>,
    pub(super) top_p: Option<Number>,
    pub(super) text: Option<TextOptions>,
    pub(super) reasoning: Option<Reasoning>,
    pub(super) stream: Option<bool>,
    pub(super) truncation: Option<String>,
    pub(super) user: Option<String>,
}

/// One thing that was said or done.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Item {
    Message(Message),
    FunctionCall {
        call_id: String,
        name: String,
        arguments: String,
    },
    FunctionCallOutput {
        call_id: String,
        output: TextOr<Part>,
    },
    /// What a model thought before has no place in a chat.
    Reasoning {},
}

/// A message may leave out its `type`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct AnyItem(pub(super) Item);

impl TryFrom<Value> for AnyItem {
    type Error = serde_json::Error;

    fn try_from(mut value: Value) -> Result<Self, Self::Error> {
        if let Some(fields) = value.as_object_mut() {
            fields.entry("type").or_insert_with(|| "message".into());
        }
        Item::deserialize(value).map(Self)
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Message {
    pub(super) role: Role,
    pub(super) content: TextOr<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Role {
    User,
    Assistant,
    System,
    Developer,
}

/// A part of a message, or of what a function brought.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Part {
    #[serde(alias = "output_text")]
    InputText {
        text: String,
    },
    InputImage {
        image_url: String,
        detail: Option<String>,
    },
    Refusal {
        refusal: String,
    },
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Tool {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) parameters: Option<Value>,
    pub(super) strict: Option<bool>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct TextOptions {
    pub(super) format: Option<Format>,
    pub(super) verbosity: Option<String>,
}

/// The form of the answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Format {
    Text {},
    JsonObject {},
    JsonSchema { name: String, schema: Value, strict: Option<bool>, description: Option<String> },
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Reasoning {
    pub(super) effort: Option<String>,
}
