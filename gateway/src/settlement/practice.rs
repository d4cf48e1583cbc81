//! Settlement on the practice ledger: in the same database, so that a transfer and its claim change
//! together.

use blockrun_llm::{Usdc, x402::InvalidReason};

use super::{Checked, Due, Outcome, Pending, Settlement, Transfer, Unavailable};
use crate::{
    app::now,
    claim::{self, ClaimKey},
    ledger::{Ledger, Record, Refusal},
    store::{Db, Lock, Store, StoreError},
};

/// The model whose transfers are executed but reported as unknown, as when a chain does not answer.
const UNKNOWN: &str = "practice/unknown";
/// The model whose transfers are refused at last, as when a wallet is emptied meanwhile.
const UNSETTLED: &str = "practice/unsettled";

/// Settles on the practice ledger.
#[derive(Debug)]
pub(crate) struct Practice {
    store: Store,
    ledger: Ledger,
}

impl Practice {
    pub(crate) const fn new(store: Store, ledger: Ledger) -> Self {
        Self { store, ledger }
    }
}

#[async_trait::async_trait]
impl Settlement for Practice {
    /// There are no contracts on the ledger.
    async fn confirm(&self, transfer: &Transfer) -> Result<Checked, Unavailable> {
        Ok(signed(transfer))
    }

    async fn verify(&self, transfer: &Transfer, held: Usdc) -> Result<Checked, Unavailable> {
        let signed = signed(transfer);
        if signed != Checked::Good {
            return Ok(signed);
        }
        let (ledger, transfer) = (self.ledger, transfer.clone());
        let refusal = self.store.run(move |db| ledger.check(db, &transfer, held, now())).await?;
        Ok(checked(refusal))
    }

    async fn check(
        &self,
        key: &ClaimKey,
        transfer: &Transfer,
        _: Usdc,
    ) -> Result<Checked, Unavailable> {
        let (ledger, key, transfer) = (self.ledger, key.clone(), transfer.clone());
        let check = move |db: &Db| {
            // Anew, so that what an earlier claim holds and what it has paid are not counted both.
            db.lock(Lock::Payer(&key.payer))?;
            let held = claim::held(db, &key, now())?;
            ledger.check(db, &transfer, held, now())
        };
        Ok(checked(self.store.run(check).await?))
    }

    async fn settle(&self, due: Due) -> Result<Outcome, Unavailable> {
        let ledger = self.ledger;
        let txid = ledger.txid(&due.transfer);
        let outcome = self.store.run(move |db| execute(db, &ledger, &due)).await;
        Ok(outcome.unwrap_or_else(|error| {
            // It may have been kept all the same: a commit can fail after its write.
            tracing::error!(%error, "a settlement could not be confirmed");
            Outcome::Unknown(Some(txid))
        }))
    }

    async fn reconcile(&self, pending: Pending) -> Result<Outcome, Unavailable> {
        Ok(self.store.run(move |db| look_up(db, &pending)).await?)
    }
}

fn signed(transfer: &Transfer) -> Checked {
    transfer.own_signature().map_or_else(Checked::Refused, |_| Checked::Good)
}

fn checked(refusal: Option<Refusal>) -> Checked {
    refusal.map_or(Checked::Good, |refusal| Checked::Refused(refusal.into()))
}

fn execute(db: &Db, ledger: &Ledger, due: &Due) -> Result<Outcome, StoreError> {
    db.lock(Lock::Payer(&due.key.payer))?;
    due.answer.as_ref().map_or(Ok(()), |answer| claim::answered(db, &due.key, answer))?;
    let refused = if due.model == UNSETTLED {
        let (available, needed) = (Usdc::ZERO, due.transfer.value);
        Err(Refusal::Funds { available, needed })
    } else {
        ledger.execute(db, &due.transfer, now())?
    };
    match refused {
        Err(refusal) => {
            claim::release(db, &due.key)?;
            Ok(Outcome::Refused(refusal.into()))
        }
        Ok(executed) if due.model == UNKNOWN => {
            claim::settling(db, &due.key, executed.txid)?;
            Ok(Outcome::Unknown(Some(executed.txid)))
        }
        Ok(executed) => {
            claim::settled(db, &due.key, executed.txid)?;
            Ok(Outcome::Settled(executed.txid))
        }
    }
}

/// What is not on the ledger will never be.
fn look_up(db: &Db, pending: &Pending) -> Result<Outcome, StoreError> {
    if let Some(txid) = pending.txid
        && Record::get(db, txid)?.is_some()
    {
        claim::settled(db, &pending.key, txid)?;
        return Ok(Outcome::Settled(txid));
    }
    claim::release(db, &pending.key)?;
    let reason = InvalidReason::new("invalid_transaction_state", "it is not on the ledger");
    Ok(Outcome::Refused(reason))
}
