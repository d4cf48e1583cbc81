-- Version 4: claims belong to processes, and pictures are kept.

-- Who works on this database. On SQLite it is one process at a time.
CREATE TABLE processes (
    id    INTEGER PRIMARY KEY,
    beat  INTEGER NOT NULL    -- when it last said that it lives
);

-- Who works on the claim. Whatever a process that is dead was working on is nobody's.
ALTER TABLE claims ADD COLUMN owner INTEGER REFERENCES processes (id) ON DELETE SET NULL;

CREATE INDEX claims_owner ON claims (owner) WHERE owner IS NOT NULL;

-- Pictures that are served by links.
CREATE TABLE pictures (
    name   TEXT PRIMARY KEY,
    ends   INTEGER NOT NULL,
    bytes  INTEGER NOT NULL,
    png    BLOB NOT NULL
);

CREATE INDEX pictures_ending ON pictures (ends);
