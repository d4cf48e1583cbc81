//! [`PaidHttp`]: sends a request, pays when asked, brings back the answer.

use std::{
    borrow::Cow,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use url::Url;

use super::{
    CallKey, Fallback, Foresight, PaidRequest, PaidResponse, PaidStream, Transport, call::Call,
    recent::Recent, stream::Delivery,
};
use crate::{
    canonical::canonical_with,
    chain::ChainReader,
    clock::{Clock, random_bytes},
    error::{Error, ErrorKind, Result},
    flow::{Action, Event},
    journal::{Identity, Journal, OnUnresolved, Standing},
    policy::Policy,
    wallet::Signer,
    x402::{Origin, Terms, nonce},
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
    /// Base address of the endpoint, below which stored answers are fetched.
    pub api_url: Url,
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
    /// The keys of calls that a host may ask again.
    pub recent: Arc<Recent>,
    /// What servers will ask for, as far as it is known.
    pub foresight: Arc<Foresight>,
}

impl PaidHttp {
    /// Sends a request, pays when the server asks and policy allows, and returns the whole answer.
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
        Ok(self.deliver(PaidRequest { events: false, ..request }).await?.response)
    }

    /// The same for an event stream: returns as soon as the head of the answer is there. An answer
    /// that is no event stream, or no success, is whole.
    ///
    /// The call stays leased to the stream until its end, so that nobody else takes it up.
    ///
    /// # Errors
    /// As [`PaidHttp::send`].
    pub async fn open(&self, request: PaidRequest) -> Result<PaidStream> {
        let timeout = request.timeout;
        let delivery = self.deliver(PaidRequest { events: true, ..request }).await?;
        Ok(PaidStream::new(timeout, delivery))
    }

    pub(super) async fn deliver(&self, request: PaidRequest) -> Result<Delivery> {
        let started = Instant::now();
        let _under_way = self.journal.visit();
        let attempts = attempts(request);
        let request = &attempts[0];
        let identity = self.identity(request, content(&attempts))?;
        let mut next = 0;
        loop {
            let standing = match identity.keyed {
                true => self.journal.standing(&identity, self.now()).await?,
                // Looked up when a price is asked, in the step that reserves it: most calls that
                // are free need no journal.
                false => Standing::New,
            };
            let mut call = match standing {
                Standing::New => {
                    let mut call = Call::new(self, &attempts, next, &identity, started)?;
                    call.foretell();
                    call
                }
                Standing::Resume(resumable) => {
                    Call::resuming(self, &attempts, &identity, *resumable, started)
                }
                Standing::InFlight => {
                    self.wait_for_another(request, &identity, started).await?;
                    continue;
                }
            };
            let outcome = {
                let work = pin!(run(&mut call));
                self.foresight.beside(self, work).await
            };
            call.learn(&outcome);
            match outcome {
                // Another process reserved the key between our look and our reservation.
                Err(error) if error.kind() == ErrorKind::IdempotencyInFlight => {
                    self.wait_for_another(request, &identity, started).await?;
                }
                outcome if next + 1 < attempts.len() && call.may_fall_back(&outcome) => next += 1,
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
        if request.events || started.elapsed() + POLL >= request.timeout {
            let message = match request.events {
                true => "the same stream is being read elsewhere; nothing was sent by this call",
                false => {
                    "the same key is in flight elsewhere and was not finished in time; \
                     nothing was sent by this call"
                }
            };
            return Err(Error::new(ErrorKind::IdempotencyInFlight, message).with_key(&identity.key));
        }
        tokio::time::sleep(POLL).await;
        Ok(())
    }

    fn identity(&self, request: &PaidRequest, content: Bytes) -> Result<Identity> {
        let wallet = self.signer.address();
        let origin = origin(&request.url)?;
        let (key, keyed) = match &request.key {
            CallKey::Given(key) => (check_key(key)?.to_owned(), true),
            CallKey::Made(key) => (key.clone(), false),
            CallKey::Random => (made_up_key()?, false),
            CallKey::Host { retry } => {
                let earlier = if *retry { self.recent.key_of(&content) } else { None };
                let keyed = earlier.is_some();
                let key = earlier.map_or_else(made_up_key, Ok)?;
                self.recent.remember(&content, &key);
                (key, keyed)
            }
        };
        let method = request.method.as_str();
        let nonce = nonce(wallet, &key, method, &origin, request.url.path());
        let again = matches!(request.key, CallKey::Made(_));
        Ok(Identity { nonce, content, key, keyed, again, wallet })
    }
}

/// A key that nobody has used and nobody can guess.
///
/// # Errors
/// When the machine has no source of chance.
pub fn made_up_key() -> Result<String> {
    Ok(alloy::hex::encode(random_bytes::<32>()?))
}

async fn run(call: &mut Call<'_>) -> Result<Delivery> {
    let mut deadline = pin!(tokio::time::sleep(call.remaining()));
    let mut action = call.step(Event::Start);
    loop {
        match action {
            Action::Finish(finished) => return Ok(call.finish(finished).await),
            Action::Fail(failure) => {
                call.close(failure.outcome).await;
                return Err(failure.error);
            }
            todo => {
                let event = tokio::select! {
                    biased;
                    event = call.perform(todo) => event,
                    () = &mut deadline => Event::Deadline,
                };
                action = call.step(event);
            }
        }
    }
}

/// The request itself and then its fallbacks.
fn attempts(mut request: PaidRequest) -> Vec<PaidRequest> {
    let fallbacks = std::mem::take(&mut request.fallbacks);
    let mut attempts = vec![request];
    for Fallback { model, body } in fallbacks {
        attempts.push(PaidRequest { body, model: Some(model), ..attempts[0].clone() });
    }
    attempts
}

/// What makes two calls the same: everything that may be asked.
fn content(attempts: &[PaidRequest]) -> Bytes {
    let mut content = format!("{} {}", attempts[0].method, attempts[0].url);
    for PaidRequest { body, .. } in attempts {
        content.push('\n');
        add_canonical(body, &mut content);
    }
    content.into()
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
fn add_canonical(body: &Bytes, content: &mut String) {
    // Of what is text already, as a body should be, this is many times as fast.
    let text = match std::str::from_utf8(body) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(body),
    };
    content.reserve(text.len());
    let before = content.len();
    if canonical_with(&text, &mut |_| true, content).is_err() {
        content.truncate(before);
        content.push_str(&text);
    }
}
