CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, size INTEGER);

CREATE INCREMENTAL VIEW v AS
SELECT a.id, b.id AS other
FROM notes AS a JOIN notes AS b ON a.lang = b.lang AND a.size < b.size;

-- 1. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."notes"
-- 2. join of 1, 1: delete by the ids of either side, insert the changed rows of each joined with all of the others
--    SELECT * FROM (SELECT "id", "id_1", coco_source_id, coco_source_id_2 FROM (FROM (SELECT coco_source_id, "lang",
--    "size", "id" FROM (FROM operator_1)) AS coco_input_1, (SELECT coco_source_id AS coco_source_id_2, "lang" AS
--    "lang_1", "size" AS "size_1", "id" AS "id_1" FROM (FROM operator_1)) AS coco_input_2 WHERE ("lang" = "lang_1")
--    AND ("size" < "size_1")) AS coco_rows_of_source) AS coco_rows ("id_2", "other", "coco_source_id",
--    "coco_source_id_2")
