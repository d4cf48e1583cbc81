-- Version 2. Amounts are micro-USDC, times are Unix seconds, hashes and addresses are bytes.

-- The claim on a payment: at most one per authorization of a token contract.
CREATE TABLE claims (
    id             INTEGER PRIMARY KEY,
    network        TEXT NOT NULL,
    asset          BLOB NOT NULL,
    payer          BLOB NOT NULL,
    nonce          BLOB NOT NULL,
    request        BLOB NOT NULL,     -- hash of method, path and body
    authorization  BLOB NOT NULL,     -- hash of the signed authorization
    value          INTEGER NOT NULL CHECK (value > 0),
    valid_before   INTEGER NOT NULL,
    expires        INTEGER NOT NULL CHECK (expires >= valid_before), -- until then its answer is kept
    state          TEXT NOT NULL CHECK (state IN
                       ('refused', 'running', 'answered', 'released', 'settling', 'streaming',
                        'settled', 'spent')),
    taken          INTEGER NOT NULL,  -- order in which a payer's open claims were taken
    recovery       BLOB,              -- hash of the recovery token; null: sealed under the body
    txid           BLOB,              -- of the settlement, from before it was sent
    UNIQUE (network, asset, payer, nonce)
);

CREATE INDEX claims_open ON claims (payer)
    WHERE state IN ('running', 'answered', 'settling', 'streaming');
CREATE INDEX claims_ending ON claims (expires)
    WHERE state IN ('refused', 'released', 'streaming', 'settled');

-- Signed settlement transactions that may have been sent and are not known to have ended.
CREATE TABLE transactions (
    claim      INTEGER PRIMARY KEY REFERENCES claims (id) ON DELETE CASCADE,
    gas_nonce  INTEGER NOT NULL,
    raw        BLOB NOT NULL
);

-- Which settlement this database is of, from its first start on.
CREATE TABLE settlement (kind TEXT NOT NULL);

-- Public ids of a payer's calls: the one that its nonce derives, and those that it chose.
CREATE TABLE ids (
    id     TEXT NOT NULL,
    payer  BLOB NOT NULL,
    claim  INTEGER NOT NULL REFERENCES claims (id) ON DELETE CASCADE,
    PRIMARY KEY (id, payer)
) WITHOUT ROWID;

CREATE INDEX ids_claim ON ids (claim);

-- Sealed answers. How much they take is counted as they come and go.
CREATE TABLE answers (
    claim     INTEGER PRIMARY KEY REFERENCES claims (id) ON DELETE CASCADE,
    streamed  INTEGER NOT NULL,
    sealed    BLOB NOT NULL
);

CREATE TABLE stored (bytes INTEGER NOT NULL CHECK (bytes >= 0));
INSERT INTO stored VALUES (0);

CREATE TRIGGER answers_kept AFTER INSERT ON answers BEGIN
    UPDATE stored SET bytes = bytes + length(NEW.sealed);
END;
CREATE TRIGGER answers_replaced AFTER UPDATE ON answers BEGIN
    UPDATE stored SET bytes = bytes + length(NEW.sealed) - length(OLD.sealed);
END;
CREATE TRIGGER answers_forgotten AFTER DELETE ON answers BEGIN
    UPDATE stored SET bytes = bytes - length(OLD.sealed);
END;

-- The practice ledger. An account without a row has the starting balance.
CREATE TABLE accounts (
    address  BLOB PRIMARY KEY,
    balance  INTEGER NOT NULL CHECK (balance >= 0)
) WITHOUT ROWID;

CREATE TABLE blocks (
    number  INTEGER PRIMARY KEY,
    hash    BLOB NOT NULL,
    parent  BLOB NOT NULL,
    time    INTEGER NOT NULL
);

CREATE TABLE transfers (
    txid      BLOB PRIMARY KEY,
    block     INTEGER NOT NULL UNIQUE REFERENCES blocks (number),
    payer     BLOB NOT NULL,
    payee     BLOB NOT NULL,
    value     INTEGER NOT NULL,
    nonce     BLOB NOT NULL,
    purchase  TEXT NOT NULL,
    UNIQUE (payer, nonce)
);

CREATE INDEX transfers_payee ON transfers (payee);
