//! The client: a core client that can be closed.

use std::sync::{PoisonError, RwLock};

use blockrun_llm::{Error, LLMClient};
use napi::{
    Env,
    bindgen_prelude::{ClassInstance, PromiseRaw, Result, block_on},
};
use napi_derive::napi;
use serde_json::json;

use crate::{
    cancel::{CancelHandle, cancellable},
    convert::{ChatInput, ClientInput, PaymentsInput},
    errors::{core, to_js},
    output::{
        ChatOutput, JournalOutput, PaymentOutput, QuoteOutput, ReconciliationOutput, SpendingOutput,
    },
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
    ) -> Result<PromiseRaw<'env, ChatOutput>> {
        let (client, request) = (self.client()?, core(input.into_request())?);
        let call = async move { Ok(core(client.chat_completion(&request).await)?.into()) };
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

    /// Who pays, as a checksummed address.
    #[napi(getter, catch_unwind)]
    pub fn address(&self) -> Result<String> {
        Ok(self.client()?.address().to_string())
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

    /// Sums over what this client paid. Waits for the journal, some microseconds.
    #[napi(catch_unwind)]
    pub fn spending(&self) -> Result<SpendingOutput> {
        let client = self.client()?;
        Ok(core(block_on(async move { client.spending().await }))?.into())
    }

    /// Recorded payments. Waits for the journal, some microseconds and more by the row.
    #[napi(catch_unwind)]
    pub fn payments(&self, input: PaymentsInput) -> Result<Vec<PaymentOutput>> {
        let (client, filter) = (self.client()?, core(input.into_filter())?);
        let payments = core(block_on(async move { client.payments(filter).await }))?;
        Ok(payments.into_iter().map(Into::into).collect())
    }

    /// Asks the chain about open payments.
    #[napi(catch_unwind)]
    pub fn reconcile<'env>(
        &self,
        env: &'env Env,
        cancel: Option<ClassInstance<'_, CancelHandle>>,
    ) -> Result<PromiseRaw<'env, ReconciliationOutput>> {
        let client = self.client()?;
        let call = async move { Ok(core(client.reconcile().await)?.into()) };
        env.spawn_future(cancellable(cancel.as_deref(), call))
    }

    /// The answer of a paid call, fetched again.
    #[napi(catch_unwind)]
    pub fn recover<'env>(
        &self,
        env: &'env Env,
        key: String,
        cancel: Option<ClassInstance<'_, CancelHandle>>,
    ) -> Result<PromiseRaw<'env, ChatOutput>> {
        let client = self.client()?;
        let call = async move { Ok(core(client.recover(&key).await)?.into()) };
        env.spawn_future(cancellable(cancel.as_deref(), call))
    }

    /// Where payments are recorded; nothing before the first one, and after `close`.
    #[napi(getter, catch_unwind)]
    pub fn journal(&self) -> Option<JournalOutput> {
        self.client().ok()?.journal().map(Into::into)
    }

    /// Lets go of the connections; calls under way keep theirs until they end.
    #[napi(catch_unwind)]
    pub fn close(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn client(&self) -> Result<LLMClient> {
        let client = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        client.ok_or_else(|| to_js(&Error::argument("client", "is closed: make a new one")))
    }
}
