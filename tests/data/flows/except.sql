CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, size INTEGER);
CREATE TABLE authors (id INTEGER PRIMARY KEY, name VARCHAR, lang VARCHAR);

CREATE INCREMENTAL VIEW v AS
SELECT lang FROM notes
EXCEPT
SELECT lang FROM authors;

-- 1. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."notes"
-- 2. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."authors"
-- 3. map of 1: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "lang", coco_source_id FROM (FROM (SELECT coco_source_id, "lang" FROM (FROM operator_1))
--    AS coco_input_1) AS coco_rows_of_source) AS coco_rows ("lang_1", "coco_source_id")
-- 4. map of 2: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "lang_2", coco_source_id FROM (FROM (SELECT coco_source_id, "lang" AS "lang_2" FROM (FROM
--    operator_2)) AS coco_input_1) AS coco_rows_of_source) AS coco_rows ("lang_3", "coco_source_id")
-- 5. except of 3, 4: the equal rows of changed rows, by "lang_4", are worked out anew
--    SELECT "lang_4" AS "lang_4", coco_source_id FROM (SELECT *, hash("lang_4") AS coco_source_id FROM ((SELECT
--    "lang_4" FROM (SELECT coco_source_id, "lang_1" AS "lang_4" FROM (FROM operator_3))) EXCEPT (SELECT "lang_4" FROM
--    (SELECT coco_source_id, "lang_3" AS "lang_4" FROM (FROM operator_4)))))
