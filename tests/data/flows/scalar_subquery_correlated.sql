CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, size INTEGER);
CREATE TABLE authors (id INTEGER PRIMARY KEY, name VARCHAR, lang VARCHAR);

CREATE INCREMENTAL VIEW v AS
SELECT id, (SELECT sum(size) FROM notes WHERE author = a.id) AS total
FROM authors AS a;

-- 1. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."authors"
-- 2. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."notes"
-- 3. map of 1: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "id", coco_source_id FROM (FROM (SELECT coco_source_id, "id" FROM (FROM operator_1)) AS
--    coco_input_1) AS coco_rows_of_source) AS coco_rows ("id", "coco_source_id")
-- 4. map of 2: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "author", "size", coco_source_id FROM (FROM (SELECT coco_source_id, "author", "size" FROM
--    (FROM operator_2)) AS coco_input_1 WHERE ("author" IS NOT NULL)) AS coco_rows_of_source) AS coco_rows ("author",
--    "size", "coco_source_id")
-- 5. accumulate of 4: what changed is added to, or taken from, the counts and sums of its group, by "author"
--    SELECT "id_1" AS "id_1", "coco_y1_rows" AS "coco_y1_rows", "coco_y1_sum_1" AS "coco_y1_sum_1", "coco_y1_count_2"
--    AS "coco_y1_count_2", coco_source_id FROM (SELECT "author" AS "id_1", coalesce(count(*), 0)::BIGINT AS
--    "coco_y1_rows", coalesce(sum("size")::HUGEINT, 0)::HUGEINT AS "coco_y1_sum_1", coalesce(count("size"),
--    0)::BIGINT AS "coco_y1_count_2", hash("author") AS coco_source_id FROM (SELECT coco_source_id, "author", "size"
--    FROM (FROM operator_4)) GROUP BY "author")
-- 6. map of 5: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT (CASE WHEN "coco_y1_count_2" > 0 THEN "coco_y1_sum_1" END), "id_1", coco_source_id FROM
--    (FROM (SELECT coco_source_id, "id_1", "coco_y1_rows", "coco_y1_sum_1", "coco_y1_count_2" FROM (FROM operator_5))
--    AS coco_input_1) AS coco_rows_of_source) AS coco_rows ("sum(size)", "id_2", "coco_source_id")
-- 7. left join of 3, 6: the rows with the keys of changed rows, by "id", are worked out anew
--    SELECT "id" AS "id_3", "sum(size)" AS "total", coco_source_id FROM (SELECT "id", "sum(size)", coco_key_0 AS
--    coco_source_id FROM (SELECT *, hash("id") AS coco_key_0 FROM (SELECT coco_source_id, "id" FROM (FROM
--    operator_3))) AS coco_left LEFT JOIN (SELECT *, hash("id_2") AS coco_key_1 FROM (SELECT coco_source_id,
--    "sum(size)", "id_2" FROM (FROM operator_6))) AS coco_right ON (("id" IS NOT DISTINCT FROM "id_2")))
