//! A request in Anthropic's form: what of it has a counterpart in a chat completion.

use serde::Deserialize;
use serde_json::{Number, Value};

use crate::proxy::reading::{Fields, TextOr};

/// What is read of a request. `cache_control` of its parts is harmless and left out.
pub(super) const FIELDS: Fields = Fields {
    known: &[
        "model",
        "max_tokens",
        "messages",
        "system",
        "tools",
        "tool_choice",
        "stop_sequences",
        "temperature",
        "top_p",
        "stream",
        "metadata",
        "thinking",
        "output_config",
    ],
    ignored: &["service_tier", "cache_control", "context_management", "betas", "inference_geo"],
    refused: &[
        ("top_k", "a chat completion has no such setting; use top_p"),
        ("mcp_servers", "run them yourself and offer their tools"),
    ],
};

/// A request.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct MessagesRequest {
    pub(super) model: String,
    /// Not told where tokens are only counted.
    pub(super) max_tokens: Option<u64>,
    pub(super) messages: Vec<Message>,
    pub(super) system: Option<TextOr<TextPart>>,
    pub(super) tools: Option<Vec<Tool>>,
    pub(super) tool_choice: Option<ToolChoice>,
    pub(super) stop_sequences: Option<Vec<String>>,
    pub(super) temperature: Option<Number>,
    pub(super) top_p: Option<Number>,
    pub(super) stream: Option<bool>,
    pub(super) metadata: Option<Metadata>,
    pub(super) thinking: Option<Thinking>,
    pub(super) output_config: Option<OutputConfig>,
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
}

/// A part of a message.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Part {
    Text {
        text: String,
    },
    Image {
        source: ImageSource,
    },
    ToolUse {
        id: String,
        name: String,
        #[serde(default)]
        input: Value,
    },
    ToolResult {
        tool_use_id: String,
        #[serde(default)]
        content: TextOr<ResultPart>,
        #[serde(default)]
        is_error: bool,
    },
    /// What a model thought before has no place in a chat.
    Thinking {},
    RedactedThinking {},
}

/// A part of what a tool brought.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ResultPart {
    Text { text: String },
    Image { source: ImageSource },
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ImageSource {
    Base64 { media_type: String, data: String },
    Url { url: String },
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct TextPart {
    pub(super) text: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Tool {
    /// Absent or `custom`; others run on Anthropic's servers.
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) input_schema: Option<Value>,
    pub(super) strict: Option<bool>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct ToolChoice {
    #[serde(rename = "type")]
    pub(super) kind: ChoiceKind,
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) disable_parallel_tool_use: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ChoiceKind {
    Auto,
    Any,
    Tool,
    None,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Metadata {
    pub(super) user_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Thinking {
    Enabled { budget_tokens: u64 },
    Adaptive {},
    Disabled {},
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct OutputConfig {
    pub(super) effort: Option<Effort>,
    pub(super) format: Option<OutputFormat>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Effort {
    Low,
    Medium,
    High,
    Xhigh,
    Max,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum OutputFormat {
    JsonSchema { schema: Value },
}
