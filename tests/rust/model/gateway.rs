//! The gateway's claims (MONEY.md §8) and the token contract, abstractly. Every stage is on disk, so
//! a crash loses only the provider's run.

use std::collections::BTreeMap;

use super::machine::{Auth, Reply};

/// Ticks for which an answer is stored after its payment's validity.
pub(crate) const KEPT: u8 = 1;
/// What an honest gateway asks.
pub(crate) const PRICE: u8 = 1;

/// How far a claim is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    /// The provider runs.
    Taken,
    /// The provider failed, or its run was lost: the nonce may be claimed anew.
    Free,
    /// The provider answered and the answer is stored.
    Answered,
    /// The settlement's transaction is stored and broadcast.
    Broadcast,
    Settled,
    /// The settlement failed for good.
    Failed,
}

/// The claim on a nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Claimed {
    pub(crate) auth: Auth,
    pub(crate) stage: Stage,
    pub(crate) stored: bool,
}

/// Claims by nonce.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub(crate) struct Gateway {
    pub(crate) claims: BTreeMap<u8, Claimed>,
}

impl Gateway {
    /// Takes a paid request; the answer of a new claim comes when it is asked again or still open.
    pub(crate) fn take(&mut self, auth: Auth, now: u8) -> Reply {
        let fresh = Claimed { auth, stage: Stage::Taken, stored: false };
        match self.claims.get_mut(&auth.nonce) {
            None if auth.amount != PRICE => Reply::Price(PRICE),
            None if auth.expiry <= now => Reply::WrongTime(PRICE),
            None => {
                self.claims.insert(auth.nonce, fresh);
                Reply::Pending
            }
            Some(claim)
                if claim.stage == Stage::Free && auth.expiry > now && auth.amount == PRICE =>
            {
                *claim = fresh;
                Reply::Pending
            }
            Some(claim) if claim.auth != auth => Reply::Conflict,
            Some(claim) => match claim.stage {
                Stage::Free => Reply::WrongTime(PRICE),
                Stage::Failed => Reply::Price(PRICE),
                Stage::Settled if !claim.stored => Reply::Gone,
                Stage::Settled => Reply::Success,
                Stage::Taken | Stage::Answered | Stage::Broadcast => Reply::Pending,
            },
        }
    }

    /// Whether the answer of an executed payment must be obtainable.
    pub(crate) fn owes(&self, auth: Auth, now: u8) -> bool {
        let settled = |claim: &Claimed| claim.auth == auth && claim.stage == Stage::Settled;
        now < auth.expiry + KEPT && self.claims.get(&auth.nonce).is_some_and(settled)
    }

    /// Sets how far a claim is.
    pub(crate) fn put(&mut self, nonce: u8, stage: Stage) {
        if let Some(claim) = self.claims.get_mut(&nonce) {
            claim.stage = stage;
            claim.stored |= stage == Stage::Answered;
        }
    }

    /// Drops answers that were stored long enough.
    pub(crate) fn expire(&mut self, now: u8) {
        for claim in self.claims.values_mut() {
            claim.stored &= now < claim.auth.expiry + KEPT;
        }
    }
}
