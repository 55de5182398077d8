CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, size INTEGER);

CREATE INCREMENTAL VIEW v AS
SELECT id, size FROM notes;

-- 1. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."notes"
-- 2. map of 1: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "id", "size", coco_source_id FROM (FROM (SELECT coco_source_id, "id", "size" FROM (FROM
--    operator_1)) AS coco_input_1) AS coco_rows_of_source) AS coco_rows ("id_1", "size_1", "coco_source_id")
