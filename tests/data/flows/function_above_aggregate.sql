CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, size INTEGER);

CREATE INCREMENTAL VIEW v AS
SELECT label(max(lang)) AS label
FROM notes
GROUP BY author;

-- 1. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."notes"
-- 2. map of 1: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "author", "lang", coco_source_id FROM (FROM (SELECT coco_source_id, "author", "lang" FROM
--    (FROM operator_1)) AS coco_input_1) AS coco_rows_of_source) AS coco_rows ("author", "lang", "coco_source_id")
-- 3. aggregate of 2: the groups of changed rows, by "author", are worked out anew
--    SELECT "author_1" AS "author_1", "max" AS "max", coco_source_id FROM (SELECT "author" AS "author_1", max("lang")
--    AS "max", hash("author") AS coco_source_id FROM (SELECT coco_source_id, "author", "lang" FROM (FROM operator_2))
--    GROUP BY "author")
-- 4. map of 3: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT ((CASE WHEN "coco_fingerprint_1" IS NOT NULL THEN "coco_result_1" WHEN TRUE THEN
--    "label"("max") END)), coco_source_id, CASE WHEN (TRUE) AND (CAST("max" AS VARCHAR)) IS NOT NULL THEN CASE WHEN
--    "coco_fingerprint_1" IS NOT NULL THEN "coco_fingerprint_1" ELSE coco_fingerprint(CAST("max" AS VARCHAR)) END END
--    FROM (FROM (SELECT coco_source_id, "author_1", "max" FROM (FROM operator_3)) AS coco_input_1) AS
--    coco_rows_of_source LEFT JOIN (SELECT fingerprint AS "coco_fingerprint_1", result AS "coco_result_1" FROM
--    "memory"."coco"."memo_label_…" WHERE (fingerprint & 0) < 1) AS "coco_memo_1" ON "coco_fingerprint_1" =
--    coco_fingerprint(CAST("max" AS VARCHAR))) AS coco_rows ("label", "coco_source_id", "coco_call_1")
