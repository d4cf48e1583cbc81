//! Fetching a paid answer again by its id and its recovery token, without the request.

use std::{sync::Arc, time::Duration};

use axum::response::{IntoResponse, Response};
use blockrun_llm::Usdc;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{
    answer::{Receipt, gone, in_flight, ok},
    incoming,
    reconcile::reconcile,
};
use crate::{
    app::{App, now},
    claim::{self, Answer, ClaimKey, Kept, RecoveryToken, Seal, Standing},
    problem::Problem,
    settlement::Outcome,
};

/// The stored answer of a call, with its receipt in both versions of the protocol.
pub(crate) async fn recover(
    app: &Arc<App>,
    id: String,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let token = incoming::recovery_token(headers)?;
    let named = app.store.run(move |db| claim::named(db, &id)).await;
    let named = named.map_err(|error| Problem::internal(&error))?;
    if named.is_empty() {
        return Err(nothing());
    }
    let token = token.ok_or_else(closed)?;
    let own = named.into_iter().find(|named| named.recovery == Some(token.hash()));
    let key = own.ok_or_else(closed)?.key;
    // Whoever has the turn is still making the answer.
    let turn = app.turns.wait(&key, Duration::ZERO).await.ok_or_else(in_flight)?;
    let mut bought = find(app, &key).await?;
    if let Standing::Settling(pending) = bought {
        let receipt = receipt(app, &key, pending.value);
        if let Outcome::Unknown(txid) = reconcile(app, pending).await {
            return Ok(receipt.pending(txid));
        }
        bought = find(app, &key).await?;
    }
    drop(turn);
    let Standing::Settled(settled, kept) = bought else { return Err(nothing()) };
    let response = match kept {
        Kept::Answer(answer) => open(&key, &token, &answer)?,
        Kept::Owed => owed().into_response(),
        Kept::Gone => gone().into_response(),
    };
    let mut response = receipt(app, &key, settled.value).settled(response, settled.txid);
    // Any cache would answer the next one without asking for the token.
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

async fn find(app: &App, key: &ClaimKey) -> Result<Standing, Problem> {
    let key = key.clone();
    let bought = app.store.run(move |db| claim::bought(db, &key, now())).await;
    bought.map_err(|error| Problem::internal(&error))
}

const fn receipt(app: &App, key: &ClaimKey, amount: Usdc) -> Receipt {
    Receipt { version: None, network: app.terms.network, payer: key.payer, amount }
}

fn open(key: &ClaimKey, token: &RecoveryToken, answer: &Answer) -> Result<Response, Problem> {
    let seal = Seal::new(key, Some(token), &[]).map_err(|error| Problem::internal(&error))?;
    let opened = seal.open(&answer.sealed).map_err(|_| closed())?;
    Ok(ok(answer.streamed, opened))
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

fn owed() -> Problem {
    let message = "This call is paid for and its streamed answer was cut short: send the same \
                   request with the same payment again to get it, it is not charged again.";
    Problem::new(StatusCode::CONFLICT, "answer_owed", message)
}
