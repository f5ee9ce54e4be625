CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    hint TEXT NOT NULL,
    is_admin INTEGER NOT NULL,
    models TEXT,
    limits TEXT NOT NULL,
    model_limits TEXT NOT NULL,
    created_at REAL NOT NULL,
    expires_at REAL,
    used_at REAL,
    revoked_at REAL
) STRICT;

-- Credits that nobody told are unknown, which is not zero.
CREATE TABLE runs_5 (
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
    credits REAL,
    inputs BLOB,
    result BLOB,
    webhook TEXT,
    webhook_due_at REAL
) STRICT;

INSERT INTO runs_5 SELECT
    id, model, caller, state, priority, attempts, key, digest, deadline, due_at, accepted_at, started_at, ended_at, expires_at,
    status, error, prompt_tokens, completion_tokens, nullif(credits, 0), inputs, result, webhook, webhook_due_at
FROM runs;

DROP TABLE runs;
ALTER TABLE runs_5 RENAME TO runs;

CREATE INDEX runs_open ON runs (priority DESC, accepted_at) WHERE state IN ('accepted', 'started');
CREATE UNIQUE INDEX runs_by_key ON runs (caller, model, key) WHERE key IS NOT NULL;
CREATE INDEX runs_by_expiry ON runs (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX runs_by_caller ON runs (caller, accepted_at);
CREATE INDEX runs_by_webhook ON runs (webhook_due_at) WHERE webhook_due_at IS NOT NULL;

-- The sums of the runs that ended, so that nobody reads a million of them. Days are counted from 1970.
CREATE TABLE usage (
    day INTEGER NOT NULL,
    caller TEXT NOT NULL,
    model TEXT NOT NULL,
    state TEXT NOT NULL,
    runs INTEGER NOT NULL,
    prompt_tokens INTEGER,
    completion_tokens INTEGER,
    credits REAL,
    seconds REAL NOT NULL,
    PRIMARY KEY (day, caller, model, state)
) STRICT, WITHOUT ROWID;

INSERT INTO usage
SELECT
    CAST(ended_at / 86400 AS INTEGER), caller, model, state, count(*),
    sum(prompt_tokens), sum(completion_tokens), sum(credits), coalesce(sum(ended_at - started_at), 0)
FROM runs WHERE ended_at IS NOT NULL GROUP BY 1, 2, 3, 4;
