-- name: take
UPDATE runs SET webhook_due_at = $2
WHERE id IN (
    SELECT id FROM runs WHERE webhook_due_at <= $1 OR webhook_due_at > $3
    ORDER BY webhook_due_at LIMIT $4 FOR UPDATE SKIP LOCKED
)
RETURNING id, webhook, caller, state, result, ended_at,
    (SELECT count(*) FROM webhook_attempts WHERE run = id) + 1;

-- name: next
SELECT min(webhook_due_at) FROM runs WHERE webhook_due_at IS NOT NULL;

-- name: note
WITH noted AS (
    INSERT INTO webhook_attempts (run, number, at, seconds, status, error)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT DO NOTHING
)
UPDATE runs SET webhook_due_at = $7 WHERE id = $1;

-- name: webhook
SELECT webhook, webhook_due_at FROM runs WHERE id = $1 AND webhook IS NOT NULL;

-- name: attempts
SELECT number, at, seconds, status, error FROM webhook_attempts WHERE run = $1 ORDER BY number;

-- name: keep_secret
INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: secret
SELECT value FROM secrets WHERE name = $1;
