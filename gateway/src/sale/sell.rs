//! The order of a sale.

use std::{sync::Arc, time::Duration};

use axum::response::{IntoResponse, Response};
use blockrun_llm::{
    Usdc,
    x402::{InvalidReason, Payment, verify_terms},
};
use http::HeaderMap;
use tokio::time::Instant;
use tracing::Instrument;

use super::{
    Order,
    answer::{Receipt, conflict, full, in_flight, other_call, provider_failed, unavailable},
    elsewhere::standing_by,
    fallback::Fallback,
    give::give,
    incoming,
    paid::{Paid, Sold},
    reconcile::reconcile,
    replay::{last_event_id, only_from_the_beginning},
};
use crate::{
    app::{App, now},
    claim::{self, Claim, Elsewhere, Seal, Settled, Standing, Taken, Turn, request_hash},
    config::SETTLE_SECONDS,
    offer::Offer,
    problem::Problem,
    settlement::{self, Checked, Outcome, Pending, Transfer},
    store::Db,
};

/// Answers an order: free models at once, others for a payment, and with a 402 without one.
pub(crate) async fn serve(
    app: Arc<App>,
    order: Order,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let after = last_event_id(headers)?;
    let Some(offer) = order.offer(&app) else {
        if order.is_stream() {
            only_from_the_beginning(after)?;
        }
        let given = give(&app, &order, app.config.provider_timeout).await;
        return given.map_err(|error| provider_failed(&error));
    };
    let payment = match incoming::payment(headers)? {
        None => return Ok(offer.response(None)),
        Some(Err(reason)) => return Ok(offer.response(Some(&reason))),
        Some(Ok(payment)) => payment,
    };
    if !app.terms.protocols.offers(payment.version) {
        let reason = InvalidReason::new("invalid_x402_version", "this version is not offered here");
        return Ok(offer.response(Some(&reason)));
    }
    let token = incoming::recovery_token(headers)?;
    let ids = incoming::ids(headers, &payment)?;
    let request = request_hash(&order.method, &order.path, &order.body);
    let claim = Claim::new(app.terms.network, &payment, request, token.as_ref(), ids);
    let claim = Claim { model: Some(order.goods.model.id.clone()), ..claim };
    let seal = Seal::new(&claim.key, token.as_ref(), &order.body)
        .map_err(|error| Problem::internal(&error))?;
    let fallback = Fallback::of(&order.goods);
    // From here on a caller that hangs up changes nothing.
    let sale = Sale { app: Arc::clone(&app), order, offer, payment, claim, seal, after };
    let done = app.tasks.run(Box::pin(sale.run())).await;
    let mut response = done.map_err(|panic| Problem::internal(&panic))??;
    fallback.tell(&mut response);
    Ok(response)
}

/// One paid request.
struct Sale {
    app: Arc<App>,
    order: Order,
    offer: Offer,
    payment: Payment,
    claim: Claim,
    seal: Seal,
    after: Option<u64>,
}

impl Sale {
    async fn run(self) -> Result<Response, Problem> {
        let patience = self.app.config.replay_wait;
        let deadline = Instant::now() + patience;
        let turn = self.app.turns.wait(&self.claim.key, patience).await.ok_or_else(in_flight)?;
        Box::pin(self.proceed(turn, deadline)).await
    }

    async fn proceed(self, turn: Turn, deadline: Instant) -> Result<Response, Problem> {
        // Before the claim is read: one that ends in between is stored by then.
        let live = self.app.recordings.get(&self.claim.key);
        if let Some(transfer) = self.likely() {
            match self.take(&transfer).await? {
                (Taken::NotFree, _) => (),
                taken => {
                    self.verified(&transfer);
                    return Box::pin(self.taken(turn, transfer, taken)).await;
                }
            }
        }
        match self.standing(deadline).await? {
            Standing::Conflict(what) => Err(conflict(what)),
            Standing::Settled(settled, kept) => {
                Ok(self.paid(turn).again(settled, kept, live).await)
            }
            Standing::Settling(pending) => self.reconcile(turn, pending).await,
            Standing::Elsewhere(what) => self.elsewhere(what),
            Standing::Free => Box::pin(self.first(turn, deadline)).await,
        }
    }

    async fn standing(&self, deadline: Instant) -> Result<Standing, Problem> {
        let standing = standing_by(&self.app, &self.claim, deadline).await;
        standing.map_err(|error| Problem::of_store(&error))
    }

    /// Another process takes longer than is waited for.
    fn elsewhere(self, what: Elsewhere) -> Result<Response, Problem> {
        match what {
            Elsewhere::Making => Err(in_flight()),
            Elsewhere::Settling(pending) => Ok(self.receipt(pending.value).pending(pending.txid)),
            Elsewhere::Streaming(Settled { txid, value }) => {
                Ok(self.receipt(value).settled(in_flight().into_response(), txid))
            }
        }
    }

    fn receipt(&self, amount: Usdc) -> Receipt {
        Receipt {
            version: Some(self.payment.version),
            network: self.app.terms.network,
            payer: self.claim.key.payer,
            amount,
            answer: None,
        }
    }

    /// An earlier settlement ended unknown: what became of it?
    async fn reconcile(self, turn: Turn, pending: Pending) -> Result<Response, Problem> {
        let receipt = self.receipt(pending.value);
        match reconcile(&self.app, pending).await {
            Outcome::Unknown(txid) => Ok(receipt.pending(txid)),
            Outcome::Refused(reason) => Ok(self.offer.refused(receipt, &reason)),
            Outcome::Settled(_) => match self.standing(Instant::now()).await? {
                Standing::Settled(settled, kept) => {
                    Ok(self.paid(turn).again(settled, kept, None).await)
                }
                other => Err(Problem::internal(&format!("after a settlement: {other:?}"))),
            },
        }
    }

    /// Verifies and claims a payment that was not settled yet.
    async fn first(self, turn: Turn, deadline: Instant) -> Result<Response, Problem> {
        if self.order.is_stream() {
            only_from_the_beginning(self.after)?;
        }
        let verified = tracing::info_span!("verify").in_scope(|| self.verify());
        let transfer = match verified {
            Ok(transfer) => transfer,
            Err(reason) => return Ok(self.offer.response(Some(&reason))),
        };
        if let Some(reason) = self.unsigned(&transfer).await? {
            return Ok(self.offer.response(Some(&reason)));
        }
        self.verified(&transfer);
        self.app.gate.let_payer(transfer.payer, &self.order.ticket)?;
        match self.take(&transfer).await? {
            (Taken::NotFree, _) => Box::pin(self.proceed(turn, deadline)).await,
            taken => self.taken(turn, transfer, taken).await,
        }
    }

    /// The transfer of a payment that can be claimed without a look at what is known of it. Nearly every
    /// payment comes for the first time: then one write looks, claims, and counts what is held. Nothing is
    /// said of any other payment here, and where payers are limited, one that comes again is not counted.
    fn likely(&self) -> Option<Transfer> {
        if self.app.gate.counts_payers() {
            return None;
        }
        if self.order.is_stream() {
            only_from_the_beginning(self.after).ok()?;
        }
        let transfer = tracing::info_span!("verify").in_scope(|| self.verify()).ok()?;
        transfer.own_signature().ok()?;
        Some(transfer)
    }

    fn verified(&self, transfer: &Transfer) {
        self.app.metrics.verified();
        self.order.ticket.is_paid_by(transfer.payer);
    }

    /// Claims a verified payment. Returns with it what the payer's earlier claims hold.
    async fn take(&self, transfer: &Transfer) -> Result<(Taken, Usdc), Problem> {
        let (claim, taking, limits) = (self.claim.clone(), transfer.clone(), self.app.limits);
        let take = move |db: &Db| {
            let taken = claim::take(db, &claim, &taking, &limits, now())?;
            let held = match taken {
                Taken::Ours | Taken::Answered(_) => claim::held(db, &claim.key, now())?,
                _ => Usdc::ZERO,
            };
            Ok((taken, held))
        };
        let claiming = self.app.store.run(take).instrument(tracing::info_span!("claim"));
        claiming.await.map_err(|error| Problem::of_store(&error))
    }

    /// What follows from an attempt to take the claim.
    async fn taken(
        self,
        turn: Turn,
        transfer: Transfer,
        (taken, held): (Taken, Usdc),
    ) -> Result<Response, Problem> {
        match taken {
            Taken::Ours => self.check(turn, transfer, held).await,
            Taken::Answered(answer) => self.paid(turn).settle_answered(transfer, answer).await,
            Taken::Full => Err(full()),
            Taken::OtherCall(id) => Err(other_call(&id)),
            Taken::NotFree => Err(in_flight()),
        }
    }

    /// Whether the money is there, and only then the provider.
    async fn check(self, turn: Turn, transfer: Transfer, held: Usdc) -> Result<Response, Problem> {
        let key = self.claim.key.clone();
        let checked = match self.app.settlement.check(&key, &transfer, held).await {
            Err(error) => return Err(self.paid(turn).untried(&error).await),
            // A chain may have taken its time.
            Ok(Checked::Good) => self.patience(transfer.valid_before),
            Ok(Checked::Refused(reason)) => Err(reason),
        };
        match checked {
            Ok(patience) => self.paid(turn).sell(Sold { transfer, patience }).await,
            Err(reason) => {
                let refused = self.app.store.run(move |db| claim::refuse(db, &key)).await;
                refused.map_err(|error| Problem::of_store(&error))?;
                Ok(self.offer.response(Some(&reason)))
            }
        }
    }

    /// Everything about the payment that needs no ledger, but its signature.
    fn verify(&self) -> Result<Transfer, InvalidReason> {
        let offered = self.offer.requirement(self.payment.version).map_err(|error| {
            InvalidReason::new("invalid_payment_requirements", error.to_string())
        })?;
        let verified = verify_terms(&self.payment, &offered, now())?;
        self.patience(verified.valid_before)?;
        let transfer = Transfer::new(&verified, &self.payment, self.offer.description.clone());
        Ok(Transfer { resource: self.offer.url.clone(), ..transfer })
    }

    /// Why the payer did not sign, before there is a claim.
    async fn unsigned(&self, transfer: &Transfer) -> Result<Option<InvalidReason>, Problem> {
        let unsigned = settlement::unsigned(self.app.settlement.as_ref(), transfer).await;
        unsigned.map_err(|error| {
            tracing::warn!(%error, "a contract's signature cannot be checked");
            unavailable()
        })
    }

    /// The time that is left for an answer, so that its payment can still be settled.
    fn patience(&self, valid_before: u64) -> Result<Duration, InvalidReason> {
        match valid_before.saturating_sub(now() + SETTLE_SECONDS) {
            0 => {
                let detail = format!("it must stay valid for more than {SETTLE_SECONDS} seconds");
                let code = "invalid_exact_evm_payload_authorization_valid_before";
                Err(InvalidReason::new(code, detail))
            }
            left => Ok(Duration::from_secs(left).min(self.app.config.provider_timeout)),
        }
    }

    fn paid(self, turn: Turn) -> Paid {
        Paid {
            app: self.app,
            order: self.order,
            offer: self.offer,
            version: self.payment.version,
            claim: self.claim,
            seal: self.seal,
            after: self.after,
            turn,
        }
    }
}
