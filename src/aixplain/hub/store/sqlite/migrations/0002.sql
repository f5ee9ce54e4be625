CREATE TABLE runs_2 (
    id TEXT PRIMARY KEY,
    model TEXT NOT NULL,
    caller TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL CHECK (state IN ('accepted', 'started', 'finished', 'failed', 'canceled', 'expired')),
    priority INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    key TEXT,
    digest BLOB,
    deadline REAL,
    due_at REAL NOT NULL DEFAULT 0,
    accepted_at REAL NOT NULL,
    started_at REAL,
    ended_at REAL,
    expires_at REAL,
    status INTEGER,
    error TEXT,
    prompt_tokens INTEGER,
    completion_tokens INTEGER,
    credits REAL NOT NULL DEFAULT 0,
    inputs BLOB,
    result BLOB
) STRICT;

INSERT INTO runs_2 (id, model, state, accepted_at, started_at, ended_at, inputs, result)
SELECT id, model, state, accepted_at, started_at, ended_at, inputs, result FROM runs;

DROP TABLE runs;
ALTER TABLE runs_2 RENAME TO runs;

CREATE INDEX runs_open ON runs (priority DESC, accepted_at) WHERE state IN ('accepted', 'started');
CREATE UNIQUE INDEX runs_by_key ON runs (caller, model, key) WHERE key IS NOT NULL;
CREATE INDEX runs_by_expiry ON runs (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX runs_by_caller ON runs (caller, accepted_at);
