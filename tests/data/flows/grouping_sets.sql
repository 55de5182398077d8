CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, size INTEGER);

CREATE INCREMENTAL VIEW v AS
SELECT lang, author, grouping(author) AS all_authors, sum(size) AS size
FROM notes
GROUP BY ROLLUP (lang, author);

-- 1. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."notes"
-- 2. map of 1: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "lang", "author", "size", coco_source_id FROM (FROM (SELECT coco_source_id, "lang",
--    "author", "size" FROM (FROM operator_1)) AS coco_input_1) AS coco_rows_of_source) AS coco_rows ("lang",
--    "author", "size", "coco_source_id")
-- 3. accumulate of 2: what changed is added to, or taken from, the counts and sums of its group
--    SELECT "coco_y1_rows" AS "coco_y1_rows", "coco_y1_sum_1" AS "coco_y1_sum_1", "coco_y1_count_2" AS
--    "coco_y1_count_2", coco_source_id FROM (SELECT coalesce(count(*), 0)::BIGINT AS "coco_y1_rows",
--    coalesce(sum("size")::HUGEINT, 0)::HUGEINT AS "coco_y1_sum_1", coalesce(count("size"), 0)::BIGINT AS
--    "coco_y1_count_2", 0::UBIGINT AS coco_source_id FROM (SELECT coco_source_id, "lang", "author", "size" FROM (FROM
--    operator_2)))
-- 4. map of 3: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT (CAST(NULL AS VARCHAR)), (CAST(NULL AS INTEGER)), ((CASE WHEN "coco_y1_count_2" > 0 THEN
--    "coco_y1_sum_1" END)), (CAST(1 AS BIGINT)), coco_source_id FROM (FROM (SELECT coco_source_id, "coco_y1_rows",
--    "coco_y1_sum_1", "coco_y1_count_2" FROM (FROM operator_3)) AS coco_input_1) AS coco_rows_of_source) AS coco_rows
--    ("coco_x2", "coco_x3", "coco_x4", "coco_x5", "coco_source_id")
-- 5. accumulate of 2: what changed is added to, or taken from, the counts and sums of its group, by "lang"
--    SELECT "coco_x6" AS "coco_x6", "coco_y2_rows" AS "coco_y2_rows", "coco_y2_sum_1" AS "coco_y2_sum_1",
--    "coco_y2_count_2" AS "coco_y2_count_2", coco_source_id FROM (SELECT "lang" AS "coco_x6", coalesce(count(*),
--    0)::BIGINT AS "coco_y2_rows", coalesce(sum("size")::HUGEINT, 0)::HUGEINT AS "coco_y2_sum_1",
--    coalesce(count("size"), 0)::BIGINT AS "coco_y2_count_2", hash("lang") AS coco_source_id FROM (SELECT
--    coco_source_id, "lang", "author", "size" FROM (FROM operator_2)) GROUP BY "lang")
-- 6. map of 5: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "coco_x6", (CAST(NULL AS INTEGER)), ((CASE WHEN "coco_y2_count_2" > 0 THEN "coco_y2_sum_1"
--    END)), (CAST(1 AS BIGINT)), coco_source_id FROM (FROM (SELECT coco_source_id, "coco_x6", "coco_y2_rows",
--    "coco_y2_sum_1", "coco_y2_count_2" FROM (FROM operator_5)) AS coco_input_1) AS coco_rows_of_source) AS coco_rows
--    ("coco_x8", "coco_x9", "coco_x10", "coco_x11", "coco_source_id")
-- 7. accumulate of 2: what changed is added to, or taken from, the counts and sums of its group, by "lang", "author"
--    SELECT "coco_x12" AS "coco_x12", "coco_x13" AS "coco_x13", "coco_y3_rows" AS "coco_y3_rows", "coco_y3_sum_1" AS
--    "coco_y3_sum_1", "coco_y3_count_2" AS "coco_y3_count_2", coco_source_id FROM (SELECT "lang" AS "coco_x12",
--    "author" AS "coco_x13", coalesce(count(*), 0)::BIGINT AS "coco_y3_rows", coalesce(sum("size")::HUGEINT,
--    0)::HUGEINT AS "coco_y3_sum_1", coalesce(count("size"), 0)::BIGINT AS "coco_y3_count_2", hash("lang", "author")
--    AS coco_source_id FROM (SELECT coco_source_id, "lang", "author", "size" FROM (FROM operator_2)) GROUP BY "lang",
--    "author")
-- 8. map of 7: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "coco_x12", "coco_x13", ((CASE WHEN "coco_y3_count_2" > 0 THEN "coco_y3_sum_1" END)),
--    (CAST(0 AS BIGINT)), coco_source_id FROM (FROM (SELECT coco_source_id, "coco_x12", "coco_x13", "coco_y3_rows",
--    "coco_y3_sum_1", "coco_y3_count_2" FROM (FROM operator_7)) AS coco_input_1) AS coco_rows_of_source) AS coco_rows
--    ("coco_x15", "coco_x16", "coco_x17", "coco_x18", "coco_source_id")
-- 9. union all of 4, 6, 8: changes of its inputs are passed on
--    (SELECT coco_source_id, "coco_x2" AS "lang_1", "coco_x3" AS "author_1", "coco_x4" AS "sum", "coco_x5" AS
--    "grouping" FROM (FROM operator_4)) UNION ALL (SELECT coco_source_id, "coco_x8" AS "lang_1", "coco_x9" AS
--    "author_1", "coco_x10" AS "sum", "coco_x11" AS "grouping" FROM (FROM operator_6)) UNION ALL (SELECT
--    coco_source_id, "coco_x15" AS "lang_1", "coco_x16" AS "author_1", "coco_x17" AS "sum", "coco_x18" AS "grouping"
--    FROM (FROM operator_8))
-- 10. map of 9: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "lang_1", "author_1", "grouping", "sum", coco_source_id FROM (FROM (SELECT coco_source_id,
--    "lang_1", "author_1", "sum", "grouping" FROM (FROM operator_9)) AS coco_input_1) AS coco_rows_of_source) AS
--    coco_rows ("lang_2", "author_2", "all_authors", "size_1", "coco_source_id")
