//! What the journal knows of a call before it begins.

use hmac::{Hmac, Mac};
use rusqlite::{Connection, OptionalExtension, params};
use sha2::Sha256;

use super::{
    Identity, OnUnresolved, RecordState, Standing, failed, lease,
    row::{COLUMNS, Stored},
};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, PaymentState, Result},
};

/// How long past its payment's expiry a gateway keeps an answer: so long a call that was paid, as
/// the chain shows, and never answered is taken up by a plain retry.
const ANSWER_KEPT_SECONDS: u64 = 3_600;

/// Version of what goes into a fingerprint.
const FINGERPRINT: &[u8] = b"call/v1";

/// The keyed hashes under which a call is found.
pub(super) struct Hashes {
    pub(super) key: [u8; 32],
    pub(super) fingerprint: [u8; 32],
}

impl Hashes {
    pub(super) fn of(secret: &[u8; 32], identity: &Identity) -> Self {
        let wallet = identity.wallet.as_slice();
        Self {
            key: keyed(secret, &[b"key/v1", wallet, identity.key.as_bytes()]),
            fingerprint: keyed(secret, &[FINGERPRINT, wallet, &identity.content]),
        }
    }
}

/// HMAC-SHA-256 over parts, each with its length before it.
fn keyed(secret: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes a key of any length, so there is no error to meet.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return [0; 32] };
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// The time of day, by the clock of this machine and by the server's.
#[derive(Clone, Copy)]
pub(super) struct Clocks {
    pub(super) local: Timestamp,
    pub(super) server: Timestamp,
}

impl Clocks {
    /// What has expired by this has expired by both.
    pub(super) fn earlier(self) -> Timestamp {
        self.local.min(self.server)
    }
}

/// The row of a call with a key, and how the call stands by it. What is taken up again is leased to
/// this process in the same step.
pub(super) fn by_key(
    db: &Connection,
    identity: &Identity,
    hashes: &Hashes,
    clocks: Clocks,
) -> Result<(Option<Stored>, Standing)> {
    let one = |sql| db.prepare_cached(sql).map_err(failed);
    let sql = "SELECT 1 FROM tombstones WHERE key_hash = ?1";
    if one(sql)?.exists(params![hashes.key]).map_err(failed)? {
        return Err(conflict(identity, "was used for a call that ended long ago"));
    }
    let sql = format!("SELECT {COLUMNS} FROM calls WHERE key_hash = ?1");
    let found = one(&sql)?.query_row(params![hashes.key], Stored::read).optional();
    let Some(stored) = found.map_err(failed)? else { return Ok((None, Standing::New)) };
    if stored.fingerprint != hashes.fingerprint || stored.nonce != identity.nonce {
        return Err(conflict(identity, "belongs to another call (method, address or body differ)"));
    }
    if stored.record.state == RecordState::Cancelled {
        return Err(conflict(identity, "was cancelled on the chain"));
    }
    let standing = by_row(db, &stored, clocks)?;
    Ok((Some(stored), standing))
}

fn by_row(db: &Connection, stored: &Stored, clocks: Clocks) -> Result<Standing> {
    if lease::is_live(&stored.lease_owner, stored.lease_until, clocks.local) {
        return Ok(Standing::InFlight);
    }
    match stored.state_at(clocks.earlier()) {
        RecordState::Reserved | RecordState::Released | RecordState::PresumedCharged => {
            Ok(Standing::New)
        }
        _ => resume(db, stored, clocks.local),
    }
}

/// How a call without a key stands: the same content, paid before and never answered.
pub(super) fn by_content(
    db: &Connection,
    hashes: &Hashes,
    policy: OnUnresolved,
    clocks: Clocks,
) -> Result<Standing> {
    if policy == OnUnresolved::New {
        return Ok(Standing::New);
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM calls
         WHERE fingerprint = ?1 AND open = 1 AND state <> 'reserved'
             AND valid_before > CASE state WHEN 'settled' THEN ?3 ELSE ?2 END
             AND NOT (lease_owner = ?4 AND lease_until > ?5)
         ORDER BY created_at DESC"
    );
    let mut statement = db.prepare_cached(&sql).map_err(failed)?;
    let now = clocks.earlier();
    let kept_since = now.saturating_sub(ANSWER_KEPT_SECONDS).cast_signed();
    // One that is under way is another purchase of the same thing. Our own are passed over before they
    // are read: a host may ask the same many times at once.
    let (ours, local) = (lease::owner()?, clocks.local.cast_signed());
    let known = params![hashes.fingerprint, now.cast_signed(), kept_since, ours, local];
    let rows = statement.query_map(known, Stored::read).map_err(failed)?;
    for row in rows {
        let stored = row.map_err(failed)?;
        if lease::is_live(&stored.lease_owner, stored.lease_until, clocks.local) {
            continue;
        }
        return match policy {
            OnUnresolved::Refuse => Err(unresolved(&stored)),
            _ => resume(db, &stored, clocks.local),
        };
    }
    Ok(Standing::New)
}

/// Takes a payment up: the lease is ours from now on.
fn resume(db: &Connection, stored: &Stored, now: Timestamp) -> Result<Standing> {
    let resumable = stored.resumable(db)?;
    let until = (now + lease::SECONDS).cast_signed();
    let sql = "UPDATE calls SET lease_owner = ?2, lease_until = ?3 WHERE id = ?1";
    let mut statement = db.prepare_cached(sql).map_err(failed)?;
    statement.execute(params![stored.id, lease::owner()?, until]).map_err(failed)?;
    Ok(Standing::Resume(Box::new(resumable)))
}

fn conflict(identity: &Identity, what: &str) -> Error {
    let message = format!("the idempotency key {:?} {what}; nothing was sent", identity.key);
    Error::new(ErrorKind::IdempotencyConflict, message).with_key(&identity.key)
}

fn unresolved(stored: &Stored) -> Error {
    let record = &stored.record;
    let key = record.key.as_ref().unwrap_or(&record.payment_id);
    let message = format!(
        "the same call was made before and its payment is {}; nothing was sent. Make it again with \
         the key {key:?} to take that one up",
        record.state.name()
    );
    Error::new(ErrorKind::PaymentOutcomeUnknown, message).with_key(key).with_payment(
        PaymentState::Unknown {
            nonce: record.nonce.clone(),
            valid_until: record.valid_before.unwrap_or_default(),
            key: key.clone(),
        },
    )
}
