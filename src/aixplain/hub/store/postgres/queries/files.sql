-- name: reserve
INSERT INTO files (token, name) VALUES ($1, $2);

-- name: look
SELECT part, digest FROM files WHERE token = $1 AND name = $2;

-- name: add_chunk
INSERT INTO file_chunks (part, number, token, bytes) VALUES ($1, $2, $3, $4);

-- name: complete
UPDATE files SET part = $3, digest = $4, wanted_at = now() WHERE token = $1 AND name = $2 AND part IS NULL;

-- name: drop_part
DELETE FROM file_chunks WHERE part = $1;

-- name: chunk
SELECT bytes FROM file_chunks WHERE part = $1 AND number = $2;

-- name: want
UPDATE files SET wanted_at = now() WHERE token = $1 AND name = $2 AND part IS NOT NULL;

-- name: sweep
WITH gone AS (
    DELETE FROM files WHERE wanted_at < now() - $1::float8 * interval '1 second' RETURNING token
)
DELETE FROM file_chunks USING gone WHERE file_chunks.token = gone.token;
