-- name: accept
INSERT INTO runs (id, model, state, inputs, accepted_at) VALUES (:id, :model, 'accepted', :inputs, :now);

-- name: start
UPDATE runs SET state = 'started', started_at = :now WHERE id = :id AND state = 'accepted' RETURNING model, inputs;

-- name: finish
UPDATE runs SET state = :state, result = :result, ended_at = :now WHERE id = :id AND state = 'started';

-- name: find
SELECT state, result FROM runs WHERE id = :id;

-- name: reopen
UPDATE runs SET state = 'accepted', started_at = NULL WHERE state = 'started';

-- name: waiting
SELECT id FROM runs WHERE state = 'accepted' ORDER BY accepted_at;
