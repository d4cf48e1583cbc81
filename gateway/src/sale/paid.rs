//! A claim that is ours: the provider, the settlement, the answer.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use alloy::primitives::B256;
use axum::response::{IntoResponse, Response};
use blockrun_llm::x402::Version;
use bytes::Bytes;
use tracing::Instrument;

use super::{
    Order,
    answer::{Receipt, conflict, gone, ok, provider_failed, unavailable},
    fallback::Fallback,
    give::give,
    relay, replay,
};
use crate::{
    app::App,
    claim::{self, Answer, Claim, Kept, Seal, Settled, Turn},
    offer::Offer,
    problem::Problem,
    provider::ProviderError,
    recording::Recording,
    settlement::{Due, Outcome, Transfer, Unavailable},
};

/// A sale whose claim is taken or settled. It has its turn until it is dropped.
pub(super) struct Paid {
    pub(super) app: Arc<App>,
    pub(super) order: Order,
    pub(super) offer: Offer,
    pub(super) version: Version,
    pub(super) claim: Claim,
    pub(super) seal: Seal,
    /// The last event that the client has of an answer that it had before.
    pub(super) after: Option<u64>,
    pub(super) turn: Turn,
}

/// A payment that is verified, claimed and checked, but not settled.
pub(super) struct Sold {
    pub(super) transfer: Transfer,
    /// How long the provider may take.
    pub(super) patience: Duration,
}

impl Paid {
    /// Asks the provider, settles, answers.
    pub(super) async fn sell(self, sold: Sold) -> Result<Response, Problem> {
        if Fallback::of(&self.order.goods).is_free() {
            self.forgo(sold.patience).await
        } else if self.order.is_stream() {
            self.sell_stream(sold).await
        } else {
            self.sell_whole(sold).await
        }
    }

    /// Answers a payment that was settled before; `live` is its answer while it is being made.
    pub(super) async fn again(
        self,
        settled: Settled,
        kept: Kept,
        live: Option<Arc<Recording>>,
    ) -> Response {
        let receipt = self.receipt(settled.value);
        let response = match (live, kept) {
            (Some(live), _) => replay::live(&live, self.after, self.app.config.keep_alive),
            (None, Kept::Answer(answer)) => self.open_answer(&answer),
            (None, Kept::Part(part)) if self.after.is_some() => self.open_answer(&part),
            (None, Kept::Part(_) | Kept::Owed) => self.make_up().await,
            (None, Kept::Gone) => Err(gone()),
        };
        receipt.settled(response.unwrap_or_else(IntoResponse::into_response), settled.txid)
    }

    fn open_answer(&self, answer: &Answer) -> Result<Response, Problem> {
        let opened = self.seal.open(&answer.sealed);
        let opened = opened.map_err(|_| conflict("an answer that only its buyer can open"))?;
        replay::stored(answer.streamed, opened, self.after)
    }

    /// The answer turned out to be free: the payment is let go.
    async fn forgo(self, patience: Duration) -> Result<Response, Problem> {
        match give(&self.app, &self.order, patience).await {
            Ok(response) => {
                self.release().await;
                Ok(response)
            }
            Err(error) => Err(self.failed(&error).await),
        }
    }

    async fn sell_whole(self, sold: Sold) -> Result<Response, Problem> {
        let completion = async { self.fitting(self.order.complete(&self.app).await?) };
        let body = match relay::within(sold.patience, completion).await {
            Ok(body) => body,
            Err(error) => return Err(self.failed(&error).await),
        };
        let sealed = self.seal.close(&body).map_err(|error| Problem::internal(&error))?;
        let answer = Answer { streamed: false, sealed };
        let receipt = self.receipt(sold.transfer.value);
        Ok(match self.settle(sold.transfer, Some(answer)).await {
            Ok(txid) => receipt.settled(ok(false, body), txid),
            Err(response) => response,
        })
    }

    /// Settles an answer that an earlier attempt left.
    pub(super) async fn settle_answered(
        self,
        transfer: Transfer,
        answer: Answer,
    ) -> Result<Response, Problem> {
        let receipt = self.receipt(transfer.value);
        // Before anything is charged for it.
        let opened = self.open_answer(&answer)?;
        Ok(match self.settle(transfer, None).await {
            Ok(txid) => receipt.settled(opened, txid),
            Err(response) => response,
        })
    }

    /// What is larger than what is kept could not be had again: it is not sold.
    fn fitting(&self, body: Bytes) -> Result<Bytes, ProviderError> {
        let (size, limit) = (body.len(), self.app.limits.answer);
        if u64::try_from(size).is_ok_and(|size| size <= limit) {
            return Ok(body);
        }
        let message = format!("its answer has {size} bytes, and {limit} is the most that is sold");
        Err(ProviderError::failed(message))
    }

    /// Settles an answer that is kept, or with this one that is not. Returns the transaction, or the
    /// response that says why there is none.
    async fn settle(&self, transfer: Transfer, answer: Option<Answer>) -> Result<B256, Response> {
        let receipt = self.receipt(transfer.value);
        match self.execute(transfer, answer).await {
            Ok(Outcome::Settled(txid)) => Ok(txid),
            Ok(Outcome::Unknown(txid)) => Err(receipt.pending(txid)),
            Ok(Outcome::Refused(reason)) => Err(self.offer.refused(receipt, &reason)),
            Err(error) => Err(self.untried(&error).await.into_response()),
        }
    }

    pub(super) async fn execute(
        &self,
        transfer: Transfer,
        answer: Option<Answer>,
    ) -> Result<Outcome, Unavailable> {
        let (key, model) = (self.claim.key.clone(), self.order.goods.model.id.clone());
        let (began, amount) = (Instant::now(), transfer.value);
        let due = Due { key, transfer, model: model.clone(), answer };
        let settling = self.app.settlement.settle(due);
        let outcome = settling.instrument(tracing::info_span!("settle")).await;
        self.app.metrics.settled(began, &outcome);
        if let Ok(Outcome::Settled(_)) = outcome {
            self.app.metrics.earned(&model, amount);
        }
        outcome
    }

    /// The provider failed before anything was settled: the same payment may come again.
    pub(super) async fn failed(&self, error: &ProviderError) -> Problem {
        self.release().await;
        provider_failed(error)
    }

    /// Nothing could be asked, nothing was sent: the same payment may come again.
    pub(super) async fn untried(&self, error: &Unavailable) -> Problem {
        tracing::warn!(%error, "nothing can be settled");
        self.release().await;
        unavailable()
    }

    async fn release(&self) {
        let key = self.claim.key.clone();
        // A claim that cannot be released is found as left over by whoever has its next turn.
        if let Err(error) = self.app.store.run(move |db| claim::release(db, &key)).await {
            tracing::error!(%error, "a claim could not be released");
        }
    }

    pub(super) fn receipt(&self, amount: blockrun_llm::Usdc) -> Receipt {
        let key = &self.claim.key;
        Receipt {
            version: Some(self.version),
            network: self.app.terms.network,
            payer: key.payer,
            amount,
            answer: self.claim.recovery.map(|_| self.claim.id.clone()),
        }
    }
}
