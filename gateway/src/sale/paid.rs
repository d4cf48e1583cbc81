//! A claim that is ours: the provider, the settlement, the answer.

use std::{sync::Arc, time::Duration};

use alloy::primitives::B256;
use axum::response::{IntoResponse, Response};
use blockrun_llm::x402::{InvalidReason, Version};

use super::{
    Order,
    answer::{Receipt, conflict, gone, ok, provider_failed, still_owed},
    relay::{self, Relayed},
};
use crate::{
    app::{App, now},
    claim::{self, Answer, Claim, Kept, Seal, Settled, Turn},
    ledger::{Refusal, Transfer},
    offer::Offer,
    problem::Problem,
    provider::{Completion, Frames, ProviderError},
    store::StoreError,
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

/// A payment that is verified and claimed but not settled.
pub(super) struct Due {
    pub(super) transfer: Transfer,
    /// How long the provider may take.
    pub(super) patience: Duration,
}

impl Paid {
    /// Asks the provider, settles, answers.
    pub(super) async fn sell(self, due: Due) -> Result<Response, Problem> {
        if self.order.chat.stream {
            self.sell_stream(due).await
        } else {
            self.sell_whole(due).await
        }
    }

    /// Answers a payment that was settled before.
    pub(super) async fn again(self, settled: Settled, kept: Kept) -> Result<Response, Problem> {
        let receipt = self.receipt(settled.value);
        let response = match kept {
            Kept::Owed => self.owed().await,
            Kept::Gone => gone().into_response(),
            Kept::Answer(Answer { streamed, sealed }) => match self.seal.open(&sealed) {
                Ok(answer) => ok(streamed, answer),
                Err(_) => return Err(conflict("an answer that only its buyer can open")),
            },
        };
        Ok(receipt.settled(response, settled.txid))
    }

    /// A stream that was paid for and cut short: the provider is asked again, nothing is charged.
    async fn owed(self) -> Response {
        let patience = self.app.config.provider_timeout;
        match self.open(patience).await {
            Ok(frames) => ok(true, self.record(frames, patience)),
            Err(error) => still_owed(&error).into_response(),
        }
    }

    async fn sell_whole(self, due: Due) -> Result<Response, Problem> {
        let call = self.order.call();
        let completion = async { self.fitting(self.app.provider.complete(&call).await?) };
        let answer = match relay::within(due.patience, completion).await {
            Ok(answer) => answer.body,
            Err(error) => return Err(self.release(&error).await),
        };
        let sealed = self.seal.close(&answer).map_err(|error| Problem::internal(&error))?;
        let sealed = Answer { streamed: false, sealed };
        let receipt = self.receipt(due.transfer.value);
        Ok(match self.settle(due.transfer, Some(sealed)).await {
            Ok(txid) => receipt.settled(ok(false, answer), txid),
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

    /// Settles at the first byte, so that the receipt can go ahead of the stream.
    async fn sell_stream(self, due: Due) -> Result<Response, Problem> {
        let frames = match self.open(due.patience).await {
            Ok(frames) => frames,
            Err(error) => return Err(self.release(&error).await),
        };
        let receipt = self.receipt(due.transfer.value);
        Ok(match self.settle(due.transfer, None).await {
            Ok(txid) => receipt.settled(ok(true, self.record(frames, due.patience)), txid),
            Err(response) => response,
        })
    }

    async fn open(&self, patience: Duration) -> Result<Frames, ProviderError> {
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

    /// The settlement and the answer that it pays for, kept in one transaction. Returns its id, or
    /// the response that says why there is none.
    async fn settle(&self, transfer: Transfer, answer: Option<Answer>) -> Result<B256, Response> {
        let receipt = self.receipt(transfer.value);
        let txid = transfer.id(self.app.terms.network);
        let (key, ledger) = (self.claim.key.clone(), self.app.ledger);
        let settle =
            move |db: &_| claim::settle(db, &ledger, &key, &transfer, answer.as_ref(), now());
        match self.app.store.run(settle).await {
            Ok(Ok(executed)) => Ok(executed.txid),
            Ok(Err(refusal)) => Err(self.refused(receipt, refusal)),
            Err(error) => Err(unknown(&error, receipt, txid)),
        }
    }

    fn refused(&self, receipt: Receipt, refusal: Refusal) -> Response {
        let reason = InvalidReason::new(refusal.code(), refusal.to_string());
        receipt.failed(self.offer.response(Some(&reason)), refusal.code())
    }

    /// Nothing was settled: the same payment may come again.
    async fn release(&self, error: &ProviderError) -> Problem {
        let key = self.claim.key.clone();
        // A claim that cannot be released is found as left over by whoever has its next turn.
        if let Err(error) = self.app.store.run(move |db| claim::release(db, &key)).await {
            tracing::error!(%error, "a claim could not be released");
        }
        provider_failed(error)
    }

    fn receipt(&self, amount: blockrun_llm::Usdc) -> Receipt {
        let (network, payer) = (self.app.terms.network, self.claim.key.payer);
        Receipt { version: self.version, network, payer, amount }
    }
}

/// The store failed while it settled: it may or may not have kept the transaction.
fn unknown(error: &StoreError, receipt: Receipt, txid: B256) -> Response {
    tracing::error!(%error, "a settlement could not be confirmed");
    receipt.pending(txid)
}
