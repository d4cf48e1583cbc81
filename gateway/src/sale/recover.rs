//! Fetching a paid answer again by its id and its recovery token, without the request.

use std::{sync::Arc, time::Duration};

use axum::response::{IntoResponse, Response};
use blockrun_llm::{Usdc, x402::payment_id};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{
    answer::{Receipt, gone, in_flight, owed},
    incoming,
    reconcile::reconcile,
    replay::{self, last_event_id},
};
use crate::{
    app::{App, now},
    claim::{self, Answer, ClaimKey, Elsewhere, Kept, RecoveryToken, Seal, Settled, Standing},
    problem::Problem,
    settlement::{Outcome, Pending},
};

/// As long as the upkeep of the store may take to look one settlement up.
const A_LOOK: Duration = Duration::from_millis(300);

/// The answer of a call, with its receipt in both versions of the protocol. A stream goes on behind
/// the event that `Last-Event-ID` names, while it is being made too.
pub(crate) async fn recover(
    app: &Arc<App>,
    id: String,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let token = incoming::recovery_token(headers)?;
    let after = last_event_id(headers)?;
    let named = app.store.run(move |db| claim::named(db, &id)).await;
    let named = named.map_err(|error| Problem::of_store(&error))?;
    if named.is_empty() {
        return Err(nothing());
    }
    let token = token.ok_or_else(closed)?;
    let own = named.into_iter().find(|named| named.recovery == Some(token.hash()));
    let call = Call { app, key: own.ok_or_else(closed)?.key, token };
    // Any cache would answer the next one without asking for the token.
    let mut response = call.answer(after).await?;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// A call whose buyer is asking.
struct Call<'a> {
    app: &'a Arc<App>,
    key: ClaimKey,
    token: RecoveryToken,
}

impl Call<'_> {
    async fn answer(&self, after: Option<u64>) -> Result<Response, Problem> {
        // Before the claim is read: one that ends in between is stored by then.
        let live = self.app.recordings.get(&self.key);
        let (live, bought) = match (live, self.bought().await?) {
            // Without a recording and an answer, somebody may have begun meanwhile.
            (None, bought) if !is_final(&bought) => {
                // Whoever keeps the turn is still making the answer.
                let turn = self.app.turns.wait(&self.key, A_LOOK).await;
                let turn = turn.ok_or_else(in_flight)?;
                let live = self.app.recordings.get(&self.key);
                let bought = self.reconciled().await?;
                drop(turn);
                (live, bought)
            }
            found => found,
        };
        let (settled, kept) = match bought {
            Standing::Settled(settled, kept) => (settled, kept),
            Standing::Settling(Pending { value, txid, .. }) => {
                return Ok(self.receipt(value).pending(txid));
            }
            Standing::Elsewhere(Elsewhere::Making) => return Err(in_flight()),
            Standing::Elsewhere(Elsewhere::Settling(Pending { value, txid, .. })) => {
                return Ok(self.receipt(value).pending(txid));
            }
            Standing::Elsewhere(Elsewhere::Streaming(Settled { txid, value })) => {
                return Ok(self.receipt(value).settled(in_flight().into_response(), txid));
            }
            Standing::Free | Standing::Conflict(_) => return Err(nothing()),
        };
        let response = match (live, kept) {
            (Some(live), _) => replay::live(&live, after, self.app.config.keep_alive),
            (None, Kept::Answer(answer) | Kept::Part(answer)) => self.open(&answer, after),
            (None, Kept::Owed) => Err(owed()),
            (None, Kept::Gone) => Err(gone()),
        };
        let response = response.unwrap_or_else(IntoResponse::into_response);
        Ok(self.receipt(settled.value).settled(response, settled.txid))
    }

    async fn bought(&self) -> Result<Standing, Problem> {
        let key = self.key.clone();
        let bought = self.app.store.run(move |db| claim::bought(db, &key, now())).await;
        bought.map_err(|error| Problem::of_store(&error))
    }

    /// The same once it is known what became of its settlement, if that can be known.
    async fn reconciled(&self) -> Result<Standing, Problem> {
        match self.bought().await? {
            Standing::Settling(pending) => match reconcile(self.app, pending.clone()).await {
                Outcome::Unknown(_) => Ok(Standing::Settling(pending)),
                Outcome::Settled(_) | Outcome::Refused(_) => self.bought().await,
            },
            bought => Ok(bought),
        }
    }

    fn open(&self, answer: &Answer, after: Option<u64>) -> Result<Response, Problem> {
        let seal = Seal::new(&self.key, Some(&self.token), &[]);
        let seal = seal.map_err(|error| Problem::internal(&error))?;
        let opened = seal.open(&answer.sealed).map_err(|_| closed())?;
        replay::stored(answer.streamed, opened, after)
    }

    fn receipt(&self, amount: Usdc) -> Receipt {
        Receipt {
            version: None,
            network: self.app.terms.network,
            payer: self.key.payer,
            amount,
            answer: Some(payment_id(&self.key.nonce)),
        }
    }
}

/// Whether nothing more comes of a claim.
const fn is_final(bought: &Standing) -> bool {
    matches!(bought, Standing::Settled(_, Kept::Answer(_) | Kept::Gone))
}

fn nothing() -> Problem {
    let message = "Nothing that was paid for has this id.";
    Problem::new(StatusCode::NOT_FOUND, "answer_not_found", message)
}

fn closed() -> Problem {
    let message = "This answer opens only with the recovery token (Blockrun-Recovery) that was \
                   sent with its payment; without one, send the same payment with the same request.";
    Problem::new(StatusCode::CONFLICT, "recovery_refused", message)
}
