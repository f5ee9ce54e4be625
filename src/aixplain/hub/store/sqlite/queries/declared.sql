-- name: all
SELECT kind, name, body FROM declared ORDER BY kind, name;

-- name: put
INSERT INTO declared (kind, name, body) VALUES (:kind, :name, :body)
ON CONFLICT (kind, name) DO UPDATE SET body = excluded.body;

-- name: remove
DELETE FROM declared WHERE kind = :kind AND name = :name;
