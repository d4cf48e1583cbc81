//! The client: a core client, call by call.

use std::sync::Arc;

use blockrun_llm::LLMClient;

use crate::{
    answer::{ChatResponse, Model, Quote},
    cancel::{CancelHandle, cancellable},
    chat::{ChatOptions, request},
    config::{ClientOptions, options},
    error::NativeResult,
    hook::PaymentHook,
    message::ChatMessage,
    payments::{JournalKind, PaymentFilter, PaymentRecord, Reconciliation, Spending},
    signer::ForeignSigner,
};

/// Internal: use `LLMClient`, which says what its methods do.
#[derive(Debug, uniffi::Object)]
pub struct NativeClient(LLMClient);

#[uniffi::export(async_runtime = "tokio")]
impl NativeClient {
    /// Connects to nothing and opens nothing yet.
    ///
    /// # Errors
    /// `InvalidArgument` that names the option.
    #[uniffi::constructor]
    pub fn new(
        private_key: Option<String>,
        signer: Option<Arc<dyn ForeignSigner>>,
        hook: Option<Arc<dyn PaymentHook>>,
        platform: &str,
        client_options: ClientOptions,
    ) -> NativeResult<Self> {
        let options = options(private_key, signer, hook, platform, client_options)?;
        Ok(Self(LLMClient::with_options(options)?))
    }

    /// Makes a chat completion.
    ///
    /// # Errors
    /// Every kind; each says what happened to the money.
    #[uniffi::method(default(cancel = None))]
    pub async fn chat_completion(
        &self,
        messages: Vec<ChatMessage>,
        model: Option<String>,
        system: Option<String>,
        options: ChatOptions,
        cancel: Option<Arc<CancelHandle>>,
    ) -> NativeResult<ChatResponse> {
        let request = request(messages, model, system, options)?;
        let call = self.0.chat_completion(&request);
        Ok(cancellable(cancel, call).await?.into())
    }

    /// What a chat completion would cost.
    ///
    /// # Errors
    /// As `chat_completion`, except for the limits.
    #[uniffi::method(default(cancel = None))]
    pub async fn quote(
        &self,
        messages: Vec<ChatMessage>,
        model: Option<String>,
        system: Option<String>,
        options: ChatOptions,
        cancel: Option<Arc<CancelHandle>>,
    ) -> NativeResult<Quote> {
        let request = request(messages, model, system, options)?;
        Ok(cancellable(cancel, self.0.quote(&request)).await?.into())
    }

    /// The models that the server offers.
    ///
    /// # Errors
    /// `ApiError`, `ApiConnection` or `ApiTimeout`.
    #[uniffi::method(default(cancel = None))]
    pub async fn list_models(&self, cancel: Option<Arc<CancelHandle>>) -> NativeResult<Vec<Model>> {
        let models = cancellable(cancel, self.0.list_models()).await?;
        Ok(models.into_iter().map(Model::from).collect())
    }

    /// Sums over what this client paid.
    ///
    /// # Errors
    /// `Journal`.
    #[uniffi::method(default(cancel = None))]
    pub async fn spending(&self, cancel: Option<Arc<CancelHandle>>) -> NativeResult<Spending> {
        Ok(cancellable(cancel, self.0.spending()).await?.into())
    }

    /// Recorded payments.
    ///
    /// # Errors
    /// `Journal`.
    #[uniffi::method(default(cancel = None))]
    pub async fn payments(
        &self,
        filter: PaymentFilter,
        cancel: Option<Arc<CancelHandle>>,
    ) -> NativeResult<Vec<PaymentRecord>> {
        let payments = cancellable(cancel, self.0.payments(filter.into_core()?)).await?;
        Ok(payments.into_iter().map(PaymentRecord::from).collect())
    }

    /// Asks the chain about open payments.
    ///
    /// # Errors
    /// `Journal`.
    #[uniffi::method(default(cancel = None))]
    pub async fn reconcile(
        &self,
        cancel: Option<Arc<CancelHandle>>,
    ) -> NativeResult<Reconciliation> {
        Ok(cancellable(cancel, self.0.reconcile()).await?.into())
    }

    /// The answer of a paid call, fetched again.
    ///
    /// # Errors
    /// `InvalidArgument` for a call that the journal does not know, `ApiError` when the gateway has
    /// no answer any more.
    #[uniffi::method(default(cancel = None))]
    pub async fn recover(
        &self,
        key: String,
        cancel: Option<Arc<CancelHandle>>,
    ) -> NativeResult<ChatResponse> {
        Ok(cancellable(cancel, self.0.recover(&key)).await?.into())
    }

    /// Who pays, as a checksummed address.
    pub fn address(&self) -> String {
        self.0.address().to_string()
    }

    /// Base address of the endpoint.
    pub fn api_url(&self) -> String {
        self.0.api_url().to_owned()
    }

    /// Model of calls that name none.
    pub fn model(&self) -> String {
        self.0.model().to_owned()
    }

    /// Where payments are recorded; nothing before the first one.
    pub fn journal(&self) -> Option<JournalKind> {
        self.0.journal().map(JournalKind::from)
    }
}
