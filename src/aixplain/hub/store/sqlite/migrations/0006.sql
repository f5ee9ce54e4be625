CREATE TABLE declared (
    kind TEXT NOT NULL CHECK (kind IN ('upstream', 'relay', 'alias', 'price')),
    name TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

-- The targets of an alias that a run tried, as JSON.
ALTER TABLE runs ADD COLUMN tried BLOB;
