//! [`PaidHttp`]: sends a request, pays when asked, brings back the answer.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde::Serialize;
use url::Url;

use super::{Transport, call::Call};
use crate::{
    canonical_json,
    chain::ChainReader,
    clock::{Clock, random_bytes},
    error::{Error, ErrorKind, Result},
    flow::{Action, Event},
    journal::{Identity, Journal, OnUnresolved, Standing},
    money::Usdc,
    policy::Policy,
    wallet::Signer,
    x402::{Origin, Settlement, Terms, nonce},
};

/// How often a call looks whether another process has finished with its key.
const POLL: Duration = Duration::from_millis(100);

/// Asks the application before a payment is signed. Policy has agreed already.
#[async_trait::async_trait]
pub trait PaymentHook: std::fmt::Debug + Send + Sync {
    /// Agrees to pay, or says why not: the error ends the call, and nothing was sent.
    ///
    /// # Errors
    /// Whatever the application says; `SpendLimit` and `RequirementRejected` fit best.
    async fn approve(&self, terms: &Terms, model: Option<&str>) -> Result<()>;
}

/// Sends requests and pays for them when asked.
#[derive(Clone, Debug)]
pub struct PaidHttp {
    /// Connections.
    pub transport: Transport,
    /// Who pays.
    pub signer: Arc<dyn Signer>,
    /// What may be paid.
    pub policy: Arc<Policy>,
    /// What was paid.
    pub journal: Arc<Journal>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Whom to ask what became of a payment.
    pub chain: ChainReader,
    /// Asked before each payment.
    pub hook: Option<Arc<dyn PaymentHook>>,
    /// What a plain retry of an unresolved call does.
    pub on_unresolved: OnUnresolved,
    /// Names this client object in the journal.
    pub session: [u8; 16],
}

/// A request that may be paid for.
#[derive(Clone, Debug)]
pub struct PaidRequest {
    /// HTTP method.
    pub method: Method,
    /// Full URL, on the configured origin.
    pub url: Url,
    /// JSON body; empty for none.
    pub body: Bytes,
    /// The model it asks for, for the journal.
    pub model: Option<String>,
    /// Total time for the call, replays included.
    pub timeout: Duration,
    /// Idempotency key: the same key is paid at most once, in any process. `None` makes one up.
    pub key: Option<String>,
}

/// What was paid for an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// The signed value: what the call cost.
    pub amount: Usdc,
    /// Transaction, where the server told it.
    pub transaction: Option<String>,
    /// What the server reported.
    pub settlement: Option<Settlement>,
}

/// A complete answer of any status.
#[derive(Clone, Debug)]
pub struct PaidResponse {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
    /// What was paid; `None` when nothing was asked.
    pub receipt: Option<Receipt>,
}

impl PaidHttp {
    /// Sends a request, pays when the server asks and policy allows, and returns the answer.
    ///
    /// Any answer to an unpaid request and any 2xx answer to a paid one is returned as it is. A
    /// call whose payment was recorded before, under the same key or, without a key, for the same
    /// content and unresolved, shows that payment again instead of making another.
    ///
    /// Dropping the future is safe at every point: before the payment is recorded what was
    /// reserved is free again, afterwards it stays counted as unknown.
    ///
    /// # Errors
    /// All kinds of payment errors, `Connection` and `Timeout`; each says what happened to the
    /// money.
    pub async fn send(&self, request: PaidRequest) -> Result<PaidResponse> {
        let started = Instant::now();
        let identity = self.identity(&request)?;
        loop {
            let standing = match identity.keyed {
                true => self.journal.standing(&identity, self.now()).await?,
                // Looked up when a price is asked, in the step that reserves it: most calls that
                // are free need no journal.
                false => Standing::New,
            };
            let call = match standing {
                Standing::New => Call::new(self, &request, &identity, started)?,
                Standing::Resume(resumable) => {
                    Call::resuming(self, &request, &identity, *resumable, started)
                }
                Standing::InFlight => {
                    self.wait_for_another(&request, &identity, started).await?;
                    continue;
                }
            };
            match run(call).await {
                // Another process reserved the key between our look and our reservation.
                Err(error) if error.kind() == ErrorKind::IdempotencyInFlight => {
                    self.wait_for_another(&request, &identity, started).await?;
                }
                outcome => return outcome,
            }
        }
    }

    pub(super) fn now(&self) -> u64 {
        self.clock.now()
    }

    async fn wait_for_another(
        &self,
        request: &PaidRequest,
        identity: &Identity,
        started: Instant,
    ) -> Result<()> {
        if started.elapsed() + POLL >= request.timeout {
            let message = "the same key is in flight elsewhere and was not finished in time; \
                           nothing was sent by this call";
            return Err(Error::new(ErrorKind::IdempotencyInFlight, message).with_key(&identity.key));
        }
        tokio::time::sleep(POLL).await;
        Ok(())
    }

    fn identity(&self, request: &PaidRequest) -> Result<Identity> {
        let wallet = self.signer.address();
        let origin = origin(&request.url)?;
        let (key, keyed) = match &request.key {
            Some(key) => (check_key(key)?.to_owned(), true),
            None => (alloy::hex::encode(random_bytes::<32>()?), false),
        };
        let method = request.method.as_str();
        Ok(Identity {
            nonce: nonce(wallet, &key, method, &origin, request.url.path()),
            content: format!("{method} {}\n{}", request.url, canonical_body(&request.body)),
            key,
            keyed,
            wallet,
        })
    }
}

async fn run(mut call: Call<'_>) -> Result<PaidResponse> {
    let mut action = call.step(Event::Start);
    loop {
        match action {
            Action::Finish(finished) => return Ok(call.finish(finished).await),
            Action::Fail(failure) => {
                call.close(failure.outcome).await;
                return Err(failure.error);
            }
            todo => {
                let remaining = call.remaining();
                let performed = tokio::time::timeout(remaining, call.perform(todo)).await;
                action = call.step(performed.unwrap_or(Event::Deadline));
            }
        }
    }
}

pub(super) fn origin(url: &Url) -> Result<Origin> {
    Origin::of(url).ok_or_else(|| Error::argument("url", &format!("{url} has no host")))
}

/// The longest key: a name, not a document.
const MAX_KEY: usize = 255;

fn check_key(key: &str) -> Result<&str> {
    if key.trim().is_empty() || key.len() > MAX_KEY {
        let problem = format!("must have 1 to {MAX_KEY} bytes, got {}", key.len());
        return Err(Error::argument("idempotency_key", &problem));
    }
    Ok(key)
}

/// Two bodies that mean the same are the same; one that is not JSON is itself.
fn canonical_body(body: &Bytes) -> String {
    let text = String::from_utf8_lossy(body);
    canonical_json(&text).unwrap_or_else(|_| text.into_owned())
}
