CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, size INTEGER);

CREATE INCREMENTAL VIEW v AS
SELECT id, size
FROM notes
ORDER BY size DESC, id
LIMIT 10;

-- 1. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."notes"
-- 2. map of 1: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "id", "size", coco_source_id FROM (FROM (SELECT coco_source_id, "id", "size" FROM (FROM
--    operator_1)) AS coco_input_1) AS coco_rows_of_source) AS coco_rows ("id_1", "size_1", "coco_source_id")
-- 3. top of 2: all of it is worked out anew from the rows kept below; of several right answers one stays until its rows change
--    SELECT "id_1" AS "id_1", "size_1" AS "size_1", coco_source_id FROM (SELECT "id_1", "size_1", 0::UBIGINT AS
--    coco_source_id FROM (SELECT coco_source_id, "id_1", "size_1" FROM (FROM operator_2)) ORDER BY "size_1" DESC
--    NULLS LAST, "id_1" ASC NULLS LAST LIMIT 10)
