//! A call without a key that is simply made again.

use std::{
    path::Path,
    task::{Context, Waker},
    time::Duration,
};

use blockrun_llm::{
    ErrorKind, Usdc,
    flow::Outcome,
    journal::{Identity, OnUnresolved, Proven, RecordState, Reservation, Standing},
    policy::Budgets,
};

use crate::support::*;

#[tokio::test]
async fn a_plain_retry_takes_the_unresolved_payment_up() {
    let home = tempfile::tempdir().unwrap();
    paid(&journal(home.path()), identity("first", false, "same"), NOW, UNKNOWN).await;
    // Another process, another made-up key, the same content.
    let other = journal(home.path());
    let again = || entry(identity("second", false, "same"), 100, Budgets::default(), NOW + 1);
    let policy = OnUnresolved::Resume;
    let Reservation::Found(found) = other.reserve(again(), policy, NOW + 1).await.unwrap() else {
        panic!("paid twice");
    };
    assert_eq!(found.key.as_deref(), Some("first"));
    assert_eq!(found.recording, recording(identity("first", false, "").nonce, 100, NOW + 60));
    // While that one is under way, the same content is another purchase.
    assert!(matches!(
        other.reserve(again(), policy, NOW + 1).await.unwrap(),
        Reservation::Made { .. }
    ));
}

#[tokio::test]
async fn a_retry_may_be_refused_or_be_new_and_after_expiry_it_is_new() {
    let home = tempfile::tempdir().unwrap();
    let journal = journal(home.path());
    paid(&journal, identity("first", false, "same"), NOW, UNKNOWN).await;
    let again = |key: &str, at| entry(identity(key, false, "same"), 100, Budgets::default(), at);
    let refused = journal.reserve(again("second", NOW + 1), OnUnresolved::Refuse, NOW + 1).await;
    let error = refused.unwrap_err();
    assert_eq!((error.kind(), error.key()), (ErrorKind::PaymentOutcomeUnknown, Some("first")));
    for (key, policy, at) in
        [("third", OnUnresolved::New, NOW + 1), ("fourth", OnUnresolved::Resume, NOW + 60)]
    {
        let made = journal.reserve(again(key, at), policy, at).await.unwrap();
        assert!(matches!(made, Reservation::Made { .. }), "{key}");
        let Reservation::Made { row, .. } = made else { return };
        journal.close(row, Outcome::Released).await.unwrap();
    }
}

#[tokio::test]
async fn a_call_that_was_paid_and_never_answered_is_taken_up() {
    let home = tempfile::tempdir().unwrap();
    let journal = journal(home.path());
    let again = |key: &str, at| entry(identity(key, false, "same"), 100, Budgets::default(), at);
    let row = paid(&journal, identity("first", false, "same"), NOW, UNKNOWN).await;
    let transaction = "0x1".to_owned();
    let proof = Proven::Paid { amount: Usdc::from_micro(100), transaction };
    journal.prove(row, proof, NOW + 61).await.unwrap();
    let found = journal.reserve(again("second", NOW + 90), OnUnresolved::Resume, NOW + 90).await;
    let Reservation::Found(found) = found.unwrap() else { panic!("paid twice") };
    assert!(matches!(found.ended, Some(Outcome::Settled { .. })));
    let settled = found.ended.unwrap();
    journal.finish(row, settled).await.unwrap();
    // Now it has its answer: the same content is another purchase.
    let made = journal.reserve(again("third", NOW + 91), OnUnresolved::Resume, NOW + 91).await;
    assert!(matches!(made.unwrap(), Reservation::Made { .. }));
}

#[tokio::test]
async fn an_answer_that_has_begun_is_settled_and_still_somebodys() {
    let home = tempfile::tempdir().unwrap();
    let journal = journal(home.path());
    let mine = || identity("stream", true, "same");
    let row = paid(&journal, mine(), NOW, None).await;
    journal.settle_open(row, settled(100)).await.unwrap();
    assert_eq!(states(&journal, NOW).await, [RecordState::Settled]);
    journal.extend(row, NOW + 20);
    assert!(matches!(journal.standing(&mine(), NOW + 49).await.unwrap(), Standing::InFlight));
    // Its process dies: the key takes the paid call up, for its answer only.
    let Standing::Resume(found) = journal.standing(&mine(), NOW + 50).await.unwrap() else {
        panic!("a paid answer must be obtainable");
    };
    assert_eq!((found.row, found.ended), (row, Some(settled(100))));
    // Given up half-way, a plain retry takes it up; handed over, it is another purchase.
    journal.abandon(row, Outcome::Unknown { live_until: 0 });
    let again = |key: &str| entry(identity(key, false, "same"), 100, Budgets::default(), NOW + 51);
    let found = journal.reserve(again("retry"), OnUnresolved::Resume, NOW + 51).await.unwrap();
    assert!(matches!(found, Reservation::Found(found) if found.row == row));
    journal.finish(row, settled(100)).await.unwrap();
    let made = journal.reserve(again("next"), OnUnresolved::Resume, NOW + 51).await.unwrap();
    assert!(matches!(made, Reservation::Made { .. }));
}

/// A stream that is opened again after its first try failed: the key was made up, and is its own.
#[tokio::test]
async fn an_object_that_is_asked_again_takes_its_own_payment_up_under_every_policy() {
    for policy in [OnUnresolved::Resume, OnUnresolved::Refuse, OnUnresolved::New] {
        let home = tempfile::tempdir().unwrap();
        let journal = journal(home.path());
        let row = paid(&journal, identity("made", false, "same"), NOW, UNKNOWN).await;
        let own = Identity { again: true, ..identity("made", false, "same") };
        let again = entry(own, 100, Budgets::default(), NOW + 1);
        let found = journal.reserve(again, policy, NOW + 1).await.unwrap();
        let Reservation::Found(found) = found else { panic!("{policy:?}: paid twice") };
        assert_eq!(found.row, row, "{policy:?}");
    }
}

/// When somebody goes who has asked: before the journal has done it, or after.
#[derive(Clone, Copy)]
enum Gone {
    Before,
    After,
}

/// Asks, and goes away. Another program holds the file meanwhile, so that nobody is answered at once.
async fn ask_and_go<T>(home: &Path, asked: impl Future<Output = T>, gone: Gone) {
    let other = rusqlite::Connection::open(home.join("journal.sqlite")).unwrap();
    other.busy_timeout(Duration::from_secs(5)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut asked = Box::pin(asked);
    assert!(asked.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    match gone {
        Gone::Before => drop(asked),
        Gone::After => {
            other.execute_batch("ROLLBACK").unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

#[tokio::test]
async fn what_nobody_takes_is_undone() {
    for gone in [Gone::Before, Gone::After] {
        let home = tempfile::tempdir().unwrap();
        let journal = journal(home.path());
        assert_eq!(states(&journal, NOW).await, []);
        let first = || entry(identity("first", false, "same"), 100, day(100), NOW);
        let asked = journal.reserve(first(), OnUnresolved::Resume, NOW);
        ask_and_go(home.path(), asked, gone).await;
        // Its key is not in flight, and the day's budget whole.
        let row = reserve(&journal, first()).await.unwrap();
        journal.record(row, recording(first().identity.nonce, 100, NOW + 60)).await.unwrap();
        journal.close(row, UNKNOWN.unwrap()).await.unwrap();
        // What was taken up and not fetched is free to be taken up.
        let second = || entry(identity("second", false, "same"), 100, day(200), NOW + 1);
        let again = || journal.reserve(second(), OnUnresolved::Resume, NOW + 1);
        ask_and_go(home.path(), again(), gone).await;
        assert!(matches!(again().await.unwrap(), Reservation::Found(_)));
        journal.close(row, UNKNOWN.unwrap()).await.unwrap();
        let keyed = identity("first", false, "same");
        ask_and_go(home.path(), journal.standing(&keyed, NOW + 1), gone).await;
        let standing = journal.standing(&keyed, NOW + 1).await.unwrap();
        assert!(matches!(standing, Standing::Resume(_)), "{standing:?}");
        assert_eq!(states(&journal, NOW + 1).await, [RecordState::Unknown]);
    }
}
