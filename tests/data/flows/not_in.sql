CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, size INTEGER);
CREATE TABLE authors (id INTEGER PRIMARY KEY, name VARCHAR, lang VARCHAR);

CREATE INCREMENTAL VIEW v AS
SELECT id
FROM notes
WHERE lang NOT IN (SELECT lang FROM authors);

-- 1. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."notes"
-- 2. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."authors"
-- 3. map of 1: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "lang", "id", coco_source_id FROM (FROM (SELECT coco_source_id, "lang", "id" FROM (FROM
--    operator_1)) AS coco_input_1) AS coco_rows_of_source) AS coco_rows ("lang", "id", "coco_source_id")
-- 4. map of 2: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "lang_1", coco_source_id FROM (FROM (SELECT coco_source_id, "lang" AS "lang_1" FROM (FROM
--    operator_2)) AS coco_input_1 WHERE ("lang_1" IS NOT NULL)) AS coco_rows_of_source) AS coco_rows ("coco_x2",
--    "coco_source_id")
-- 5. distinct of 4: the equal rows of changed rows, by "coco_x2", are worked out anew
--    SELECT "coco_x2" AS "coco_x2", true AS "coco_x1", coco_source_id FROM (SELECT *, hash("coco_x2") AS
--    coco_source_id FROM (SELECT DISTINCT "coco_x2" FROM (SELECT coco_source_id, "coco_x2" FROM (FROM operator_4))))
-- 6. left join of 3, 5: the rows with the keys of changed rows, by "lang", are worked out anew
--    SELECT "lang" AS "lang", "id" AS "id", "coco_x1" AS "coco_x1", coco_source_id FROM (SELECT "lang", "id",
--    "coco_x1", coco_key_0 AS coco_source_id FROM (SELECT *, hash("lang") AS coco_key_0 FROM (SELECT coco_source_id,
--    "lang", "id" FROM (FROM operator_3))) AS coco_left LEFT JOIN (SELECT *, hash("coco_x2") AS coco_key_1 FROM
--    (SELECT coco_source_id, "coco_x2", "coco_x1" FROM (FROM operator_5))) AS coco_right ON (("lang" = "coco_x2")))
-- 7. map of 2: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "lang_1", coco_source_id FROM (FROM (SELECT coco_source_id, "lang" AS "lang_1" FROM (FROM
--    operator_2)) AS coco_input_1) AS coco_rows_of_source) AS coco_rows ("coco_x7", "coco_source_id")
-- 8. accumulate of 7: what changed is added to, or taken from, the counts and sums of its group
--    SELECT "coco_y1_rows" AS "coco_y1_rows", "coco_y1_count_1" AS "coco_y1_count_1", coco_source_id FROM (SELECT
--    coalesce(count(*), 0)::BIGINT AS "coco_y1_rows", coalesce(count("coco_x7"), 0)::BIGINT AS "coco_y1_count_1",
--    0::UBIGINT AS coco_source_id FROM (SELECT coco_source_id, "coco_x7" FROM (FROM operator_7)))
-- 9. join of 6, 8: delete by the ids of either side, insert the changed rows of each joined with all of the others
--    SELECT * FROM (SELECT "id", coco_source_id, coco_source_id_2 FROM (FROM (SELECT coco_source_id, "lang", "id",
--    "coco_x1" FROM (FROM operator_6)) AS coco_input_1, (SELECT coco_source_id AS coco_source_id_2, "coco_y1_rows",
--    "coco_y1_count_1" FROM (FROM operator_8)) AS coco_input_2 WHERE (NOT (CASE WHEN "coco_x1" IS NOT NULL THEN true
--    WHEN (("coco_y1_rows" > 0)) IS NOT TRUE THEN false WHEN ("lang") IS NULL OR (("coco_y1_rows" >
--    "coco_y1_count_1")) THEN CAST(NULL AS BOOLEAN) ELSE false END))) AS coco_rows_of_source) AS coco_rows ("id_1",
--    "coco_source_id", "coco_source_id_2")
