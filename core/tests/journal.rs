//! The journal from outside: budgets, keys, resumption, and a file that cannot be used.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use blockrun_llm::{
    ErrorKind, Usdc,
    flow::{Outcome, Recording},
    journal::{
        Entry, Identity, Journal, JournalKind, JournalOptions, OnUnresolved, PaymentFilter,
        PaymentRecord, Proven, RecordState, Reservation, RowId, Standing,
    },
    networks::BASE_SEPOLIA,
    policy::Budgets,
    wallet::{Address, B256},
    x402::{Authorization, PAYMENT_SIGNATURE, Transfer},
};

const NOW: u64 = 1_790_000_000;
const SESSION: [u8; 16] = [1; 16];

fn journal(home: &Path) -> Journal {
    Journal::new(JournalOptions { home: Some(home.to_owned()), ..JournalOptions::default() })
}

fn identity(key: &str, keyed: bool, content: &str) -> Identity {
    let mut nonce = [0; 32];
    for (place, byte) in nonce.iter_mut().zip(key.bytes()) {
        *place = byte;
    }
    let (key, content) = (key.to_owned(), content.to_owned());
    Identity { key, keyed, nonce: nonce.into(), wallet: Address::repeat_byte(7), content }
}

fn entry(identity: Identity, micro: u128, budgets: Budgets, at: u64) -> Entry {
    let record = PaymentRecord {
        key: (!identity.keyed).then(|| identity.key.clone()),
        payment_id: format!("pay_{}", identity.key),
        state: RecordState::Reserved,
        created_at: at,
        method: "POST".into(),
        url: "https://a.example/v1".into(),
        model: Some("openai/gpt-4o".into()),
        network: "eip155:84532".into(),
        amount: Usdc::from_micro(micro),
        payee: Address::repeat_byte(9).to_string(),
        nonce: identity.nonce.to_string(),
        valid_before: None,
        transaction: None,
    };
    Entry {
        identity,
        record,
        origin: "https://a.example:443".into(),
        session: SESSION,
        recovery: "00".repeat(32),
        budgets,
        pin_payee: false,
        server_time: at,
    }
}

fn day(micro: u128) -> Budgets {
    Budgets { day: Some(Usdc::from_micro(micro)), ..Budgets::default() }
}

fn recording(nonce: B256, micro: u128, expiry: u64) -> Recording {
    let authorization = Authorization {
        from: Address::repeat_byte(7),
        to: Address::repeat_byte(9),
        value: alloy::primitives::U256::from(micro),
        valid_after: alloy::primitives::U256::ZERO,
        valid_before: alloy::primitives::U256::from(expiry),
        nonce,
    };
    Recording {
        transfer: Transfer { network: &BASE_SEPOLIA, authorization },
        header_name: PAYMENT_SIGNATURE,
        header_value: "aGVhZGVy".into(),
    }
}

async fn reserve(journal: &Journal, entry: Entry) -> blockrun_llm::Result<RowId> {
    let at = entry.record.created_at;
    match journal.reserve(entry, OnUnresolved::Resume, at).await? {
        Reservation::Made(row) => Ok(row),
        Reservation::Found(_) => panic!("found an earlier payment"),
    }
}

/// A payment that was recorded at a time and closed in a way.
async fn paid(journal: &Journal, identity: Identity, at: u64, outcome: Option<Outcome>) -> RowId {
    let nonce = identity.nonce;
    let row = reserve(journal, entry(identity, 100, Budgets::default(), at)).await.unwrap();
    journal.record(row, recording(nonce, 100, at + 60)).await.unwrap();
    if let Some(outcome) = outcome {
        journal.close(row, outcome).await.unwrap();
    }
    row
}

async fn states(journal: &Journal, now: u64) -> Vec<RecordState> {
    let payments = journal.payments(PaymentFilter::default(), SESSION, now).await.unwrap();
    payments.iter().map(|payment| payment.state).collect()
}

const UNKNOWN: Option<Outcome> = Some(Outcome::Unknown { live_until: NOW + 60 });

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
    let settled = Outcome::Settled { amount: Usdc::from_micro(40), transaction: None };
    journal.close(row, settled).await.unwrap();
    reserve(&journal, entry(identity("c", false, "c"), 60, day(100), NOW)).await.unwrap();
    let sums = journal.spending(SESSION, NOW).await.unwrap();
    assert_eq!((sums.total.micro(), sums.calls, sums.reserved.micro()), (40, 1, 60));
}

#[tokio::test]
async fn payments_are_listed_by_origin_and_the_newest_first_to_stay() {
    let home = tempfile::tempdir().unwrap();
    let journal = journal(home.path());
    for key in ["a", "b", "c"] {
        paid(&journal, identity(key, false, key), NOW, UNKNOWN).await;
    }
    let listed = async |filter| journal.payments(filter, SESSION, NOW).await;
    let from = |origin: &str| PaymentFilter { origin: Some(origin.into()), ..Default::default() };
    for (origin, count) in [("https://A.example/v1/x", 3), ("https://a.example:444", 0)] {
        assert_eq!(listed(from(origin)).await.unwrap().len(), count, "{origin}");
    }
    let error = listed(from("a.example")).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidArgument, Some("origin")));
    for (limit, ids) in [(0, [].as_slice()), (2, &["pay_b", "pay_c"])] {
        let some = PaymentFilter { limit: Some(limit), ..Default::default() };
        let found = listed(some).await.unwrap();
        assert!(found.iter().map(|payment| &payment.payment_id).eq(ids));
    }
}

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
    assert_eq!(found.payment_id, "pay_first");
    assert_eq!(found.recording, recording(identity("first", false, "").nonce, 100, NOW + 60));
    // While that one is under way, the same content is another purchase.
    assert!(matches!(other.reserve(again(), policy, NOW + 1).await.unwrap(), Reservation::Made(_)));
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
        assert!(matches!(made, Reservation::Made(_)), "{key}");
        let Reservation::Made(row) = made else { return };
        journal.close(row, Outcome::Released).await.unwrap();
    }
}

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
    let transaction = Some("0x1".to_owned());
    journal
        .close(row, Outcome::Settled { amount: Usdc::from_micro(100), transaction })
        .await
        .unwrap();
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
async fn a_dead_process_leaves_its_reservation_to_nobody() {
    let home = tempfile::tempdir().unwrap();
    let journal = journal(home.path());
    let mine = || identity("order-1", true, "POST a");
    reserve(&journal, entry(mine(), 100, Budgets::default(), NOW)).await.unwrap();
    assert!(matches!(journal.standing(&mine(), NOW + 29).await.unwrap(), Standing::InFlight));
    assert!(matches!(journal.standing(&mine(), NOW + 30).await.unwrap(), Standing::New));
    reserve(&journal, entry(mine(), 100, day(100), NOW + 30)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_tasks_and_two_journals_cannot_race_past_a_limit() {
    let home = tempfile::tempdir().unwrap();
    let journals = [journal(home.path()), journal(home.path())].map(std::sync::Arc::new);
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
async fn a_file_that_cannot_be_used_refuses_where_a_rule_needs_it() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("journal.sqlite"), "this is not a database, not at all")
        .unwrap();
    let options = JournalOptions { home: Some(home.path().to_owned()), ..Default::default() };
    let strict = Journal::new(JournalOptions { required: true, ..options.clone() });
    let first = || entry(identity("a", false, "a"), 1, Budgets::default(), NOW);
    let error = reserve(&strict, first()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Journal);
    assert!(error.message().contains("journal.sqlite"), "{error}");
    let lenient = Journal::new(options);
    reserve(&lenient, first()).await.unwrap();
    assert!(
        matches!(lenient.kind(), Some(JournalKind::MemoryBecause(why)) if why.contains("journal.sqlite"))
    );
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("deep/home");
    let journal = journal(&home);
    reserve(&journal, entry(identity("a", false, "a"), 1, Budgets::default(), NOW)).await.unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&home), 0o700);
    for file in std::fs::read_dir(&home).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[tokio::test]
async fn what_ended_long_ago_is_compacted_and_its_key_stays_spent() {
    let home = tempfile::tempdir().unwrap();
    let mine = || identity("order-1", true, "POST a");
    let settled = Outcome::Settled { amount: Usdc::from_micro(100), transaction: None };
    let first = journal(home.path());
    paid(&first, mine(), NOW, Some(settled)).await;
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
    assert!(matches!(made.unwrap(), Reservation::Made(_)));
}

#[tokio::test]
async fn an_answer_that_has_begun_is_settled_and_still_somebodys() {
    let home = tempfile::tempdir().unwrap();
    let journal = journal(home.path());
    let mine = || identity("stream", true, "same");
    let settled = Outcome::Settled { amount: Usdc::from_micro(100), transaction: None };
    let row = paid(&journal, mine(), NOW, None).await;
    journal.settle_open(row, settled.clone()).await.unwrap();
    assert_eq!(states(&journal, NOW).await, [RecordState::Settled]);
    journal.extend(row, NOW + 20);
    assert!(matches!(journal.standing(&mine(), NOW + 49).await.unwrap(), Standing::InFlight));
    // Its process dies: the key takes the paid call up, for its answer only.
    let Standing::Resume(found) = journal.standing(&mine(), NOW + 50).await.unwrap() else {
        panic!("a paid answer must be obtainable");
    };
    assert_eq!((found.row, found.ended), (row, Some(settled.clone())));
    // Given up half-way, a plain retry takes it up; handed over, it is another purchase.
    journal.abandon(row, Outcome::Unknown { live_until: 0 });
    let again = |key: &str| entry(identity(key, false, "same"), 100, Budgets::default(), NOW + 51);
    let found = journal.reserve(again("retry"), OnUnresolved::Resume, NOW + 51).await.unwrap();
    assert!(matches!(found, Reservation::Found(found) if found.row == row));
    journal.finish(row, settled).await.unwrap();
    let made = journal.reserve(again("next"), OnUnresolved::Resume, NOW + 51).await.unwrap();
    assert!(matches!(made, Reservation::Made(_)));
}

#[test]
fn a_file_that_many_make_at_once_is_made_once_and_used_by_all() {
    for _ in 0..40 {
        let home = tempfile::tempdir().unwrap();
        let together = std::sync::Barrier::new(8);
        let open = || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let journal = journal(home.path());
            together.wait();
            runtime.block_on(states(&journal, NOW));
            journal.kind().cloned()
        };
        std::thread::scope(|scope| {
            let opening: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            for one in opening {
                let kind = one.join().unwrap();
                assert!(matches!(kind, Some(JournalKind::File(_))), "{kind:?}");
            }
        });
    }
}
