CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, size INTEGER);

CREATE INCREMENTAL VIEW v AS
SELECT w.word, n.id
FROM (VALUES ('en', 'English'), ('de', 'German')) AS w (lang, word) JOIN notes AS n ON n.lang = w.lang;

-- 1. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."notes"
-- 2. values: written in the query, and never changed
--    SELECT r0.c0, r0.c1 FROM (VALUES (CAST(CAST('en' AS VARCHAR) AS VARCHAR), CAST(CAST('English' AS VARCHAR) AS
--    VARCHAR)), (CAST(CAST('de' AS VARCHAR) AS VARCHAR), CAST(CAST('German' AS VARCHAR) AS VARCHAR))) AS r0(c0, c1)
-- 3. join of 2, 1: delete by the ids of either side, insert the changed rows of each joined with all of the others
--    SELECT * FROM (SELECT "value_1", "id", coco_source_id, coco_source_id_2 FROM (FROM (SELECT coco_source_id,
--    "value", "value_1" FROM (FROM operator_2)) AS coco_input_1, (SELECT coco_source_id AS coco_source_id_2, "lang",
--    "id" FROM (FROM operator_1)) AS coco_input_2 WHERE ("value" = "lang")) AS coco_rows_of_source) AS coco_rows
--    ("word", "id_1", "coco_source_id", "coco_source_id_2")
