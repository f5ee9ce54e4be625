-- name: reserve
INSERT INTO files (token, name, owner) VALUES ($1, $2, $3);

-- name: stored
SELECT coalesce(sum(bytes), 0)::bigint AS total,
       coalesce(sum(bytes) FILTER (WHERE owner = $1), 0)::bigint AS own,
       count(*) FILTER (WHERE owner = $1 AND part IS NULL) AS announced
FROM files;

-- name: grow
UPDATE files SET bytes = bytes + $2, wanted_at = now() WHERE token = $1;

-- name: look
SELECT part, digest, owner FROM files WHERE token = $1 AND name = $2;

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
    DELETE FROM files
    WHERE wanted_at < now() - $1::float8 * interval '1 second'
       OR (part IS NULL AND wanted_at < now() - $2::float8 * interval '1 second')
    RETURNING token
)
DELETE FROM file_chunks USING gone WHERE file_chunks.token = gone.token;
