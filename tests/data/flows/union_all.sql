CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, size INTEGER);
CREATE TABLE authors (id INTEGER PRIMARY KEY, name VARCHAR, lang VARCHAR);

CREATE INCREMENTAL VIEW v AS
SELECT lang, id FROM notes WHERE size > 10
UNION ALL
SELECT lang, id FROM authors;

-- 1. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."notes"
-- 2. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."authors"
-- 3. map of 1: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "lang", "id", coco_source_id FROM (FROM (SELECT coco_source_id, "size", "lang", "id" FROM
--    (FROM operator_1)) AS coco_input_1 WHERE ("size" > 10)) AS coco_rows_of_source) AS coco_rows ("lang_1", "id_1",
--    "coco_source_id")
-- 4. map of 2: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "lang_2", "id_2", coco_source_id FROM (FROM (SELECT coco_source_id, "lang" AS "lang_2",
--    "id" AS "id_2" FROM (FROM operator_2)) AS coco_input_1) AS coco_rows_of_source) AS coco_rows ("lang_3", "id_3",
--    "coco_source_id")
-- 5. union all of 3, 4: changes of its inputs are passed on
--    (SELECT coco_source_id, "lang_1" AS "lang_4", "id_1" AS "id_4" FROM (FROM operator_3)) UNION ALL (SELECT
--    coco_source_id, "lang_3" AS "lang_4", "id_3" AS "id_4" FROM (FROM operator_4))
-- 6. map of 5: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "lang_4", "id_4", coco_source_id FROM (FROM (SELECT coco_source_id, "lang_4", "id_4" FROM
--    (FROM operator_5)) AS coco_input_1) AS coco_rows_of_source) AS coco_rows ("lang_4", "id_4", "coco_source_id")
