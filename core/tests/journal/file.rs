//! The file: what it lists, where it cannot be used, how it is made and brought up to date.

use std::path::Path;

use blockrun_llm::{
    ErrorKind,
    journal::{Journal, JournalKind, JournalOptions, PaymentFilter, RecordState},
    policy::Budgets,
    x402::payment_id,
};

use crate::support::*;

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
    for (limit, keys) in [(0, [].as_slice()), (2, &["b", "c"])] {
        let some = PaymentFilter { limit: Some(limit), ..Default::default() };
        let found = listed(some).await.unwrap();
        assert!(
            found.iter().map(|payment| payment.key.as_deref().unwrap()).eq(keys.iter().copied())
        );
    }
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

/// States as they are written: what is presumed follows from the time.
fn written() -> impl Iterator<Item = RecordState> {
    RecordState::ALL.into_iter().filter(|state| *state != RecordState::PresumedCharged)
}

/// A file as version 1 made it, with one call in each state and what was signed for it.
fn file_of_version_1(home: &Path) {
    let db = rusqlite::Connection::open(home.join("journal.sqlite")).unwrap();
    db.execute_batch(include_str!("../../src/journal/schema/1.sql")).unwrap();
    db.execute("INSERT INTO meta VALUES ('secret', zeroblob(32))", []).unwrap();
    for (number, state) in written().enumerate() {
        let identity = identity(&format!("key-{number}"), false, state.name());
        let (nonce, signed) = (identity.nonce, recording(identity.nonce, 100, NOW + 60));
        let fresh = matches!(state, RecordState::Reserved | RecordState::Released);
        db.execute(
            "INSERT INTO calls (nonce, key_hash, key, payment_id, fingerprint, session, state,
                created_at, method, url, origin, wallet, network, payee, amount, carried,
                valid_before, unanswered, recovery, lease_owner, lease_until)
             VALUES (?1, ?1, ?2, ?3, ?1, ?4, ?5, ?6, 'POST', '', '', zeroblob(20), 'eip155:84532', '',
                100, 0, ?7, ?8, 'token', '', 0)",
            rusqlite::params![
                nonce.0,
                identity.key,
                payment_id(&nonce),
                SESSION,
                state.name(),
                NOW as i64,
                (!fresh).then_some(NOW as i64 + 60),
                state.is_unresolved() || state == RecordState::Settled,
            ],
        )
        .unwrap();
        if !fresh {
            let sql = "INSERT INTO authorizations VALUES (?1, 1, '{}', ?2, ?3)";
            let signed = (nonce.0, signed.header_name, signed.header_value);
            db.execute(sql, signed).unwrap();
        }
    }
    let sql = "INSERT INTO spending VALUES ('all', x'', ?1, 500)";
    db.execute(sql, [NOW as i64 / 60]).unwrap();
    db.pragma_update(None, "user_version", 1).unwrap();
}

#[tokio::test]
async fn a_file_of_an_earlier_version_is_brought_up_to_date_with_all_that_is_in_it() {
    let home = tempfile::tempdir().unwrap();
    file_of_version_1(home.path());
    let journal = journal(home.path());
    let listed = journal.payments(PaymentFilter::default(), SESSION, NOW).await.unwrap();
    assert_eq!(journal.kind(), Some(&JournalKind::File(home.path().join("journal.sqlite"))));
    assert!(listed.iter().map(|payment| payment.state).eq(written()));
    let open: Vec<_> = journal.unresolved(99).await.unwrap();
    assert!(open.iter().all(|one| one.record.state.is_unresolved()));
    assert_eq!(open.len(), 3);
    for payment in listed {
        if matches!(payment.state, RecordState::Reserved | RecordState::Released) {
            continue;
        }
        let found = journal.resumable(payment.payment_id.clone()).await.unwrap();
        assert_eq!(found.recording, recording(found.row.nonce(), 100, NOW + 60));
        assert_eq!((found.recovery.as_str(), found.key), ("token", payment.key));
    }
    // Of the five that count one was only reserved, by a process that is dead.
    let full = reserve(&journal, entry(identity("x", false, "x"), 601, day(1_000), NOW)).await;
    assert_eq!(full.unwrap_err().kind(), ErrorKind::SpendLimit);
    reserve(&journal, entry(identity("x", false, "x"), 600, day(1_000), NOW)).await.unwrap();
}

#[tokio::test]
async fn a_file_of_a_later_version_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("journal.sqlite");
    let db = rusqlite::Connection::open(&file).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    let options = JournalOptions { home: Some(home.path().to_owned()), ..Default::default() };
    let strict = Journal::new(JournalOptions { required: true, ..options });
    let first = entry(identity("a", false, "a"), 1, Budgets::default(), NOW);
    let error = reserve(&strict, first).await.unwrap_err();
    assert!(error.message().contains("of version 99"), "{error}");
}

/// Whoever closes a descriptor of a file loses the locks that its process has on it. Without them
/// another process takes itself for the last one and removes the log under us.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_second_journal_in_the_process_takes_no_lock_from_the_first() {
    use std::os::unix::fs::MetadataExt;
    let home = tempfile::tempdir().unwrap();
    let first = journal(home.path());
    states(&first, NOW).await;
    let file = std::fs::metadata(home.path().join("journal.sqlite")).unwrap().ino();
    let ours = || {
        let locks = std::fs::read_to_string("/proc/locks").unwrap();
        let of_file = |line: &&str| line.contains(&format!(":{file} "));
        let own = format!(" {} ", std::process::id());
        // More than one at moments, while the log is folded into the file.
        locks.lines().filter(of_file).any(|line| line.contains(&own))
    };
    assert!(ours(), "an open journal holds a lock");
    let second = journal(home.path());
    states(&second, NOW).await;
    assert!(ours());
    drop(second);
    reserve(&first, entry(identity("a", false, "a"), 1, Budgets::default(), NOW)).await.unwrap();
    assert!(ours());
}
