CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, size INTEGER);

CREATE INCREMENTAL VIEW v AS
SELECT lang, id
FROM notes
QUALIFY row_number() OVER (PARTITION BY lang ORDER BY size, id) <= 2;

-- 1. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."notes"
-- 2. map of 1: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "lang", "size", "id", coco_source_id FROM (FROM (SELECT coco_source_id, "lang", "size",
--    "id" FROM (FROM operator_1)) AS coco_input_1) AS coco_rows_of_source) AS coco_rows ("lang", "size", "id",
--    "coco_source_id")
-- 3. window of 2: the partitions of changed rows, by "lang", are worked out anew; of several right answers one stays until its rows change
--    SELECT "lang" AS "lang_1", "id" AS "id_1", coco_source_id FROM (SELECT "lang", "id", row_number() OVER
--    (PARTITION BY "lang" ORDER BY "size" ASC NULLS LAST, "id" ASC NULLS LAST) AS "row_number", hash("lang") AS
--    coco_source_id FROM (SELECT coco_source_id, "lang", "size", "id" FROM (FROM operator_2))) WHERE (("row_number"
--    <= 2))
