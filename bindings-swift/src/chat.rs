//! What is asked.

use std::time::Duration;

use blockrun_llm::{ChatRequest, error::Result};
use serde_json::Value;

use crate::{
    convert::{Count, json, members},
    message::ChatMessage,
};

/// Options of a chat. Ranges are checked before any traffic.
#[derive(Clone, Debug, Default, PartialEq, uniffi::Record)]
pub struct ChatOptions {
    /// Most tokens of the answer. Default 1,024. The price depends on it.
    #[uniffi(default)]
    pub max_tokens: Option<Count>,
    /// 0 to 2.
    #[uniffi(default)]
    pub temperature: Option<f64>,
    /// 0 to 1.
    #[uniffi(default)]
    pub top_p: Option<f64>,
    /// Number of answers. Default 1.
    #[uniffi(default)]
    pub n: Option<Count>,
    /// At most 4 sequences that end the answer.
    #[uniffi(default)]
    pub stop: Vec<String>,
    /// Tools in OpenAI's form: a JSON array.
    #[uniffi(default)]
    pub tools: Option<String>,
    /// Which tool to call: `auto`, `none`, `required`, or a JSON object in OpenAI's form.
    #[uniffi(default)]
    pub tool_choice: Option<String>,
    /// JSON mode or schema: a JSON object in OpenAI's form.
    #[uniffi(default)]
    pub response_format: Option<String>,
    /// Lets the model search, where it can.
    #[uniffi(default)]
    pub search: Option<bool>,
    /// How to search: a JSON object in the server's form.
    #[uniffi(default)]
    pub search_parameters: Option<String>,
    /// How long a reasoning model thinks: `low`, `medium`, `high`, or what else it knows.
    #[uniffi(default)]
    pub reasoning_effort: Option<String>,
    /// Models to ask in turn when one cannot be reached, only as long as no payment was sent.
    #[uniffi(default)]
    pub fallback_models: Vec<String>,
    /// Further fields of the body: a JSON object. Those above go before them.
    #[uniffi(default)]
    pub extra: Option<String>,
    /// Total time of this call. Default: the client's.
    #[uniffi(default)]
    pub timeout: Option<Duration>,
    /// Names the call, in 1 to 255 bytes: it is paid at most once under this key, in whatever
    /// process. The same call under the same key, after a crash say, is answered with the payment
    /// that there is, as long as the gateway keeps its answer; another call under it is an error.
    /// Put no personal data into it: a key that can be guessed can be confirmed from the public
    /// nonce. Default: made up.
    #[uniffi(default)]
    pub idempotency_key: Option<String>,
}

/// A request of the core.
pub(crate) fn request(
    messages: Vec<ChatMessage>,
    model: Option<String>,
    system: Option<String>,
    options: ChatOptions,
) -> Result<ChatRequest> {
    let messages: Result<Vec<_>> = messages.into_iter().map(ChatMessage::into_json).collect();
    let mut request = ChatRequest::from_messages(messages?);
    if let Some(system) = system {
        request = request.system(system);
    }
    let parsed =
        |field: &str, text: Option<String>| text.map(|text| json(field, &text)).transpose();
    Ok(ChatRequest {
        model,
        max_tokens: options.max_tokens.map(|count| count.whole("max_tokens")).transpose()?,
        temperature: options.temperature,
        top_p: options.top_p,
        n: options.n.map(|count| count.whole("n")).transpose()?,
        stop: options.stop,
        tools: parsed("tools", options.tools)?,
        tool_choice: options.tool_choice.map(word_or_json),
        response_format: parsed("response_format", options.response_format)?,
        search: options.search,
        search_parameters: parsed("search_parameters", options.search_parameters)?,
        reasoning_effort: options.reasoning_effort,
        fallback_models: options.fallback_models,
        extra: options.extra.map(|text| members("extra", &text)).transpose()?.unwrap_or_default(),
        timeout: options.timeout,
        idempotency_key: options.idempotency_key,
        ..request
    })
}

/// A bare word stands for itself: `auto` is no JSON.
fn word_or_json(text: String) -> Value {
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}
