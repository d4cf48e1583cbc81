//! One HTTP exchange. The only file that names the HTTP client.

use std::{fmt, mem, path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method};
use reqwest::{Client, NoProxy, Proxy, redirect};
use url::Url;

use super::{headers, tls};
use crate::{
    error::{Error, ErrorKind, Result},
    flow::{Answer, Event},
    policy::is_loopback,
};

/// Largest answer that is read.
const MAX_ANSWER: usize = 256 * 1024 * 1024;
/// Largest error body that is read; the rest is dropped.
const MAX_ERROR_BODY: usize = 1024 * 1024;
/// Dead peers are found by probes this far apart.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// How to reach servers.
#[derive(Clone, Debug)]
pub struct TransportOptions {
    /// PEM file with the only certificates to trust. Default: the system's, or `SSL_CERT_FILE`.
    pub ca_file: Option<PathBuf>,
    /// Time for name lookup, connection and TLS. Default 30 s.
    pub connect_timeout: Duration,
    /// `User-Agent`.
    pub user_agent: String,
}

impl Default for TransportOptions {
    fn default() -> Self {
        Self {
            ca_file: None,
            connect_timeout: Duration::from_secs(30),
            user_agent: concat!("blockrun-rust/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// A pool of connections. Follows no redirect. `HTTPS_PROXY` (with `NO_PROXY`) is used for https
/// by CONNECT, never for http and never for this machine; `HTTP_PROXY` is ignored.
#[derive(Clone, Debug)]
pub struct Transport {
    client: Client,
    /// Takes legs instead.
    carrier: Option<Arc<dyn Carrier>>,
}

/// Another way than HTTP to take a leg to its server: one exchange, which is never repeated.
#[async_trait::async_trait]
pub(crate) trait Carrier: fmt::Debug + Send + Sync {
    /// `Answered` by the answer that would say the same over HTTP, `NeverSent` or `Lost`.
    async fn carry(&self, leg: Leg<'_>) -> Event;
}

impl Transport {
    /// Opens a pool; connects to nothing yet.
    ///
    /// # Errors
    /// `InvalidArgument` for an unusable certificate file or proxy address.
    pub fn new(options: &TransportOptions) -> Result<Self> {
        let mut builder = Client::builder()
            .tls_backend_preconfigured(tls::client_config(options.ca_file.as_deref())?)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .user_agent(&options.user_agent)
            .connect_timeout(options.connect_timeout)
            .tcp_keepalive(KEEPALIVE)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(KEEPALIVE)
            .http2_keep_alive_timeout(KEEPALIVE);
        if let Some(proxy) = https_proxy()? {
            builder = builder.proxy(proxy);
        }
        let client = builder.build().map_err(|cause| {
            Error::new(ErrorKind::Connection, "the HTTP client could not be built")
                .with_source(cause)
        })?;
        Ok(Self { client, carrier: None })
    }

    /// The same with legs that are taken to their server in another way.
    pub(crate) fn over(&self, carrier: Arc<dyn Carrier>) -> Self {
        Self { client: self.client.clone(), carrier: Some(carrier) }
    }

    /// Sends one request and reads its whole answer: `Answered`, `NeverSent` or `Lost`.
    pub(super) async fn exchange(&self, leg: Leg<'_>) -> Event {
        self.exchange_open(leg, false).await.0
    }

    /// Sends one request. Where `events` are wanted, the body of a successful event stream is left
    /// unread and comes as [`Incoming`]; every other body is in the answer.
    pub(super) async fn exchange_open(
        &self,
        leg: Leg<'_>,
        events: bool,
    ) -> (Event, Option<Incoming>) {
        if let Some(carrier) = &self.carrier {
            return (carrier.carry(leg).await, None);
        }
        let Leg { method, url, headers, body } = leg;
        let request = self.client.request(method, url.clone()).headers(headers).body(body);
        let response = match request.send().await {
            Ok(response) => response,
            Err(cause) if cause.is_connect() || cause.is_builder() => {
                return (Event::NeverSent(unreachable_server(url, cause)), None);
            }
            Err(cause) => return (Event::Lost(broken(url, cause)), None),
        };
        if events && response.status().is_success() && is_event_stream(response.headers()) {
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let head = Answer { status, headers, body: Bytes::new() };
            return (Event::Answered(head), Some(Incoming { response }));
        }
        let event = match read(response, MAX_ANSWER).await {
            Ok(answer) => Event::Answered(answer),
            Err(cause) => Event::Lost(broken(url, cause)),
        };
        (event, None)
    }

    /// Posts a JSON question that nobody pays for and reads its answer, of any status, up to
    /// `limit` bytes. Safe to ask again: it changes nothing.
    ///
    /// # Errors
    /// `Connection`, also for an answer beyond the limit.
    pub(crate) async fn ask(&self, url: &Url, question: Vec<u8>, limit: usize) -> Result<Answer> {
        let request = self.client.post(url.clone()).headers(headers::json(true)).body(question);
        // In a box: any paid call may come to ask, and few do.
        Box::pin(answered(request, url, limit)).await
    }

    /// Gets a document that nobody pays for, with any status, up to `limit` bytes.
    ///
    /// # Errors
    /// `Connection`, also for an answer beyond the limit.
    pub(crate) async fn fetch(&self, url: &Url, limit: usize) -> Result<Answer> {
        let request = self.client.get(url.clone()).headers(headers::json(false));
        Box::pin(answered(request, url, limit)).await
    }
}

/// Sends a question and reads its answer up to `limit` bytes.
async fn answered(request: reqwest::RequestBuilder, url: &Url, limit: usize) -> Result<Answer> {
    // Without its path, which may be a key for it.
    let response = match request.send().await.map_err(reqwest::Error::without_url) {
        Ok(response) => response,
        Err(cause) if cause.is_connect() => return Err(unreachable_server(url, cause)),
        Err(cause) => return Err(broken(url, cause)),
    };
    read(response, limit).await.map_err(|cause| broken(url, cause))
}

/// A request to be sent.
#[derive(Debug)]
pub(crate) struct Leg<'a> {
    pub(crate) method: Method,
    pub(crate) url: &'a Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// A body that is read piece by piece. Dropped, it closes its connection.
#[derive(Debug)]
pub(super) struct Incoming {
    response: reqwest::Response,
}

impl Incoming {
    /// The next piece, `None` at the end. Dropping the future loses nothing.
    ///
    /// # Errors
    /// `Connection`: the rest is lost.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>> {
        let chunk = self.response.chunk().await;
        chunk.map_err(|cause| broken(self.response.url(), cause))
    }
}

/// Whether a body is an event stream, by its content type.
pub(crate) fn is_event_stream(headers: &HeaderMap) -> bool {
    let content_type = headers.get(http::header::CONTENT_TYPE).and_then(|one| one.to_str().ok());
    let essence = content_type.and_then(|one| one.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("text/event-stream")
}

/// The proxy for https from the environment; loopback never goes through it.
fn https_proxy() -> Result<Option<Proxy>> {
    let set = |name| std::env::var(name).ok().filter(|value: &String| !value.trim().is_empty());
    let Some(address) = set("HTTPS_PROXY").or_else(|| set("https_proxy")) else { return Ok(None) };
    let proxy = address.parse::<Url>().map_err(|cause| {
        Error::argument("HTTPS_PROXY", &format!("is not a URL ({cause}): write http://host:port"))
    })?;
    let excluded = NoProxy::from_env();
    let custom = Proxy::custom(move |url| {
        let local = url.host().is_none_or(|host| is_loopback(&host));
        (url.scheme() == "https" && !local).then(|| proxy.clone())
    });
    Ok(Some(custom.no_proxy(excluded)))
}

/// Why an exchange failed.
type Cause = Box<dyn std::error::Error + Send + Sync>;

async fn read(mut response: reqwest::Response, limit: usize) -> Result<Answer, Cause> {
    let (status, headers) = (response.status(), mem::take(response.headers_mut()));
    let success = status.is_success();
    let (mut pieces, mut length) = (Vec::new(), 0);
    // Without its address, whose path may be a key for it.
    while let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? {
        length += chunk.len();
        if success && length > limit {
            return Err(format!("the answer is larger than {limit} bytes").into());
        }
        pieces.push(chunk);
        if !success && length >= MAX_ERROR_BODY {
            break;
        }
    }
    // One piece, as most answers are, is the body itself.
    let mut body = match pieces.len() {
        1 => pieces.swap_remove(0),
        _ => Bytes::from(pieces.concat()),
    };
    if !success {
        body.truncate(MAX_ERROR_BODY);
    }
    Ok(Answer { status: status.as_u16(), headers, body })
}

fn unreachable_server(url: &Url, cause: reqwest::Error) -> Error {
    connection(
        &format!("could not connect to {}", url.origin().ascii_serialization()),
        cause.into(),
    )
}

fn broken(url: &Url, cause: impl Into<Cause>) -> Error {
    let message = format!("the connection to {} broke", url.origin().ascii_serialization());
    connection(&message, cause.into())
}

fn connection(what: &str, cause: Cause) -> Error {
    let message = format!("{what}: {}", innermost(cause.as_ref()));
    Error::new(ErrorKind::Connection, message).with_source(cause)
}

/// The text of the root cause: the outer ones only say that a request failed.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
