//! The journal in memory.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{PaymentRecord, RecordState, Spending};
use crate::{
    error::{Error, ErrorKind, Limit, Result},
    flow::{Outcome, Recording},
    money::Usdc,
};

/// Ended payments that are kept for [`Journal::payments`].
const KEPT: usize = 1_000;

/// Names a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowId(u64);

/// What is reserved for a call.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The row as it will be shown, in state `reserved`.
    pub record: PaymentRecord,
    /// Most that the session may spend, inclusive.
    pub session_limit: Option<Usdc>,
}

/// Payments of one client, shared by its clones. Never blocks: the lock is held for a few moves.
#[derive(Debug, Default)]
pub struct Journal(Mutex<Rows>);

#[derive(Debug, Default)]
struct Rows {
    next: u64,
    live: BTreeMap<RowId, PaymentRecord>,
    ended: VecDeque<PaymentRecord>,
    settled: Usdc,
    calls: u64,
    pending: Usdc,
}

impl Journal {
    /// Reserves an amount for a call that has none yet.
    ///
    /// # Errors
    /// `SpendLimit` when the session's budget does not cover it.
    pub fn reserve(&self, entry: Entry) -> Result<RowId> {
        let mut rows = self.rows();
        rows.check(entry.record.amount, Usdc::ZERO, entry.session_limit)?;
        rows.pending = rows.pending.saturating_add(entry.record.amount);
        rows.next += 1;
        let id = RowId(rows.next);
        rows.live.insert(id, entry.record);
        Ok(id)
    }

    /// Raises a call's reservation to `amount`; a lower amount leaves it as it is, because the
    /// earlier authorization can still be executed.
    ///
    /// # Errors
    /// `SpendLimit` when the session's budget does not cover the difference.
    pub fn raise(&self, id: RowId, amount: Usdc, session_limit: Option<Usdc>) -> Result<()> {
        let mut rows = self.rows();
        let held = rows.live.get(&id).ok_or_else(lost_row)?.amount;
        if amount > held {
            rows.check(amount, held, session_limit)?;
            rows.pending = rows.pending.saturating_add(amount.saturating_sub(held));
            rows.live.entry(id).and_modify(|record| record.amount = amount);
        }
        Ok(())
    }

    /// Writes a signed payment, before it is sent.
    ///
    /// # Errors
    /// `Journal` when the row is gone.
    pub fn record(&self, id: RowId, recording: &Recording) -> Result<()> {
        let mut rows = self.rows();
        let record = rows.live.get_mut(&id).ok_or_else(lost_row)?;
        let valid_before = recording.transfer.authorization.valid_before.saturating_to();
        record.state = RecordState::Signed;
        record.valid_before = record.valid_before.max(Some(valid_before));
        Ok(())
    }

    /// Closes a call's books. What was refused or is unknown stays in the budget.
    pub fn close(&self, id: RowId, outcome: &Outcome) {
        let mut rows = self.rows();
        let Some(mut record) = rows.live.remove(&id) else { return };
        let held = record.amount;
        match outcome {
            Outcome::Released => record.state = RecordState::Released,
            Outcome::Refused { .. } => record.state = RecordState::Refused,
            Outcome::Unknown { .. } => record.state = RecordState::Unknown,
            Outcome::Settled { amount, transaction } => {
                record.state = RecordState::Settled;
                record.amount = *amount;
                record.transaction.clone_from(transaction);
                rows.settled = rows.settled.saturating_add(*amount);
                rows.calls += 1;
            }
        }
        if matches!(record.state, RecordState::Released | RecordState::Settled) {
            rows.pending = rows.pending.saturating_sub(held);
        }
        rows.keep(record);
    }

    /// The payments of this client, oldest first: the last 1,000 that ended, and those under way.
    pub fn payments(&self) -> Vec<PaymentRecord> {
        let rows = self.rows();
        rows.ended.iter().chain(rows.live.values()).cloned().collect()
    }

    /// Sums over all payments of this client.
    pub fn spending(&self) -> Spending {
        let rows = self.rows();
        Spending { total: rows.settled, calls: rows.calls, reserved: rows.pending }
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        // Every change is complete before a panic could happen, so a poisoned lock is still good.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rows {
    fn check(&self, quoted: Usdc, held: Usdc, limit: Option<Usdc>) -> Result<()> {
        let Some(limit) = limit else { return Ok(()) };
        let counted = self.settled.saturating_add(self.pending).saturating_sub(held);
        if counted.saturating_add(quoted) <= limit {
            return Ok(());
        }
        let scope = "session";
        Err(Error::over_limit(Limit { quoted, limit, scope, reserved: counted, frees_at: None }))
    }

    fn keep(&mut self, record: PaymentRecord) {
        if self.ended.len() == KEPT {
            self.ended.pop_front();
        }
        self.ended.push_back(record);
    }
}

fn lost_row() -> Error {
    Error::new(ErrorKind::Journal, "the journal lost the row of a call; nothing was sent")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(micro: u128, limit: u128) -> Entry {
        let record = PaymentRecord {
            key: "k".into(),
            payment_id: "pay_".into(),
            state: RecordState::Reserved,
            created_at: 0,
            method: "POST".into(),
            url: "https://a.example/".into(),
            model: None,
            network: "eip155:84532".into(),
            amount: Usdc::from_micro(micro),
            payee: "0x".into(),
            nonce: "0x".into(),
            valid_before: None,
            transaction: None,
        };
        Entry { record, session_limit: Some(Usdc::from_micro(limit)) }
    }

    fn settled(micro: u128) -> Outcome {
        Outcome::Settled { amount: Usdc::from_micro(micro), transaction: None }
    }

    #[test]
    fn a_session_never_holds_more_than_its_limit() {
        let journal = Journal::default();
        let first = journal.reserve(entry(60, 100)).unwrap();
        let error = journal.reserve(entry(41, 100)).unwrap_err();
        assert_eq!(error.limit().unwrap().reserved, Usdc::from_micro(60));
        journal.close(first, &Outcome::Released);
        let second = journal.reserve(entry(100, 100)).unwrap();
        journal.close(second, &settled(100));
        assert!(journal.reserve(entry(1, 100)).is_err());
        assert_eq!(journal.spending().total, Usdc::from_micro(100));
    }

    #[test]
    fn what_the_server_says_gives_nothing_back() {
        for outcome in [Outcome::Refused { live_until: 9 }, Outcome::Unknown { live_until: 9 }] {
            let journal = Journal::default();
            let id = journal.reserve(entry(100, 100)).unwrap();
            journal.close(id, &outcome);
            assert!(journal.reserve(entry(1, 100)).is_err(), "{outcome:?}");
            assert_eq!(journal.spending().reserved, Usdc::from_micro(100));
        }
    }

    #[test]
    fn a_raise_reserves_the_difference_only() {
        let journal = Journal::default();
        let id = journal.reserve(entry(60, 100)).unwrap();
        assert!(journal.raise(id, Usdc::from_micro(101), Some(Usdc::from_micro(100))).is_err());
        journal.raise(id, Usdc::from_micro(100), Some(Usdc::from_micro(100))).unwrap();
        journal.raise(id, Usdc::from_micro(10), Some(Usdc::from_micro(100))).unwrap();
        assert_eq!(journal.spending().reserved, Usdc::from_micro(100));
        journal.close(id, &settled(10));
        assert_eq!(journal.spending().reserved, Usdc::ZERO);
    }

    #[test]
    fn threads_cannot_race_past_the_limit() {
        let journal = Journal::default();
        let won: usize = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..32)
                .map(|_| scope.spawn(|| journal.reserve(entry(600_000, 1_000_000)).is_ok()))
                .collect();
            tries.into_iter().map(|t| usize::from(t.join().unwrap())).sum()
        });
        assert_eq!(won, 1);
    }

    #[test]
    fn ended_rows_are_bounded() {
        let journal = Journal::default();
        for _ in 0..KEPT + 10 {
            let id = journal.reserve(entry(1, u128::MAX)).unwrap();
            journal.close(id, &settled(1));
        }
        assert_eq!(journal.payments().len(), KEPT);
        assert_eq!(journal.spending().calls, KEPT as u64 + 10);
    }
}
