-- Version 7: what a sale cost beyond its rows. The states are checked without making a table of the list
-- each time; the nonce, in which claims differ, is what is compared first; and a claim's owner is in no
-- index: there is one process at a time, and what it works on is among the open claims.
-- Tables that speak of claims are left as they are, so foreign keys have to be off.
CREATE TABLE claims_7 (
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
    state          TEXT NOT NULL CHECK (state = 'settled' OR state = 'settling' OR state = 'running'
                       OR state = 'streaming' OR state = 'answered' OR state = 'spent'
                       OR state = 'released' OR state = 'refused'),
    taken          INTEGER NOT NULL,  -- order in which a payer's open claims were taken
    recovery       BLOB,              -- hash of the recovery token; null: sealed under the body
    txid           BLOB,              -- of the settlement, from before it was sent
    owner          INTEGER,           -- the process that works on it, which may be dead
    model          TEXT,              -- what was bought; null: for a facilitator's client
    taken_at       INTEGER,           -- when
    UNIQUE (nonce, payer, asset, network)
);

INSERT INTO claims_7 SELECT id, network, asset, payer, nonce, request, authorization, value,
    valid_before, expires, state, taken, recovery, txid, owner, model, taken_at FROM claims;
DROP TABLE claims;
ALTER TABLE claims_7 RENAME TO claims;

CREATE INDEX claims_open ON claims (payer)
    WHERE (state = 'running' OR state = 'answered' OR state = 'settling' OR state = 'streaming');
CREATE INDEX claims_ending ON claims (expires)
    WHERE (state = 'refused' OR state = 'released' OR state = 'streaming' OR state = 'settled');
CREATE INDEX claims_sold ON claims (taken_at, model, payer, value)
    WHERE (state = 'streaming' OR state = 'settled' OR state = 'spent') AND model IS NOT NULL;
