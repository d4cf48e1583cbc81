-- Version 1. Amounts are micro-USDC, times are Unix seconds, hashes and addresses are bytes.

-- The claim on a payment: at most one per authorization of a token contract.
CREATE TABLE claims (
    network        TEXT NOT NULL,
    asset          BLOB NOT NULL,
    payer          BLOB NOT NULL,
    nonce          BLOB NOT NULL,
    request        BLOB NOT NULL,     -- hash of method, path and body
    authorization  BLOB NOT NULL,     -- hash of the signed authorization
    value          INTEGER NOT NULL CHECK (value > 0),
    valid_before   INTEGER NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('running', 'refused', 'released', 'settled')),
    recovery       BLOB,              -- hash of the recovery token; null: sealed under the body
    txid           BLOB,              -- once settled
    answer         BLOB,              -- sealed; null while a stream is being recorded
    PRIMARY KEY (network, asset, payer, nonce)
) WITHOUT ROWID;

CREATE INDEX claims_running ON claims (payer) WHERE state = 'running';

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
