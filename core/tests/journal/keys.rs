//! A key belongs to one call, and is executed once.

use blockrun_llm::{
    ErrorKind,
    flow::Outcome,
    journal::{Entry, OnUnresolved, PaymentFilter, RecordState, Reservation, Standing},
    policy::Budgets,
    x402::payment_id,
};

use crate::support::*;

#[tokio::test]
async fn a_key_belongs_to_one_call_and_is_spent_once() {
    let home = tempfile::tempdir().unwrap();
    let journal = journal(home.path());
    let mine = || identity("order-1", true, "POST a");
    assert!(matches!(journal.standing(&mine(), NOW).await.unwrap(), Standing::New));
    let row = paid(&journal, mine(), NOW, None).await;
    assert!(matches!(journal.standing(&mine(), NOW).await.unwrap(), Standing::InFlight));
    let raced = reserve(&journal, entry(mine(), 100, Budgets::default(), NOW)).await;
    assert_eq!(raced.unwrap_err().kind(), ErrorKind::IdempotencyInFlight);
    let other_body = identity("order-1", true, "POST b");
    let error = journal.standing(&other_body, NOW).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IdempotencyConflict);
    journal.close(row, settled(100)).await.unwrap();
    let Standing::Resume(found) = journal.standing(&mine(), NOW + 9_999).await.unwrap() else {
        panic!("a settled key must only show its payment again");
    };
    assert!(matches!(found.ended, Some(Outcome::Settled { .. })));
    // Whatever that look brings, it stays settled.
    journal.close(row, Outcome::Unknown { live_until: 0 }).await.unwrap();
    assert_eq!(states(&journal, NOW).await, [RecordState::Settled]);
    let payments = journal.payments(PaymentFilter::default(), SESSION, NOW).await.unwrap();
    assert_eq!(payments[0].key, None, "a caller's key is not stored");
}

#[tokio::test]
async fn an_expired_key_is_signed_again_with_the_old_amount_still_counted() {
    let home = tempfile::tempdir().unwrap();
    let journal = journal(home.path());
    let mine = || identity("order-1", true, "POST a");
    paid(&journal, mine(), NOW, UNKNOWN).await;
    let later = NOW + 61;
    assert!(matches!(journal.standing(&mine(), later).await.unwrap(), Standing::New));
    let row = reserve(&journal, entry(mine(), 50, day(100), later)).await.unwrap();
    let more = reserve(&journal, entry(identity("x", false, "x"), 1, day(100), later)).await;
    assert!(more.is_err(), "the unproven 100 count, not the new 50");
    journal.close(row, Outcome::Released).await.unwrap();
    assert_eq!(states(&journal, later).await, [RecordState::PresumedCharged]);
}

#[tokio::test]
async fn what_was_executed_unnoticed_before_a_key_was_signed_again_can_still_be_fetched() {
    let home = tempfile::tempdir().unwrap();
    let journal = journal(home.path());
    let mine = |at, recovery: &str| {
        let entry = entry(identity("order-1", true, "POST a"), 100, Budgets::default(), at);
        Entry { recovery: recovery.repeat(32), ..entry }
    };
    let mut reserved = Vec::new();
    for (at, token) in [(NOW, "11"), (NOW + 61, "22"), (NOW + 122, "33")] {
        let made = journal.reserve(mine(at, token), OnUnresolved::Resume, at).await.unwrap();
        let Reservation::Made { row, recovery } = made else { panic!("found") };
        journal.record(row, recording(row.nonce(), 100, at + 60)).await.unwrap();
        journal.close(row, Outcome::Unknown { live_until: at + 60 }).await.unwrap();
        reserved.push((row, recovery));
    }
    assert!(reserved.iter().all(|one| *one == (reserved[0].0, "11".repeat(32))), "{reserved:?}");
    let found = journal.resumable(payment_id(&reserved[0].0.nonce())).await.unwrap();
    assert_eq!(found.recovery, "11".repeat(32));
    assert_eq!(
        found.recording,
        recording(found.row.nonce(), 100, NOW + 182),
        "the newest is shown"
    );
    let db = rusqlite::Connection::open(home.path().join("journal.sqlite")).unwrap();
    let sql = "SELECT group_concat(number) FROM authorizations";
    let kept: String = db.query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(kept, "2,3");
}

#[tokio::test]
async fn a_dead_process_leaves_its_reservation_to_nobody() {
    let home = tempfile::tempdir().unwrap();
    let journal = journal(home.path());
    let mine = || identity("order-1", true, "POST a");
    reserve(&journal, entry(mine(), 100, Budgets::default(), NOW)).await.unwrap();
    assert!(matches!(journal.standing(&mine(), NOW + 29).await.unwrap(), Standing::InFlight));
    assert!(matches!(journal.standing(&mine(), NOW + 30).await.unwrap(), Standing::New));
    reserve(&journal, entry(mine(), 100, day(100), NOW + 30)).await.unwrap();
}

#[tokio::test]
async fn what_ended_long_ago_is_compacted_and_its_key_stays_spent() {
    let home = tempfile::tempdir().unwrap();
    let mine = || identity("order-1", true, "POST a");
    let first = journal(home.path());
    paid(&first, mine(), NOW, Some(settled(100))).await;
    paid(&first, identity("open", true, "open"), NOW, UNKNOWN).await;
    assert_eq!(states(&first, NOW).await.len(), 2);
    let later = NOW + 31 * 86_400;
    let next = journal(home.path());
    reserve(&next, entry(identity("b", false, "b"), 1, Budgets::default(), later)).await.unwrap();
    let error = next.standing(&mine(), later).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IdempotencyConflict);
    let left = states(&next, later).await;
    assert_eq!(left, [RecordState::PresumedCharged, RecordState::Reserved], "the open one stays");
}
