//! What is asked of [`PaidHttp`](super::PaidHttp), and what comes back.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde::Serialize;
use url::Url;

use crate::{
    error::{PaymentState, Proof},
    money::Usdc,
    x402::Settlement,
};

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
    /// The same request to other models, in order, for when this one fails before anything was
    /// signed. All of them are one call with one key: at most one of them is ever paid.
    pub fallbacks: Vec<Fallback>,
    /// Whether an event stream is wanted, piece by piece.
    pub events: bool,
    /// Total time for the call, replays included. Of a stream: the time that is spent waiting.
    pub timeout: Duration,
    /// Which call it is.
    pub key: CallKey,
    /// Whether the same payment may be sent again when its answer is lost.
    pub replay: Replay,
}

impl PaidRequest {
    /// A request with no body, no model, and a key made up at random.
    pub const fn new(method: Method, url: Url, timeout: Duration) -> Self {
        Self {
            method,
            url,
            body: Bytes::new(),
            model: None,
            fallbacks: Vec::new(),
            events: false,
            timeout,
            key: CallKey::Random,
            replay: Replay::Always,
        }
    }
}

/// What is asked instead when a model is not to be had.
#[derive(Clone, Debug)]
pub struct Fallback {
    /// The model, for the journal.
    pub model: String,
    /// The body.
    pub body: Bytes,
}

/// Which call a request is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CallKey {
    /// A call of its own. Where the same content was paid for and never answered, that one.
    #[default]
    Random,
    /// The same, under a key that was made up before: of an object that may be asked again.
    Made(String),
    /// The call of this idempotency key: paid at most once, in any process.
    Given(String),
    /// A call of a host that retries by itself: remembered by its content, so that its retry finds
    /// it.
    Host {
        /// Whether the host says that this is a retry: of the last call of the same content that
        /// this client made, answered or not.
        retry: bool,
    },
}

/// Whether a payment that was sent may be sent again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Replay {
    /// The same header again until an answer comes, as `AFTER_SENDING` says.
    #[default]
    Always,
    /// Once: for handlers that do their work anew for each request.
    Never,
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

impl Receipt {
    /// What an error says about the money of a call that was paid for by this.
    pub(crate) fn charged(&self) -> PaymentState {
        PaymentState::Charged {
            amount: self.amount,
            transaction: self.transaction.clone(),
            proof: Proof::Server,
        }
    }
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
