//! [`AccountHttp`]: requests that are billed to an account by its API key. Nothing is signed.

use std::time::{Duration, Instant};

use http::{HeaderValue, header::AUTHORIZATION};
use url::Url;
use zeroize::Zeroizing;

use super::{
    PaidRequest, PaidResponse, PaidStream, Transport, headers,
    stream::Delivery,
    transport::{Incoming, Leg},
};
use crate::{
    error::{Error, ErrorKind, Result},
    flow::{Answer, Event},
};

/// Where an account is topped up.
const TOP_UP: &str = "https://user.blockrun.ai/dashboard/credits";

/// Sends requests with an API key. A request is sent once: what was accepted may be billed, and the
/// server has no way to recognise a second one.
#[derive(Clone)]
pub struct AccountHttp {
    /// Base address of the endpoint.
    pub api_url: Url,
    /// Connections.
    pub transport: Transport,
    /// The API key, `brk_…`; zeroized when dropped.
    key: Zeroizing<String>,
}

impl AccountHttp {
    /// Requests for the account of a key.
    pub fn new(api_url: Url, transport: Transport, key: &str) -> Self {
        Self { api_url, transport, key: Zeroizing::new(key.to_owned()) }
    }

    /// Sends a request once and returns the whole answer, of any status but 402 and 5xx.
    ///
    /// # Errors
    /// `Payment` for a 402: the account has no credit. `Api` for a 5xx, `Connection` and `Timeout`:
    /// it is then not known whether the request was billed.
    pub async fn send(&self, request: PaidRequest) -> Result<PaidResponse> {
        Ok(self.deliver(PaidRequest { events: false, ..request }).await?.response)
    }

    /// The same for an event stream, as soon as the head of the answer is there.
    ///
    /// # Errors
    /// As [`AccountHttp::send`].
    pub async fn open(&self, request: PaidRequest) -> Result<PaidStream> {
        let timeout = request.timeout;
        let delivery = self.deliver(PaidRequest { events: true, ..request }).await?;
        Ok(PaidStream::new(timeout, delivery))
    }

    async fn deliver(&self, request: PaidRequest) -> Result<Delivery> {
        let started = Instant::now();
        let mut headers = headers::unpaid(&request);
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", *self.key))
            .map_err(|_| Error::argument("private_key", "the API key holds odd characters"))?;
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
        let PaidRequest { method, url, body, events, timeout, .. } = request;
        let leg = Leg { method, url: &url, headers, body };
        let exchange = self.transport.exchange_open(leg, events);
        let (event, incoming) =
            tokio::time::timeout(timeout, exchange).await.map_err(|_| too_late(timeout))?;
        match event {
            Event::Answered(answer) => Ok(delivery(
                self.checked(answer)?,
                incoming,
                timeout.saturating_sub(started.elapsed()),
            )),
            Event::NeverSent(error) => Err(error),
            Event::Lost(error) => {
                let message = format!("{}. {MAYBE_BILLED}", error.message());
                Err(error.with_message(message))
            }
            _ => Err(too_late(timeout)),
        }
    }

    fn checked(&self, answer: Answer) -> Result<PaidResponse> {
        let status = answer.status;
        let Answer { headers, body, .. } = answer;
        let response = PaidResponse { status, headers, body, receipt: None };
        let host = self.api_url.host_str().unwrap_or_default().to_owned();
        match status {
            402 => {
                let error = response.into_error(ErrorKind::Payment);
                let said: String =
                    error.reason().unwrap_or("no reason given").chars().take(400).collect();
                let message = format!(
                    "402 from {host}: this account has no credit left for that call. \
                     Top up at {TOP_UP}. Gateway said: {said}"
                );
                Err(error.with_message(message))
            }
            500..600 => {
                let error = response.into_error(ErrorKind::Api);
                let message = format!("API error: {status} from {host}. {MAYBE_BILLED}");
                Err(error.with_message(message))
            }
            _ => Ok(response),
        }
    }
}

impl std::fmt::Debug for AccountHttp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccountHttp")
            .field("api_url", &self.api_url.as_str())
            .finish_non_exhaustive()
    }
}

const MAYBE_BILLED: &str = "The request may have been accepted and billed, so it is not sent again \
                            by itself; look at the account before you make it again";

fn delivery(response: PaidResponse, incoming: Option<Incoming>, remaining: Duration) -> Delivery {
    Delivery { response, incoming, paid: None, ticket: None, remaining }
}

fn too_late(timeout: Duration) -> Error {
    let message = format!("no answer within {} s. {MAYBE_BILLED}", timeout.as_secs_f64());
    Error::new(ErrorKind::Timeout, message)
}
