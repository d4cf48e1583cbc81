//! The life of a claim, on the tables alone.

use alloy::primitives::{Address, B256};
use blockrun_llm::{Usdc, networks::BASE_SEPOLIA};

use super::{
    room::OPEN,
    table::{HELD, PENDING},
    *,
};
use crate::{
    settlement::{Pending, Signed, Transfer},
    store::{Db, StoreError, process, values},
};

const NOW: u64 = 1_800_000_000;
const LIMITS: Limits = Limits { answer: 100, total: 1_000, retention: 3_600 };
/// When the answer to [`transfer`] may be forgotten.
const END: u64 = NOW + 60 + 3_600;
const TXID: B256 = B256::repeat_byte(0xee);

struct Desk {
    db: Db,
    limits: Limits,
}

impl Desk {
    fn new() -> Self {
        let db = Db::for_test();
        process::arrive(&db).unwrap();
        Self { db, limits: LIMITS }
    }

    /// The process dies, and another begins; returns how many claims were let go.
    fn restart(&self) -> u64 {
        self.db.execute("DELETE FROM processes", &[]).unwrap();
        process::arrive(&self.db).unwrap();
        release_orphans(&self.db).unwrap()
    }

    /// What another process that lives would make of it.
    fn taken_over(&self, claim: &Claim) {
        self.db.execute("INSERT INTO processes (id, beat) VALUES (7, 0)", &[]).unwrap();
        let sql = "UPDATE claims SET owner = 7 WHERE nonce = ?1";
        assert_eq!(self.db.execute(sql, values![&claim.key.nonce]).unwrap(), 1);
    }

    fn take(&self, claim: &Claim, micro: u128) -> Taken {
        take(&self.db, claim, &transfer(claim, micro), &self.limits, NOW).unwrap()
    }

    fn held(&self, claim: &Claim) -> u128 {
        held(&self.db, &claim.key, NOW).unwrap().micro()
    }

    fn answer(&self, claim: &Claim) {
        answered(&self.db, &claim.key, &answer("sealed")).unwrap();
    }

    /// Takes, answers and settles.
    fn sell(&self, claim: &Claim, micro: u128) {
        assert_eq!(self.take(claim, micro), Taken::Ours);
        self.answer(claim);
        settled(&self.db, &claim.key, TXID).unwrap();
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
        self.db.one(&sql, &[], |row| row.get(0)).unwrap().unwrap()
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
        id: format!("id-{nonce}"),
        ids: vec![format!("id-{nonce}")],
        model: None,
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
        signed: Signed::default(),
        purchase: String::new(),
        resource: String::new(),
    }
}

fn other(claim: &Claim) -> Claim {
    Claim { authorization: B256::repeat_byte(2), ..claim.clone() }
}

#[test]
fn a_settled_claim_answers_its_own_payment_only() {
    let (desk, claim) = (Desk::new(), claim(1));
    assert_eq!(desk.standing(&claim, NOW), Standing::Free);
    desk.sell(&claim, 400);
    let value = Usdc::from_micro(400);
    let kept = Kept::Answer(answer("sealed"));
    let settled = Standing::Settled(Settled { txid: TXID, value }, kept);
    assert_eq!(desk.standing(&claim, END - 1), settled);
    for stranger in [
        other(&claim),
        Claim { request: B256::ZERO, ..claim.clone() },
        Claim { recovery: Some(B256::ZERO), ..claim },
    ] {
        assert!(matches!(desk.standing(&stranger, END + 9_999), Standing::Conflict(_)));
    }
}

#[test]
fn a_claim_sees_what_earlier_ones_hold() {
    let desk = Desk::new();
    for (nonce, micro) in [(1, 100), (2, 20), (3, 3)] {
        desk.take(&claim(nonce), micro);
    }
    let held = || [1, 2, 3].map(|nonce| desk.held(&claim(nonce)));
    assert_eq!(held(), [0, 100, 120]);
    desk.answer(&claim(1));
    assert_eq!(held(), [0, 100, 120]);
    settling(&desk.db, &claim(1).key, TXID).unwrap();
    assert_eq!(held(), [0, 100, 120], "it may still be executed");
    refuse(&desk.db, &claim(2).key).unwrap();
    assert_eq!(held()[2], 100);
    settled(&desk.db, &claim(1).key, TXID).unwrap();
    assert_eq!(held()[2], 0);
    // Taken again, it comes last.
    desk.take(&claim(2), 20);
    assert_eq!((desk.held(&claim(2)), desk.held(&claim(3))), (3, 0));
}

#[test]
fn who_may_take_a_claim_again() {
    let (desk, claim) = (Desk::new(), claim(1));
    desk.take(&claim, 600);
    refuse(&desk.db, &claim.key).unwrap();
    assert_eq!(desk.standing(&other(&claim), NOW), Standing::Free, "refused: anyone");
    desk.take(&claim, 600);
    assert_eq!(desk.restart(), 1);
    assert_eq!(desk.standing(&claim, NOW), Standing::Free, "released: the same");
    let conflict = Standing::Conflict("another authorization");
    assert_eq!(desk.standing(&other(&claim), NOW), conflict);
    assert_eq!(desk.standing(&other(&claim), NOW + 60), Standing::Free, "expired: anyone");
}

#[test]
fn an_answer_that_was_not_settled_stays_for_its_payment() {
    let desk = Desk::new();
    let claim = Claim { recovery: Some(B256::repeat_byte(4)), ..claim(1) };
    desk.take(&claim, 100);
    desk.answer(&claim);
    desk.restart();
    let there = Taken::Answered(answer("sealed"));
    assert_eq!(desk.take(&claim, 100), there);
    release(&desk.db, &claim.key).unwrap();
    let sealed_anew = Claim { recovery: Some(B256::repeat_byte(5)), ..claim };
    assert_eq!(desk.take(&sealed_anew, 100), Taken::Ours, "nobody could open it");
    assert_eq!(desk.count("answers"), 0);
}

#[test]
fn an_unknown_settlement_belongs_to_its_payment_alone() {
    let (desk, claim) = (Desk::new(), claim(1));
    desk.take(&claim, 100);
    settling(&desk.db, &claim.key, TXID).unwrap();
    let pending =
        Pending { key: claim.key.clone(), value: Usdc::from_micro(100), txid: Some(TXID) };
    assert_eq!(super::pending(&desk.db).unwrap(), std::slice::from_ref(&pending));
    assert_eq!(desk.standing(&claim, END + 1), Standing::Settling(pending), "however late");
    assert!(matches!(desk.standing(&other(&claim), END + 1), Standing::Conflict(_)));
    assert_eq!(desk.restart(), 0, "a restart does not forget it");
    assert!(adopt(&desk.db, &claim.key).unwrap());
    prune(&desk.db, END + 1).unwrap();
    // Its stream is recorded meanwhile, and is there when it turns out to be settled.
    keep(&desk.db, &claim.key, Some(&answer("stream"))).unwrap();
    settled(&desk.db, &claim.key, TXID).unwrap();
    assert_eq!(desk.kept(&claim, NOW), Kept::Answer(answer("stream")));
}

#[test]
fn an_answer_is_kept_so_long_and_its_claim_for_ever() {
    let (desk, claim) = (Desk::new(), claim(1));
    desk.sell(&claim, 400);
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
    refuse(&desk.db, &claim(1).key).unwrap();
    desk.take(&claim(2), 600);
    desk.answer(&claim(2));
    release(&desk.db, &claim(2).key).unwrap();
    prune(&desk.db, END).unwrap();
    let bytes = "SELECT CAST(sum(bytes) AS BIGINT) FROM stored";
    assert_eq!(desk.db.one(bytes, &[], |row| row.get::<i64>(0)).unwrap(), Some(0));
    assert_eq!(["claims", "answers", "ids"].map(|table| desk.count(table)), [0, 0, 0]);
}

#[test]
fn a_full_store_takes_nothing_and_forgets_nothing() {
    let mut desk = Desk::new();
    // One answer that is there and the largest that may still come.
    desk.limits.total = 6 + LIMITS.largest();
    desk.sell(&claim(1), 400);
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
        settled(&desk.db, &claim.key, TXID).unwrap();
        assert_eq!(desk.kept(&claim, NOW), Kept::Owed);
        keep(&desk.db, &claim.key, last.as_ref()).unwrap();
        assert_eq!(desk.kept(&claim, NOW), last.map_or(Kept::Gone, Kept::Answer));
    }
}

#[test]
fn what_there_is_of_a_broken_stream_is_kept_beside_what_is_owed() {
    let mut desk = Desk::new();
    desk.limits.total = 4 + 2 * LIMITS.largest();
    let claim1 = claim(1);
    desk.take(&claim1, 100);
    keep_part(&desk.db, &claim1.key, Some(&answer("early"))).unwrap();
    assert_eq!(desk.count("answers"), 0, "it is not settled");
    settled(&desk.db, &claim1.key, TXID).unwrap();
    keep_part(&desk.db, &claim1.key, Some(&answer("part"))).unwrap();
    assert_eq!(desk.kept(&claim1, NOW), Kept::Part(answer("part")));
    assert!(adopt(&desk.db, &claim1.key).unwrap(), "whoever is asked makes it");
    assert_eq!(desk.take(&claim(2), 100), Taken::Ours);
    assert_eq!(desk.take(&claim(3), 100), Taken::Full, "the whole answer has its place still");
    keep(&desk.db, &claim1.key, Some(&answer("whole"))).unwrap();
    assert_eq!(desk.kept(&claim1, NOW), Kept::Answer(answer("whole")));
    keep_part(&desk.db, &claim1.key, Some(&answer("late"))).unwrap();
    assert_eq!(desk.kept(&claim1, NOW), Kept::Answer(answer("whole")));
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
    desk.take(&first, 100);
    refuse(&desk.db, &first.key).unwrap();
    assert_eq!(super::named(&desk.db, "order-1").unwrap(), [], "refused: no name");
    assert_eq!(desk.take(&second, 100), Taken::Ours);
    assert_eq!(desk.take(&first, 100), Taken::OtherCall("order-1".into()));
    assert_eq!(desk.take(&second, 100), Taken::Ours, "again is not another");
    release(&desk.db, &second.key).unwrap();
    desk.sell(&first, 100);
    assert_eq!(desk.take(&second, 100), Taken::OtherCall("order-1".into()));
    assert_eq!(desk.take(&named(2, 3), 100), Taken::Ours, "of another payer");
    let keys = super::named(&desk.db, "order-1").unwrap().into_iter().map(|named| named.key);
    assert_eq!(keys.collect::<Vec<_>>(), [first.key, named(2, 3).key]);
}

#[test]
fn what_another_process_works_on_is_left_to_it() {
    let (desk, claim) = (Desk::new(), claim(1));
    let elsewhere = |what| assert_eq!(desk.standing(&claim, NOW), Standing::Elsewhere(what));
    desk.take(&claim, 100);
    desk.taken_over(&claim);
    elsewhere(Elsewhere::Making);
    assert_eq!(desk.standing(&other(&claim), NOW), Standing::Elsewhere(Elsewhere::Making));
    assert_eq!(desk.take(&claim, 100), Taken::NotFree);
    for refused in [
        release(&desk.db, &claim.key),
        refuse(&desk.db, &claim.key),
        answered(&desk.db, &claim.key, &answer("late")),
        settling(&desk.db, &claim.key, TXID),
        settled(&desk.db, &claim.key, TXID),
    ] {
        assert!(matches!(refused, Err(StoreError::Lost)), "{refused:?}");
    }
    let set = |state: &str| {
        let sql = format!("UPDATE claims SET state = '{state}', txid = ?1");
        desk.db.execute(&sql, values![&TXID]).unwrap();
    };
    let value = Usdc::from_micro(100);
    set("settling");
    let pending = Pending { key: claim.key.clone(), value, txid: Some(TXID) };
    elsewhere(Elsewhere::Settling(pending));
    assert_eq!(super::pending(&desk.db).unwrap(), []);
    assert!(!adopt(&desk.db, &claim.key).unwrap());
    set("streaming");
    elsewhere(Elsewhere::Streaming(Settled { txid: TXID, value }));
    keep(&desk.db, &claim.key, Some(&answer("late"))).unwrap();
    assert_eq!(desk.count("answers"), 0);
    // It dies.
    assert_eq!(desk.restart(), 0);
    assert_eq!(desk.kept(&claim, NOW), Kept::Owed);
    assert!(adopt(&desk.db, &claim.key).unwrap());
}

#[test]
fn what_a_failed_write_left_is_found_and_let_go() {
    let (desk, running, stream) = (Desk::new(), claim(1), claim(2));
    desk.take(&running, 100);
    desk.take(&stream, 100);
    settled(&desk.db, &stream.key, TXID).unwrap();
    let left = unfinished(&desk.db).unwrap();
    assert_eq!(left, [running.key.clone(), stream.key.clone()]);
    for key in left {
        abandon(&desk.db, &key).unwrap();
    }
    assert_eq!(unfinished(&desk.db).unwrap(), []);
    assert_eq!(desk.standing(&running, NOW), Standing::Free);
    assert_eq!(desk.kept(&stream, NOW), Kept::Owed);
}

#[test]
fn a_process_that_is_silent_is_buried_and_one_that_beats_is_not() {
    let (desk, claim) = (Desk::new(), claim(1));
    desk.take(&claim, 100);
    desk.taken_over(&claim);
    process::beat(&desk.db).unwrap();
    assert_eq!(process::bury(&desk.db).unwrap(), 1);
    assert_eq!(release_orphans(&desk.db).unwrap(), 1);
    assert_eq!(desk.count("processes"), 1);
    assert_eq!(desk.standing(&claim, NOW), Standing::Free);
}

#[test]
fn open_claims_are_found_by_their_index() {
    let desk = Desk::new();
    if desk.db.is_shared() {
        return; // Its planner goes by the sizes of tables, and these are empty.
    }
    let plan = |sql: &str| -> String {
        let sql = format!("EXPLAIN QUERY PLAN {sql}");
        desk.db.all(&sql, &[], |row| row.get::<String>(3)).unwrap().concat()
    };
    let open = "(state = 'running' OR state = 'answered' OR state = 'settling'
                 OR state = 'streaming')";
    let sql = format!("SELECT max(taken) FROM claims WHERE payer = x'01' AND {open}");
    assert!(plan(&sql).contains("claims_open"), "{}", plan(&sql));
    let sql = "SELECT id, state FROM claims WHERE expires <= 1
               AND (state = 'refused' OR state = 'released' OR state = 'streaming' OR state = 'settled')
               ORDER BY expires";
    assert!(plan(sql).contains("claims_ending"), "{}", plan(sql));
    assert!(plan(OPEN).contains("claims USING INDEX claims_open"), "{}", plan(OPEN));
    for sql in [HELD, PENDING] {
        // Literals: a plan has no parameters.
        let sql = (1..6).fold(sql.to_owned(), |sql, n| sql.replace(&format!("?{n}"), "x'01'"));
        assert!(plan(&sql).contains("claims USING INDEX claims_open"), "{}", plan(&sql));
    }
}
