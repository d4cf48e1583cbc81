//! The facilitator's HTTP side, by hyper's own client: it is asked twice for each call that is sold, and
//! what a larger client does beyond that (redirects, proxies, cookies) is not wanted here.

use std::{fmt, time::Duration};

use blockrun_llm::x402::IDEMPOTENCY_KEY;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo, TokioTimer},
};
use tokio::{net::TcpStream, time::timeout};
use tower::{BoxError, timeout::Timeout, util::BoxCloneSyncService};
use url::Url;

use super::{SettleThrough, said::Answer};
use crate::{error::Error, outgoing};

/// Largest answer that is read.
const MAX_ANSWER: usize = 256 << 10;
/// Dead peers are found by probes this far apart.
const KEEPALIVE: Duration = Duration::from_secs(15);
/// For a connection, its handshakes included.
const CONNECT: Duration = Duration::from_secs(10);
const USER_AGENT: &str = concat!("blockrun-gateway/", env!("CARGO_PKG_VERSION"));

type Connector = BoxCloneSyncService<Uri, MaybeHttpsStream<TokioIo<TcpStream>>, BoxError>;

/// A facilitator that can be asked.
pub(super) struct Server {
    http: Client<Connector, Full<Bytes>>,
    supported: Uri,
    verify: Uri,
    settle: Uri,
    /// Of every question.
    headers: HeaderMap,
    /// For one answer.
    patience: Duration,
}

impl fmt::Debug for Server {
    /// Without its address, which may hold a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").finish_non_exhaustive()
    }
}

/// Why there is no answer. The error's own words hold the URL, which may hold a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Silence {
    /// It was not reached: nothing was asked.
    Unreached,
    /// It may have been asked.
    Lost,
}

impl Silence {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Unreached => "the facilitator is not reached",
            Self::Lost => "the facilitator did not answer in time or broke off",
        }
    }
}

impl Server {
    /// Connects to nothing yet.
    pub(super) fn new(options: &SettleThrough) -> Result<Self, Error> {
        let (url, mut headers) = (options.checked_url()?, options.checked_headers()?);
        let refuse = |problem: String| Error::Config { field: "settle_through", problem };
        for (name, value) in [(header::ACCEPT, "*/*"), (header::USER_AGENT, USER_AGENT)] {
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        }
        let http = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .http2_keep_alive_interval(KEEPALIVE)
            .http2_keep_alive_timeout(KEEPALIVE)
            .build(connector(CONNECT.min(options.timeout)).map_err(|e| refuse(e.to_string()))?);
        let at = |what: &str| below(&url, what).map_err(|error| refuse(error.to_string()));
        let (supported, verify, settle) = (at("supported")?, at("verify")?, at("settle")?);
        Ok(Self { http, supported, verify, settle, headers, patience: options.timeout })
    }

    pub(super) async fn supported(&self) -> Result<Answer, Silence> {
        let request = Request::get(&self.supported).body(Full::default());
        self.answer(request.map_err(|_| Silence::Unreached)?).await
    }

    pub(super) async fn verify(&self, body: String) -> Result<Answer, Silence> {
        self.answer(question(&self.verify, body)?).await
    }

    /// Asks for a settlement, under a name by which some facilitators tell the same again.
    pub(super) async fn settle(&self, name: &str, body: String) -> Result<Answer, Silence> {
        let mut request = question(&self.settle, body)?;
        let name = HeaderValue::try_from(name).map_err(|_| Silence::Unreached)?;
        request.headers_mut().insert(IDEMPOTENCY_KEY, name);
        self.answer(request).await
    }

    async fn answer(&self, mut request: Request<Full<Bytes>>) -> Result<Answer, Silence> {
        let own = self.headers.iter().map(|(name, value)| (name.clone(), value.clone()));
        request.headers_mut().extend(own);
        let answered = timeout(self.patience, self.ask(request)).await;
        answered.unwrap_or(Err(Silence::Lost))
    }

    async fn ask(&self, request: Request<Full<Bytes>>) -> Result<Answer, Silence> {
        let response =
            self.http.request(request).await.map_err(|error| {
                if error.is_connect() { Silence::Unreached } else { Silence::Lost }
            })?;
        let (head, mut incoming) = response.into_parts();
        let mut body = Vec::new();
        while let Some(frame) = incoming.frame().await {
            let Ok(piece) = frame.map_err(|_| Silence::Lost)?.into_data() else { continue };
            if body.len() + piece.len() > MAX_ANSWER {
                // What is so long says nothing that is known here.
                body.clear();
                break;
            }
            body.extend_from_slice(&piece);
        }
        Ok(Answer { status: head.status.as_u16(), body })
    }
}

/// What opens connections, and gives up after so long.
fn connector(patience: Duration) -> Result<Connector, rustls::Error> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_keepalive(Some(KEEPALIVE));
    let tls = HttpsConnectorBuilder::new().with_tls_config(outgoing::tls()?);
    let connector = tls.https_or_http().enable_all_versions().wrap_connector(tcp);
    Ok(BoxCloneSyncService::new(Timeout::new(connector, patience)))
}

fn question(to: &Uri, body: String) -> Result<Request<Full<Bytes>>, Silence> {
    let request = Request::post(to).header(header::CONTENT_TYPE, "application/json");
    request.body(Full::from(body)).map_err(|_| Silence::Unreached)
}

fn below(url: &Url, what: &str) -> Result<Uri, http::uri::InvalidUri> {
    let mut url = url.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().push(what);
    }
    url.as_str().parse()
}
