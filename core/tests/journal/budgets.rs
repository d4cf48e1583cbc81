//! What counts in budgets, who frees it, and who may be paid.

use std::sync::Arc;

use blockrun_llm::{
    ErrorKind, Usdc,
    error::Proof,
    flow::Outcome,
    journal::{PaymentFilter, Proven, RecordState},
    policy::Budgets,
    wallet::Address,
};

use crate::support::*;

#[tokio::test]
async fn a_day_budget_is_shared_by_all_clients_of_a_home_and_rolls() {
    let home = tempfile::tempdir().unwrap();
    let (one, two) = (journal(home.path()), journal(home.path()));
    reserve(&one, entry(identity("a", false, "a"), 600, day(1_000), NOW)).await.unwrap();
    let error = reserve(&two, entry(identity("b", false, "b"), 401, day(1_000), NOW)).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SpendLimit);
    let limit = error.limit().unwrap();
    assert_eq!((limit.scope, limit.reserved.micro()), ("day", 600));
    let frees_at = limit.frees_at.unwrap();
    assert!((NOW + 86_400..=NOW + 86_460).contains(&frees_at), "{frees_at}");
    reserve(&two, entry(identity("c", false, "c"), 400, day(1_000), NOW)).await.unwrap();
    let later = entry(identity("d", false, "d"), 1_000, day(1_000), frees_at + 60);
    reserve(&one, later).await.unwrap();
}

#[tokio::test]
async fn what_the_server_says_gives_nothing_back_and_proof_does() {
    let home = tempfile::tempdir().unwrap();
    let journal = journal(home.path());
    let refused = Some(Outcome::Refused { live_until: NOW + 60 });
    let row = paid(&journal, identity("a", false, "a"), NOW, refused).await;
    let full = || entry(identity("b", false, "b"), 1, day(100), NOW + 100);
    assert!(reserve(&journal, full()).await.is_err(), "a refused payment counts");
    assert_eq!(states(&journal, NOW + 59).await, [RecordState::Refused]);
    assert_eq!(states(&journal, NOW + 60).await, [RecordState::PresumedCharged]);
    assert_eq!(journal.unresolved(9).await.unwrap().len(), 1);
    let proof = Proven::Unexecutable { cancelled: false };
    journal.prove(row, proof, NOW + 100).await.unwrap();
    reserve(&journal, full()).await.unwrap();
    assert!(journal.unresolved(9).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_released_payment_is_free_and_a_settled_one_counts_its_price() {
    let home = tempfile::tempdir().unwrap();
    let journal = journal(home.path());
    let row =
        reserve(&journal, entry(identity("a", false, "a"), 100, day(100), NOW)).await.unwrap();
    journal.close(row, Outcome::Released).await.unwrap();
    let row = reserve(&journal, entry(identity("b", false, "b"), 40, day(100), NOW)).await.unwrap();
    journal.close(row, settled(40)).await.unwrap();
    reserve(&journal, entry(identity("c", false, "c"), 60, day(100), NOW)).await.unwrap();
    let sums = journal.spending(SESSION, NOW).await.unwrap();
    assert_eq!((sums.total.micro(), sums.calls, sums.reserved.micro()), (40, 1, 60));
}

#[tokio::test]
async fn of_two_authorizations_the_larger_counts_until_the_chain_shows_which_was_executed() {
    let home = tempfile::tempdir().unwrap();
    let journal = journal(home.path());
    for (key, proof, counted) in [("a", Proof::Server, 100), ("b", Proof::Chain, 70)] {
        let row = paid(&journal, identity(key, false, key), NOW, None).await;
        let transaction = Some("0x1".to_owned());
        let outcome = Outcome::Settled { amount: Usdc::from_micro(70), transaction, proof };
        journal.close(row, outcome).await.unwrap();
        let filter = PaymentFilter { limit: Some(1), ..PaymentFilter::default() };
        let payments = journal.payments(filter, SESSION, NOW).await.unwrap();
        assert_eq!(payments[0].amount.micro(), counted, "{proof:?}");
    }
    let more = |micro| reserve(&journal, entry(identity("c", false, "c"), micro, day(1_000), NOW));
    assert!(more(831).await.is_err());
    more(830).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_tasks_and_two_journals_cannot_race_past_a_limit() {
    let home = tempfile::tempdir().unwrap();
    let journals = [journal(home.path()), journal(home.path())].map(Arc::new);
    let tries: Vec<_> = (0..64)
        .map(|number| {
            let journal = journals[number % 2].clone();
            let name = format!("call-{number}");
            tokio::spawn(async move {
                let entry = entry(identity(&name, false, &name), 600_000, day(1_000_000), NOW);
                reserve(&journal, entry).await.is_ok()
            })
        })
        .collect();
    let mut won = 0;
    for one in tries {
        won += usize::from(one.await.unwrap());
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn a_clock_that_is_set_back_makes_no_room() {
    let home = tempfile::tempdir().unwrap();
    let journal = journal(home.path());
    let hour = Budgets { hour: Some(Usdc::from_micro(100)), ..Budgets::default() };
    let pay = |key: &str, micro, at| entry(identity(key, false, key), micro, hour.clone(), at);
    for (key, micro, at) in [("a", 60, NOW), ("b", 40, NOW - 7_200)] {
        let row = reserve(&journal, pay(key, micro, at)).await.unwrap();
        let transaction = None;
        let amount = Usdc::from_micro(micro);
        let settled = Outcome::Settled { amount, transaction, proof: Proof::Server };
        journal.finish(row, settled).await.unwrap();
    }
    for at in [NOW - 7_200, NOW, NOW + 3_000] {
        let error = reserve(&journal, pay("c", 1, at)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SpendLimit, "{at}");
    }
    reserve(&journal, pay("d", 100, NOW + 3_720)).await.unwrap();
}

#[tokio::test]
async fn what_a_dead_process_reserved_is_free_for_others() {
    let home = tempfile::tempdir().unwrap();
    let journal = journal(home.path());
    reserve(&journal, entry(identity("a", false, "a"), 100, day(100), NOW)).await.unwrap();
    let next = |at| entry(identity("b", false, "b"), 100, day(100), at);
    assert!(reserve(&journal, next(NOW + 29)).await.is_err(), "it may still be alive");
    reserve(&journal, next(NOW + 30)).await.unwrap();
}

#[tokio::test]
async fn a_pinned_payee_is_the_only_one_at_its_origin() {
    let home = tempfile::tempdir().unwrap();
    let journal = journal(home.path());
    let pay = |key: &str, origin: &str, payee: u8| {
        let mut entry = entry(identity(key, false, key), 1, Budgets::default(), NOW);
        entry.pin_payee = true;
        entry.origin = origin.to_owned();
        entry.record.payee = Address::repeat_byte(payee).to_string();
        entry
    };
    reserve(&journal, pay("a", "https://a.example:443", 1)).await.unwrap();
    reserve(&journal, pay("b", "https://a.example:443", 1)).await.unwrap();
    reserve(&journal, pay("c", "https://b.example:443", 2)).await.unwrap();
    let error = reserve(&journal, pay("d", "https://a.example:443", 2)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RequirementRejected);
    assert_eq!(error.rejection().unwrap().field, "payTo");
}
