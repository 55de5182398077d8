CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, size INTEGER);

CREATE INCREMENTAL VIEW v AS
WITH sizes AS (SELECT lang, sum(size) AS size FROM notes GROUP BY lang)
SELECT a.lang, b.lang AS other
FROM sizes AS a JOIN sizes AS b ON a.size < b.size;

-- 1. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."notes"
-- 2. map of 1: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "lang", "size", coco_source_id FROM (FROM (SELECT coco_source_id, "lang", "size" FROM
--    (FROM operator_1)) AS coco_input_1) AS coco_rows_of_source) AS coco_rows ("lang", "size", "coco_source_id")
-- 3. accumulate of 2: what changed is added to, or taken from, the counts and sums of its group, by "lang"
--    SELECT "lang_1" AS "lang_1", "coco_y1_rows" AS "coco_y1_rows", "coco_y1_sum_1" AS "coco_y1_sum_1",
--    "coco_y1_count_2" AS "coco_y1_count_2", coco_source_id FROM (SELECT "lang" AS "lang_1", coalesce(count(*),
--    0)::BIGINT AS "coco_y1_rows", coalesce(sum("size")::HUGEINT, 0)::HUGEINT AS "coco_y1_sum_1",
--    coalesce(count("size"), 0)::BIGINT AS "coco_y1_count_2", hash("lang") AS coco_source_id FROM (SELECT
--    coco_source_id, "lang", "size" FROM (FROM operator_2)) GROUP BY "lang")
-- 4. join of 3, 3: delete by the ids of either side, insert the changed rows of each joined with all of the others
--    SELECT * FROM (SELECT "lang_1", "coco_y2", coco_source_id, coco_source_id_2 FROM (FROM (SELECT coco_source_id,
--    "lang_1", "coco_y1_rows", "coco_y1_sum_1", "coco_y1_count_2" FROM (FROM operator_3)) AS coco_input_1, (SELECT
--    coco_source_id AS coco_source_id_2, "lang_1" AS "coco_y2", "coco_y1_rows" AS "coco_y3", "coco_y1_sum_1" AS
--    "coco_y4", "coco_y1_count_2" AS "coco_y5" FROM (FROM operator_3)) AS coco_input_2 WHERE (((CASE WHEN
--    "coco_y1_count_2" > 0 THEN "coco_y1_sum_1" END)) < ((CASE WHEN "coco_y5" > 0 THEN "coco_y4" END)))) AS
--    coco_rows_of_source) AS coco_rows ("lang_5", "other", "coco_source_id", "coco_source_id_2")
