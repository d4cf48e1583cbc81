//! The claim on a payment: durable, one per authorization, taken before any work is done.
//!
//! ```text
//!            checks fail                      provider fails, crash
//! (none) ──────────────▶ refused    running ─────────────────────▶ released
//!    │                      │        ▲   │                             │
//!    └──────────────────────┴────────┘   │ settled on the ledger       │
//!             checks pass     ▲          ▼                             │
//!                             │       settled (for ever)               │
//!                             └────────────────────────────────────────┘
//! ```
//!
//! A refused claim may be taken by another authorization of the same nonce for the same request.
//! A released one may be taken by the same authorization, and by another once that has expired.
//! Whatever else comes with a claimed nonce is a conflict.

mod identity;
mod seal;
mod table;
mod turn;

pub(crate) use identity::{Claim, ClaimKey, request_hash};
pub(crate) use seal::{RecoveryToken, Seal};
pub(crate) use table::{
    Settled, Standing, Taken, record, release, release_all, settle, standing, take,
};
pub(crate) use turn::{Turn, Turns};
