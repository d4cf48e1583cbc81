//! `/settle`: one transfer, whoever asks for it how often.

use std::sync::Arc;

use alloy::primitives::{B256, keccak256};
use blockrun_llm::{Usdc, x402::InvalidReason};
use tokio::time::Instant;

use super::{Asked, Facilitator, SettleReply, reply::Of};
use crate::{
    app::{App, now},
    claim::{
        self, Answer, Claim, ClaimKey, Elsewhere, Kept, Limits, Standing, Taken, Turn, request_hash,
    },
    sale::{reconcile, standing_by},
    settlement::{Checked, Due, Outcome, Transfer, Unavailable, unsigned},
    store::StoreError,
};

/// Domain of the hash that is kept of a settlement's name.
const NAME: &str = "blockrun/settle/v1";
/// The least validity that is left to a payment when it is verified, in seconds: what a settlement
/// that was executed since must have had.
const SETTLE_MARGIN: u64 = 6;

/// What is to be told about a settlement. It has the turn of its claim until it is told.
pub(crate) struct Told {
    reply: SettleReply,
    /// A success that is told once, and what it is when another process has told it.
    once: Option<(ClaimKey, SettleReply)>,
    _turn: Option<Turn>,
}

impl Told {
    /// Says it. A caller that hung up before was told nothing, and finds it when it comes again.
    ///
    /// # Errors
    /// When it cannot be kept that it was said; it can be said again then.
    pub(crate) async fn tell(self, app: &App) -> Result<SettleReply, Unavailable> {
        let Some((key, used)) = self.once else { return Ok(self.reply) };
        let first = app.store.run(move |db| claim::spend(db, &key)).await?;
        Ok(if first { self.reply } else { used })
    }
}

/// Settles a payment, or finds what became of it before.
///
/// A settlement has a name where its caller gives it one (`Idempotency-Key`): whoever repeats the name
/// with the payment is told the same again, so that a lost answer is found. Without a name a success
/// is told once, and the authorization is used from then on: a resource server that keeps no books of
/// its own would otherwise hand out an answer for every copy of one payment.
///
/// # Errors
/// When nothing could be asked or kept. Nothing was sent then that was not sent before.
pub(crate) async fn settle(
    app: &Arc<App>,
    options: &Facilitator,
    asked: &Asked,
    name: Option<&str>,
) -> Result<Told, Unavailable> {
    let of = Of { payer: asked.payment.authorization.from, network: asked.network() };
    let (transfer, late) = match judge(app, options, asked) {
        Ok(judged) => judged,
        Err(reason) => {
            return Ok(Told { reply: SettleReply::refused(&of, reason), once: None, _turn: None });
        }
    };
    let (claim, value) = (claim(app, asked, name), transfer.value);
    let key = claim.key.clone();
    let turn = app.turns.wait(&key, app.config.replay_wait).await;
    let turn = turn.ok_or_else(busy)?;
    let (reply, once) = match outcome(app, claim, transfer, late).await? {
        Outcome::Settled(txid) => {
            let used = || SettleReply::refused(&of, used("this settlement"));
            let once = name.is_none().then(|| (key, used()));
            (SettleReply::settled(&of, txid, value), once)
        }
        Outcome::Refused(reason) => (SettleReply::refused(&of, reason), None),
        Outcome::Unknown(txid) => (SettleReply::pending(&of, txid), None),
    };
    Ok(Told { reply, once, _turn: Some(turn) })
}

/// The transfer, and why it is too late to execute it now: one that was executed in time stays good.
fn judge(
    app: &App,
    options: &Facilitator,
    asked: &Asked,
) -> Result<(Transfer, Option<InvalidReason>), InvalidReason> {
    let verify = |at| asked.verify(app.terms.network, options, at);
    let now = now();
    let end = asked.payment.authorization.valid_before.saturating_to::<u64>();
    match verify(now) {
        Ok(transfer) => Ok((transfer, None)),
        Err(reason) => match verify(now.min(end.saturating_sub(SETTLE_MARGIN))) {
            Ok(transfer) => Ok((transfer, Some(reason))),
            Err(_) => Err(reason),
        },
    }
}

async fn outcome(
    app: &App,
    claim: Claim,
    transfer: Transfer,
    late: Option<InvalidReason>,
) -> Result<Outcome, Unavailable> {
    let deadline = Instant::now() + app.config.replay_wait;
    Ok(match standing_by(app, &claim, deadline).await? {
        Standing::Conflict(_) => Outcome::Refused(used("something else")),
        Standing::Settled(_, Kept::Gone) if claim.recovery.is_none() => {
            Outcome::Refused(used("this settlement"))
        }
        Standing::Settled(settled, _) => Outcome::Settled(settled.txid),
        Standing::Elsewhere(Elsewhere::Making) => return Err(busy()),
        Standing::Elsewhere(Elsewhere::Settling(pending)) => Outcome::Unknown(pending.txid),
        Standing::Elsewhere(Elsewhere::Streaming(settled)) => Outcome::Settled(settled.txid),
        Standing::Settling(pending) => reconcile(app, pending).await,
        Standing::Free => match late {
            None => execute(app, claim, transfer).await?,
            Some(reason) => Outcome::Refused(reason),
        },
    })
}

/// The claim of a settlement. It is of another request than any sale here.
fn claim(app: &App, asked: &Asked, name: Option<&str>) -> Claim {
    let request = request_hash("POST", "/settle", &[]);
    let mut claim = Claim::new(app.terms.network, &asked.payment, request, None, Vec::new());
    claim.recovery = name.map(hash);
    // What somebody else sold cannot be fetched here.
    claim.ids.clear();
    claim
}

fn busy() -> Unavailable {
    Unavailable("another request for it takes its time".into())
}

fn hash(name: &str) -> B256 {
    keccak256([NAME.as_bytes(), name.as_bytes()].concat())
}

fn used(what: &str) -> InvalidReason {
    let detail = format!("the authorization was used before, for {what}");
    InvalidReason::new("invalid_exact_evm_nonce_already_used", detail)
}

async fn execute(app: &App, claim: Claim, transfer: Transfer) -> Result<Outcome, Unavailable> {
    if let Some(reason) = unsigned(app.settlement.as_ref(), &transfer).await? {
        return Ok(Outcome::Refused(reason));
    }
    let key = claim.key.clone();
    let held = take(app, claim, &transfer).await?;
    match app.settlement.check(&key, &transfer, held).await {
        Ok(Checked::Good) => (),
        Ok(Checked::Refused(reason)) => {
            app.store.run(move |db| claim::refuse(db, &key)).await?;
            return Ok(Outcome::Refused(reason));
        }
        Err(error) => {
            app.store.run(move |db| claim::release(db, &key)).await?;
            return Err(error);
        }
    }
    let due = Due { key: key.clone(), transfer, model: String::new(), answer: None };
    match app.settlement.settle(due).await {
        Ok(outcome) => Ok(outcome),
        Err(error) => {
            app.store.run(move |db| claim::release(db, &key)).await?;
            Err(error)
        }
    }
}

/// Takes the claim, with an empty answer: there is nothing to hand out but the settlement itself, and
/// none of the room for answers is needed. Returns what the payer's earlier claims hold.
async fn take(app: &App, claim: Claim, transfer: &Transfer) -> Result<Usdc, Unavailable> {
    let limits = Limits { answer: 0, total: u64::MAX, retention: app.limits.retention };
    let transfer = transfer.clone();
    let taken = app.store.run(move |db| {
        let taken = claim::take(db, &claim, &transfer, &limits, now())?;
        let nothing = Answer { streamed: false, sealed: Vec::new() };
        match taken {
            Taken::Ours | Taken::Answered(_) => {
                claim::answered(db, &claim.key, &nothing)?;
                claim::held(db, &claim.key, now())
            }
            Taken::NotFree => Err(StoreError::Lost),
            // Without limits and without names it is neither.
            Taken::Full | Taken::OtherCall(_) => Err(StoreError::Damaged("a claim")),
        }
    });
    Ok(taken.await?)
}
