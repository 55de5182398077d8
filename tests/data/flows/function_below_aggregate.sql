CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, size INTEGER);

CREATE INCREMENTAL VIEW v AS
SELECT label(lang) AS label, count(*) AS n
FROM notes
GROUP BY label(lang);

-- 1. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."notes"
-- 2. map of 1: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "lang", (CASE WHEN "coco_fingerprint_1" IS NOT NULL THEN "coco_result_1" WHEN TRUE THEN
--    "label"("lang") END), coco_source_id, CASE WHEN (TRUE) AND (CAST("lang" AS VARCHAR)) IS NOT NULL THEN CASE WHEN
--    "coco_fingerprint_1" IS NOT NULL THEN "coco_fingerprint_1" ELSE coco_fingerprint(CAST("lang" AS VARCHAR)) END
--    END FROM (FROM (SELECT coco_source_id, "lang" FROM (FROM operator_1)) AS coco_input_1) AS coco_rows_of_source
--    LEFT JOIN (SELECT fingerprint AS "coco_fingerprint_1", result AS "coco_result_1" FROM
--    "memory"."coco"."memo_label_…" WHERE (fingerprint & 0) < 1) AS "coco_memo_1" ON "coco_fingerprint_1" =
--    coco_fingerprint(CAST("lang" AS VARCHAR))) AS coco_rows ("lang", "coco_y1", "coco_source_id", "coco_call_1")
-- 3. accumulate of 2: what changed is added to, or taken from, the counts and sums of its group, by "coco_y1"
--    SELECT "value" AS "value", "coco_y2_rows" AS "coco_y2_rows", coco_source_id FROM (SELECT "coco_y1" AS "value",
--    coalesce(count(*), 0)::BIGINT AS "coco_y2_rows", hash("coco_y1") AS coco_source_id FROM (SELECT coco_source_id,
--    "lang", "coco_y1" FROM (FROM operator_2)) GROUP BY "coco_y1")
-- 4. map of 3: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "value", "coco_y2_rows", coco_source_id FROM (FROM (SELECT coco_source_id, "value",
--    "coco_y2_rows" FROM (FROM operator_3)) AS coco_input_1) AS coco_rows_of_source) AS coco_rows ("label", "n",
--    "coco_source_id")
