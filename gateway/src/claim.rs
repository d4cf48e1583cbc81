//! The claim on a payment: durable, one per authorization, taken before any work is done.
//!
//! ```text
//!            checks fail                      provider fails, crash
//! (none) ──────────────▶ refused    running ─────────────────────▶ released
//!    │                      │        ▲   │                             │
//!    └──────────────────────┴────────┘   │ settled on the ledger       │
//!             checks pass     ▲          ▼                             │
//!                             │       streaming ──▶ settled ──▶ spent  │
//!                             └────────────────────────────────────────┘
//! ```
//!
//! `streaming` is settled with an answer that is still being recorded, `spent` with one that is not
//! kept any more. A settled claim stays for ever, whatever becomes of its answer.
//!
//! A refused claim may be taken by another authorization of the same nonce for the same request.
//! A released one may be taken by the same authorization, and by another once that has expired.
//! Whatever else comes with a claimed nonce is a conflict.

mod book;
mod identity;
mod ids;
mod room;
mod seal;
mod state;
mod table;
mod turn;

pub(crate) use book::{keep, release, release_all, settle};
pub(crate) use identity::{Claim, ClaimKey, Named, request_hash};
pub(crate) use ids::named;
pub(crate) use room::{Limits, prune};
pub(crate) use seal::{RecoveryToken, Seal};
pub(crate) use state::State;
pub(crate) use table::{Answer, Kept, Settled, Standing, Taken, bought, standing, take};
pub(crate) use turn::{Turn, Turns};
