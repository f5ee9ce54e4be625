-- name: accept
INSERT INTO runs (
    id, model, caller, state, priority, attempts, key, digest, deadline, accepted_at, started_at, inputs, webhook
)
VALUES (
    :id, :model, :caller, :state, :priority, :attempts, :key, :digest, :deadline, :accepted_at, :started_at, :inputs, :webhook
)
ON CONFLICT (caller, model, key) WHERE key IS NOT NULL DO NOTHING;

-- name: record
INSERT INTO runs (
    id, model, caller, state, priority, attempts, key, digest, deadline, accepted_at, inputs,
    started_at, ended_at, expires_at, result, status, error, prompt_tokens, completion_tokens, credits, tried,
    webhook, webhook_due_at
)
VALUES (
    :id, :model, :caller, :state, :priority, 1, :key, :digest, :deadline, :accepted_at, :inputs,
    :started_at, :now,
    CASE WHEN :key IS NOT NULL OR :webhook IS NOT NULL OR :inputs IS NOT NULL THEN :expires_at END,
    CASE WHEN :key IS NOT NULL OR :webhook IS NOT NULL OR :inputs IS NOT NULL THEN :envelope END,
    :status, :error, :prompt_tokens, :completion_tokens, :credits, :tried,
    :webhook, CASE WHEN :webhook IS NOT NULL THEN 0 END
)
ON CONFLICT (caller, model, key) WHERE key IS NOT NULL DO NOTHING;

-- name: start
UPDATE runs SET state = 'started', started_at = :now, attempts = attempts + 1
WHERE id = :id AND state = 'accepted'
RETURNING attempts, model, inputs, priority, deadline, webhook, caller, started_at;

-- name: end
UPDATE runs SET
    state = :state, ended_at = :now, expires_at = :expires_at, result = :envelope, status = :status, error = :error,
    prompt_tokens = :prompt_tokens, completion_tokens = :completion_tokens, credits = :credits, tried = :tried,
    inputs = CASE WHEN :keeps_contents OR :state != 'finished' THEN inputs END,
    webhook_due_at = CASE WHEN webhook IS NOT NULL THEN 0 END
WHERE id = :id AND state = 'started' AND attempts = :attempt;

-- name: put_back
UPDATE runs SET state = 'accepted', started_at = NULL, due_at = :due_at
WHERE id = :id AND state = 'started' AND attempts = :attempt;

-- name: give_up
UPDATE runs SET
    state = :state, ended_at = :now, expires_at = :expires_at, result = :envelope, status = :status, error = :error,
    webhook_due_at = CASE WHEN webhook IS NOT NULL THEN 0 END
WHERE id = :id AND state IN ('accepted', 'started')
RETURNING model, started_at;

-- name: sum_up
INSERT INTO usage
SELECT
    CAST(ended_at / 86400 AS INTEGER), caller, model, state, 1,
    prompt_tokens, completion_tokens, credits, coalesce(ended_at - started_at, 0)
FROM runs WHERE id = :id
ON CONFLICT DO UPDATE SET
    runs = runs + 1,
    prompt_tokens = coalesce(prompt_tokens + excluded.prompt_tokens, prompt_tokens, excluded.prompt_tokens),
    completion_tokens = coalesce(completion_tokens + excluded.completion_tokens, completion_tokens, excluded.completion_tokens),
    credits = coalesce(credits + excluded.credits, credits, excluded.credits),
    seconds = seconds + excluded.seconds;

-- name: reopen
UPDATE runs SET state = 'accepted', started_at = NULL WHERE state = 'started';

-- name: find
SELECT state, result, NULL, caller FROM runs WHERE id = :id;

-- name: keyed
SELECT id, digest, state, result FROM runs WHERE caller = :caller AND model = :model AND key = :key;

-- name: waiting
SELECT id, model, priority, due_at, deadline FROM runs WHERE state = 'accepted' ORDER BY priority DESC, accepted_at;

-- name: count
SELECT count(*) FROM runs
WHERE caller = :caller AND accepted_at >= :since AND accepted_at < :until
    AND (:model IS NULL OR model = :model)
    AND (:states = '[]' OR state IN (SELECT value FROM json_each(:states)));

-- name: list
SELECT
    id, model, state, priority, attempts, deadline, accepted_at, started_at, ended_at, expires_at,
    status, error, prompt_tokens, completion_tokens, credits, tried
FROM runs
WHERE caller = :caller AND accepted_at >= :since AND accepted_at < :until
    AND (:model IS NULL OR model = :model)
    AND (:states = '[]' OR state IN (SELECT value FROM json_each(:states)))
ORDER BY accepted_at DESC, id LIMIT :most OFFSET :skipped;

-- name: row
SELECT
    id, model, state, priority, attempts, deadline, accepted_at, started_at, ended_at, expires_at,
    status, error, prompt_tokens, completion_tokens, credits, tried
FROM runs WHERE id = :id;

-- name: inputs
SELECT inputs FROM runs WHERE id = :id;

-- name: forget
UPDATE runs SET inputs = NULL, result = NULL, key = NULL, digest = NULL, expires_at = NULL
WHERE id IN (SELECT id FROM runs WHERE expires_at < :now AND webhook_due_at IS NULL LIMIT :most);
