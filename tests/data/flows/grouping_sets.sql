CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, size INTEGER);

CREATE INCREMENTAL VIEW v AS
SELECT lang, author, grouping(author) AS all_authors, sum(size) AS size
FROM notes
GROUP BY ROLLUP (lang, author);

-- 1. scan: row groups that changed are read and the fingerprints of their rows compared
--    "memory"."main"."notes"
-- 2. map of 1: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "lang", "author", "size", coco_source_id FROM (FROM (SELECT coco_source_id, "lang",
--    "author", "size" FROM (FROM operator_1)) AS coco_input_1) AS coco_rows_of_source) AS coco_rows ("lang",
--    "author", "size", "coco_source_id")
-- 3. aggregate of 2: all of it is worked out anew from the rows kept below
--    SELECT (CAST(NULL AS VARCHAR)) AS "coco_x2", (CAST(NULL AS INTEGER)) AS "coco_x3", "coco_x1" AS "coco_x4",
--    (CAST(1 AS BIGINT)) AS "coco_x5", coco_source_id FROM (SELECT sum("size") AS "coco_x1", (0 * count(*))::UBIGINT
--    AS coco_source_id FROM (SELECT coco_source_id, "lang", "author", "size" FROM (FROM operator_2)))
-- 4. aggregate of 2: the groups of changed rows, by "lang", are worked out anew
--    SELECT "coco_x6" AS "coco_x8", (CAST(NULL AS INTEGER)) AS "coco_x9", "coco_x7" AS "coco_x10", (CAST(1 AS
--    BIGINT)) AS "coco_x11", coco_source_id FROM (SELECT "lang" AS "coco_x6", sum("size") AS "coco_x7", hash("lang")
--    AS coco_source_id FROM (SELECT coco_source_id, "lang", "author", "size" FROM (FROM operator_2)) GROUP BY "lang")
-- 5. aggregate of 2: the groups of changed rows, by "lang", "author", are worked out anew
--    SELECT "coco_x12" AS "coco_x15", "coco_x13" AS "coco_x16", "coco_x14" AS "coco_x17", (CAST(0 AS BIGINT)) AS
--    "coco_x18", coco_source_id FROM (SELECT "lang" AS "coco_x12", "author" AS "coco_x13", sum("size") AS "coco_x14",
--    hash("lang", "author") AS coco_source_id FROM (SELECT coco_source_id, "lang", "author", "size" FROM (FROM
--    operator_2)) GROUP BY "lang", "author")
-- 6. union all of 3, 4, 5: changes of its inputs are passed on
--    (SELECT coco_source_id, "coco_x2" AS "lang_1", "coco_x3" AS "author_1", "coco_x4" AS "sum", "coco_x5" AS
--    "grouping" FROM (FROM operator_3)) UNION ALL (SELECT coco_source_id, "coco_x8" AS "lang_1", "coco_x9" AS
--    "author_1", "coco_x10" AS "sum", "coco_x11" AS "grouping" FROM (FROM operator_4)) UNION ALL (SELECT
--    coco_source_id, "coco_x15" AS "lang_1", "coco_x16" AS "author_1", "coco_x17" AS "sum", "coco_x18" AS "grouping"
--    FROM (FROM operator_5))
-- 7. map of 6: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "lang_1", "author_1", "grouping", "sum", coco_source_id FROM (FROM (SELECT coco_source_id,
--    "lang_1", "author_1", "sum", "grouping" FROM (FROM operator_6)) AS coco_input_1) AS coco_rows_of_source) AS
--    coco_rows ("lang_2", "author_2", "all_authors", "size_1", "coco_source_id")
