//! The seam between the gateway and whatever produces answers.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::BoxStream;

use crate::{
    catalog::{Model, PictureSize},
    chat::ChatRequest,
    images::ImageRequest,
};

/// One request to a provider: already validated, priced and paid for (or free).
#[derive(Debug, Clone)]
pub struct ProviderCall {
    /// The model that answers.
    pub model: Arc<Model>,
    /// What was asked.
    pub chat: Arc<ChatRequest>,
    /// Tokens of the prompt as the quote counted them.
    pub prompt_tokens: u64,
    /// Tokens that each answer may have, as the quote priced them.
    pub max_output: u64,
    /// When the call was taken, in Unix seconds; becomes `created`.
    pub created: u64,
}

impl ProviderCall {
    /// The `model` of an answer: as it was asked for, or the one that answers in its place.
    #[must_use]
    pub fn answering(&self) -> &str {
        let asked = self.chat.model.as_str();
        let own = asked == self.model.bare_id() || asked == self.model.id;
        if own { asked } else { &self.model.id }
    }
}

/// One request for pictures: already validated, priced and paid for.
#[derive(Debug, Clone)]
pub struct DrawCall {
    /// The model that draws.
    pub model: Arc<Model>,
    /// What was asked.
    pub request: Arc<ImageRequest>,
    /// The size that was priced.
    pub size: PictureSize,
    /// The quality that was priced.
    pub quality: String,
}

/// A picture.
#[derive(Debug, Clone)]
pub struct Picture {
    /// The whole PNG file.
    pub png: Bytes,
    /// The prompt that it was really drawn from.
    pub revised_prompt: Option<String>,
}

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Completion {
    /// The JSON of an OpenAI `chat.completion`, passed on as it is.
    pub body: Bytes,
}

/// A streamed answer: server-sent events, each item one whole event (`data: {...}\n\n`) without an
/// id, which the gateway gives it; the last one is `data: [DONE]\n\n`, else the answer broke off.
pub type Frames = BoxStream<'static, Result<Bytes, ProviderError>>;

/// A provider could not answer. Before the first byte of an answer this costs the caller nothing.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct ProviderError {
    /// What went wrong, fit for the caller's eyes: no keys, no addresses of ours.
    pub message: String,
    /// Whether the request itself is at fault (the caller gets 400) and not the provider (500).
    pub refused: bool,
}

impl ProviderError {
    /// The provider is at fault.
    pub fn failed(message: impl Into<String>) -> Self {
        Self { message: message.into(), refused: false }
    }

    /// The request is at fault: no provider would answer it.
    pub fn refused(message: impl Into<String>) -> Self {
        Self { message: message.into(), refused: true }
    }
}

/// An upstream as it is at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamState {
    /// What the settings call it.
    pub name: String,
    /// Whether it failed so often that it is left alone for a while.
    pub resting: bool,
}

/// Something that answers requests.
///
/// An implementation does not look at payments, does not retry beyond the caller's patience (the
/// gateway drops the future at its deadline) and answers the same call twice only if it is asked
/// twice.
#[async_trait::async_trait]
pub trait Provider: Send + Sync + std::fmt::Debug {
    /// Whether calls of a model can be answered here; what cannot be is not sold. Asked once, when
    /// the gateway starts. Default: every model.
    fn serves(&self, _model: &Model) -> bool {
        true
    }

    /// What it stands on, and how that is at the moment. Default: nothing that could fail.
    fn upstreams(&self) -> Vec<UpstreamState> {
        Vec::new()
    }

    /// Produces the whole answer.
    ///
    /// # Errors
    /// [`ProviderError`]; nothing is settled then.
    async fn complete(&self, call: &ProviderCall) -> Result<Completion, ProviderError>;

    /// Opens a streamed answer.
    ///
    /// # Errors
    /// [`ProviderError`] when it cannot be opened; later failures are items of the stream.
    async fn stream(&self, call: &ProviderCall) -> Result<Frames, ProviderError>;

    /// Draws as many pictures as were asked for. A provider that only writes leaves this out.
    ///
    /// # Errors
    /// [`ProviderError`]; nothing is settled then.
    async fn draw(&self, call: &DrawCall) -> Result<Vec<Picture>, ProviderError> {
        Err(ProviderError::failed(format!("{} is not drawn here", call.model.id)))
    }
}
