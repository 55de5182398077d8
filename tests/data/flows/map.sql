CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, size INTEGER);

CREATE INCREMENTAL VIEW v AS
SELECT id, upper(lang) AS lang, label(lang) AS label
FROM notes
WHERE size > 10;

-- 1. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."notes"
-- 2. map of 1: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "id", (upper("lang")), ((CASE WHEN "coco_fingerprint_1" IS NOT NULL THEN "coco_result_1"
--    WHEN (("size" > 10)) THEN "label"("lang") END)), coco_source_id, CASE WHEN ((("size" > 10))) AND (CASE WHEN
--    ("size" > 10) THEN CAST("lang" AS VARCHAR) END) IS NOT NULL THEN CASE WHEN "coco_fingerprint_1" IS NOT NULL THEN
--    "coco_fingerprint_1" ELSE CASE WHEN ("size" > 10) THEN coco_fingerprint(CAST("lang" AS VARCHAR)) END END END
--    FROM (FROM (SELECT coco_source_id, "size", "id", "lang" FROM (FROM operator_1)) AS coco_input_1 WHERE ("size" >
--    10)) AS coco_rows_of_source LEFT JOIN (SELECT fingerprint AS "coco_fingerprint_1", result AS "coco_result_1"
--    FROM "memory"."coco"."memo_label_…" WHERE (fingerprint & 0) < 1) AS "coco_memo_1" ON "coco_fingerprint_1" = CASE
--    WHEN ("size" > 10) THEN coco_fingerprint(CAST("lang" AS VARCHAR)) END) AS coco_rows ("id_1", "lang_1", "label",
--    "coco_source_id", "coco_call_1")
