//! The world's state, its steps, and how far it is explored.

use std::collections::BTreeSet;

use super::{
    gateway::{Gateway, Stage},
    journal::Journal,
    machine::{Auth, Node, Reply},
};

/// What is explored, and how far.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    /// The key that each process uses.
    pub(crate) keys: Vec<u8>,
    /// No keys: each call makes one up, and all have the same content.
    pub(crate) keyless: bool,
    /// What calls are foretold to cost: the price, or a stale one.
    pub(crate) foretold: Vec<u8>,
    /// Calls that each process makes.
    pub(crate) calls: u8,
    /// Paid requests that are written, by all processes.
    pub(crate) sends: u8,
    /// Deaths of a client process.
    pub(crate) crashes: u8,
    /// Ticks; an authorization lives for one.
    pub(crate) time: u8,
    /// Limit over all keys.
    pub(crate) limit: u8,
    /// The server says and does what it likes.
    pub(crate) liar: bool,
    /// The rule that is broken on purpose.
    pub(crate) broken: Option<Broken>,
}

/// Rules that can be broken, to see that the checker notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// Every attempt has a nonce of its own, whatever its key.
    RandomNonce,
    /// A payment is sent before it is written to the journal.
    SendBeforeRecord,
    /// The clock of the clients stands still, so nothing ever expires for them.
    ReplayAfterExpiry,
    /// What a server refused is free again.
    ReleaseOnRefusal,
    /// The gateway settles each replay, and the token lets it.
    SettlesTwice,
    /// The gateway forgets the answer when it has settled.
    AnswerForgotten,
    /// The budgets of the keys do not know of each other.
    SeparateBudgets,
    /// A lost answer is taken for a request that never left.
    LostIsNeverSent,
    /// A call that ends keeps its lease.
    LeaseKept,
    /// A call without a key is always another purchase.
    NothingTakenUp,
    /// A key that is signed again has a new token for its answer.
    TokenReplaced,
}

/// The world's state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) now: u8,
    pub(crate) processes: Vec<Process>,
    pub(crate) journal: Journal,
    pub(crate) gateway: Gateway,
    /// Everything that was ever recorded, sent, executed.
    pub(crate) recorded: BTreeSet<Auth>,
    pub(crate) sent: BTreeSet<Auth>,
    pub(crate) executed: Vec<Auth>,
    /// Nonces whose answer a caller has.
    pub(crate) answered: BTreeSet<u8>,
    /// What a caller was told is not charged.
    pub(crate) disclaimed: BTreeSet<Auth>,
    pub(crate) attempts: u8,
    pub(crate) sends: u8,
    pub(crate) crashes: u8,
    pub(crate) seen: Seen,
}

/// What must never be seen, and what should be seen at least once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub(crate) struct Seen {
    pub(crate) unrecorded_send: bool,
    pub(crate) expired_send: bool,
    pub(crate) false_claim: bool,
    pub(crate) resumed_and_answered: bool,
}

/// A process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Process {
    pub(crate) calls: u8,
    pub(crate) run: Option<Run>,
}

/// A call under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Run {
    pub(crate) node: Node,
    pub(crate) key: u8,
    pub(crate) attempt: u8,
    pub(crate) token: u8,
    pub(crate) nonce: u8,
    /// What it shows on its paid leg.
    pub(crate) auth: Option<Auth>,
    /// Everything it recorded or took up.
    pub(crate) own: BTreeSet<Auth>,
    /// Whether it works on a row.
    pub(crate) row: bool,
    pub(crate) resumed: bool,
    /// An answer on its way.
    pub(crate) inbox: Option<Reply>,
}

/// What becomes of a payment that is to be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Recorded {
    Sent,
    NeverSent,
    ThenDied,
    Failed,
}

/// A step of the world. Processes go by number, payments by value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    Tick,
    /// A call begins. Where it takes a payment up, the request is written or cannot even be sent.
    Begin(u8, bool),
    /// A call begins whose price is foretold.
    Prepay(u8, u8),
    ServeUnpaid(u8, Reply),
    Reserve(u8),
    Decline(u8),
    Record(u8, Recorded),
    /// The pause is over: the payment is shown again, or cannot even be sent.
    Wake(u8, bool),
    Deliver(Auth, Option<u8>),
    Receive(u8),
    Lie(u8, Reply),
    Lose(u8),
    AskChain(u8, bool),
    Deadline(u8),
    Crash(u8),
    Reconcile(u8),
    Advance(u8, Stage),
    Execute(Auth),
}

impl World {
    pub(crate) fn run(&self, process: u8) -> Option<&Run> {
        self.processes[usize::from(process)].run.as_ref()
    }

    pub(crate) fn run_mut(&mut self, process: u8) -> &mut Run {
        self.processes[usize::from(process)].run.as_mut().unwrap()
    }

    /// The payment of a nonce that was executed.
    pub(crate) fn executed(&self, nonce: u8) -> Option<Auth> {
        self.executed.iter().copied().find(|auth| auth.nonce == nonce)
    }
}
