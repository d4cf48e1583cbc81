-- From version 2 to version 3: claims know what was bought, and when.
ALTER TABLE claims ADD COLUMN model TEXT;
ALTER TABLE claims ADD COLUMN taken_at INTEGER;
CREATE INDEX claims_sold ON claims (taken_at, model, payer, value)
    WHERE state IN ('streaming', 'settled', 'spent') AND model IS NOT NULL;
