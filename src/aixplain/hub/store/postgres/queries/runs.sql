-- name: accept
WITH kept AS (
    INSERT INTO runs (
        id, model, caller, priority, key, digest, deadline, overdue_at, accepted_at, inputs, webhook,
        state, attempts, started_at, worker, job
    )
    SELECT
        id, model, caller, priority, key, digest, deadline, now() + (deadline - accepted_at) * interval '1 second',
        accepted_at, inputs, webhook,
        CASE WHEN started THEN 'started' ELSE 'accepted' END,
        CASE WHEN started THEN 1 ELSE 0 END,
        CASE WHEN started THEN accepted_at END,
        CASE WHEN started THEN $12::uuid END,
        nextval('pgqueuer_id_seq')
    FROM unnest(
        $1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bytea[], $7::float8[], $8::float8[], $9::bytea[],
        $10::text[], $11::bool[]
    ) WITH ORDINALITY AS
        asked (id, model, caller, priority, key, digest, deadline, accepted_at, inputs, webhook, started, place)
    -- Whoever else takes one of the same keys waits, so all take them in one order.
    ORDER BY key NULLS FIRST, place
    ON CONFLICT (caller, model, key) WHERE key IS NOT NULL DO NOTHING
    RETURNING id, model, priority, worker, job
), queued AS (
    INSERT INTO pgqueuer (id, priority, entrypoint, payload, status, queue_manager_id)
    SELECT
        job, least(greatest(priority, -2147483648), 2147483647), model, convert_to(id, 'UTF8'),
        CASE WHEN worker IS NULL THEN 'queued' ELSE 'picked' END::pgqueuer_status, worker
    FROM kept
)
SELECT id FROM kept;

-- name: record
INSERT INTO runs (
    id, model, caller, state, priority, attempts, key, digest, deadline, accepted_at, inputs, webhook,
    started_at, ended_at, expires_at, result, status, error, prompt_tokens, completion_tokens, credits, webhook_due_at
)
SELECT
    id, model, caller, state, priority, 1, key, digest, deadline, accepted_at, inputs, webhook,
    started_at, ended_at, expires_at, CASE WHEN key IS NOT NULL OR webhook IS NOT NULL THEN result END,
    status, error, prompt_tokens, completion_tokens, credits, CASE WHEN webhook IS NOT NULL THEN 0 END
FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::bytea[], $8::float8[], $9::float8[],
    $10::bytea[], $11::text[], $12::float8[], $13::float8[], $14::float8[], $15::bytea[], $16::int[], $17::text[],
    $18::bigint[], $19::bigint[], $20::float8[]
) AS ended (
    id, model, caller, state, priority, key, digest, deadline, accepted_at,
    inputs, webhook, started_at, ended_at, expires_at, result, status, error,
    prompt_tokens, completion_tokens, credits
)
ORDER BY key NULLS FIRST
ON CONFLICT DO NOTHING;

-- name: start
UPDATE runs SET state = 'started', started_at = $2, attempts = attempts + 1, worker = $3
WHERE id = ANY ($1::text[]) AND (state = 'accepted' OR state = 'started' AND job IS NOT NULL AND worker <> $3)
RETURNING id, attempts, model, inputs, priority, deadline, webhook;

-- name: end
WITH ended AS (
    UPDATE runs SET
        state = given.state, ended_at = given.ended_at, expires_at = given.expires_at, result = given.result,
        status = given.status, error = given.error, prompt_tokens = given.prompt_tokens,
        completion_tokens = given.completion_tokens, credits = given.credits, inputs = NULL, worker = NULL, job = NULL,
        overdue_at = NULL, progress = NULL, webhook_due_at = CASE WHEN webhook IS NOT NULL THEN 0 END
    FROM unnest(
        $1::text[], $2::int[], $3::text[], $4::float8[], $5::float8[], $6::bytea[], $7::int[], $8::text[], $9::bigint[],
        $10::bigint[], $11::float8[], $12::bigint[]
    ) AS given (
        id, attempt, state, ended_at, expires_at, result, status, error, prompt_tokens, completion_tokens, credits
    )
    WHERE runs.id = given.id AND runs.state = 'started' AND runs.attempts = given.attempt
    RETURNING runs.id
)
SELECT id FROM ended;
