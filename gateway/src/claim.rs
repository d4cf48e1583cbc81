//! The claim on a payment: durable, one per authorization, taken before any work is done.
//!
//! ```text
//! (none) ──▶ running ──▶ answered ──▶ settling ──▶ settled ──▶ spent
//!               │            │           │  └──▶ streaming ──▲
//!               ▼            ▼           ▼
//!            refused      released    released
//! ```
//!
//! Each state is on disk before what it allows is done. `answered` is passed over where the answer is kept
//! in the same write as the note that it is being settled. A crash in `running` or `answered` has
//! charged nothing: the claim is released, an answer that is there stays for the same payment. In
//! `settling` a transaction may be out: what became of it is asked, never guessed. `streaming` is
//! settled with an answer that is still being recorded or owed, whatever is kept of one that broke
//! off; `spent` with one that is not kept any more. A settled claim stays for ever, whatever becomes
//! of its answer.
//!
//! Where several processes share the database, a claim that is being worked on belongs to one of them,
//! its owner, and only the owner changes it. What a dead process owned is nobody's: what nothing was
//! sent for is released, a settlement and an owed stream are taken on by whoever comes first.
//!
//! A refused claim may be taken by another authorization of the same nonce for the same request.
//! A released one may be taken by the same authorization, and by another once that has expired.
//! Whatever else comes with a claimed nonce is a conflict.

mod book;
mod identity;
mod ids;
mod owner;
mod room;
mod seal;
mod state;
mod table;
#[cfg(test)]
mod tests;
mod turn;

pub(crate) use book::{
    answered, keep, keep_part, refuse, release, settled, settling, settling_with, spend,
};
pub(crate) use identity::{Claim, ClaimKey, Named, request_hash};
pub(crate) use ids::named;
pub(crate) use owner::{abandon, adopt, release_orphans, unfinished};
pub(crate) use room::{Limits, prune};
pub(crate) use seal::{RecoveryToken, Seal};
pub(crate) use state::State;
pub(crate) use table::{
    Answer, Elsewhere, Kept, Settled, Standing, Taken, bought, held, pending, standing, take,
};
pub(crate) use turn::{Turn, Turns};
