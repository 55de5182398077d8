CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, size INTEGER);

CREATE INCREMENTAL VIEW v AS
SELECT id, size - (SELECT avg(size) FROM notes) AS above
FROM notes;

-- 1. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."notes"
-- 2. map of 1: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "size_1", coco_source_id FROM (FROM (SELECT coco_source_id, "size" AS "size_1" FROM (FROM
--    operator_1)) AS coco_input_1) AS coco_rows_of_source) AS coco_rows ("size_1", "coco_source_id")
-- 3. accumulate of 2: what changed is added to, or taken from, the counts and sums of its group
--    SELECT "coco_y1_rows" AS "coco_y1_rows", "coco_y1_count_1" AS "coco_y1_count_1", "coco_y1_sum_2" AS
--    "coco_y1_sum_2", coco_source_id FROM (SELECT coalesce(count(*), 0)::BIGINT AS "coco_y1_rows",
--    coalesce(count("size_1"), 0)::BIGINT AS "coco_y1_count_1", coalesce(sum("size_1")::HUGEINT, 0)::HUGEINT AS
--    "coco_y1_sum_2", 0::UBIGINT AS coco_source_id FROM (SELECT coco_source_id, "size_1" FROM (FROM operator_2)))
-- 4. join of 1, 3: delete by the ids of either side, insert the changed rows of each joined with all of the others
--    SELECT * FROM (SELECT "id", ((CAST("size" AS DOUBLE) - ((finalize(to_aggregate_state({'count':
--    "coco_y1_count_1"::UBIGINT, 'value': "coco_y1_sum_2"}, 'avg', ['INTEGER'])))))), coco_source_id,
--    coco_source_id_2 FROM (FROM (SELECT coco_source_id, "id", "size" FROM (FROM operator_1)) AS coco_input_1,
--    (SELECT coco_source_id AS coco_source_id_2, "coco_y1_rows", "coco_y1_count_1", "coco_y1_sum_2" FROM (FROM
--    operator_3)) AS coco_input_2) AS coco_rows_of_source) AS coco_rows ("id_1", "above", "coco_source_id",
--    "coco_source_id_2")
