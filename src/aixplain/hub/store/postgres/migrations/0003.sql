CREATE TABLE declared (
    kind text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (kind, name)
);

-- The targets of an alias that a run tried, as JSON.
ALTER TABLE runs ADD COLUMN tried bytea;
