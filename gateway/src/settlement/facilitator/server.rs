//! The facilitator's HTTP side.

use std::time::Duration;

use blockrun_llm::x402::IDEMPOTENCY_KEY;
use reqwest::{Client, RequestBuilder, Response, header};
use url::Url;

use super::{SettleThrough, said::Answer};
use crate::{error::Error, outgoing};

/// Largest answer that is read.
const MAX_ANSWER: usize = 256 << 10;
/// Dead peers are found by probes this far apart.
const KEEPALIVE: Duration = Duration::from_secs(15);
/// For a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// A facilitator that can be asked.
#[derive(Debug)]
pub(super) struct Server {
    http: Client,
    url: Url,
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
        let (url, headers) = (options.checked_url()?, options.checked_headers()?);
        let refuse = |problem: String| Error::Config { field: "settle_through", problem };
        let http = outgoing::client()
            .map_err(|error| refuse(error.to_string()))?
            .user_agent(concat!("blockrun-gateway/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .connect_timeout(CONNECT.min(options.timeout))
            .timeout(options.timeout)
            .tcp_keepalive(KEEPALIVE)
            .http2_keep_alive_interval(KEEPALIVE)
            .http2_keep_alive_timeout(KEEPALIVE)
            .build()
            .map_err(|error| refuse(error.to_string()))?;
        Ok(Self { http, url })
    }

    pub(super) async fn supported(&self) -> Result<Answer, Silence> {
        answer(self.http.get(self.at("supported"))).await
    }

    pub(super) async fn verify(&self, body: String) -> Result<Answer, Silence> {
        answer(self.post("verify", body)).await
    }

    /// Asks for a settlement, under a name by which some facilitators tell the same again.
    pub(super) async fn settle(&self, name: &str, body: String) -> Result<Answer, Silence> {
        answer(self.post("settle", body).header(IDEMPOTENCY_KEY, name)).await
    }

    fn post(&self, what: &str, body: String) -> RequestBuilder {
        self.http.post(self.at(what)).header(header::CONTENT_TYPE, "application/json").body(body)
    }

    fn at(&self, what: &str) -> Url {
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push(what);
        }
        url
    }
}

async fn answer(request: RequestBuilder) -> Result<Answer, Silence> {
    let sent = request.send().await;
    let mut response: Response = sent.map_err(|error| {
        if error.is_connect() || error.is_builder() { Silence::Unreached } else { Silence::Lost }
    })?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| Silence::Lost)? {
        if body.len() + chunk.len() > MAX_ANSWER {
            // What is so long says nothing that is known here.
            body.clear();
            break;
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status: response.status().as_u16(), body })
}
