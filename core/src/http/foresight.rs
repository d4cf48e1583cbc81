//! What a server will ask for, where that is known: then the first request carries the payment.
//!
//! Two sources. A gateway whose 402 names our price rule publishes its prices; they are fetched
//! beside a call that is made anyway and give the exact price of any chat. Of other servers only the
//! 402 itself is known: it is taken again, word for word, for an identical request.

use std::{
    collections::HashMap,
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sha2::{Digest, Sha256};
use tokio::sync::Notify;

use super::{PaidHttp, PaidRequest, below, prices::Prices};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    flow::Forecast,
    journal::Identity,
    quote::RULE,
    x402::Challenge,
};

/// Path of chat completions below the base address.
pub(crate) const CHAT: &str = "/v1/chat/completions";
/// After prices were fetched, could not be had or were wrong, none are asked for as long.
const PAUSE_SECONDS: u64 = 60;
/// How long a server's 402 is taken to stand for the next one.
const CHALLENGE_SECONDS: u64 = 300;
/// 402s that are remembered.
const CHALLENGES: usize = 64;

/// Whether a payment may travel with the first request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Prepay {
    /// Where the exact price is known beforehand: one round trip instead of two.
    ///
    /// A request that the server then refuses leaves a live authorization behind, which counts in
    /// the budgets like any payment that was sent.
    #[default]
    Auto,
    /// Never: every call asks for the price first.
    Off,
}

impl Prepay {
    /// Reads `auto` or `off`.
    ///
    /// # Errors
    /// `InvalidArgument` that names the field.
    pub fn parse(field: &str, text: &str) -> Result<Self> {
        match text {
            "auto" => Ok(Self::Auto),
            "off" => Ok(Self::Off),
            _ => Err(Error::argument(field, &format!("{text:?} is neither auto nor off"))),
        }
    }
}

/// What is known about what servers ask for. Shared by the clones of a client.
#[derive(Default)]
pub struct Foresight {
    prepay: Prepay,
    known: Mutex<Known>,
    /// A 402 named our price rule: that server's prices are worth asking for.
    named: Arc<Notify>,
    /// The fetching of prices, as far as it is. Whichever call comes along takes it further: the
    /// core has no tasks of its own.
    fetching: tokio::sync::Mutex<Option<Fetching>>,
}

type Fetching = Pin<Box<dyn Future<Output = Result<Prices>> + Send>>;

#[derive(Default)]
struct Known {
    prices: Option<Prices>,
    /// No prices are fetched before.
    not_before: Timestamp,
    /// By request, with the time until which they are used.
    challenges: HashMap<[u8; 32], (Forecast, Timestamp)>,
}

impl Foresight {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(prepay: Prepay) -> Self {
        Self { prepay, ..Self::default() }
    }

    /// The same for a server of which nothing is known.
    pub(crate) fn of_nothing(&self) -> Self {
        Self::new(self.prepay)
    }

    /// What a request will be asked for.
    pub(super) fn forecast(
        &self,
        http: &PaidHttp,
        request: &PaidRequest,
        identity: &Identity,
    ) -> Option<Forecast> {
        let now = http.now();
        let (prices, heard) = {
            let known = self.known();
            // A server with published prices leaves none, and a prompt is long to hash.
            let heard = match known.challenges.is_empty() {
                true => None,
                false => known.challenges.get(&digest(identity)).cloned(),
            };
            (known.prices.clone().filter(|prices| prices.hold(now)), heard)
        };
        if let Some((forecast, until)) = heard {
            return (now < until).then_some(forecast);
        }
        let Prices { sheet, clock_offset, .. } = prices?;
        if request.url != below(&http.api_url, CHAT) {
            return None;
        }
        let amount = sheet.chat(std::str::from_utf8(&request.body).ok()?)?;
        Some(Forecast { challenge: sheet.challenge(amount)?, clock_offset })
    }

    /// Does a call's work, and beside it the fetching of prices when that is due.
    pub(super) async fn beside<T>(
        &self,
        http: &PaidHttp,
        mut work: Pin<&mut impl Future<Output = T>>,
    ) -> T {
        if self.is_due(http.now())
            // One call at a time is enough for it; the others do not wait.
            && let Ok(mut place) = self.fetching.try_lock()
        {
            let fetching = place.get_or_insert_with(|| self.fetch(http));
            tokio::select! {
                biased;
                done = &mut work => return done,
                prices = fetching => {
                    *place = None;
                    self.keep(prices, http.now());
                }
            }
        }
        work.await
    }

    fn is_due(&self, now: Timestamp) -> bool {
        let Known { prices, not_before, .. } = &*self.known();
        let fresh = prices.as_ref().is_some_and(|prices| prices.are_fresh(now));
        self.prepay == Prepay::Auto && !fresh && now >= *not_before
    }

    /// Fetches prices: the first ones only from a server that is known to have them.
    fn fetch(&self, http: &PaidHttp) -> Fetching {
        let PaidHttp { transport, api_url, clock, .. } = http.clone();
        let named = self.known().prices.is_none().then(|| Arc::clone(&self.named));
        Box::pin(async move {
            if let Some(named) = named {
                named.notified().await;
            }
            Prices::fetch(transport, api_url, clock).await
        })
    }

    /// Prices that could not be had are no error of anybody's call.
    fn keep(&self, fetched: Result<Prices>, now: Timestamp) {
        let mut known = self.known();
        known.not_before = now + PAUSE_SECONDS;
        if let Ok(prices) = fetched {
            known.prices = Some(prices);
        }
    }

    /// Hears what a server asks for.
    pub(super) fn hear(&self, challenge: &Challenge) {
        if challenge.price_rule().as_deref() == Some(RULE) {
            self.named.notify_one();
        }
    }

    /// Keeps a 402 that was paid, for an identical request; a server with known prices needs none.
    pub(super) fn remember(&self, now: Timestamp, identity: &Identity, forecast: Forecast) {
        let known_otherwise = forecast.challenge.price_rule().as_deref() == Some(RULE);
        if self.prepay == Prepay::Off || known_otherwise {
            return;
        }
        let mut known = self.known();
        if known.challenges.len() >= CHALLENGES {
            known.challenges.retain(|_, (_, until)| now < *until);
        }
        if known.challenges.len() < CHALLENGES {
            known.challenges.insert(digest(identity), (forecast, now + CHALLENGE_SECONDS));
        }
    }

    /// A forecast was not what the server asked for, or its call failed: the next one asks first.
    pub(super) fn was_wrong(&self, now: Timestamp, identity: &Identity) {
        let mut known = self.known();
        if known.challenges.remove(&digest(identity)).is_none() {
            (known.prices, known.not_before) = (None, now + PAUSE_SECONDS);
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// No prompt is kept.
fn digest(identity: &Identity) -> [u8; 32] {
    Sha256::digest(&identity.content).into()
}

impl fmt::Debug for Foresight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Foresight").field("prepay", &self.prepay).finish_non_exhaustive()
    }
}
