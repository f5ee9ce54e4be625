-- name: drop_lapsed
DELETE FROM runs WHERE caller = $1 AND model = $2 AND key = $3 AND held_until < now();

-- name: claim
INSERT INTO runs (id, model, caller, state, attempts, key, digest, accepted_at, started_at, held_until)
VALUES ($1, $2, $3, 'started', 1, $4, $5, $6, $6, now() + $7::float8 * interval '1 second')
ON CONFLICT (caller, model, key) WHERE key IS NOT NULL DO NOTHING;

-- name: renew
UPDATE runs SET held_until = now() + $2::float8 * interval '1 second' WHERE id = ANY ($1::text[]) AND held_until IS NOT NULL;

-- name: release
DELETE FROM runs WHERE id = $1 AND held_until IS NOT NULL;

-- name: sweep
DELETE FROM runs WHERE held_until < now();
