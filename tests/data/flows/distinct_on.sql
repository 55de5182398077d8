CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, size INTEGER);

CREATE INCREMENTAL VIEW v AS
SELECT DISTINCT ON (lang) lang, id
FROM notes
ORDER BY lang, size DESC, id;

-- 1. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."notes"
-- 2. map of 1: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "lang", "id", "size", coco_source_id FROM (FROM (SELECT coco_source_id, "lang", "id",
--    "size" FROM (FROM operator_1)) AS coco_input_1) AS coco_rows_of_source) AS coco_rows ("lang_1", "id_1",
--    "size_1", "coco_source_id")
-- 3. distinct of 2: the equal rows of changed rows, by "lang_1", are worked out anew; of several right answers one stays until its rows change
--    SELECT "lang_1" AS "lang_2", "id_1" AS "id_2", coco_source_id FROM (SELECT *, hash("lang_1") AS coco_source_id
--    FROM (SELECT DISTINCT ON ("lang_1") "lang_1", "id_1", "size_1" FROM (SELECT coco_source_id, "lang_1", "id_1",
--    "size_1" FROM (FROM operator_2)) ORDER BY "lang_1" ASC NULLS LAST, "size_1" DESC NULLS LAST, "id_1" ASC NULLS
--    LAST))
