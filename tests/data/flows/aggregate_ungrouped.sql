CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, size INTEGER);

CREATE INCREMENTAL VIEW v AS
SELECT max(size) AS longest
FROM notes;

-- 1. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."notes"
-- 2. map of 1: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "size", coco_source_id FROM (FROM (SELECT coco_source_id, "size" FROM (FROM operator_1))
--    AS coco_input_1) AS coco_rows_of_source) AS coco_rows ("size", "coco_source_id")
-- 3. aggregate of 2: all of it is worked out anew from the rows kept below
--    SELECT "max" AS "longest", coco_source_id FROM (SELECT max("size") AS "max", (0 * count(*))::UBIGINT AS
--    coco_source_id FROM (SELECT coco_source_id, "size" FROM (FROM operator_2)))
