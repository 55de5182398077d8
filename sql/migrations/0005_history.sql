-- What made a version of a view, so that why a row changed can be told.
ALTER TABLE coco.runs ADD COLUMN query VARCHAR;                     -- as it ran
ALTER TABLE coco.runs ADD COLUMN definition VARCHAR;                -- fingerprint of the query with the views and macros that it uses
ALTER TABLE coco.runs ADD COLUMN functions MAP(VARCHAR, VARCHAR);   -- code version of each function
ALTER TABLE coco.runs ADD COLUMN changed_sources VARCHAR[];         -- those in which rows had changed
