CREATE TABLE models (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    path TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    function TEXT NOT NULL,
    supplier TEXT NOT NULL,
    host TEXT NOT NULL,
    developer TEXT NOT NULL,
    status TEXT NOT NULL,
    ownership TEXT NOT NULL DEFAULT 'PUBLIC',
    is_fine_tunable INTEGER NOT NULL DEFAULT 0,
    saved INTEGER NOT NULL DEFAULT 0,
    price REAL,
    subscribed INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    digest TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;

CREATE INDEX models_by_name ON models (name COLLATE NOCASE);
CREATE INDEX models_by_function ON models (function);

CREATE TABLE model_languages (
    model INTEGER NOT NULL REFERENCES models (number) ON DELETE CASCADE,
    direction TEXT NOT NULL CHECK (direction IN ('source', 'target')),
    code TEXT NOT NULL,
    PRIMARY KEY (direction, code, model)
) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE models_text USING fts5 (
    name, path, function, description, developer,
    tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);

CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    model TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('accepted', 'started', 'finished', 'failed')),
    inputs BLOB NOT NULL,
    result BLOB,
    accepted_at REAL NOT NULL,
    started_at REAL,
    ended_at REAL
) STRICT;

CREATE INDEX runs_open ON runs (accepted_at) WHERE state IN ('accepted', 'started');
