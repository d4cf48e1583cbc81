//! The claims on disk.

use alloy::primitives::{Address, B256};
use blockrun_llm::Usdc;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Claim, ClaimKey};
use crate::{
    ledger::{Executed, Ledger, Refusal, Transfer, amount, usdc},
    store::StoreError,
};

/// How a paid request stands to the claim on its nonce.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It may be taken.
    Free,
    /// This very payment for this very request was settled.
    Settled(Settled),
    /// The nonce belongs to something else; the text says to what.
    Conflict(&'static str),
}

/// What is kept of a settled claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settled {
    pub(crate) txid: B256,
    pub(crate) value: Usdc,
    /// The sealed answer; `None` when a stream was cut short by a crash and is still owed.
    pub(crate) answer: Option<Vec<u8>>,
}

/// Outcome of [`take`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Taken {
    /// The claim is ours: the provider may be asked.
    Ours,
    /// The token would refuse the transfer; nobody was asked and nothing is held.
    Refused(Refusal),
}

struct Stored {
    request: B256,
    authorization: B256,
    recovery: Option<B256>,
    valid_before: u64,
    state: String,
    settled: Option<Settled>,
}

/// Looks a claim up. The caller has its turn, so a claim that still says `running` was left by a
/// write that failed, and is as good as released.
pub(crate) fn standing(db: &Connection, claim: &Claim, now: u64) -> Result<Standing, StoreError> {
    let Some(stored) = find(db, &claim.key)? else { return Ok(Standing::Free) };
    if stored.request != claim.request {
        return Ok(Standing::Conflict("another request"));
    }
    let same = stored.authorization == claim.authorization;
    Ok(match (stored.state.as_str(), stored.settled) {
        ("settled", Some(settled)) if same && stored.recovery == claim.recovery => {
            Standing::Settled(settled)
        }
        ("settled", _) if same => Standing::Conflict("another recovery token"),
        ("refused", _) => Standing::Free,
        ("running" | "released", _) if same || stored.valid_before <= now => Standing::Free,
        _ => Standing::Conflict("another authorization"),
    })
}

/// Takes a free claim if the token would execute its transfer, less what the payer's other running
/// claims hold. A refusal is recorded too.
pub(crate) fn take(
    db: &Connection,
    ledger: &Ledger,
    claim: &Claim,
    transfer: &Transfer,
    now: u64,
) -> Result<Taken, StoreError> {
    let held = held(db, &claim.key, now)?;
    let refusal = ledger.check(db, transfer, held, now)?;
    let state = if refusal.is_some() { "refused" } else { "running" };
    let valid_before = i64::try_from(transfer.valid_before).unwrap_or(i64::MAX);
    db.execute(
        "INSERT OR REPLACE INTO claims (network, asset, payer, nonce, request, authorization,
             value, valid_before, state, recovery)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            claim.key.network,
            claim.key.asset.as_slice(),
            claim.key.payer.as_slice(),
            claim.key.nonce.as_slice(),
            claim.request.as_slice(),
            claim.authorization.as_slice(),
            amount(transfer.value)?,
            valid_before,
            state,
            claim.recovery.as_ref().map(B256::as_slice),
        ],
    )?;
    Ok(refusal.map_or(Taken::Ours, Taken::Refused))
}

/// Lets a claim go: nothing was settled, the same payment may come again.
pub(crate) fn release(db: &Connection, key: &ClaimKey) -> Result<(), StoreError> {
    update(db, key, "state = 'released'", params![])
}

/// Lets every running claim go: at start, when whoever ran them is dead.
pub(crate) fn release_all(db: &Connection) -> Result<usize, StoreError> {
    Ok(db.execute("UPDATE claims SET state = 'released' WHERE state = 'running'", [])?)
}

/// Executes the transfer of a claim and keeps its answer, both or neither.
/// A transfer that the token refuses releases the claim.
pub(crate) fn settle(
    db: &Connection,
    ledger: &Ledger,
    key: &ClaimKey,
    transfer: &Transfer,
    answer: Option<&[u8]>,
    now: u64,
) -> Result<Result<Executed, Refusal>, StoreError> {
    let outcome = ledger.execute(db, transfer, now)?;
    match &outcome {
        Err(_) => release(db, key)?,
        Ok(executed) => update(
            db,
            key,
            "state = 'settled', txid = ?5, answer = ?6",
            params![executed.txid.as_slice(), answer],
        )?,
    }
    Ok(outcome)
}

/// Keeps the answer of a settled claim whose stream has ended.
pub(crate) fn record(db: &Connection, key: &ClaimKey, answer: &[u8]) -> Result<(), StoreError> {
    update(db, key, "answer = ?5", params![answer])
}

fn update(
    db: &Connection,
    key: &ClaimKey,
    change: &str,
    values: &[&dyn rusqlite::ToSql],
) -> Result<(), StoreError> {
    let sql = format!(
        "UPDATE claims SET {change} WHERE network = ?1 AND asset = ?2 AND payer = ?3 AND nonce = ?4"
    );
    let (asset, payer, nonce) = (key.asset.as_slice(), key.payer.as_slice(), key.nonce.as_slice());
    let mut bound = params![key.network, asset, payer, nonce].to_vec();
    bound.extend(values);
    match db.execute(&sql, bound.as_slice())? {
        1 => Ok(()),
        _ => Err(StoreError::Damaged("a claim")),
    }
}

/// What the payer's other running claims hold of its balance.
fn held(db: &Connection, key: &ClaimKey, now: u64) -> Result<Usdc, StoreError> {
    let sql = "SELECT coalesce(sum(value), 0) FROM claims
               WHERE payer = ?1 AND state = 'running' AND nonce <> ?2 AND valid_before > ?3";
    let bound = params![key.payer.as_slice(), key.nonce.as_slice(), now.cast_signed()];
    usdc(db.query_row(sql, bound, |row| row.get(0))?)
}

fn find(db: &Connection, key: &ClaimKey) -> Result<Option<Stored>, StoreError> {
    let sql = "SELECT request, authorization, recovery, valid_before, state, txid, value, answer
               FROM claims WHERE network = ?1 AND asset = ?2 AND payer = ?3 AND nonce = ?4";
    let asset: &Address = &key.asset;
    let bound = params![key.network, asset.as_slice(), key.payer.as_slice(), key.nonce.as_slice()];
    db.query_row(sql, bound, |row| Ok(read(row))).optional()?.transpose()
}

fn read(row: &Row<'_>) -> Result<Stored, StoreError> {
    let txid: Option<[u8; 32]> = row.get(5)?;
    let value = usdc(row.get(6)?)?;
    let answer = row.get(7)?;
    Ok(Stored {
        request: row.get::<_, [u8; 32]>(0)?.into(),
        authorization: row.get::<_, [u8; 32]>(1)?.into(),
        recovery: row.get::<_, Option<[u8; 32]>>(2)?.map(B256::from),
        valid_before: row.get::<_, i64>(3)?.cast_unsigned(),
        state: row.get(4)?,
        settled: txid.map(|txid| Settled { txid: txid.into(), value, answer }),
    })
}

#[cfg(test)]
mod tests {
    use blockrun_llm::networks::BASE_SEPOLIA;

    use super::*;

    const NOW: u64 = 1_800_000_000;

    struct Desk {
        db: Connection,
        ledger: Ledger,
    }

    impl Desk {
        fn new() -> Self {
            let db = Connection::open_in_memory().unwrap();
            db.execute_batch(include_str!("../store/schema.sql")).unwrap();
            let payee = Address::repeat_byte(9);
            let starting_balance = Usdc::from_micro(1_000);
            let ledger = Ledger { network: &BASE_SEPOLIA, payee, starting_balance };
            ledger.found(&db, NOW).unwrap();
            Self { db, ledger }
        }

        fn take(&self, claim: &Claim, micro: u128) -> Taken {
            take(&self.db, &self.ledger, claim, &transfer(claim, micro), NOW).unwrap()
        }

        fn settle(&self, claim: &Claim, micro: u128) -> Result<Executed, Refusal> {
            let transfer = transfer(claim, micro);
            let answer = Some(b"sealed".as_slice());
            settle(&self.db, &self.ledger, &claim.key, &transfer, answer, NOW).unwrap()
        }

        fn standing(&self, claim: &Claim, now: u64) -> Standing {
            standing(&self.db, claim, now).unwrap()
        }
    }

    fn claim(nonce: u8) -> Claim {
        Claim {
            key: ClaimKey {
                network: BASE_SEPOLIA.caip2,
                asset: BASE_SEPOLIA.usdc,
                payer: Address::repeat_byte(1),
                nonce: B256::repeat_byte(nonce),
            },
            request: B256::repeat_byte(1),
            authorization: B256::repeat_byte(1),
            recovery: None,
        }
    }

    fn transfer(claim: &Claim, micro: u128) -> Transfer {
        Transfer {
            payer: claim.key.payer,
            payee: Address::repeat_byte(9),
            value: Usdc::from_micro(micro),
            valid_after: 0,
            valid_before: NOW + 60,
            nonce: claim.key.nonce,
            purchase: String::new(),
        }
    }

    fn other(claim: &Claim) -> Claim {
        Claim { authorization: B256::repeat_byte(2), ..claim.clone() }
    }

    #[test]
    fn a_settled_claim_answers_its_own_payment_only() {
        let (desk, claim) = (Desk::new(), claim(1));
        assert_eq!(desk.standing(&claim, NOW), Standing::Free);
        assert_eq!(desk.take(&claim, 400), Taken::Ours);
        let executed = desk.settle(&claim, 400).unwrap();
        let Standing::Settled(settled) = desk.standing(&claim, NOW + 9_999) else { panic!() };
        assert_eq!((settled.txid, settled.value.micro()), (executed.txid, 400));
        assert_eq!(settled.answer.unwrap(), b"sealed");
        for stranger in [
            other(&claim),
            Claim { request: B256::ZERO, ..claim.clone() },
            Claim { recovery: Some(B256::ZERO), ..claim },
        ] {
            assert!(matches!(desk.standing(&stranger, NOW + 9_999), Standing::Conflict(_)));
        }
    }

    #[test]
    fn running_claims_hold_the_balance() {
        let desk = Desk::new();
        assert_eq!(desk.take(&claim(1), 600), Taken::Ours);
        let Taken::Refused(refusal) = desk.take(&claim(2), 600) else { panic!() };
        assert_eq!(refusal.code(), "insufficient_funds");
        // Taken again, a claim does not stand in its own way.
        assert_eq!(desk.take(&claim(1), 600), Taken::Ours);
        release(&desk.db, &claim(1).key).unwrap();
        assert_eq!(desk.take(&claim(2), 600), Taken::Ours);
    }

    #[test]
    fn who_may_take_a_claim_again() {
        let (desk, claim) = (Desk::new(), claim(1));
        desk.take(&claim, 2_000);
        assert_eq!(desk.standing(&other(&claim), NOW), Standing::Free, "refused: anyone");
        desk.take(&claim, 600);
        assert_eq!(release_all(&desk.db).unwrap(), 1);
        assert_eq!(desk.standing(&claim, NOW), Standing::Free, "released: the same");
        let conflict = Standing::Conflict("another authorization");
        assert_eq!(desk.standing(&other(&claim), NOW), conflict);
        assert_eq!(desk.standing(&other(&claim), NOW + 60), Standing::Free, "expired: anyone");
    }

    #[test]
    fn a_transfer_that_is_refused_at_last_releases_the_claim() {
        let (desk, claim) = (Desk::new(), claim(1));
        assert_eq!(desk.take(&claim, 600), Taken::Ours);
        let late = transfer(&claim, 600);
        let outcome = settle(&desk.db, &desk.ledger, &claim.key, &late, None, NOW + 60).unwrap();
        assert_eq!(outcome, Err(Refusal::Expired));
        assert_eq!(desk.standing(&claim, NOW), Standing::Free);
        assert_eq!(desk.ledger.balance(&desk.db, claim.key.payer).unwrap().micro(), 1_000);
    }
}
