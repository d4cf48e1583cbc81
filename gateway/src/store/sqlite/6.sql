-- Version 6: the same indexes, written so that SQLite decides what belongs to them without making a table
-- of the list each time: that was most of what a sale cost. Queries must name the states in these words.
DROP INDEX claims_open;
DROP INDEX claims_ending;
DROP INDEX claims_sold;
CREATE INDEX claims_open ON claims (payer)
    WHERE (state = 'running' OR state = 'answered' OR state = 'settling' OR state = 'streaming');
CREATE INDEX claims_ending ON claims (expires)
    WHERE (state = 'refused' OR state = 'released' OR state = 'streaming' OR state = 'settled');
CREATE INDEX claims_sold ON claims (taken_at, model, payer, value)
    WHERE (state = 'streaming' OR state = 'settled' OR state = 'spent') AND model IS NOT NULL;
