//! A claim that is ours: the provider, the settlement, the answer.

use std::{sync::Arc, time::Duration};

use alloy::primitives::B256;
use axum::response::{IntoResponse, Response};
use blockrun_llm::x402::Version;

use super::{
    Order,
    answer::{Receipt, conflict, gone, ok, provider_failed, still_owed, unavailable},
    relay::{self, Relayed},
};
use crate::{
    app::App,
    claim::{self, Answer, Claim, Kept, Seal, Settled, Turn},
    offer::Offer,
    problem::Problem,
    provider::{Completion, Frames, ProviderError},
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
        if self.order.chat.stream {
            self.sell_stream(sold).await
        } else {
            self.sell_whole(sold).await
        }
    }

    /// Answers a payment that was settled before.
    pub(super) async fn again(self, settled: Settled, kept: Kept) -> Result<Response, Problem> {
        let receipt = self.receipt(settled.value);
        let response = match kept {
            Kept::Owed => self.owed().await,
            Kept::Gone => gone().into_response(),
            Kept::Answer(answer) => self.open_answer(&answer)?,
        };
        Ok(receipt.settled(response, settled.txid))
    }

    fn open_answer(&self, answer: &Answer) -> Result<Response, Problem> {
        let opened = self.seal.open(&answer.sealed);
        let opened = opened.map_err(|_| conflict("an answer that only its buyer can open"))?;
        Ok(ok(answer.streamed, opened))
    }

    /// A stream that was paid for and cut short: the provider is asked again, nothing is charged.
    async fn owed(self) -> Response {
        let patience = self.app.config.provider_timeout;
        match self.open_stream(patience).await {
            Ok(frames) => ok(true, self.record(frames, patience)),
            Err(error) => still_owed(&error).into_response(),
        }
    }

    async fn sell_whole(self, sold: Sold) -> Result<Response, Problem> {
        let call = self.order.call();
        let completion = async { self.fitting(self.app.provider.complete(&call).await?) };
        let body = match relay::within(sold.patience, completion).await {
            Ok(answer) => answer.body,
            Err(error) => return Err(self.failed(&error).await),
        };
        let sealed = self.seal.close(&body).map_err(|error| Problem::internal(&error))?;
        let key = self.claim.key.clone();
        let answer = Answer { streamed: false, sealed };
        let kept = move |db: &_| claim::answered(db, &key, &answer);
        self.app.store.run(kept).await.map_err(|error| Problem::internal(&error))?;
        let receipt = self.receipt(sold.transfer.value);
        Ok(match self.settle(sold.transfer).await {
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
        Ok(match self.settle(transfer).await {
            Ok(txid) => receipt.settled(opened, txid),
            Err(response) => response,
        })
    }

    /// What is larger than what is kept could not be had again: it is not sold.
    fn fitting(&self, answer: Completion) -> Result<Completion, ProviderError> {
        let (size, limit) = (answer.body.len(), self.app.limits.answer);
        if u64::try_from(size).is_ok_and(|size| size <= limit) {
            return Ok(answer);
        }
        let message = format!("its answer has {size} bytes, and {limit} is the most that is sold");
        Err(ProviderError { message })
    }

    /// Settles at the first byte, so that the receipt can go ahead of the stream. While the
    /// settlement is unknown, the stream is recorded for whoever asks again.
    async fn sell_stream(self, sold: Sold) -> Result<Response, Problem> {
        let frames = match self.open_stream(sold.patience).await {
            Ok(frames) => frames,
            Err(error) => return Err(self.failed(&error).await),
        };
        let receipt = self.receipt(sold.transfer.value);
        Ok(match self.execute(sold.transfer).await {
            Ok(Outcome::Settled(txid)) => {
                receipt.settled(ok(true, self.record(frames, sold.patience)), txid)
            }
            Ok(Outcome::Unknown(txid)) => {
                drop(self.record(frames, sold.patience));
                receipt.pending(txid)
            }
            Ok(Outcome::Refused(reason)) => self.offer.refused(receipt, &reason),
            Err(error) => self.untried(&error).await.into_response(),
        })
    }

    async fn open_stream(&self, patience: Duration) -> Result<Frames, ProviderError> {
        let call = self.order.call();
        let opened = async { relay::first_frame(self.app.provider.stream(&call).await?).await };
        relay::within(patience, opened).await
    }

    /// Passes a stream on in the background and keeps all of it; the turn ends with the stream.
    fn record(self, frames: Frames, patience: Duration) -> axum::body::Body {
        let (feed, body) = relay::body();
        let tasks = self.app.tasks.clone();
        let limit = usize::try_from(self.app.limits.answer).unwrap_or(usize::MAX);
        tasks.spawn(async move {
            let kept = match relay::relay(frames, &feed, patience, limit).await {
                Relayed::Whole(whole) => self.keep(Some(&whole)).await,
                Relayed::TooLong => self.keep(None).await,
                Relayed::Broken => Ok(()),
            };
            if let Err(error) = kept {
                tracing::error!(%error, "a paid stream could not be kept for a replay");
            }
            drop(self.turn);
        });
        body
    }

    async fn keep(
        &self,
        whole: Option<&[u8]>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let sealed = whole.map(|whole| self.seal.close(whole)).transpose()?;
        let answer = sealed.map(|sealed| Answer { streamed: true, sealed });
        let key = self.claim.key.clone();
        Ok(self.app.store.run(move |db| claim::keep(db, &key, answer.as_ref())).await?)
    }

    /// Settles an answer that is kept. Returns the transaction, or the response that says why there
    /// is none.
    async fn settle(&self, transfer: Transfer) -> Result<B256, Response> {
        let receipt = self.receipt(transfer.value);
        match self.execute(transfer).await {
            Ok(Outcome::Settled(txid)) => Ok(txid),
            Ok(Outcome::Unknown(txid)) => Err(receipt.pending(txid)),
            Ok(Outcome::Refused(reason)) => Err(self.offer.refused(receipt, &reason)),
            Err(error) => Err(self.untried(&error).await.into_response()),
        }
    }

    async fn execute(&self, transfer: Transfer) -> Result<Outcome, Unavailable> {
        let (key, model) = (self.claim.key.clone(), self.order.model.id.clone());
        self.app.settlement.settle(Due { key, transfer, model }).await
    }

    /// The provider failed before anything was settled: the same payment may come again.
    async fn failed(&self, error: &ProviderError) -> Problem {
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

    fn receipt(&self, amount: blockrun_llm::Usdc) -> Receipt {
        let (network, payer) = (self.app.terms.network, self.claim.key.payer);
        Receipt { version: Some(self.version), network, payer, amount }
    }
}
