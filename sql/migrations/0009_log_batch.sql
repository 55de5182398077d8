-- The snapshots of a table share one log of keys: what one of them has taken from it is kept in unread_<id> for the others.
ALTER TABLE coco.snapshots ADD COLUMN log_batch BIGINT;     -- the last batch of the log that has been read
