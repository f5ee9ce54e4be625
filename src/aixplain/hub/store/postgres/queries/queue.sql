-- name: start
UPDATE runs SET state = 'started', started_at = $2, attempts = attempts + 1, worker = $3, progress = NULL
WHERE id = ANY ($1::text[]) AND state IN ('accepted', 'started')
RETURNING id, attempts, model, inputs, priority, deadline, webhook, caller;

-- name: keep
WITH mine AS (
    SELECT runs.id, pgqueuer.id AS job FROM runs JOIN pgqueuer ON pgqueuer.id = runs.job
    WHERE runs.id = ANY ($1::text[]) AND queue_manager_id = $2 AND (worker = $2 OR state = 'accepted')
), kept AS (
    -- A row that somebody else is changing is over, and is not waited for.
    UPDATE pgqueuer SET heartbeat = now()
    WHERE id IN (SELECT id FROM pgqueuer WHERE id IN (SELECT job FROM mine) FOR UPDATE SKIP LOCKED)
)
SELECT id FROM mine;

-- name: tell_progress
UPDATE runs SET progress = told.progress
FROM unnest($1::text[], $2::real[]) AS told (id, progress)
WHERE runs.id = told.id AND state = 'started' AND worker = $3;

-- name: hand_back
WITH back AS (
    UPDATE runs SET state = 'accepted', started_at = NULL, worker = NULL
    WHERE id = ANY ($1::text[]) AND state = 'started' AND worker = $2
)
UPDATE pgqueuer SET status = 'queued', queue_manager_id = NULL, updated = now()
WHERE queue_manager_id = $2 AND status = 'picked'
RETURNING entrypoint;
