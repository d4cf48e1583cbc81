//! [`LLMClient`]: AI calls that pay for themselves.

mod account;
mod agent;
mod config;
mod credential;
mod elsewhere;
mod environment;
mod host;
mod payments;
mod policy_file;
mod poll;
mod quote;
mod rail;
mod request;

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::Method;
use url::Url;

pub(crate) use self::rail::Rail;
pub use self::{
    account::PaymentMode,
    agent::{AgentWallet, WalletInUse, WalletStatus, ensure_wallet},
    config::{
        ClientOptions, DEFAULT_API_KEY_URL, DEFAULT_API_URL, DEFAULT_MODEL, DEFAULT_TIMEOUT,
        PrivateKey,
    },
    host::HostError,
    policy_file::PolicyRules,
    poll::PollOptions,
    quote::Quote,
    request::ApiRequest,
};
use crate::{
    chat::{ChatRequest, ChatResponse, ChatStream},
    error::{ErrorKind, Result},
    http::{
        CHAT, CallKey, Fallback, PaidRequest, PaidResponse, PaidStream, Transport, below,
        made_up_key,
    },
    images::{ImageRequest, ImageResponse},
    models::{Model, parse_models},
};

/// Path of images.
const IMAGES: &str = "/v1/images/generations";

/// Client of an OpenAI-compatible endpoint that answers 402 with a price.
///
/// A call that the server asks money for is paid in USDC, exactly once, within the limits of the
/// client's policy ($1 a call unless configured). Clones share connections, journal and session
/// limit. Needs a tokio runtime around its futures and creates none.
///
/// With an API key (`brk_…`) the account behind it is billed instead: nothing is signed, a call is
/// sent once, and what belongs to a wallet (quotes, balance, payments) is an error.
///
/// ```no_run
/// # async fn run() -> blockrun_llm::Result<()> {
/// use blockrun_llm::LLMClient;
///
/// let client = LLMClient::new("0x…")?;
/// println!("{}", client.chat("Hello!").await?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct LLMClient {
    inner: Arc<Inner>,
}

struct Inner {
    rail: Rail,
    model: String,
    timeout: Duration,
}

impl LLMClient {
    /// A client that pays with this key (64 hex digits, with or without `0x`), everything else
    /// from the environment and the defaults; see [`ClientOptions`].
    ///
    /// # Errors
    /// `InvalidArgument` that names the field.
    pub fn new(private_key: impl Into<PrivateKey>) -> Result<Self> {
        Self::with_options(ClientOptions {
            private_key: Some(private_key.into()),
            ..ClientOptions::default()
        })
    }

    /// A client with options.
    ///
    /// # Errors
    /// `InvalidArgument` that names the field, or the environment variable, and the way out.
    pub fn with_options(options: ClientOptions) -> Result<Self> {
        let inner = options.resolve()?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Asks the client's model and returns the text of its answer.
    ///
    /// # Errors
    /// As [`LLMClient::chat_completion`].
    pub async fn chat(&self, prompt: impl Into<String>) -> Result<String> {
        let request = ChatRequest::new(prompt);
        Ok(self.chat_completion(&request).await?.text())
    }

    /// Makes a chat completion and returns the whole response, with what it cost.
    ///
    /// # Errors
    /// `InvalidArgument` before any traffic; the payment kinds, `Api`, `Connection` or `Timeout`
    /// after. Every error says what happened to the money.
    pub async fn chat_completion(&self, request: &ChatRequest) -> Result<ChatResponse> {
        let paid = self.chat_request(request, ChatRequest::to_body)?;
        let response = success(self.inner.rail.send(paid).await?)?;
        let mut answer = ChatResponse::from_http(response);
        answer.billed_to_account = self.inner.rail.is_account();
        Ok(answer)
    }

    /// A chat completion that comes in chunks. Nothing is sent before it is first read; see
    /// [`ChatStream`].
    ///
    /// # Errors
    /// `InvalidArgument` before any traffic.
    pub fn chat_completion_stream(&self, request: &ChatRequest) -> Result<ChatStream> {
        let mut paid = self.chat_request(request, ChatRequest::to_stream_body)?;
        if paid.key == CallKey::Random {
            paid.key = CallKey::Made(made_up_key()?);
        }
        Ok(ChatStream::new(self.inner.rail.clone(), paid))
    }

    /// Makes images and returns them, as URLs or inline, with what they cost.
    ///
    /// # Errors
    /// As [`LLMClient::chat_completion`].
    pub async fn image(&self, request: &ImageRequest) -> Result<ImageResponse> {
        let mut paid = self.post(IMAGES, request.to_body()?, request.timeout);
        paid.model = Some(request.model().to_owned());
        paid.key = key(request.idempotency_key.as_deref());
        let response = success(self.inner.rail.send(paid).await?)?;
        let mut answer = ImageResponse::from_http(response);
        answer.billed_to_account = self.inner.rail.is_account();
        Ok(answer)
    }

    /// Sends a request to any endpoint below the base address, pays when asked, and returns the
    /// whole answer.
    ///
    /// # Errors
    /// `InvalidArgument` for a path that leads elsewhere; otherwise as
    /// [`LLMClient::chat_completion`].
    pub async fn request(&self, request: &ApiRequest) -> Result<PaidResponse> {
        let paid = request.to_paid(self.base(), self.inner.timeout)?;
        success(self.inner.rail.send(paid).await?)
    }

    /// The same for an endpoint that answers with an event stream.
    ///
    /// # Errors
    /// As [`LLMClient::request`].
    pub async fn stream(&self, request: &ApiRequest) -> Result<PaidStream> {
        let paid = request.to_paid(self.base(), self.inner.timeout)?;
        self.inner.rail.open(paid).await?.success()
    }

    /// What a chat completion would cost now. Pays nothing and is not bound by limits.
    ///
    /// The server is asked without a payment, so a free model really answers.
    ///
    /// # Errors
    /// As [`LLMClient::chat_completion`], except for the limits; `InvalidArgument` with an API key.
    pub async fn quote(&self, request: &ChatRequest) -> Result<Quote> {
        let wallet = self.inner.rail.wallet("quote")?;
        let asked = self.chat_request(request, ChatRequest::to_body)?;
        let model = asked.model.clone().unwrap_or_default();
        let answer = wallet.send_unpaid(asked).await?;
        Quote::from_answer(&model, answer, wallet.signer.address())
    }

    /// The models that the server offers, with their prices as it publishes them.
    ///
    /// # Errors
    /// `Api`, `Connection` or `Timeout`.
    pub async fn list_models(&self) -> Result<Vec<Model>> {
        let asked = PaidRequest::new(Method::GET, self.url("/v1/models"), self.inner.timeout);
        let answer = success(self.inner.rail.send_unpaid(asked).await?)?;
        parse_models(&answer.body)
    }

    /// Those of them that make images: whose `categories` hold `image`.
    ///
    /// # Errors
    /// As [`LLMClient::list_models`].
    pub async fn list_image_models(&self) -> Result<Vec<Model>> {
        let mut models = self.list_models().await?;
        models.retain(Model::makes_images);
        Ok(models)
    }

    /// Base address of the endpoint, without a slash at its end.
    pub fn api_url(&self) -> &str {
        self.base().as_str().trim_end_matches('/')
    }

    /// The model that is asked when a call names none.
    pub fn model(&self) -> &str {
        &self.inner.model
    }

    /// Total time of a call that names none.
    pub fn timeout(&self) -> Duration {
        self.inner.timeout
    }

    fn chat_request(
        &self,
        request: &ChatRequest,
        body: impl Fn(&ChatRequest, &str) -> Result<Bytes>,
    ) -> Result<PaidRequest> {
        let model = request.model.as_deref().unwrap_or(&self.inner.model);
        let mut paid = self.post(CHAT, body(request, model)?, request.timeout);
        paid.model = Some(model.to_owned());
        paid.key = key(request.idempotency_key.as_deref());
        let fallback =
            |model: &String| Ok(Fallback { model: model.clone(), body: body(request, model)? });
        paid.fallbacks = request.fallback_models.iter().map(fallback).collect::<Result<_>>()?;
        Ok(paid)
    }

    fn post(&self, path: &str, body: Bytes, timeout: Option<Duration>) -> PaidRequest {
        let timeout = timeout.unwrap_or(self.inner.timeout);
        PaidRequest { body, ..PaidRequest::new(Method::POST, self.url(path), timeout) }
    }

    /// The connections, for questions that nobody pays for.
    pub(crate) fn transport(&self) -> &Transport {
        self.inner.rail.transport()
    }

    fn base(&self) -> &Url {
        self.inner.rail.api_url()
    }

    /// The address of one of our own paths.
    fn url(&self, path: &str) -> Url {
        below(self.base(), path)
    }
}

impl fmt::Debug for LLMClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LLMClient")
            .field("api_url", &self.api_url())
            .field("payment_mode", &self.payment_mode())
            .field("model", &self.inner.model)
            .finish_non_exhaustive()
    }
}

fn key(given: Option<&str>) -> CallKey {
    given.map_or(CallKey::Random, |key| CallKey::Given(key.to_owned()))
}

/// An answer of status 2xx, or the error that it is.
pub(crate) fn success(answer: PaidResponse) -> Result<PaidResponse> {
    if (200..300).contains(&answer.status) {
        return Ok(answer);
    }
    Err(answer.into_error(ErrorKind::Api))
}
