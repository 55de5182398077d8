CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, size INTEGER);

CREATE INCREMENTAL VIEW v AS
SELECT lang, count(*) AS n, sum(size * 2) AS twice
FROM notes
GROUP BY lang
HAVING count(*) > 1;

-- 1. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."notes"
-- 2. map of 1: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "lang", "size", coco_source_id FROM (FROM (SELECT coco_source_id, "lang", "size" FROM
--    (FROM operator_1)) AS coco_input_1) AS coco_rows_of_source) AS coco_rows ("lang", "size", "coco_source_id")
-- 3. accumulate of 2: what changed is added to, or taken from, the counts and sums of its group, by "lang"
--    SELECT "lang_1" AS "lang_1", "coco_y1_rows" AS "coco_y1_rows", "coco_y1_sum_1" AS "coco_y1_sum_1",
--    "coco_y1_count_2" AS "coco_y1_count_2", coco_source_id FROM (SELECT "lang" AS "lang_1", coalesce(count(*),
--    0)::BIGINT AS "coco_y1_rows", coalesce(sum(("size" * 2))::HUGEINT, 0)::HUGEINT AS "coco_y1_sum_1",
--    coalesce(count(("size" * 2)), 0)::BIGINT AS "coco_y1_count_2", hash("lang") AS coco_source_id FROM (SELECT
--    coco_source_id, "lang", "size" FROM (FROM operator_2)) GROUP BY "lang")
-- 4. map of 3: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "lang_1", "coco_y1_rows", ((CASE WHEN "coco_y1_count_2" > 0 THEN "coco_y1_sum_1" END)),
--    coco_source_id FROM (FROM (SELECT coco_source_id, "lang_1", "coco_y1_rows", "coco_y1_sum_1", "coco_y1_count_2"
--    FROM (FROM operator_3)) AS coco_input_1 WHERE ("coco_y1_rows" > 1)) AS coco_rows_of_source) AS coco_rows
--    ("lang_2", "n", "twice", "coco_source_id")
