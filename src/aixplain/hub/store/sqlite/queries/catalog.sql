-- name: known_models
SELECT path, digest, created_at FROM models;

-- name: add_model
INSERT INTO models (id, path, name, function, supplier, host, developer, status, price, created_at, updated_at, digest)
VALUES (:id, :path, :name, :function, :supplier, :host, :developer, :status, :price, :created_at, :updated_at, :digest);

-- name: add_body
INSERT INTO bodies (number, body) VALUES (:number, :body);

-- name: add_text
INSERT INTO models_text (rowid, name, path, function, description, developer)
VALUES (:number, :name, :path, :function, :description, :developer);

-- name: add_language
INSERT OR IGNORE INTO model_languages (model, direction, code) VALUES (:number, :direction, :code);

-- name: remove_text
DELETE FROM models_text WHERE rowid = (SELECT number FROM models WHERE path = :path);

-- name: remove_model
DELETE FROM models WHERE path = :path;

-- name: find_model
SELECT body FROM models JOIN bodies USING (number)
WHERE (id = :key OR path = :key) AND (:host IS NULL OR host = :host COLLATE NOCASE);

-- name: path_of
SELECT path FROM models WHERE id = :id;
