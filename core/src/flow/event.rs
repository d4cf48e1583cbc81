//! What goes into the flow and what comes out of it.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;

use crate::{
    clock::Timestamp,
    error::{Error, Proof},
    money::Usdc,
    networks::Network,
    x402::{Settlement, Terms, Transfer},
};

/// When an event happened, and the chance that belongs to it.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The local time of day.
    pub now: Timestamp,
    /// Time since the call began.
    pub elapsed: Duration,
    /// Time until the call's deadline.
    pub remaining: Duration,
    /// A random number of the call, for jitter.
    pub entropy: u32,
}

/// A complete response to a leg.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// The call begins.
    Start,
    /// The leg that was sent was answered.
    Answered(Answer),
    /// The leg failed before its first byte was written.
    NeverSent(Error),
    /// The leg failed later: it may have arrived.
    Lost(Error),
    /// The amount is reserved in every budget.
    Reserved,
    /// A budget refused the amount, or the journal could not be written.
    NotReserved(Error),
    /// The application agrees to pay.
    Approved,
    /// The application does not agree.
    Declined(Error),
    /// The signature.
    Signed([u8; 65]),
    /// The signer failed.
    NotSigned(Error),
    /// The payment is in the journal.
    Recorded,
    /// The journal could not be written.
    NotRecorded(Error),
    /// The time asked for has passed.
    Waited,
    /// What the chain says about the nonce.
    Chain(ChainAnswer),
    /// The total deadline has passed.
    Deadline,
    /// The application does not want the call any more.
    Cancelled,
}

/// What a chain says about an authorization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainAnswer {
    /// There is no endpoint to ask, or it did not answer.
    Unavailable,
    /// The `Transfer` of this nonce: it was paid.
    Paid {
        /// What was transferred, under whichever authorization of the nonce.
        amount: Usdc,
        /// Hash of the transaction.
        transaction: String,
    },
    /// The nonce is not used.
    Unused,
}

/// What to do next. Exactly one event answers each, but for the last two.
#[derive(Debug)]
pub enum Action {
    /// Send the request without a payment.
    SendUnpaid,
    /// Reserve this amount for the call in all budgets, or more if more is reserved already.
    Reserve(Terms),
    /// Ask the application.
    Approve(Terms),
    /// Sign this.
    Sign(Transfer),
    /// Write this to the journal; it is sent next.
    Record(Recording),
    /// Send the request with the payment, for the first time.
    SendPaid,
    /// Send the request with the very same payment again.
    Replay,
    /// Let this time pass.
    Wait(Duration),
    /// Ask the chain what became of the nonce.
    AskChain {
        /// Where.
        network: &'static Network,
    },
    /// Hand over the answer and close the books.
    Finish(Finished),
    /// Raise the error and close the books.
    Fail(Failure),
}

/// A signed payment that is about to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// What is authorized.
    pub transfer: Transfer,
    /// Name of the payment header.
    pub header_name: &'static str,
    /// Its value.
    pub header_value: String,
}

/// A payment that was recorded before and is taken up again.
#[derive(Clone, Debug)]
pub struct Resumed {
    /// What was signed last.
    pub transfer: Transfer,
    /// Most that anything signed for the call would cost.
    pub at_risk: Usdc,
    /// How it ended, when only its answer is wanted.
    pub ended: Option<Outcome>,
}

/// A call that was answered.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The answer.
    pub answer: Answer,
    /// How the books are closed.
    pub outcome: Outcome,
    /// What the server reported about the settlement.
    pub settlement: Option<Settlement>,
}

/// A call that ended with an error.
#[derive(Debug)]
pub struct Failure {
    /// The error, with what happened to the money.
    pub error: Error,
    /// How the books are closed.
    pub outcome: Outcome,
}

/// How a call's books are closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// No payment was sent: what was reserved is free again.
    Released,
    /// It was paid.
    Settled {
        /// What the chain shows, else the signed value: never what the server says.
        amount: Usdc,
        /// The transaction, where it is known.
        transaction: Option<String>,
        /// Who vouches for it: the server, which answered with success, or the chain.
        proof: Proof,
    },
    /// The server refused; the authorization lives until it expires.
    Refused {
        /// Unix time of expiry.
        live_until: Timestamp,
    },
    /// Nobody knows yet; the authorization lives until it expires.
    Unknown {
        /// Unix time of expiry.
        live_until: Timestamp,
    },
}
