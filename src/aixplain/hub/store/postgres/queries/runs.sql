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
    ORDER BY key NULLS FIRST, caller, model, place
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
WITH ended AS (
    INSERT INTO runs (
        id, model, caller, state, priority, attempts, key, digest, deadline, accepted_at, inputs, webhook,
        started_at, ended_at, expires_at, kept_until, result,
        status, error, prompt_tokens, completion_tokens, credits, tried, webhook_due_at
    )
    SELECT
        id, model, caller, state, priority, 1, key, digest, deadline, accepted_at, inputs, webhook,
        started_at, ended_at, CASE WHEN is_kept THEN expires_at END,
        CASE WHEN is_kept THEN now() + (expires_at - ended_at) * interval '1 second' END, CASE WHEN is_kept THEN result END,
        status, error, prompt_tokens, completion_tokens, credits, tried, CASE WHEN webhook IS NOT NULL THEN 0 END
    FROM unnest(
        $1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::bytea[], $8::float8[], $9::float8[],
        $10::bytea[], $11::text[], $12::float8[], $13::float8[], $14::float8[], $15::bytea[], $16::bigint[], $17::text[],
        $18::bigint[], $19::bigint[], $20::float8[], $21::bytea[]
    ) AS ended (
        id, model, caller, state, priority, key, digest, deadline, accepted_at,
        inputs, webhook, started_at, ended_at, expires_at, result, status, error,
        prompt_tokens, completion_tokens, credits, tried
    ), LATERAL (SELECT key IS NOT NULL OR webhook IS NOT NULL OR inputs IS NOT NULL AS is_kept) AS kept
    ORDER BY key NULLS FIRST, caller, model
    ON CONFLICT DO NOTHING
    RETURNING caller, model, state, started_at, ended_at, prompt_tokens, completion_tokens, credits
)
SELECT sum_up(ARRAY(
    SELECT ROW(caller, model, state, ended_at, ended_at - started_at, prompt_tokens, completion_tokens, credits)::ended_run
    FROM ended
));

-- name: end
WITH ended AS (
    UPDATE runs SET
        state = given.state, ended_at = given.ended_at, expires_at = given.expires_at,
        kept_until = now() + (given.expires_at - given.ended_at) * interval '1 second', result = given.result,
        status = given.status, error = given.error, prompt_tokens = given.prompt_tokens,
        completion_tokens = given.completion_tokens, credits = given.credits, tried = given.tried,
        inputs = CASE WHEN $13 OR given.state <> 'finished' THEN inputs END, worker = NULL, overdue_at = NULL,
        webhook_due_at = CASE WHEN webhook IS NOT NULL THEN 0 END
    FROM unnest(
        $1::text[], $2::int[], $3::text[], $4::float8[], $5::float8[], $6::bytea[], $7::bigint[], $8::text[], $9::bigint[],
        $10::bigint[], $11::float8[], $12::bytea[]
    ) AS given (
        id, attempt, state, ended_at, expires_at, result, status, error, prompt_tokens, completion_tokens, credits, tried
    )
    WHERE runs.id = given.id AND runs.state = 'started' AND runs.attempts = given.attempt
    RETURNING
        runs.id, job, caller, model, runs.state, started_at, runs.ended_at, runs.prompt_tokens, runs.completion_tokens,
        runs.credits
), done AS (
    DELETE FROM pgqueuer USING ended WHERE pgqueuer.id = ended.job
), summed AS (
    SELECT sum_up(ARRAY(
        SELECT ROW(caller, model, state, ended_at, ended_at - started_at, prompt_tokens, completion_tokens, credits)::ended_run
        FROM ended
    ))
)
SELECT id FROM ended, summed;

-- name: put_back
WITH back AS (
    UPDATE runs SET state = 'accepted', started_at = NULL, worker = NULL
    WHERE id = $1 AND state = 'started' AND attempts = $2
    RETURNING job
)
UPDATE pgqueuer SET
    status = 'queued', queue_manager_id = NULL, updated = now(), execute_after = now() + $3::float8 * interval '1 second'
FROM back WHERE pgqueuer.id = back.job;

-- name: give_up
WITH ended AS (
    UPDATE runs SET
        state = $2, ended_at = $3::float8, expires_at = $4::float8,
        kept_until = now() + ($4::float8 - $3::float8) * interval '1 second', result = $5, error = $6, status = $7,
        worker = NULL, overdue_at = NULL,
        webhook_due_at = CASE WHEN webhook IS NOT NULL THEN 0 END
    WHERE id = $1 AND state IN ('accepted', 'started') AND held_until IS NULL
    RETURNING job, caller, model, state, started_at, ended_at, prompt_tokens, completion_tokens, credits
), done AS (
    DELETE FROM pgqueuer USING ended WHERE pgqueuer.id = ended.job
), summed AS (
    SELECT sum_up(ARRAY(
        SELECT ROW(caller, model, state, ended_at, ended_at - started_at, prompt_tokens, completion_tokens, credits)::ended_run
        FROM ended
    ))
)
SELECT model, started_at FROM ended, summed;

-- name: check
UPDATE runs SET state = state WHERE false;

-- name: find
SELECT id, state, result, progress, caller FROM runs WHERE id = ANY ($1::text[]) AND held_until IS NULL;

-- name: keyed
SELECT id, digest, state, result FROM runs WHERE caller = $1 AND model = $2 AND key = $3;

-- name: count
SELECT count(*) FROM runs
WHERE caller = $1 AND accepted_at >= $2 AND accepted_at < $3 AND ($4::text IS NULL OR model = $4)
    AND ($5::text[] = '{}' OR state = ANY ($5)) AND held_until IS NULL;

-- name: list
SELECT
    id, model, state, priority, attempts, deadline, accepted_at, started_at, ended_at, expires_at,
    status, error, prompt_tokens, completion_tokens, credits, tried
FROM runs
WHERE caller = $1 AND accepted_at >= $2 AND accepted_at < $3 AND ($4::text IS NULL OR model = $4)
    AND ($5::text[] = '{}' OR state = ANY ($5)) AND held_until IS NULL
ORDER BY accepted_at DESC, id LIMIT $6 OFFSET $7;

-- name: row
SELECT
    id, model, state, priority, attempts, deadline, accepted_at, started_at, ended_at, expires_at,
    status, error, prompt_tokens, completion_tokens, credits, tried
FROM runs WHERE id = $1 AND held_until IS NULL;

-- name: inputs
SELECT inputs FROM runs WHERE id = $1;

-- name: forget
UPDATE runs SET inputs = NULL, result = NULL, key = NULL, digest = NULL, expires_at = NULL, kept_until = NULL
WHERE id IN (
    SELECT id FROM runs WHERE kept_until < now() AND webhook_due_at IS NULL LIMIT $1 FOR UPDATE SKIP LOCKED
);

-- name: over
SELECT id FROM runs WHERE id = ANY ($1::text[]) AND state NOT IN ('accepted', 'started');

-- name: overdue
SELECT id FROM runs WHERE overdue_at < now() AND state IN ('accepted', 'started') LIMIT 256;
