-- What is filtered and sorted by is read for thousands of models, and their bodies for a page of them.
CREATE TABLE bodies (
    number INTEGER PRIMARY KEY REFERENCES models (number) ON DELETE CASCADE,
    body BLOB NOT NULL
) STRICT;

INSERT INTO bodies (number, body) SELECT number, body FROM models;
ALTER TABLE models DROP COLUMN body;

INSERT INTO models_text (models_text, rank) VALUES ('rank', 'bm25(10.0, 8.0, 4.0, 2.0, 2.0)');
