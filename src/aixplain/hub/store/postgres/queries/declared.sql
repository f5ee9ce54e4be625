-- name: all
SELECT kind, name, body FROM declared ORDER BY kind, name;

-- name: put
INSERT INTO declared (kind, name, body)
SELECT kind, name, body FROM unnest($1::text[], $2::text[], $3::bytea[]) AS given (kind, name, body) ORDER BY kind, name
ON CONFLICT (kind, name) DO UPDATE SET body = excluded.body;

-- name: remove
DELETE FROM declared WHERE kind = $1 AND name = $2;
