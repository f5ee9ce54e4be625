-- Times are seconds since 1970 by the clock of the hub that noted them, as everywhere in the protocol. What several machines must
-- agree on is a timestamp, and goes by the database's clock.
CREATE TABLE runs (
    id text COLLATE "C" PRIMARY KEY,
    model text COLLATE "C" NOT NULL,
    caller text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL
        CHECK (state IN ('accepted', 'started', 'finished', 'failed', 'canceled', 'expired')),
    priority bigint NOT NULL DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0,
    key text COLLATE "C",
    digest bytea,
    deadline double precision,
    overdue_at timestamptz,
    accepted_at double precision NOT NULL,
    started_at double precision,
    ended_at double precision,
    expires_at double precision,
    status integer,
    error text,
    prompt_tokens bigint,
    completion_tokens bigint,
    credits double precision NOT NULL DEFAULT 0,
    progress real,
    inputs bytea,
    result bytea,
    webhook text,
    webhook_due_at double precision,
    -- The row of the queue that stands for this run; who executes it; until when a run without such a row is held.
    job bigint,
    worker uuid,
    held_until timestamptz
);

CREATE UNIQUE INDEX runs_by_key ON runs (caller, model, key) WHERE key IS NOT NULL;
CREATE INDEX runs_by_expiry ON runs (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX runs_by_caller ON runs (caller, accepted_at);
CREATE INDEX runs_by_webhook ON runs (webhook_due_at) WHERE webhook_due_at IS NOT NULL;
CREATE INDEX runs_by_deadline ON runs (overdue_at) WHERE overdue_at IS NOT NULL;
CREATE INDEX runs_held ON runs (held_until) WHERE held_until IS NOT NULL;

-- Rows are changed twice each, soon after they were written.
ALTER TABLE runs SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

CREATE TABLE webhook_attempts (
    run text COLLATE "C" NOT NULL,
    number integer NOT NULL,
    at double precision NOT NULL,
    seconds double precision NOT NULL,
    status integer,
    error text,
    PRIMARY KEY (run, number)
);

CREATE TABLE secrets (name text PRIMARY KEY, value bytea NOT NULL);

-- When a model was first offered, and when what is told of it last changed.
CREATE TABLE models (
    path text COLLATE "C" PRIMARY KEY,
    digest text NOT NULL,
    created_at text NOT NULL,
    updated_at text NOT NULL
);

CREATE TABLE files (
    token text COLLATE "C" PRIMARY KEY,
    name text NOT NULL,
    digest bytea,
    wanted_at double precision NOT NULL
);

CREATE TABLE file_chunks (
    token text COLLATE "C" NOT NULL,
    part text COLLATE "C" NOT NULL,
    number integer NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (token, part, number)
);

ALTER TABLE file_chunks ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- Hubs and workers tell one another what is queued themselves. A notification of each change to the queue would make its
-- transactions wait for one another.
ALTER TABLE pgqueuer DISABLE TRIGGER tg_pgqueuer_changed;
