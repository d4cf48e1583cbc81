//! The payment flow of one call: a state machine without I/O.
//!
//! It is told what happened ([`Event`]) and at which [`Moment`], and says what to do next
//! ([`Action`]). It reads no clock, draws no random number, opens no socket and writes no file, so
//! every rule of it can be checked by exploring it.
//!
//! ```text
//!                      not 402
//!  Ready ─send─▶ Probing ─────────────────────────────────────────────▶ finish
//!                  │402                    refused, over limit, declined ▶ fail (released)
//!                  ▼
//!              Reserving ─▶ Approving ─▶ Signing ─▶ Recording
//!                  ▲                                    │ recorded: from here on maybe sent
//!                  │                                    ▼
//!                  │ 402 wrong time or          ┌──▶ Paying ── 2xx ──────▶ finish (settled)
//!                  │ changed terms: same        │       │
//!                  │ nonce, once                │       ├── lost, busy, pending ─▶ Waiting ─┐
//!                  └────────────────────────────│───────┤                                   │
//!                                               └───────│───────────────────── replay ◀─────┘
//!                                                       ├── 402 nonce used ─▶ Asking ─▶ fail
//!                                                       └── 402, 409, 3xx, 4xx ─▶ fail (refused
//!                                                                                or unknown)
//! ```
//!
//! A call whose payment was recorded before, by this process or one that died, begins at Paying with
//! a replay. One whose 402 is foretold begins at Reserving; a 402 to its payment means other terms. A deadline or a cancellation ends it in every state: released before the record, unknown after.
//! Whatever happens, a call has one nonce, and nothing is sent that was not recorded.

mod after;
mod before;
mod event;
mod forecast;
mod machine;
mod paid;
mod sent;

pub use after::{AFTER_SENDING, Reaction, Rule, Signal};
pub use event::{
    Action, Answer, ChainAnswer, Event, Failure, Finished, Moment, Outcome, Recording, Resumed,
};
pub use forecast::Forecast;
pub use machine::{CallFacts, Flow};
pub use paid::retry_after;
pub(crate) use sent::settlement_skipped;
