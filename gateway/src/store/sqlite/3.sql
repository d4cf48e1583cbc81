-- Version 3: claims know what was bought, and when; transactions whose they are, and
-- which replaces which. What a gateway of version 2 had sent is of the gas key, as that will say.
ALTER TABLE claims ADD COLUMN model TEXT;
ALTER TABLE claims ADD COLUMN taken_at INTEGER;
CREATE INDEX claims_sold ON claims (taken_at, model, payer, value)
    WHERE state IN ('streaming', 'settled', 'spent') AND model IS NOT NULL;
ALTER TABLE transactions RENAME TO transactions_2;
CREATE TABLE transactions (
    sender     BLOB NOT NULL,
    gas_nonce  INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    claim      INTEGER REFERENCES claims (id) ON DELETE SET NULL,
    signed     INTEGER NOT NULL,
    raw        BLOB NOT NULL,
    PRIMARY KEY (sender, gas_nonce, version)
) WITHOUT ROWID;
CREATE INDEX transactions_claim ON transactions (claim) WHERE claim IS NOT NULL;
INSERT INTO transactions SELECT x'', gas_nonce, 0, claim, 0, raw FROM transactions_2;
DROP TABLE transactions_2;
