//! The journal as the rest of the core sees it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use tokio::sync::{OnceCell, oneshot};

use super::{
    BudgetState, Entry, Identity, JournalKind, JournalOptions, OnUnresolved, PaymentFilter,
    PaymentRecord, PaymentSum, Reservation, Resumable, RowId, Spending, Standing, SumBy, broken,
    change::{self, Ending},
    compact,
    list::{self, Unresolved},
    lookup::{self, Clocks, Hashes},
    open::{self, Opened},
    reserve, spending, sums,
    writer::{Visit, Writer},
};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, Result},
    flow::{Outcome, Recording},
    money::Usdc,
    policy::Budgets,
};

/// What is proven about an unresolved payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proven {
    /// The chain shows its transfer.
    Paid {
        /// What was paid.
        amount: Usdc,
        /// Hash of the transaction.
        transaction: String,
    },
    /// It cannot be executed any more.
    Unexecutable {
        /// By the wallet's own cancellation; otherwise it expired unused.
        cancelled: bool,
    },
}

/// The payments of a wallet home. Opened at first use; cheap to share.
#[derive(Debug)]
pub struct Journal {
    options: JournalOptions,
    visitors: Arc<AtomicUsize>,
    opened: OnceCell<Arc<Open>>,
}

#[derive(Debug)]
struct Open {
    writer: Writer,
    secret: [u8; 32],
    kind: JournalKind,
    tidied: AtomicBool,
}

impl Journal {
    /// A journal that is not open yet.
    pub fn new(options: JournalOptions) -> Self {
        Self { options, visitors: Arc::default(), opened: OnceCell::new() }
    }

    /// Where it lives; `None` until the first use.
    pub fn kind(&self) -> Option<&JournalKind> {
        self.opened.get().map(|open| &open.kind)
    }

    /// Counts a call as under way for as long as what is returned lives: few are served in another way
    /// than many.
    pub fn visit(&self) -> Visit {
        Visit::new(Arc::clone(&self.visitors))
    }

    /// How a call with a key stands, before anything is sent for it. What is taken up again is
    /// leased to us.
    ///
    /// # Errors
    /// `IdempotencyConflict` for a key that belongs to another call or is spent, `Journal`.
    pub async fn standing(&self, identity: &Identity, now: Timestamp) -> Result<Standing> {
        let (open, identity) = (self.open().await?, identity.clone());
        let hashes = Hashes::of(&open.secret, &identity);
        // Nobody has told the server's time yet.
        let clocks = Clocks { local: now, server: now };
        let look = move |db: &_| lookup::by_key(db, &identity, &hashes, clocks);
        let unwanted = |db: &_, standing: &Standing| match standing {
            Standing::Resume(resumable) => change::let_go(db, resumable.row),
            Standing::New | Standing::InFlight => Ok(()),
        };
        open.writer.run_owned(move |db| look(db).map(|(_, standing)| standing), unwanted).await
    }

    /// Reserves an amount for a call in all its budgets, or nothing. A call without a key whose
    /// content was paid before and never answered is found instead, leased to us. Dropping the
    /// future undoes either.
    ///
    /// # Errors
    /// `SpendLimit` with the first limit that does not cover it, `IdempotencyInFlight` when another
    /// process was faster, `PaymentOutcomeUnknown` under [`OnUnresolved::Refuse`], `Journal`.
    pub async fn reserve(
        &self,
        entry: Entry,
        policy: OnUnresolved,
        now: Timestamp,
    ) -> Result<Reservation> {
        let open = self.open().await?;
        let hashes = Hashes::of(&open.secret, &entry.identity);
        if !open.tidied.swap(true, Ordering::Relaxed) {
            open.writer.post(move |db| compact::tidy(db, now));
        }
        let unwanted = |db: &_, made: &Reservation| match made {
            Reservation::Made { row, .. } => {
                change::enter(db, *row, &Outcome::Released, Ending::Closed)
            }
            Reservation::Found(resumable) => change::let_go(db, resumable.row),
        };
        let reserve = move |db: &_| reserve::reserve(db, &entry, &hashes, policy, now);
        open.writer.run_owned(reserve, unwanted).await
    }

    /// Raises a call's reservation to `amount`; a lower amount leaves it as it is, because the
    /// earlier authorization can still be executed.
    ///
    /// # Errors
    /// `SpendLimit`, `Journal`.
    pub async fn raise(
        &self,
        row: RowId,
        amount: Usdc,
        budgets: Budgets,
        now: Timestamp,
    ) -> Result<()> {
        let raise = move |db: &_| reserve::raise(db, row, amount, &budgets, now);
        self.open().await?.writer.run_brief(raise).await
    }

    /// Writes a signed payment, before it is sent.
    ///
    /// # Errors
    /// `Journal`.
    pub async fn record(&self, row: RowId, recording: Recording) -> Result<()> {
        self.open().await?.writer.run_brief(move |db| change::record(db, row, &recording)).await
    }

    /// Closes a call's books.
    ///
    /// # Errors
    /// `Journal`: the call then stays as it was recorded, counted and unresolved.
    pub async fn close(&self, row: RowId, outcome: Outcome) -> Result<()> {
        self.open()
            .await?
            .writer
            .run_brief(move |db| change::enter(db, row, &outcome, Ending::Closed))
            .await
    }

    /// Writes how a call ended whose answer has begun and is not handed over yet: the money is
    /// settled, the lease stays and [`Journal::extend`] keeps it: its key is in flight, and the
    /// same content without a key another purchase, as for every call under way.
    /// [`Journal::finish`] or [`Journal::abandon`] closes it; a process that dies before leaves a
    /// paid call without an answer, which its key or a plain retry takes up.
    ///
    /// # Errors
    /// As [`Journal::close`].
    pub async fn settle_open(&self, row: RowId, outcome: Outcome) -> Result<()> {
        let settle = move |db: &_| change::enter(db, row, &outcome, Ending::Begun);
        self.open().await?.writer.run_brief(settle).await
    }

    /// Closes the books of a call whose answer is handed over: from now on the same content is
    /// another purchase.
    ///
    /// # Errors
    /// As [`Journal::close`].
    pub async fn finish(&self, row: RowId, outcome: Outcome) -> Result<()> {
        let finish = move |db: &_| change::enter(db, row, &outcome, Ending::Answered);
        self.open().await?.writer.run_brief(finish).await
    }

    /// The same without waiting, for a reader that wants no more of its answer.
    pub fn finish_later(&self, row: RowId, outcome: Outcome) {
        if let Some(open) = self.opened.get() {
            open.writer.post(move |db| change::enter(db, row, &outcome, Ending::Answered));
        }
    }

    /// Closes the books of a call that was given up, without waiting. Should the process end
    /// first, the call stays as it was recorded, counted and unresolved.
    pub fn abandon(&self, row: RowId, outcome: Outcome) {
        if let Some(open) = self.opened.get() {
            open.writer.post(move |db| change::enter(db, row, &outcome, Ending::Closed));
        }
    }

    /// Keeps a call leased to us for another while, without waiting.
    pub fn extend(&self, row: RowId, now: Timestamp) {
        if let Some(open) = self.opened.get() {
            open.writer.post(move |db| change::extend(db, row, now));
        }
    }

    /// Writes what is proven about an unresolved payment, unless its call is under way.
    ///
    /// # Errors
    /// `Journal`.
    pub async fn prove(&self, row: RowId, proof: Proven, now: Timestamp) -> Result<()> {
        self.open().await?.writer.run(move |db| change::prove(db, row, &proof, now)).await
    }

    /// Payments that pass a filter, oldest first; `session` names the asking client.
    ///
    /// # Errors
    /// `Journal`.
    pub async fn payments(
        &self,
        filter: PaymentFilter,
        session: [u8; 16],
        now: Timestamp,
    ) -> Result<Vec<PaymentRecord>> {
        self.open().await?.writer.run(move |db| list::payments(db, &filter, session, now)).await
    }

    /// Sums over the payments that pass a filter, for each day, model or server; `session` names the
    /// asking client. The filter's `limit` does not matter.
    ///
    /// # Errors
    /// `InvalidArgument` for an origin that is no URL, `Journal`.
    pub async fn sums(
        &self,
        by: SumBy,
        filter: PaymentFilter,
        session: [u8; 16],
        now: Timestamp,
    ) -> Result<Vec<PaymentSum>> {
        self.open().await?.writer.run(move |db| sums::sums(db, by, &filter, session, now)).await
    }

    /// Sums over the payments of one client object.
    ///
    /// # Errors
    /// `Journal`.
    pub async fn spending(&self, session: [u8; 16], now: Timestamp) -> Result<Spending> {
        self.open().await?.writer.run(move |db| list::spending(db, session, now)).await
    }

    /// What is left of each budget over many calls; empty without one.
    ///
    /// # Errors
    /// `Journal`.
    pub async fn budgets(
        &self,
        session: [u8; 16],
        budgets: Budgets,
        now: Timestamp,
    ) -> Result<Vec<BudgetState>> {
        if budgets == Budgets::default() {
            return Ok(Vec::new());
        }
        let writer = &self.open().await?.writer;
        writer.run(move |db| spending::states(db, session, &budgets, now)).await
    }

    /// Payments that were sent and never resolved, at most `limit`, the oldest first.
    ///
    /// # Errors
    /// `Journal`.
    pub async fn unresolved(&self, limit: usize) -> Result<Vec<Unresolved>> {
        self.open().await?.writer.run(move |db| list::unresolved(db, limit)).await
    }

    /// What is needed to fetch the answer of a paid call again, by its public id.
    ///
    /// # Errors
    /// `InvalidArgument` for an id that the journal does not know, `Journal`.
    pub async fn resumable(&self, payment_id: String) -> Result<Resumable> {
        let find = move |db: &_| match list::by_payment_id(db, &payment_id)? {
            Some(stored) => stored.resumable(db),
            None => {
                let problem = format!("{payment_id:?} is not in the journal of this wallet home");
                Err(Error::argument("key", &problem))
            }
        };
        self.open().await?.writer.run(find).await
    }

    /// On a thread of its own: folders, locks and migrations may take their time.
    async fn open(&self) -> Result<Arc<Open>> {
        let opening = || async {
            let (options, visitors) = (self.options.clone(), Arc::clone(&self.visitors));
            let (tell, told) = oneshot::channel();
            let open = move || {
                // Whoever asked may have gone; the next one opens it again.
                let _ = tell.send(open_now(&options, visitors));
            };
            let named = thread::Builder::new().name("blockrun-journal".to_owned());
            named.spawn(open).map_err(|cause| broken(&cause))?;
            told.await.map_err(|cause| broken(&cause))?.map(Arc::new)
        };
        self.opened.get_or_try_init(opening).await.cloned()
    }
}

/// Fails closed where a rule needs the file, falls back to memory where none does.
fn open_now(options: &JournalOptions, visitors: Arc<AtomicUsize>) -> Result<Open> {
    let Some(path) = open::file(options) else {
        if options.required && !options.in_memory {
            let message = "the rules in force need a payment journal on disk, and there is no \
                           home folder for it: set BLOCKRUN_HOME";
            return Err(Error::new(ErrorKind::Journal, message));
        }
        return memory(JournalKind::Memory, visitors);
    };
    match open::open_file(&path, options.durability) {
        Ok(opened) => start(opened, JournalKind::File(path), visitors),
        Err(error) if options.required => {
            let message = format!("{}. Nothing was signed", error.message());
            Err(error.with_message(message))
        }
        Err(error) => memory(JournalKind::MemoryBecause(error.message().to_owned()), visitors),
    }
}

fn memory(kind: JournalKind, visitors: Arc<AtomicUsize>) -> Result<Open> {
    start(open::open_memory()?, kind, visitors)
}

fn start(opened: Opened, kind: JournalKind, visitors: Arc<AtomicUsize>) -> Result<Open> {
    let (secret, tidied) = (opened.secret, AtomicBool::new(false));
    Ok(Open { writer: Writer::start(opened, visitors)?, secret, kind, tidied })
}
