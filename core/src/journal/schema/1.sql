-- Version 1. One row a call; micro-USDC and Unix seconds as integers.
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE calls (
    nonce        BLOB PRIMARY KEY,       -- EIP-3009 nonce: one a call
    key_hash     BLOB NOT NULL UNIQUE,   -- keyed hash of wallet and idempotency key
    key          TEXT,                   -- the key, if we made it up ourselves
    payment_id   TEXT NOT NULL UNIQUE,
    fingerprint  BLOB NOT NULL,          -- keyed hash of the call: no prompt is stored
    session      BLOB NOT NULL,          -- the client object
    state        TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    method       TEXT NOT NULL,
    url          TEXT NOT NULL,
    origin       TEXT NOT NULL,
    model        TEXT,
    wallet       BLOB NOT NULL,
    network      TEXT NOT NULL,
    payee        TEXT NOT NULL,
    amount       INTEGER NOT NULL,       -- what is counted: the largest authorization
    carried      INTEGER NOT NULL,       -- of it, from an earlier attempt that was never proven
    valid_before INTEGER,                -- latest expiry of anything signed
    tx           TEXT,
    unanswered   INTEGER NOT NULL DEFAULT 0, -- sent, and nobody has its answer yet
    recovery     TEXT NOT NULL,          -- opens the stored answer
    lease_owner  TEXT NOT NULL,
    lease_until  INTEGER NOT NULL
) STRICT;

CREATE INDEX calls_unanswered ON calls (fingerprint, created_at) WHERE unanswered = 1;
CREATE INDEX calls_unresolved ON calls (created_at) WHERE state IN ('signed', 'refused', 'unknown');
CREATE INDEX calls_reserved ON calls (lease_until) WHERE state = 'reserved';
CREATE INDEX calls_by_time ON calls (created_at);
CREATE INDEX calls_by_session ON calls (session);

-- What was signed: at most two live ones a call, the newest is replayed.
CREATE TABLE authorizations (
    nonce         BLOB NOT NULL REFERENCES calls (nonce) ON DELETE CASCADE,
    number        INTEGER NOT NULL,
    transfer      TEXT NOT NULL,         -- the authorization as JSON
    header_name   TEXT NOT NULL,
    header_value  TEXT NOT NULL,
    PRIMARY KEY (nonce, number)
) STRICT, WITHOUT ROWID;

-- Calls that were compacted away: their keys are spent for ever.
CREATE TABLE tombstones (
    key_hash BLOB PRIMARY KEY,
    nonce    BLOB NOT NULL,
    state    TEXT NOT NULL,
    ended_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who was paid first at an origin, where nobody else may be paid there.
CREATE TABLE payees (
    origin TEXT PRIMARY KEY,
    payee  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What counts in the budgets, by scope and minute, so that a sum never looks at the calls.
CREATE TABLE spending (
    scope  TEXT NOT NULL,                -- all, session, model, origin
    name   BLOB NOT NULL,
    minute INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (scope, name, minute)
) STRICT, WITHOUT ROWID;
