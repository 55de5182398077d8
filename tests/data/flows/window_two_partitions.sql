CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, size INTEGER);

CREATE INCREMENTAL VIEW v AS
SELECT id, count(*) OVER (PARTITION BY lang) AS same_lang, count(*) OVER (PARTITION BY author) AS same_author
FROM notes;

-- 1. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."notes"
-- 2. map of 1: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "id", "lang", "author", coco_source_id FROM (FROM (SELECT coco_source_id, "id", "lang",
--    "author" FROM (FROM operator_1)) AS coco_input_1) AS coco_rows_of_source) AS coco_rows ("id", "lang", "author",
--    "coco_source_id")
-- 3. window of 2: the partitions of changed rows, by "lang", are worked out anew; of several right answers one stays until its rows change
--    SELECT "id" AS "id", "author" AS "author", "count" AS "count", coco_source_id FROM (SELECT "id", "author",
--    count() OVER (PARTITION BY "lang") AS "count", hash("lang") AS coco_source_id FROM (SELECT coco_source_id, "id",
--    "lang", "author" FROM (FROM operator_2)))
-- 4. window of 3: the partitions of changed rows, by "author", are worked out anew; of several right answers one stays until its rows change
--    SELECT "id" AS "id_1", "count" AS "same_lang", "count_1" AS "same_author", coco_source_id FROM (SELECT "id",
--    "count", count() OVER (PARTITION BY "author") AS "count_1", hash("author") AS coco_source_id FROM (SELECT
--    coco_source_id, "id", "author", "count" FROM (FROM operator_3)))
