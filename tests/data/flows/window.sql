CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, size INTEGER);

CREATE INCREMENTAL VIEW v AS
SELECT id, rank() OVER (PARTITION BY lang ORDER BY size) AS place
FROM notes;

-- 1. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."notes"
-- 2. map of 1: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "id", "lang", "size", coco_source_id FROM (FROM (SELECT coco_source_id, "id", "lang",
--    "size" FROM (FROM operator_1)) AS coco_input_1) AS coco_rows_of_source) AS coco_rows ("id", "lang", "size",
--    "coco_source_id")
-- 3. window of 2: the partitions of changed rows, by "lang", are worked out anew; of several right answers one stays until its rows change
--    SELECT "id" AS "id_1", "rank" AS "place", coco_source_id FROM (SELECT "id", rank() OVER (PARTITION BY "lang"
--    ORDER BY "size" ASC NULLS LAST) AS "rank", hash("lang") AS coco_source_id FROM (SELECT coco_source_id, "id",
--    "lang", "size" FROM (FROM operator_2)))
