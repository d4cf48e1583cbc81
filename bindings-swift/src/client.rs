//! The client: a core client, call by call.

use std::sync::Arc;

use blockrun_llm::LLMClient;

use crate::{
    answer::{ChatResponse, Model, Quote},
    api::{ApiRequest, ApiResponse},
    cancel::{CancelHandle, on_runtime},
    chat::{ChatOptions, request},
    config::{ClientOptions, options},
    error::NativeResult,
    hook::PaymentHook,
    images::{ImageOptions, ImageResponse},
    message::ChatMessage,
    money::Usdc,
    payments::{JournalKind, PaymentFilter, PaymentRecord, Reconciliation, Spending},
    signer::ForeignSigner,
    stream::NativeStream,
};

/// How a client pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum PaymentMode {
    /// From a wallet, each call by itself.
    Wallet,
    /// By the account of an API key.
    ApiKey,
}

/// Internal: use `LLMClient`, which says what its methods do.
#[derive(Debug, uniffi::Object)]
pub struct NativeClient(pub(crate) LLMClient);

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
        let (client, request) = (self.0.clone(), request(messages, model, system, options)?);
        let call = async move { client.chat_completion(&request).await };
        Ok(on_runtime(cancel, call).await?.into())
    }

    /// A chat completion in chunks.
    ///
    /// # Errors
    /// `InvalidArgument` before any traffic.
    pub fn chat_completion_stream(
        &self,
        messages: Vec<ChatMessage>,
        model: Option<String>,
        system: Option<String>,
        options: ChatOptions,
    ) -> NativeResult<NativeStream> {
        let request = request(messages, model, system, options)?;
        Ok(NativeStream::new(self.0.chat_completion_stream(&request)?))
    }

    /// Makes images.
    ///
    /// # Errors
    /// As `chat_completion`.
    #[uniffi::method(default(cancel = None))]
    pub async fn image(
        &self,
        prompt: String,
        options: ImageOptions,
        cancel: Option<Arc<CancelHandle>>,
    ) -> NativeResult<ImageResponse> {
        let (client, request) = (self.0.clone(), options.into_request(prompt)?);
        Ok(on_runtime(cancel, async move { client.image(&request).await }).await?.into())
    }

    /// Sends a request to any endpoint.
    ///
    /// # Errors
    /// As `chat_completion`.
    #[uniffi::method(default(cancel = None))]
    pub async fn request(
        &self,
        request: ApiRequest,
        cancel: Option<Arc<CancelHandle>>,
    ) -> NativeResult<ApiResponse> {
        let (client, request) = (self.0.clone(), request.into_core()?);
        Ok(on_runtime(cancel, async move { client.request(&request).await }).await?.into())
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
        let (client, request) = (self.0.clone(), request(messages, model, system, options)?);
        let call = async move { client.quote(&request).await };
        Ok(on_runtime(cancel, call).await?.into())
    }

    /// The models that the server offers.
    ///
    /// # Errors
    /// `ApiError`, `ApiConnection` or `ApiTimeout`.
    #[uniffi::method(default(cancel = None))]
    pub async fn list_models(&self, cancel: Option<Arc<CancelHandle>>) -> NativeResult<Vec<Model>> {
        let client = self.0.clone();
        let models = on_runtime(cancel, async move { client.list_models().await }).await?;
        Ok(models.into_iter().map(Model::from).collect())
    }

    /// Those of them that make images.
    ///
    /// # Errors
    /// As `list_models`.
    #[uniffi::method(default(cancel = None))]
    pub async fn list_image_models(
        &self,
        cancel: Option<Arc<CancelHandle>>,
    ) -> NativeResult<Vec<Model>> {
        let client = self.0.clone();
        let models = on_runtime(cancel, async move { client.list_image_models().await }).await?;
        Ok(models.into_iter().map(Model::from).collect())
    }

    /// What the wallet holds.
    ///
    /// # Errors
    /// `InvalidArgument`, `ApiConnection` or `ApiError`; never a zero that was not read.
    #[uniffi::method(default(cancel = None))]
    pub async fn balance(
        &self,
        network: Option<String>,
        cancel: Option<Arc<CancelHandle>>,
    ) -> NativeResult<Usdc> {
        let client = self.0.clone();
        let call = async move { client.balance(network.as_deref()).await };
        Ok(on_runtime(cancel, call).await?.into())
    }

    /// Sums over what this client paid.
    ///
    /// # Errors
    /// `Journal`.
    #[uniffi::method(default(cancel = None))]
    pub async fn spending(&self, cancel: Option<Arc<CancelHandle>>) -> NativeResult<Spending> {
        let client = self.0.clone();
        Ok(on_runtime(cancel, async move { client.spending().await }).await?.into())
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
        let (client, filter) = (self.0.clone(), filter.into_core()?);
        let payments = on_runtime(cancel, async move { client.payments(filter).await }).await?;
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
        let client = self.0.clone();
        Ok(on_runtime(cancel, async move { client.reconcile().await }).await?.into())
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
        let client = self.0.clone();
        Ok(on_runtime(cancel, async move { client.recover(&key).await }).await?.into())
    }

    /// The wallet that pays, as a checksummed address; nothing with an API key.
    pub fn address(&self) -> Option<String> {
        self.0.address().map(|address| address.to_string())
    }

    /// How this client pays.
    pub fn payment_mode(&self) -> PaymentMode {
        match self.0.payment_mode() {
            blockrun_llm::PaymentMode::Wallet => PaymentMode::Wallet,
            blockrun_llm::PaymentMode::ApiKey => PaymentMode::ApiKey,
        }
    }

    /// Whether the endpoint takes test money.
    pub fn is_testnet(&self) -> bool {
        self.0.is_testnet()
    }

    /// CAIP-2 identifier of the network whose USDC the endpoint is expected to take.
    pub fn network(&self) -> String {
        self.0.network().caip2.to_owned()
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
