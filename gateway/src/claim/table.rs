//! The claims on disk: looking one up, and taking it.

use alloy::primitives::B256;
use blockrun_llm::Usdc;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    Claim, ClaimKey, Limits, State,
    ids::{bind, foreign},
    room::{has_room, prune},
};
use crate::{
    ledger::{Ledger, Refusal, Transfer, amount, usdc},
    store::StoreError,
};

/// How a paid request stands to the claim on its nonce.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It may be taken.
    Free,
    /// This very payment for this very request was settled, and this is what is kept of it.
    Settled(Settled, Kept),
    /// The nonce belongs to something else; the text says to what.
    Conflict(&'static str),
}

/// A settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settled {
    pub(crate) txid: B256,
    pub(crate) value: Usdc,
}

/// What is kept of a settled claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kept {
    /// Its answer.
    Answer(Answer),
    /// Nothing yet: a stream was cut short and is owed.
    Owed,
    /// Nothing any more.
    Gone,
}

/// A sealed answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Whether it travels as server-sent events.
    pub(crate) streamed: bool,
    pub(crate) sealed: Vec<u8>,
}

/// Outcome of [`take`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Taken {
    /// The claim is ours: the provider may be asked.
    Ours,
    /// The token would refuse the transfer; nobody was asked and nothing is held.
    Refused(Refusal),
    /// There is no room for one more answer; nothing was claimed.
    Full,
    /// This id is of another call of the payer; nothing was claimed.
    OtherCall(String),
}

struct Stored {
    id: i64,
    request: B256,
    authorization: B256,
    recovery: Option<B256>,
    valid_before: u64,
    expires: u64,
    state: State,
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
    Ok(match (stored.state, stored.settled) {
        (State::Refused, _) => Standing::Free,
        (State::Running | State::Released, _) if same || stored.valid_before <= now => {
            Standing::Free
        }
        (_, Some(settled)) if same && stored.recovery == claim.recovery => {
            Standing::Settled(settled, kept(db, &stored, now)?)
        }
        (_, Some(_)) if same => Standing::Conflict("another recovery token"),
        _ => Standing::Conflict("another authorization"),
    })
}

/// What was bought with a claim, if it was settled.
pub(crate) fn bought(
    db: &Connection,
    key: &ClaimKey,
    now: u64,
) -> Result<Option<(Settled, Kept)>, StoreError> {
    let Some(stored) = find(db, key)? else { return Ok(None) };
    let Some(settled) = stored.settled else { return Ok(None) };
    Ok(Some((settled, kept(db, &stored, now)?)))
}

fn kept(db: &Connection, stored: &Stored, now: u64) -> Result<Kept, StoreError> {
    if stored.state == State::Spent || stored.expires <= now {
        return Ok(Kept::Gone);
    }
    let sql = "SELECT streamed, sealed FROM answers WHERE claim = ?1";
    let read = |row: &Row<'_>| Ok(Answer { streamed: row.get(0)?, sealed: row.get(1)? });
    let answer = db.query_row(sql, [stored.id], read).optional()?;
    Ok(answer.map_or(Kept::Owed, Kept::Answer))
}

/// Takes a free claim if the token would execute its transfer, less what the payer's other running
/// claims hold. A refusal is recorded too.
pub(crate) fn take(
    db: &Connection,
    ledger: &Ledger,
    claim: &Claim,
    transfer: &Transfer,
    limits: &Limits,
    now: u64,
) -> Result<Taken, StoreError> {
    prune(db, now)?;
    if !has_room(db, limits, &claim.key)? {
        return Ok(Taken::Full);
    }
    if let Some(id) = foreign(db, &claim.key, &claim.ids)? {
        return Ok(Taken::OtherCall(id));
    }
    let held = held(db, &claim.key, now)?;
    let refusal = ledger.check(db, transfer, held, now)?;
    let state = if refusal.is_some() { State::Refused } else { State::Running };
    let id = insert(db, claim, transfer, limits, state)?;
    if refusal.is_none() {
        bind(db, &claim.key, id, &claim.ids)?;
    }
    Ok(refusal.map_or(Taken::Ours, Taken::Refused))
}

fn insert(
    db: &Connection,
    claim: &Claim,
    transfer: &Transfer,
    limits: &Limits,
    state: State,
) -> Result<i64, StoreError> {
    Ok(db.query_row(
        "INSERT INTO claims (network, asset, payer, nonce, request, authorization, value,
             valid_before, expires, state, recovery)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
         ON CONFLICT (network, asset, payer, nonce) DO UPDATE SET request = excluded.request,
             authorization = excluded.authorization, value = excluded.value,
             valid_before = excluded.valid_before, expires = excluded.expires,
             state = excluded.state, recovery = excluded.recovery
         RETURNING id",
        params![
            claim.key.network,
            claim.key.asset.as_slice(),
            claim.key.payer.as_slice(),
            claim.key.nonce.as_slice(),
            claim.request.as_slice(),
            claim.authorization.as_slice(),
            amount(transfer.value)?,
            i64::try_from(transfer.valid_before).unwrap_or(i64::MAX),
            limits.expires(transfer.valid_before),
            state,
            claim.recovery.as_ref().map(B256::as_slice),
        ],
        |row| row.get(0),
    )?)
}

/// What the payer's other running claims hold of its balance.
fn held(db: &Connection, key: &ClaimKey, now: u64) -> Result<Usdc, StoreError> {
    let sql = "SELECT coalesce(sum(value), 0) FROM claims
               WHERE payer = ?1 AND state = 'running' AND nonce <> ?2 AND valid_before > ?3";
    let bound = params![key.payer.as_slice(), key.nonce.as_slice(), now.cast_signed()];
    usdc(db.query_row(sql, bound, |row| row.get(0))?)
}

fn find(db: &Connection, key: &ClaimKey) -> Result<Option<Stored>, StoreError> {
    let sql = "SELECT id, request, authorization, recovery, valid_before, expires, state, txid,
                      value
               FROM claims WHERE network = ?1 AND asset = ?2 AND payer = ?3 AND nonce = ?4";
    let (asset, payer, nonce) = (key.asset.as_slice(), key.payer.as_slice(), key.nonce.as_slice());
    let bound = params![key.network, asset, payer, nonce];
    db.query_row(sql, bound, |row| Ok(read(row))).optional()?.transpose()
}

fn read(row: &Row<'_>) -> Result<Stored, StoreError> {
    let txid: Option<[u8; 32]> = row.get(7)?;
    let value = usdc(row.get(8)?)?;
    Ok(Stored {
        id: row.get(0)?,
        request: row.get::<_, [u8; 32]>(1)?.into(),
        authorization: row.get::<_, [u8; 32]>(2)?.into(),
        recovery: row.get::<_, Option<[u8; 32]>>(3)?.map(B256::from),
        valid_before: row.get::<_, i64>(4)?.cast_unsigned(),
        expires: row.get::<_, i64>(5)?.cast_unsigned(),
        state: row.get(6)?,
        settled: txid.map(|txid| Settled { txid: txid.into(), value }),
    })
}

#[cfg(test)]
mod tests {
    use alloy::primitives::Address;
    use blockrun_llm::networks::BASE_SEPOLIA;

    use super::*;
    use crate::{
        claim::{keep, release, release_all, settle},
        ledger::Executed,
    };

    const NOW: u64 = 1_800_000_000;

    const LIMITS: Limits = Limits { answer: 100, total: 1_000, retention: 3_600 };
    /// When the answer to [`transfer`] may be forgotten.
    const END: u64 = NOW + 60 + 3_600;

    struct Desk {
        db: Connection,
        ledger: Ledger,
        limits: Limits,
    }

    impl Desk {
        fn new() -> Self {
            let db = Connection::open_in_memory().unwrap();
            db.execute_batch(include_str!("../store/schema.sql")).unwrap();
            let payee = Address::repeat_byte(9);
            let starting_balance = Usdc::from_micro(1_000);
            let ledger = Ledger { network: &BASE_SEPOLIA, payee, starting_balance };
            ledger.found(&db, NOW).unwrap();
            Self { db, ledger, limits: LIMITS }
        }

        fn take(&self, claim: &Claim, micro: u128) -> Taken {
            let transfer = transfer(claim, micro);
            take(&self.db, &self.ledger, claim, &transfer, &self.limits, NOW).unwrap()
        }

        fn settle(&self, claim: &Claim, micro: u128) -> Result<Executed, Refusal> {
            let transfer = transfer(claim, micro);
            let answer = Some(answer("sealed"));
            settle(&self.db, &self.ledger, &claim.key, &transfer, answer.as_ref(), NOW).unwrap()
        }

        fn standing(&self, claim: &Claim, now: u64) -> Standing {
            standing(&self.db, claim, now).unwrap()
        }

        fn kept(&self, claim: &Claim, now: u64) -> Kept {
            let Standing::Settled(_, kept) = self.standing(claim, now) else { panic!() };
            kept
        }

        fn count(&self, table: &str) -> i64 {
            let sql = format!("SELECT count(*) FROM {table}");
            self.db.query_row(&sql, [], |row| row.get(0)).unwrap()
        }
    }

    fn answer(text: &str) -> Answer {
        Answer { streamed: false, sealed: text.into() }
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
            ids: vec![format!("id-{nonce}")],
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
        let Standing::Settled(settled, kept) = desk.standing(&claim, END - 1) else { panic!() };
        assert_eq!((settled.txid, settled.value.micro()), (executed.txid, 400));
        assert_eq!(kept, Kept::Answer(answer("sealed")));
        for stranger in [
            other(&claim),
            Claim { request: B256::ZERO, ..claim.clone() },
            Claim { recovery: Some(B256::ZERO), ..claim },
        ] {
            assert!(matches!(desk.standing(&stranger, END + 9_999), Standing::Conflict(_)));
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

    #[test]
    fn an_answer_is_kept_so_long_and_its_claim_for_ever() {
        let (desk, claim) = (Desk::new(), claim(1));
        desk.take(&claim, 400);
        desk.settle(&claim, 400).unwrap();
        prune(&desk.db, END - 1).unwrap();
        assert!(matches!(desk.kept(&claim, END - 1), Kept::Answer(_)));
        assert_eq!(desk.kept(&claim, END), Kept::Gone, "even before it is pruned");
        prune(&desk.db, END).unwrap();
        assert_eq!((desk.count("answers"), desk.count("claims")), (0, 1));
        assert_eq!(desk.kept(&claim, NOW), Kept::Gone);
        assert!(matches!(desk.standing(&other(&claim), END), Standing::Conflict(_)));
        // A stream that ends after that changes nothing.
        keep(&desk.db, &claim.key, Some(&answer("late"))).unwrap();
        assert_eq!((desk.kept(&claim, NOW), desk.count("answers")), (Kept::Gone, 0));
    }

    #[test]
    fn what_settled_nothing_leaves_nothing() {
        let desk = Desk::new();
        desk.take(&claim(1), 2_000);
        desk.take(&claim(2), 600);
        release(&desk.db, &claim(2).key).unwrap();
        prune(&desk.db, END).unwrap();
        assert_eq!(desk.count("claims"), 0);
    }

    #[test]
    fn a_full_store_takes_nothing_and_forgets_nothing() {
        let mut desk = Desk::new();
        // One answer that is there and the largest that may still come.
        desk.limits.total = 6 + LIMITS.largest();
        desk.take(&claim(1), 400);
        desk.settle(&claim(1), 400).unwrap();
        assert_eq!(desk.take(&claim(2), 100), Taken::Ours);
        assert_eq!(desk.take(&claim(3), 100), Taken::Full);
        assert_eq!(desk.count("claims"), 2, "nothing was claimed");
        assert_eq!(desk.take(&claim(2), 100), Taken::Ours, "it has its place already");
        release(&desk.db, &claim(2).key).unwrap();
        assert_eq!(desk.take(&claim(3), 100), Taken::Ours);
        assert!(matches!(desk.kept(&claim(1), NOW), Kept::Answer(_)));
        desk.limits.total -= 1;
        release(&desk.db, &claim(3).key).unwrap();
        assert_eq!(desk.take(&claim(3), 100), Taken::Full);
    }

    #[test]
    fn a_stream_is_owed_until_it_is_kept_or_too_long_to_be() {
        let desk = Desk::new();
        for (nonce, last) in [(1, Some(answer("whole"))), (2, None)] {
            let claim = claim(nonce);
            desk.take(&claim, 100);
            let transfer = transfer(&claim, 100);
            settle(&desk.db, &desk.ledger, &claim.key, &transfer, None, NOW).unwrap().unwrap();
            assert_eq!(desk.kept(&claim, NOW), Kept::Owed);
            keep(&desk.db, &claim.key, last.as_ref()).unwrap();
            assert_eq!(desk.kept(&claim, NOW), last.map_or(Kept::Gone, Kept::Answer));
        }
    }

    #[test]
    fn an_id_is_of_one_call_unless_that_settled_nothing() {
        let desk = Desk::new();
        let named = |nonce, payer| {
            let mut claim = Claim { ids: vec!["order-1".into()], ..claim(nonce) };
            claim.key.payer = Address::repeat_byte(payer);
            claim
        };
        let (first, second) = (named(1, 1), named(2, 1));
        desk.take(&first, 2_000);
        assert_eq!(desk.take(&second, 100), Taken::Ours, "the first was refused");
        assert_eq!(desk.take(&first, 100), Taken::OtherCall("order-1".into()));
        assert_eq!(desk.take(&second, 100), Taken::Ours, "again is not another");
        release(&desk.db, &second.key).unwrap();
        assert_eq!(desk.take(&first, 100), Taken::Ours);
        desk.settle(&first, 100).unwrap();
        assert_eq!(desk.take(&second, 100), Taken::OtherCall("order-1".into()));
        assert_eq!(desk.take(&named(2, 3), 100), Taken::Ours, "of another payer");
        let keys = crate::claim::named(&desk.db, "order-1").unwrap();
        assert_eq!(
            keys.into_iter().map(|named| named.key).collect::<Vec<_>>(),
            [first.key, named(2, 3).key]
        );
    }
}
