//! What tools are asked with. The descriptions are read by language models.

use blockrun_llm::{ChatRequest, ImageRequest, journal::RecordState};
use rmcp::schemars::{self, JsonSchema};
use serde::Deserialize;

/// A chat to be paid for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChatInput {
    /// What to ask the model.
    pub(super) prompt: String,
    /// Model to ask, such as "openai/gpt-4o-mini", which is the default. blockrun_models lists them.
    pub(super) model: Option<String>,
    /// System message: how the model shall behave.
    pub(super) system: Option<String>,
    /// Most tokens of the answer. The price depends on it: ask for no more than needed.
    pub(super) max_tokens: Option<u64>,
    /// How freely the model chooses its words, 0 to 2.
    pub(super) temperature: Option<f64>,
    /// Name of this purchase, made up by you and unique, such as a UUID. Use a NEW one for each new
    /// purchase. When you repeat a call because it failed, timed out or its answer was lost, pass
    /// the SAME key with exactly the same other arguments: it is then paid at most once and its
    /// answer comes again. Without the same key a repetition may be paid again.
    pub(super) idempotency_key: Option<String>,
}

impl ChatInput {
    pub(super) fn request(self) -> ChatRequest {
        let mut request = ChatRequest::new(self.prompt);
        if let Some(system) = self.system {
            request = request.system(system);
        }
        request.model = self.model;
        request.max_tokens = self.max_tokens;
        request.temperature = self.temperature;
        request.idempotency_key = self.idempotency_key;
        request
    }
}

/// A chat whose price is asked.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct QuoteInput {
    /// What the model would be asked.
    pub(super) prompt: String,
    /// Model, such as "openai/gpt-4o-mini", which is the default.
    pub(super) model: Option<String>,
    /// System message.
    pub(super) system: Option<String>,
    /// Most tokens of the answer; the price depends on it.
    pub(super) max_tokens: Option<u64>,
}

impl QuoteInput {
    pub(super) fn request(self) -> ChatRequest {
        let Self { prompt, model, system, max_tokens } = self;
        let (temperature, idempotency_key) = (None, None);
        ChatInput { prompt, model, system, max_tokens, temperature, idempotency_key }.request()
    }
}

/// Pictures to be paid for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ImageInput {
    /// What to draw.
    pub(super) prompt: String,
    /// Model, such as "openai/dall-e-3". blockrun_models with category "image" lists them.
    pub(super) model: Option<String>,
    /// Width and height in pixels, such as "1024x1024", which is the default.
    pub(super) size: Option<String>,
    /// Number of pictures, 1 to 10; each is paid for. Default 1.
    pub(super) n: Option<u64>,
    /// Quality that the model knows, such as "standard" or "hd".
    pub(super) quality: Option<String>,
    /// Name of this purchase, made up by you and unique, such as a UUID. Use a NEW one for each new
    /// purchase. When you repeat a call because it failed, timed out or its answer was lost, pass
    /// the SAME key with exactly the same other arguments: it is then paid at most once and its
    /// answer comes again. Without the same key a repetition may be paid again.
    pub(super) idempotency_key: Option<String>,
}

impl ImageInput {
    pub(super) fn request(self) -> ImageRequest {
        ImageRequest {
            model: self.model,
            size: self.size,
            n: self.n,
            quality: self.quality,
            // A host shows a picture itself; a link may need more than it has.
            response_format: Some("b64_json".to_owned()),
            idempotency_key: self.idempotency_key,
            ..ImageRequest::new(self.prompt)
        }
    }
}

/// Which models to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ModelsInput {
    /// Only models whose id, name or description holds this text.
    pub(super) search: Option<String>,
    /// Only models of this category, such as "chat", "vision", "coding" or "image".
    pub(super) category: Option<String>,
    /// At most so many; default 50.
    pub(super) limit: Option<usize>,
}

/// Which payments to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PaymentsInput {
    /// Only payments in this state.
    pub(super) state: Option<State>,
    /// At most so many, the newest ones; default 20.
    pub(super) limit: Option<usize>,
}

/// What became of a payment.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// Paid, and the answer came.
    Settled,
    /// The server refused it; it counts until it expires.
    Refused,
    /// Sent, and not known what became of it.
    Unknown,
    /// Expired without proof, and counted as paid.
    PresumedCharged,
}

impl From<State> for RecordState {
    fn from(state: State) -> Self {
        match state {
            State::Settled => Self::Settled,
            State::Refused => Self::Refused,
            State::Unknown => Self::Unknown,
            State::PresumedCharged => Self::PresumedCharged,
        }
    }
}

/// Nothing needs to be said.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NothingInput {}
