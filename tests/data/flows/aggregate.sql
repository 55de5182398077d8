CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, size INTEGER);

CREATE INCREMENTAL VIEW v AS
SELECT lang, count(*) AS n, median(size * 2) AS middle
FROM notes
GROUP BY lang
HAVING count(*) > 1;

-- 1. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."notes"
-- 2. map of 1: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "lang", "size", coco_source_id FROM (FROM (SELECT coco_source_id, "lang", "size" FROM
--    (FROM operator_1)) AS coco_input_1) AS coco_rows_of_source) AS coco_rows ("lang", "size", "coco_source_id")
-- 3. aggregate of 2: the groups of changed rows, by "lang", are worked out anew
--    SELECT "lang_1" AS "lang_2", "count_star" AS "n", "median" AS "middle", coco_source_id FROM (SELECT "lang" AS
--    "lang_1", count(*) AS "count_star", median(("size" * 2)) AS "median", hash("lang") AS coco_source_id FROM
--    (SELECT coco_source_id, "lang", "size" FROM (FROM operator_2)) GROUP BY "lang") WHERE (("count_star" > 1))
