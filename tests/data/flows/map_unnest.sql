CREATE TABLE notes (id INTEGER PRIMARY KEY, tags VARCHAR[]);

CREATE INCREMENTAL VIEW v AS
SELECT id, label(tag) AS label
FROM notes, unnest(tags) AS u (tag)
WHERE tag <> 'x';

-- 1. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."notes"
-- 2. map of 1: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "id", ((CASE WHEN "coco_fingerprint_1" IS NOT NULL THEN "coco_result_1" WHEN (("tag" !=
--    'x')) THEN "label"("tag") END)), coco_source_id, coco_element_1, CASE WHEN ((("tag" != 'x'))) AND (CASE WHEN
--    ("tag" != 'x') THEN CAST("tag" AS VARCHAR) END) IS NOT NULL THEN CASE WHEN "coco_fingerprint_1" IS NOT NULL THEN
--    "coco_fingerprint_1" ELSE CASE WHEN ("tag" != 'x') THEN coco_fingerprint(CAST("tag" AS VARCHAR)) END END END
--    FROM (FROM (SELECT coco_source_id, "tags", "id" FROM (FROM operator_1)) AS coco_input_1) AS coco_rows_of_source
--    CROSS JOIN (SELECT unnest("coco_list_0") AS "tag", unnest(range(1, len("coco_list_0") + 1)) AS "coco_element_1"
--    FROM (SELECT "tags" AS "coco_list_0") AS coco_lists) AS coco_unnest_1 LEFT JOIN (SELECT fingerprint AS
--    "coco_fingerprint_1", result AS "coco_result_1" FROM "memory"."coco"."memo_label_…" WHERE (fingerprint & 0) < 1)
--    AS "coco_memo_1" ON "coco_fingerprint_1" = CASE WHEN ("tag" != 'x') THEN coco_fingerprint(CAST("tag" AS
--    VARCHAR)) END WHERE (("tag" != 'x'))) AS coco_rows ("id_6", "label", "coco_source_id", "coco_element_1",
--    "coco_call_1")
