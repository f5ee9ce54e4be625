-- name: note_models
INSERT INTO models (path, digest, created_at, updated_at)
SELECT path, digest, $3, $3 FROM unnest($1::text[], $2::text[]) AS offered (path, digest) ORDER BY path
ON CONFLICT (path) DO UPDATE SET digest = excluded.digest, updated_at = excluded.updated_at
WHERE models.digest <> excluded.digest;

-- name: times
SELECT path, created_at, updated_at FROM models WHERE path = ANY ($1::text[]);
