//! The client: a core client that can be closed.

use std::sync::{PoisonError, RwLock};

use blockrun_llm::{Error, LLMClient, PaymentMode};
use napi::{
    Env,
    bindgen_prelude::{ClassInstance, PromiseRaw, Result},
};
use napi_derive::napi;
use serde_json::json;

use crate::{
    cancel::{CancelHandle, cancellable},
    errors::{core, to_js},
    options::ClientInput,
    output::{AnswerOutput, ApiOutput, QuoteOutput},
    request::{ApiInput, ChatInput, ImageInput, PollInput},
    stream::{NativeChatStream, NativeStream},
};

/// A client of one endpoint and one wallet.
#[napi]
pub struct NativeClient(RwLock<Option<LLMClient>>);

#[napi]
impl NativeClient {
    /// Connects to nothing yet.
    #[napi(constructor, catch_unwind)]
    pub fn new(input: ClientInput) -> Result<Self> {
        let client = core(input.into_options().and_then(LLMClient::with_options))?;
        Ok(Self(RwLock::new(Some(client))))
    }

    /// The text of the first answer.
    #[napi(catch_unwind)]
    pub fn chat<'env>(
        &self,
        env: &'env Env,
        input: ChatInput,
        cancel: Option<ClassInstance<'_, CancelHandle>>,
    ) -> Result<PromiseRaw<'env, String>> {
        let (client, request) = (self.client()?, core(input.into_request())?);
        let call = async move { Ok(core(client.chat_completion(&request).await)?.text()) };
        env.spawn_future(cancellable(cancel.as_deref(), call))
    }

    /// The whole answer.
    #[napi(catch_unwind)]
    pub fn chat_completion<'env>(
        &self,
        env: &'env Env,
        input: ChatInput,
        cancel: Option<ClassInstance<'_, CancelHandle>>,
    ) -> Result<PromiseRaw<'env, AnswerOutput>> {
        let (client, request) = (self.client()?, core(input.into_request())?);
        let call = async move { Ok(core(client.chat_completion(&request).await)?.into()) };
        env.spawn_future(cancellable(cancel.as_deref(), call))
    }

    /// A chat completion in chunks; nothing is sent yet.
    #[napi(catch_unwind)]
    pub fn chat_completion_stream(&self, input: ChatInput) -> Result<NativeChatStream> {
        let (client, request) = (self.client()?, core(input.into_request())?);
        Ok(NativeChatStream::new(core(client.chat_completion_stream(&request))?))
    }

    /// Images.
    #[napi(catch_unwind)]
    pub fn image<'env>(
        &self,
        env: &'env Env,
        input: ImageInput,
        cancel: Option<ClassInstance<'_, CancelHandle>>,
    ) -> Result<PromiseRaw<'env, AnswerOutput>> {
        let (client, request) = (self.client()?, core(input.into_request())?);
        let call = async move { Ok(core(client.image(&request).await)?.into()) };
        env.spawn_future(cancellable(cancel.as_deref(), call))
    }

    /// The whole answer of any endpoint.
    #[napi(catch_unwind)]
    pub fn request<'env>(
        &self,
        env: &'env Env,
        input: ApiInput,
        cancel: Option<ClassInstance<'_, CancelHandle>>,
    ) -> Result<PromiseRaw<'env, ApiOutput>> {
        let (client, request) = (self.client()?, core(input.into_request())?);
        let call = async move {
            let response = core(client.request(&request).await)?;
            Ok(ApiOutput::new(&response, is_account(&client)))
        };
        env.spawn_future(cancellable(cancel.as_deref(), call))
    }

    /// The same for an endpoint that makes its answer in the background. Times in milliseconds.
    #[napi(catch_unwind)]
    pub fn poll<'env>(
        &self,
        env: &'env Env,
        input: ApiInput,
        wait: PollInput,
        cancel: Option<ClassInstance<'_, CancelHandle>>,
    ) -> Result<PromiseRaw<'env, ApiOutput>> {
        let (client, request) = (self.client()?, core(input.into_request())?);
        let options = core(wait.into_options())?;
        let call = async move {
            let response = core(client.poll(&request, options).await)?;
            Ok(ApiOutput::new(&response, is_account(&client)))
        };
        env.spawn_future(cancellable(cancel.as_deref(), call))
    }

    /// The answer of any endpoint, to be read in events.
    #[napi(catch_unwind)]
    pub fn stream<'env>(
        &self,
        env: &'env Env,
        input: ApiInput,
        cancel: Option<ClassInstance<'_, CancelHandle>>,
    ) -> Result<PromiseRaw<'env, NativeStream>> {
        let (client, request) = (self.client()?, core(input.into_request())?);
        let call = async move {
            let stream = core(client.stream(&request).await)?;
            Ok(NativeStream::new(stream, is_account(&client)))
        };
        env.spawn_future(cancellable(cancel.as_deref(), call))
    }

    /// The answer to a host's request, whatever its status, to be read in bytes.
    #[napi(catch_unwind)]
    pub fn serve_host<'env>(
        &self,
        env: &'env Env,
        input: ApiInput,
        retry: bool,
        cancel: Option<ClassInstance<'_, CancelHandle>>,
    ) -> Result<PromiseRaw<'env, NativeStream>> {
        let (client, request) = (self.client()?, core(input.into_request())?);
        let call = async move {
            let stream = core(client.serve_host(&request, retry).await)?;
            Ok(NativeStream::new(stream, is_account(&client)))
        };
        env.spawn_future(cancellable(cancel.as_deref(), call))
    }

    /// What an answer would cost.
    #[napi(catch_unwind)]
    pub fn quote<'env>(
        &self,
        env: &'env Env,
        input: ChatInput,
        cancel: Option<ClassInstance<'_, CancelHandle>>,
    ) -> Result<PromiseRaw<'env, QuoteOutput>> {
        let (client, request) = (self.client()?, core(input.into_request())?);
        let call = async move { Ok(core(client.quote(&request).await)?.into()) };
        env.spawn_future(cancellable(cancel.as_deref(), call))
    }

    /// JSON array of the models that the server offers.
    #[napi(catch_unwind)]
    pub fn list_models<'env>(
        &self,
        env: &'env Env,
        cancel: Option<ClassInstance<'_, CancelHandle>>,
    ) -> Result<PromiseRaw<'env, String>> {
        let client = self.client()?;
        let call = async move { Ok(json!(core(client.list_models().await)?).to_string()) };
        env.spawn_future(cancellable(cancel.as_deref(), call))
    }

    /// The same for those that make images.
    #[napi(catch_unwind)]
    pub fn list_image_models<'env>(
        &self,
        env: &'env Env,
        cancel: Option<ClassInstance<'_, CancelHandle>>,
    ) -> Result<PromiseRaw<'env, String>> {
        let client = self.client()?;
        let call = async move { Ok(json!(core(client.list_image_models().await)?).to_string()) };
        env.spawn_future(cancellable(cancel.as_deref(), call))
    }

    /// All of them, each with a `type`: `llm` or `image`.
    #[napi(catch_unwind)]
    pub fn list_all_models<'env>(
        &self,
        env: &'env Env,
        cancel: Option<ClassInstance<'_, CancelHandle>>,
    ) -> Result<PromiseRaw<'env, String>> {
        let client = self.client()?;
        let call = async move {
            let mut models = core(client.list_models().await)?;
            for model in &mut models {
                let kind = if model.makes_images() { "image" } else { "llm" };
                model.fields.insert("type".to_owned(), kind.into());
            }
            Ok(json!(models).to_string())
        };
        env.spawn_future(cancellable(cancel.as_deref(), call))
    }

    /// Base address of the endpoint.
    #[napi(getter, catch_unwind)]
    pub fn api_url(&self) -> Result<String> {
        Ok(self.client()?.api_url().to_owned())
    }

    /// Model of calls that name none.
    #[napi(getter, catch_unwind)]
    pub fn model(&self) -> Result<String> {
        Ok(self.client()?.model().to_owned())
    }

    /// Lets go of the connections; calls under way keep theirs until they end.
    #[napi(catch_unwind)]
    pub fn close(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).take();
    }

    pub(crate) fn client(&self) -> Result<LLMClient> {
        let client = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        client.ok_or_else(|| to_js(&Error::argument("client", "is closed: make a new one")))
    }
}

pub(crate) fn is_account(client: &LLMClient) -> bool {
    client.payment_mode() == PaymentMode::ApiKey
}
