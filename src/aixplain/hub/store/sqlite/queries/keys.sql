-- name: add
INSERT INTO keys (id, digest, name, hint, is_admin, models, limits, model_limits, created_at, expires_at)
VALUES (:id, :digest, :name, :hint, :is_admin, :models, :limits, :model_limits, :created_at, :expires_at);

-- name: find
SELECT id, name, hint, is_admin, models, limits, model_limits, created_at, expires_at, used_at, revoked_at
FROM keys WHERE digest = :digest;

-- name: any
SELECT EXISTS (SELECT 1 FROM keys);

-- name: all
SELECT id, name, hint, is_admin, models, limits, model_limits, created_at, expires_at, used_at, revoked_at
FROM keys WHERE revoked_at IS NULL ORDER BY created_at, id;

-- name: standing
SELECT id, name, is_admin, expires_at FROM keys
WHERE revoked_at IS NULL AND (is_admin OR name = :name OR id = :id) ORDER BY created_at, id;

-- name: replace
UPDATE keys SET
    name = :name, is_admin = :is_admin, models = :models, limits = :limits, model_limits = :model_limits, expires_at = :expires_at
WHERE id = :id AND revoked_at IS NULL;

-- name: revoke
UPDATE keys SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL;

-- name: note_used
UPDATE keys SET used_at = :at WHERE id = :id;
