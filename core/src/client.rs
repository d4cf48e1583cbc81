//! [`LLMClient`]: AI calls that pay for themselves.

mod config;
mod environment;
mod policy_file;
mod quote;

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::Method;
use url::Url;

pub use self::{
    config::{ClientOptions, DEFAULT_API_URL, DEFAULT_MODEL, DEFAULT_TIMEOUT, PrivateKey},
    quote::Quote,
};
use crate::{
    chat::{ChatRequest, ChatResponse},
    error::{Error, ErrorKind, Result},
    http::{PaidHttp, PaidRequest, PaidResponse, Reconciliation},
    journal::{JournalKind, PaymentFilter, PaymentRecord, Spending},
    models::{Model, parse_models},
    wallet::Address,
};

/// Path of chat completions below the base address.
const CHAT: &str = "/v1/chat/completions";

/// Client of an OpenAI-compatible endpoint that answers 402 with a price.
///
/// A call that the server asks money for is paid in USDC, exactly once, within the limits of the
/// client's policy ($1 a call unless configured). Clones share connections, journal and session
/// limit. Needs a tokio runtime around its futures and creates none.
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
    http: PaidHttp,
    api_url: Url,
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
        let model = request.model.as_deref().unwrap_or(&self.inner.model);
        let body = request.to_body(model)?;
        let timeout = request.timeout.unwrap_or(self.inner.timeout);
        let mut paid = self.request(Method::POST, CHAT, body, Some(model), timeout)?;
        paid.key.clone_from(&request.idempotency_key);
        let response = success(self.inner.http.send(paid).await?)?;
        Ok(ChatResponse::from_http(response))
    }

    /// What a chat completion would cost now. Pays nothing and is not bound by limits.
    ///
    /// The server is asked without a payment, so a free model really answers.
    ///
    /// # Errors
    /// As [`LLMClient::chat_completion`], except for the limits.
    pub async fn quote(&self, request: &ChatRequest) -> Result<Quote> {
        let model = request.model.as_deref().unwrap_or(&self.inner.model);
        let body = request.to_body(model)?;
        let timeout = request.timeout.unwrap_or(self.inner.timeout);
        let asked = self.request(Method::POST, CHAT, body, Some(model), timeout)?;
        let answer = self.inner.http.send_unpaid(asked).await?;
        Quote::from_answer(model, answer, self.address())
    }

    /// The models that the server offers, with their prices as it publishes them.
    ///
    /// # Errors
    /// `Api`, `Connection` or `Timeout`.
    pub async fn list_models(&self) -> Result<Vec<Model>> {
        let timeout = self.inner.timeout;
        let asked = self.request(Method::GET, "/v1/models", Bytes::new(), None, timeout)?;
        let answer = success(self.inner.http.send_unpaid(asked).await?)?;
        parse_models(&answer.body)
    }

    /// The account that pays.
    pub fn address(&self) -> Address {
        self.inner.http.signer.address()
    }

    /// Base address of the endpoint, without a slash at its end.
    pub fn api_url(&self) -> &str {
        self.inner.api_url.as_str().trim_end_matches('/')
    }

    /// The model that is asked when a call names none.
    pub fn model(&self) -> &str {
        &self.inner.model
    }

    /// Total time of a call that names none.
    pub fn timeout(&self) -> Duration {
        self.inner.timeout
    }

    /// Payments of the wallet home that pass a filter, oldest first.
    ///
    /// # Errors
    /// `Journal`.
    pub async fn payments(&self, filter: PaymentFilter) -> Result<Vec<PaymentRecord>> {
        let PaidHttp { journal, session, clock, .. } = &self.inner.http;
        journal.payments(filter, *session, clock.now()).await
    }

    /// Sums over everything this client and its clones paid.
    ///
    /// # Errors
    /// `Journal`.
    pub async fn spending(&self) -> Result<Spending> {
        let PaidHttp { journal, session, clock, .. } = &self.inner.http;
        journal.spending(*session, clock.now()).await
    }

    /// Asks the chain what became of payments whose answer was lost, and writes what is proven.
    ///
    /// # Errors
    /// `Journal`. A chain that does not answer is no error.
    pub async fn reconcile(&self) -> Result<Reconciliation> {
        self.inner.http.reconcile().await
    }

    /// Fetches the answer of a paid chat call again, by its idempotency key or public id. Pays
    /// nothing; works as long as the gateway keeps the answer (an hour past the payment's expiry).
    ///
    /// # Errors
    /// `InvalidArgument` for a call that the journal does not know; `Api` when the gateway has no
    /// answer for it any more.
    pub async fn recover(&self, key: &str) -> Result<ChatResponse> {
        let chat = self.request(Method::POST, CHAT, Bytes::new(), None, self.inner.timeout)?;
        let answer = self.inner.http.recover(key, &chat, &self.inner.api_url).await?;
        Ok(ChatResponse::from_http(success(answer)?))
    }

    /// Where payments are recorded; `None` before the first one.
    pub fn journal(&self) -> Option<&JournalKind> {
        self.inner.http.journal.kind()
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
        model: Option<&str>,
        timeout: Duration,
    ) -> Result<PaidRequest> {
        let text = format!("{}{path}", self.api_url());
        let url = Url::parse(&text)
            .map_err(|cause| Error::argument("api_url", &format!("{text:?}: {cause}")))?;
        let model = model.map(str::to_owned);
        Ok(PaidRequest { method, url, body, model, timeout, key: None })
    }
}

impl fmt::Debug for LLMClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LLMClient")
            .field("api_url", &self.api_url())
            .field("address", &self.address())
            .field("model", &self.inner.model)
            .finish_non_exhaustive()
    }
}

/// An answer of status 2xx, or the error that it is.
fn success(answer: PaidResponse) -> Result<PaidResponse> {
    if (200..300).contains(&answer.status) {
        return Ok(answer);
    }
    Err(answer.into_error(ErrorKind::Api))
}
