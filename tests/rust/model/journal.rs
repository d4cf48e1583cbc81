//! The journal's rows, leases and budgets, abstractly: what `journal/change.rs` and
//! `journal/lookup.rs` do to them, each call of them one atomic step.

use blockrun_llm::{
    ErrorKind,
    journal::RecordState::{self, *},
};

use super::{
    gateway::KEPT,
    machine::{Auth, Books},
};

/// A row: one key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    pub(crate) state: RecordState,
    /// What it holds in the budgets, while its state counts.
    pub(crate) amount: u8,
    pub(crate) carried: u8,
    pub(crate) valid_before: Option<u8>,
    /// What was signed last.
    pub(crate) auth: Option<Auth>,
    /// Opens the stored answer; one for the life of the row.
    pub(crate) token: u8,
    /// Whether its answer was handed over.
    pub(crate) answered: bool,
    /// The process that works on it.
    pub(crate) lease: Option<u8>,
}

/// How a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    New,
    Resume { auth: Auth, at_risk: u8, ended: Option<u8> },
    InFlight,
}

/// The rows of a wallet home.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub(crate) struct Journal {
    pub(crate) rows: Vec<Option<Row>>,
}

impl Row {
    fn state_at(&self, now: u8) -> RecordState {
        let expired = self.valid_before.is_some_and(|at| at <= now);
        if self.state.is_unresolved() && expired { PresumedCharged } else { self.state }
    }

    /// Whether the chain may be asked about it.
    pub(crate) const fn is_open(&self) -> bool {
        self.state.is_unresolved() && self.lease.is_none()
    }

    fn take_up(&mut self, process: u8) -> Standing {
        self.lease = Some(process);
        let ended = (self.state == Settled).then_some(self.amount);
        Standing::Resume { auth: self.auth.unwrap(), at_risk: self.amount, ended }
    }

    /// What it holds in the budgets.
    pub(crate) const fn counted(&self) -> u8 {
        if self.state.counts() { self.amount } else { 0 }
    }
}

impl Journal {
    pub(crate) fn row(&self, key: u8) -> Option<&Row> {
        self.rows[usize::from(key)].as_ref()
    }

    fn row_mut(&mut self, key: u8) -> Option<&mut Row> {
        self.rows[usize::from(key)].as_mut()
    }

    /// How a key stands; what is taken up again is leased in the same step.
    pub(crate) fn standing(&mut self, key: u8, process: u8, now: u8) -> Standing {
        let Some(row) = self.row_mut(key) else { return Standing::New };
        if row.lease.is_some() {
            return Standing::InFlight;
        }
        match row.state_at(now) {
            Reserved | Released | PresumedCharged => Standing::New,
            _ => row.take_up(process),
        }
    }

    /// How a call without a key stands, all of which have the same content: a payment that was sent
    /// and never answered is taken up, unless somebody works on it.
    pub(crate) fn by_content(&mut self, process: u8, now: u8) -> Standing {
        let waits = |row: &&mut Row| {
            let until =
                row.valid_before.map(|at| if row.state == Settled { at + KEPT } else { at });
            let sent = row.state == Settled || row.state.is_unresolved();
            sent && !row.answered && row.lease.is_none() && until > Some(now)
        };
        let found = self.rows.iter_mut().rev().flatten().find(waits);
        found.map_or(Standing::New, |row| row.take_up(process))
    }

    /// Reserves an amount, under a limit over all rows.
    pub(crate) fn reserve(
        &mut self,
        (key, process): (u8, u8),
        (amount, token): (u8, u8),
        limit: u8,
        now: u8,
    ) -> Result<(), ErrorKind> {
        let earlier = self.row(key).cloned();
        let carried = match &earlier {
            None => 0,
            Some(row) if row.lease.is_some() => return Err(ErrorKind::IdempotencyInFlight),
            Some(row) => match row.state_at(now) {
                Reserved | Released => row.carried,
                PresumedCharged => row.amount,
                _ => return Err(ErrorKind::IdempotencyConflict),
            },
        };
        // What processes reserved that died before they signed is free again.
        for other in (0..).map_while(|key| u8::try_from(key).ok()).take(self.rows.len()) {
            if self.row(other).is_some_and(|row| row.state == Reserved && row.lease.is_none()) {
                self.close(other, Books::Released, false);
            }
        }
        if self.counted_but(key) + amount > limit {
            return Err(ErrorKind::SpendLimit);
        }
        self.rows[usize::from(key)] = Some(Row {
            state: Reserved,
            amount: amount.max(carried),
            carried,
            valid_before: earlier.as_ref().and_then(|row| row.valid_before),
            auth: earlier.as_ref().and_then(|row| row.auth),
            token: earlier.map_or(token, |row| row.token),
            answered: false,
            lease: Some(process),
        });
        Ok(())
    }

    fn counted_but(&self, key: u8) -> u8 {
        let others = self.rows.iter().enumerate().filter(|(at, _)| *at != usize::from(key));
        others.filter_map(|(_, row)| row.as_ref()).map(Row::counted).sum()
    }

    /// Raises what a row holds.
    pub(crate) fn raise(&mut self, key: u8, amount: u8, limit: u8) -> Result<(), ErrorKind> {
        let others = self.counted_but(key);
        let row = self.row_mut(key).ok_or(ErrorKind::Journal)?;
        if amount <= row.amount {
            return Ok(());
        }
        if others + amount > limit {
            return Err(ErrorKind::SpendLimit);
        }
        row.amount = amount;
        Ok(())
    }

    /// Writes a signed payment.
    pub(crate) fn record(&mut self, auth: Auth) {
        let Some(row) = self.row_mut(auth.key) else { return };
        row.state = Signed;
        row.valid_before = row.valid_before.max(Some(auth.expiry));
        row.auth = Some(auth);
    }

    /// Closes a row's books and gives up its lease.
    pub(crate) fn close(&mut self, key: u8, books: Books, answered: bool) {
        let Some(row) = self.row_mut(key) else { return };
        row.lease = None;
        row.answered |= answered;
        if row.state == Settled {
            return;
        }
        match books {
            Books::Released if row.carried > 0 => {
                (row.state, row.amount) = (Unknown, row.carried);
            }
            Books::Released => row.state = Released,
            Books::Refused { .. } => row.state = Refused,
            Books::Unknown { .. } => row.state = Unknown,
            Books::Settled { amount, by_chain: true } => {
                (row.state, row.amount) = (Settled, amount)
            }
            Books::Settled { amount, by_chain: false } => {
                (row.state, row.amount) = (Settled, row.amount.max(amount));
            }
        }
    }

    /// Writes what the chain proves: paid with this amount, or not to be executed any more.
    pub(crate) fn prove(&mut self, key: u8, paid: Option<u8>) {
        let Some(row) = self.row_mut(key).filter(|row| row.is_open()) else { return };
        match paid {
            Some(amount) => (row.state, row.amount) = (Settled, amount),
            None => row.state = Released,
        }
    }

    /// The leases of a process that died end.
    pub(crate) fn died(&mut self, process: u8) {
        for row in self.rows.iter_mut().flatten() {
            row.lease = row.lease.filter(|holder| *holder != process);
        }
    }
}
