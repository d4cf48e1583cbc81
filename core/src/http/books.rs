//! A call and the journal: reserved before it is signed, recorded before it is sent, closed at the
//! end.

use super::{call::Call, paid::origin, stream::Books};
use crate::{
    error::{Error, ErrorKind, Result},
    flow::{Action, Event, Outcome, Recording},
    journal::{Entry, PaymentRecord, RecordState, Reservation},
    policy::PayeeRule,
    x402::Terms,
};

impl Call<'_> {
    /// Reserves the price in all budgets. A budget that refuses is asked again after the chain was
    /// asked what has become of earlier payments.
    pub(super) async fn reserve(&mut self, terms: &Terms) -> Event {
        let mut reserved = self.try_reserve(terms).await;
        if reserved.as_ref().is_err_and(|error| error.kind() == ErrorKind::SpendLimit)
            && self.http.reconcile().await.is_ok_and(|found| found.freed > 0)
        {
            reserved = self.try_reserve(terms).await;
        }
        match reserved {
            Ok(event) => event,
            Err(error) => Event::NotReserved(error),
        }
    }

    async fn try_reserve(&mut self, terms: &Terms) -> Result<Event> {
        let (http, now) = (self.http, self.http.now());
        if let Some(row) = self.row {
            let budgets = http.policy.budgets.clone();
            http.journal.raise(row, terms.amount, budgets, now).await?;
            return Ok(Event::Reserved);
        }
        let entry = self.entry(terms, now)?;
        match http.journal.reserve(entry, http.on_unresolved, now).await? {
            Reservation::Made { row, recovery } => {
                (self.row, self.recovery) = (Some(row), recovery);
                Ok(Event::Reserved)
            }
            // The same content was paid before and never answered: that payment is shown again.
            Reservation::Found(resumable) => match self.take_up(*resumable) {
                Action::Replay => Ok(self.exchange_again().await),
                _ => Err(Error::new(ErrorKind::Payment, "the earlier payment cannot be taken up")),
            },
        }
    }

    fn entry(&self, terms: &Terms, now: u64) -> Result<Entry> {
        let facts = self.flow.call();
        let record = PaymentRecord {
            key: (!self.identity.keyed).then(|| facts.key.clone()),
            payment_id: facts.payment_id.clone(),
            state: RecordState::Reserved,
            created_at: now,
            method: self.request.method.to_string(),
            url: self.request.url.to_string(),
            model: self.request.model.clone(),
            network: terms.network.caip2.to_owned(),
            amount: terms.amount,
            payee: terms.payee.to_string(),
            nonce: facts.nonce.to_string(),
            valid_before: None,
            transaction: None,
        };
        Ok(Entry {
            identity: self.identity.clone(),
            record,
            origin: origin(&self.request.url)?.to_string(),
            session: self.http.session,
            recovery: self.recovery.clone(),
            budgets: self.http.policy.budgets.clone(),
            pin_payee: self.http.policy.payees == PayeeRule::PinOnFirstUse,
            server_time: now.saturating_add_signed(self.flow.clock_offset()),
        })
    }

    /// Writes the signed payment, before it is sent.
    pub(super) async fn record(&mut self, recording: Recording) -> Result<()> {
        let Some(row) = self.row else {
            return Err(Error::new(ErrorKind::Journal, "nothing was reserved"));
        };
        self.http.journal.record(row, recording.clone()).await?;
        self.recording = Some(recording);
        Ok(())
    }

    /// Closes the books of an answered call, before the caller has the answer: a program that ends
    /// right after it must not find the payment unresolved the next time.
    pub(super) async fn close_answered(&mut self, outcome: Outcome) {
        if let Some(row) = self.row.take() {
            // What cannot be written stays counted; the answer is worth more than the error.
            let _ = self.http.journal.finish(row, outcome).await;
        }
    }

    /// Writes that the head of a paid stream has come. The call stays leased, and its answer
    /// outstanding, until the stream's end.
    pub(super) async fn leave_open(&mut self, outcome: &Outcome) -> Option<Books> {
        let row = self.row?;
        // What cannot be written stays counted; the answer is worth more than the error.
        let _ = self.http.journal.settle_open(row, outcome.clone()).await;
        // Only now: a caller who goes meanwhile leaves a call that is free to be taken up.
        self.row = None;
        Some(Books { row, outcome: outcome.clone() })
    }

    /// Closes the books of a call that ends with an error.
    pub(super) async fn close(&mut self, outcome: Outcome) {
        if let Some(row) = self.row.take() {
            // What cannot be written stays counted; the caller learns of the call's own error.
            let _ = self.http.journal.close(row, outcome).await;
        }
    }
}
