-- Version 5: settlements that a facilitator was or is about to be asked for and that are not known to
-- have ended: what it is asked, byte for byte, and under which name.
CREATE TABLE orders (
    claim  BIGINT PRIMARY KEY REFERENCES claims (id) ON DELETE CASCADE,
    name   TEXT NOT NULL,
    body   TEXT NOT NULL
);
