CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, size INTEGER);

CREATE INCREMENTAL VIEW v AS
SELECT avg(size) AS middle, count(*) FILTER (lang = 'en') AS english
FROM notes;

-- 1. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."notes"
-- 2. map of 1: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "size", "lang", coco_source_id FROM (FROM (SELECT coco_source_id, "size", "lang" FROM
--    (FROM operator_1)) AS coco_input_1) AS coco_rows_of_source) AS coco_rows ("size", "lang", "coco_source_id")
-- 3. accumulate of 2: what changed is added to, or taken from, the counts and sums of its group
--    SELECT "coco_y1_rows" AS "coco_y1_rows", "coco_y1_count_1" AS "coco_y1_count_1", "coco_y1_sum_2" AS
--    "coco_y1_sum_2", "coco_y1_count_3" AS "coco_y1_count_3", coco_source_id FROM (SELECT coalesce(count(*),
--    0)::BIGINT AS "coco_y1_rows", coalesce(count("size"), 0)::BIGINT AS "coco_y1_count_1",
--    coalesce(sum("size")::HUGEINT, 0)::HUGEINT AS "coco_y1_sum_2", coalesce(count(CASE WHEN ("lang" = 'en') THEN 1
--    END), 0)::BIGINT AS "coco_y1_count_3", 0::UBIGINT AS coco_source_id FROM (SELECT coco_source_id, "size", "lang"
--    FROM (FROM operator_2)))
-- 4. map of 3: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT ((finalize(to_aggregate_state({'count': "coco_y1_count_1"::UBIGINT, 'value':
--    "coco_y1_sum_2"}, 'avg', ['INTEGER'])))), "coco_y1_count_3", coco_source_id FROM (FROM (SELECT coco_source_id,
--    "coco_y1_rows", "coco_y1_count_1", "coco_y1_sum_2", "coco_y1_count_3" FROM (FROM operator_3)) AS coco_input_1)
--    AS coco_rows_of_source) AS coco_rows ("middle", "english", "coco_source_id")
