-- Functions that are called again: results are replaced, and views that came from them are stale.
ALTER TABLE coco.functions ADD COLUMN recalls BIGINT;   -- how often results of the version were replaced
ALTER TABLE coco.calls ADD COLUMN recalls BIGINT;       -- the same when the view's rows were worked out
ALTER TABLE coco.runs ADD COLUMN recalled VARCHAR[];    -- functions of which results had been replaced since the run before

ALTER TABLE coco.errors ADD COLUMN source_key JSON;      -- a row of the source that needs the call
