-- What the key log says has changed is kept in pending_<id>, over the rows of a snapshot.
ALTER TABLE coco.snapshots ADD COLUMN source_rows BIGINT;   -- that the source stored when they were read, if keys are logged
