CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, size INTEGER);
CREATE TABLE authors (id INTEGER PRIMARY KEY, name VARCHAR, lang VARCHAR);

CREATE INCREMENTAL VIEW v AS
SELECT id
FROM notes
WHERE author IN (SELECT id FROM authors WHERE lang = 'en');

-- 1. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."notes"
-- 2. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."authors"
-- 3. map of 1: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "author", "id", coco_source_id FROM (FROM (SELECT coco_source_id, "author", "id" FROM
--    (FROM operator_1)) AS coco_input_1) AS coco_rows_of_source) AS coco_rows ("author", "id", "coco_source_id")
-- 4. map of 2: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "id_1", coco_source_id FROM (FROM (SELECT coco_source_id, "lang", "id" AS "id_1" FROM
--    (FROM operator_2)) AS coco_input_1 WHERE ("lang" = 'en')) AS coco_rows_of_source) AS coco_rows ("id_2",
--    "coco_source_id")
-- 5. semi join of 3, 4: the rows with the keys of changed rows, by "author", are worked out anew
--    SELECT "id" AS "id_3", coco_source_id FROM (SELECT "id", coco_key_0 AS coco_source_id FROM (SELECT *,
--    hash("author") AS coco_key_0 FROM (SELECT coco_source_id, "author", "id" FROM (FROM operator_3))) AS coco_left
--    SEMI JOIN (SELECT *, hash("id_2") AS coco_key_1 FROM (SELECT coco_source_id, "id_2" FROM (FROM operator_4))) AS
--    coco_right ON (("author" = "id_2")))
