CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, size INTEGER);
CREATE INCREMENTAL VIEW sizes AS SELECT lang, sum(size) AS size FROM notes GROUP BY lang;

CREATE INCREMENTAL VIEW v AS
SELECT count(*) AS n
FROM sizes
WHERE size > 10;

-- 1. scan: the view's own log of changes is read
--    "memory"."main"."sizes"
-- 2. map of 1: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT coco_source_id FROM (FROM (SELECT coco_source_id, "size" FROM (FROM operator_1)) AS
--    coco_input_1 WHERE ("size" > 10)) AS coco_rows_of_source) AS coco_rows ("coco_source_id")
-- 3. accumulate of 2: what changed is added to, or taken from, the counts and sums of its group
--    SELECT "coco_y1_rows" AS "coco_y1_rows", coco_source_id FROM (SELECT coalesce(count(*), 0)::BIGINT AS
--    "coco_y1_rows", 0::UBIGINT AS coco_source_id FROM (SELECT coco_source_id FROM (FROM operator_2)))
-- 4. map of 3: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "coco_y1_rows", coco_source_id FROM (FROM (SELECT coco_source_id, "coco_y1_rows" FROM
--    (FROM operator_3)) AS coco_input_1) AS coco_rows_of_source) AS coco_rows ("n", "coco_source_id")
