CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, size INTEGER);

CREATE INCREMENTAL VIEW v AS
SELECT DISTINCT lang, author
FROM notes;

-- 1. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."notes"
-- 2. map of 1: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "lang", "author", coco_source_id FROM (FROM (SELECT coco_source_id, "lang", "author" FROM
--    (FROM operator_1)) AS coco_input_1) AS coco_rows_of_source) AS coco_rows ("lang_1", "author_1",
--    "coco_source_id")
-- 3. distinct of 2: the equal rows of changed rows, by "lang_1", "author_1", are worked out anew
--    SELECT "lang_1" AS "lang_1", "author_1" AS "author_1", coco_source_id FROM (SELECT *, hash("lang_1", "author_1")
--    AS coco_source_id FROM (SELECT DISTINCT "lang_1", "author_1" FROM (SELECT coco_source_id, "lang_1", "author_1"
--    FROM (FROM operator_2))))
