-- name: take
UPDATE runs SET webhook_due_at = :until
WHERE id IN (
    SELECT id FROM runs WHERE webhook_due_at <= :now OR webhook_due_at > :farthest ORDER BY webhook_due_at LIMIT :most
)
RETURNING id, webhook, caller, state, result, ended_at, (SELECT count(*) FROM webhook_attempts WHERE run = id) + 1;

-- name: next
SELECT min(webhook_due_at) FROM runs WHERE webhook_due_at IS NOT NULL;

-- name: note
INSERT INTO webhook_attempts (run, number, at, seconds, status, error)
VALUES (:run, :number, :at, :seconds, :status, :error)
ON CONFLICT DO NOTHING;

-- name: again
UPDATE runs SET webhook_due_at = :again_at WHERE id = :run;

-- name: webhook
SELECT webhook, webhook_due_at FROM runs WHERE id = :run;

-- name: attempts
SELECT number, at, seconds, status, error FROM webhook_attempts WHERE run = :run ORDER BY number;

-- name: keep_secret
INSERT INTO secrets (name, value) VALUES (:name, :value) ON CONFLICT DO NOTHING;

-- name: secret
SELECT value FROM secrets WHERE name = :name;
