-- Version 4: the tables of the steps of SQLite, in PostgreSQL's words. Amounts are micro-USDC, times are
-- Unix seconds, hashes and addresses are bytes.

-- Who works on this database, and when each last said that it lives, by the database's clock.
CREATE TABLE processes (
    id    BIGINT PRIMARY KEY,
    beat  BIGINT NOT NULL
);

-- The claim on a payment: at most one per authorization of a token contract.
CREATE TABLE claims (
    id             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    network        TEXT NOT NULL,
    asset          BYTEA NOT NULL,
    payer          BYTEA NOT NULL,
    nonce          BYTEA NOT NULL,
    request        BYTEA NOT NULL,     -- hash of method, path and body
    "authorization" BYTEA NOT NULL,    -- hash of the signed authorization
    value          BIGINT NOT NULL CHECK (value > 0),
    valid_before   BIGINT NOT NULL,
    expires        BIGINT NOT NULL CHECK (expires >= valid_before), -- until then its answer is kept
    state          TEXT NOT NULL CHECK (state IN
                       ('refused', 'running', 'answered', 'released', 'settling', 'streaming',
                        'settled', 'spent')),
    taken          BIGINT NOT NULL,    -- order in which a payer's open claims were taken
    recovery       BYTEA,              -- hash of the recovery token; null: sealed under the body
    txid           BYTEA,              -- of the settlement, from before it was sent
    -- Who works on it. Whatever a process that is dead was working on is nobody's.
    owner          BIGINT REFERENCES processes (id) ON DELETE SET NULL,
    model          TEXT,               -- what was bought; null: for a facilitator's client
    taken_at       BIGINT,             -- when
    UNIQUE (network, asset, payer, nonce)
);

CREATE INDEX claims_open ON claims (payer)
    WHERE state IN ('running', 'answered', 'settling', 'streaming');
CREATE INDEX claims_ending ON claims (expires)
    WHERE state IN ('refused', 'released', 'streaming', 'settled');
CREATE INDEX claims_owner ON claims (owner) WHERE owner IS NOT NULL;
-- What was earned is read from here alone.
CREATE INDEX claims_sold ON claims (taken_at, model, payer, value)
    WHERE state IN ('streaming', 'settled', 'spent') AND model IS NOT NULL;

-- Signed settlement transactions of a gas key, kept until they are too deep in the chain to be lost.
-- Those of one nonce differ in their fee: the later ones were to replace the earlier ones.
CREATE TABLE transactions (
    sender     BYTEA NOT NULL,
    gas_nonce  BIGINT NOT NULL,
    version    BIGINT NOT NULL,  -- 0, 1, 2 ...
    claim      BIGINT REFERENCES claims (id) ON DELETE SET NULL, -- null: its outcome is booked
    signed     BIGINT NOT NULL,
    raw        BYTEA NOT NULL,
    PRIMARY KEY (sender, gas_nonce, version)
);

CREATE INDEX transactions_claim ON transactions (claim) WHERE claim IS NOT NULL;

-- Which settlement this database is of, from its first start on.
CREATE TABLE settlement (kind TEXT NOT NULL);

-- Public ids of a payer's calls: the one that its nonce derives, and those that it chose.
CREATE TABLE ids (
    id     TEXT NOT NULL,
    payer  BYTEA NOT NULL,
    claim  BIGINT NOT NULL REFERENCES claims (id) ON DELETE CASCADE,
    PRIMARY KEY (id, payer)
);

CREATE INDEX ids_claim ON ids (claim);

-- Sealed answers, which do not get smaller by compression. How much they take is counted as they come
-- and go, in several rows, so that transactions seldom wait for each other.
CREATE TABLE answers (
    claim     BIGINT PRIMARY KEY REFERENCES claims (id) ON DELETE CASCADE,
    streamed  BIGINT NOT NULL,
    sealed    BYTEA NOT NULL
);
ALTER TABLE answers ALTER COLUMN sealed SET STORAGE EXTERNAL;

CREATE TABLE stored (
    part   BIGINT PRIMARY KEY,
    bytes  BIGINT NOT NULL CHECK (bytes >= 0)
);
INSERT INTO stored SELECT part, 0 FROM generate_series(0, 15) AS part;

CREATE FUNCTION count_answers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE stored
    SET bytes = bytes + coalesce(length(NEW.sealed), 0) - coalesce(length(OLD.sealed), 0)
    WHERE part = coalesce(NEW.claim, OLD.claim) % 16;
    RETURN NULL;
END $$;

CREATE TRIGGER answers_counted AFTER INSERT OR UPDATE OR DELETE ON answers
    FOR EACH ROW EXECUTE FUNCTION count_answers();

-- Pictures that are served by links.
CREATE TABLE pictures (
    name   TEXT PRIMARY KEY,
    ends   BIGINT NOT NULL,
    bytes  BIGINT NOT NULL,
    png    BYTEA NOT NULL
);
ALTER TABLE pictures ALTER COLUMN png SET STORAGE EXTERNAL;

CREATE INDEX pictures_ending ON pictures (ends);

-- The practice ledger. An account without a row has the starting balance.
CREATE TABLE accounts (
    address  BYTEA PRIMARY KEY,
    balance  BIGINT NOT NULL CHECK (balance >= 0)
);

CREATE TABLE blocks (
    number  BIGINT PRIMARY KEY,
    hash    BYTEA NOT NULL,
    parent  BYTEA NOT NULL,
    time    BIGINT NOT NULL
);

CREATE TABLE transfers (
    txid      BYTEA PRIMARY KEY,
    block     BIGINT NOT NULL UNIQUE REFERENCES blocks (number),
    payer     BYTEA NOT NULL,
    payee     BYTEA NOT NULL,
    value     BIGINT NOT NULL,
    nonce     BYTEA NOT NULL,
    purchase  TEXT NOT NULL,
    UNIQUE (payer, nonce)
);

CREATE INDEX transfers_payee ON transfers (payee);
