ALTER TABLE runs ADD COLUMN webhook TEXT;
ALTER TABLE runs ADD COLUMN webhook_due_at REAL;

CREATE INDEX runs_by_webhook ON runs (webhook_due_at) WHERE webhook_due_at IS NOT NULL;

CREATE TABLE webhook_attempts (
    run TEXT NOT NULL,
    number INTEGER NOT NULL,
    at REAL NOT NULL,
    seconds REAL NOT NULL,
    status INTEGER,
    error TEXT,
    PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE secrets (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
