//! The three things that an upstream can be asked for.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::{events::Events, failure::Failure, pictures, reading, request, server::Server};
use crate::provider::{Completion, DrawCall, Frames, Picture, ProviderCall};

/// One attempt at an answer.
#[async_trait::async_trait]
pub(super) trait Question: Send + Sync {
    type Answer: Send;

    /// Asks once; `name` is what the upstream calls the model.
    async fn ask(&self, server: &Arc<Server>, name: &str) -> Result<Self::Answer, Failure>;
}

/// A chat, answered at once.
pub(super) struct Whole<'a>(pub(super) &'a ProviderCall);

/// A chat, answered in events.
pub(super) struct Streamed<'a>(pub(super) &'a ProviderCall);

/// Pictures.
pub(super) struct Drawn<'a>(pub(super) &'a DrawCall);

const CHAT: [&str; 2] = ["chat", "completions"];
const IMAGES: [&str; 2] = ["images", "generations"];

#[async_trait::async_trait]
impl Question for Whole<'_> {
    type Answer = Completion;

    async fn ask(&self, server: &Arc<Server>, name: &str) -> Result<Completion, Failure> {
        let body = request::chat(self.0, name, &server.settings);
        let mut answer = reading::object(server.post(CHAT, body).await?).await?;
        let choices = answer.get("choices").and_then(Value::as_array);
        if choices.is_none_or(Vec::is_empty) {
            return Err(Failure::useless("the upstream's answer has no choices"));
        }
        answer.insert("model".into(), self.0.answering().into());
        Ok(Completion { body: Bytes::from(Value::Object(answer).to_string()) })
    }
}

#[async_trait::async_trait]
impl Question for Streamed<'_> {
    type Answer = Frames;

    async fn ask(&self, server: &Arc<Server>, name: &str) -> Result<Frames, Failure> {
        let body = request::chat(self.0, name, &server.settings);
        let response = server.post(CHAT, body).await?;
        Events::open(server, response, self.0.answering()).await
    }
}

#[async_trait::async_trait]
impl Question for Drawn<'_> {
    type Answer = Vec<Picture>;

    async fn ask(&self, server: &Arc<Server>, name: &str) -> Result<Vec<Picture>, Failure> {
        let body = request::pictures(self.0, name, &server.settings);
        let answer = reading::object(server.post(IMAGES, body).await?).await?;
        pictures::unpack(server, &answer, self.0.request.count).await
    }
}
