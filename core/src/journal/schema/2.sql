-- Version 2. A paid call touches fewer pages: a row has two names, its public id and its key, and one
-- index for everything that is not over yet; what is authorized is read from the signed header.
ALTER TABLE calls RENAME TO calls_1;
ALTER TABLE authorizations RENAME TO authorizations_1;
DROP INDEX calls_unanswered;
DROP INDEX calls_unresolved;
DROP INDEX calls_reserved;
DROP INDEX calls_by_time;
DROP INDEX calls_by_session;

CREATE TABLE calls (
    id           INTEGER PRIMARY KEY,
    payment_id   TEXT NOT NULL UNIQUE,   -- derives from the nonce
    nonce        BLOB NOT NULL,          -- EIP-3009 nonce: one a call
    key_hash     BLOB NOT NULL UNIQUE,   -- keyed hash of wallet and idempotency key
    key          TEXT,                   -- the key, if we made it up ourselves
    fingerprint  BLOB NOT NULL,          -- keyed hash of the call: no prompt is stored
    session      BLOB NOT NULL,          -- the client object
    state        TEXT NOT NULL,
    open         INTEGER NOT NULL,       -- reserved, or sent and nobody has its answer yet
    created_at   INTEGER NOT NULL,
    counted_at   INTEGER NOT NULL,       -- when the windows count it: never before an earlier one
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
    recovery     TEXT NOT NULL,          -- opens the stored answer; one for the life of the row
    lease_owner  TEXT NOT NULL,
    lease_until  INTEGER NOT NULL
) STRICT;

CREATE INDEX calls_open ON calls (fingerprint) WHERE open = 1;
CREATE INDEX calls_by_time ON calls (created_at);
CREATE INDEX calls_by_session ON calls (session);

-- What was signed: at most the last two a call, the newest is replayed.
CREATE TABLE authorizations (
    call         INTEGER NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    number       INTEGER NOT NULL,
    header_name  TEXT NOT NULL,
    header_value TEXT NOT NULL,
    PRIMARY KEY (call, number)
) STRICT;

INSERT INTO calls (payment_id, nonce, key_hash, key, fingerprint, session, state, open, created_at,
    counted_at, method, url, origin, model, wallet, network, payee, amount, carried, valid_before, tx,
    recovery, lease_owner, lease_until)
SELECT payment_id, nonce, key_hash, key, fingerprint, session, state,
    unanswered OR state IN ('reserved', 'signed', 'refused', 'unknown'), created_at,
    created_at, method, url, origin, model, wallet, network, payee, amount, carried, valid_before, tx, recovery,
    lease_owner, lease_until
FROM calls_1 ORDER BY created_at, rowid;

INSERT INTO authorizations
SELECT calls.id, number, header_name, header_value
FROM authorizations_1 JOIN calls ON calls.payment_id =
    (SELECT payment_id FROM calls_1 WHERE calls_1.nonce = authorizations_1.nonce);

-- The sum of a window is a difference of two running totals, however many minutes it has.
ALTER TABLE spending RENAME TO spending_1;

CREATE TABLE spending (
    scope  TEXT NOT NULL,                -- all, session, model, origin
    name   BLOB NOT NULL,
    minute INTEGER NOT NULL,
    amount INTEGER NOT NULL,             -- in this minute
    total  INTEGER NOT NULL,             -- up to the end of this minute
    PRIMARY KEY (scope, name, minute)
) STRICT, WITHOUT ROWID;

INSERT INTO spending
SELECT scope, name, minute, amount,
    sum(amount) OVER (PARTITION BY scope, name ORDER BY minute)
FROM spending_1;

DROP TABLE spending_1;
DROP TABLE authorizations_1;
DROP TABLE calls_1;
