-- What is known of the two ways to keep a view true, by operators with state and by running its query afresh: it takes
-- the one that costs less.
ALTER TABLE coco.views ADD COLUMN fill_seconds DOUBLE;   -- working out all rows with the state of the operators
ALTER TABLE coco.views ADD COLUMN query_seconds DOUBLE;  -- running the query
ALTER TABLE coco.views ADD COLUMN owed_seconds DOUBLE;   -- refreshes by the query since the state was given up; else NULL
