-- name: add
INSERT INTO keys (id, digest, name, hint, is_admin, models, limits, model_limits, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: find
SELECT id, name, hint, is_admin, models, limits, model_limits, created_at, expires_at, used_at, revoked_at
FROM keys WHERE digest = $1;

-- name: any
SELECT EXISTS (SELECT FROM keys);

-- name: all
SELECT id, name, hint, is_admin, models, limits, model_limits, created_at, expires_at, used_at, revoked_at
FROM keys WHERE revoked_at IS NULL ORDER BY created_at, id;

-- name: lock
-- One change of keys at a time. Reads, and the notes of when keys were used last, wait for nothing that takes long.
LOCK TABLE keys IN SHARE ROW EXCLUSIVE MODE;

-- name: standing
SELECT id, name, is_admin, expires_at FROM keys
WHERE revoked_at IS NULL AND (is_admin OR name = $1 OR id = $2) ORDER BY created_at, id;

-- name: replace
UPDATE keys SET name = $2, is_admin = $3, models = $4, limits = $5, model_limits = $6, expires_at = $7
WHERE id = $1 AND revoked_at IS NULL;

-- name: revoke
UPDATE keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL;

-- name: note_used
UPDATE keys SET used_at = greatest(used_at, at) FROM unnest($1::text[], $2::float8[]) AS noted (of_key, at) WHERE id = of_key;
