-- Files count against quotas: of the key that announced them (NULL: of outputs that a hub keeps), and of all together. `bytes`
-- are those of the file and of uploads that are on their way.
ALTER TABLE files ADD COLUMN owner text COLLATE "C";
ALTER TABLE files ADD COLUMN bytes bigint NOT NULL DEFAULT 0;
UPDATE files SET bytes = coalesce((SELECT sum(octet_length(chunk.bytes)) FROM file_chunks AS chunk WHERE chunk.token = files.token), 0);
CREATE INDEX files_by_owner ON files (owner, part) INCLUDE (bytes);
