CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, size INTEGER);
CREATE TABLE authors (id INTEGER PRIMARY KEY, name VARCHAR, lang VARCHAR);

CREATE INCREMENTAL VIEW v AS
SELECT id
FROM notes AS n
WHERE EXISTS (SELECT 1 FROM authors WHERE id = n.author AND lang = n.lang);

-- 1. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."notes"
-- 2. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."authors"
-- 3. map of 1: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "author", "lang", "id", coco_source_id FROM (FROM (SELECT coco_source_id, "author",
--    "lang", "id" FROM (FROM operator_1)) AS coco_input_1) AS coco_rows_of_source) AS coco_rows ("author", "lang",
--    "id", "coco_source_id")
-- 4. map of 2: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "lang_1", "id_1", coco_source_id FROM (FROM (SELECT coco_source_id, "id" AS "id_1", "lang"
--    AS "lang_1" FROM (FROM operator_2)) AS coco_input_1 WHERE ("id_1" IS NOT NULL) AND ("lang_1" IS NOT NULL)) AS
--    coco_rows_of_source) AS coco_rows ("lang_2", "author_1", "coco_source_id")
-- 5. semi join of 3, 4: the rows with the keys of changed rows, by "lang", "author", are worked out anew
--    SELECT "id" AS "id_2", coco_source_id FROM (SELECT "id", coco_key_0 AS coco_source_id FROM (SELECT *,
--    hash("lang", "author") AS coco_key_0 FROM (SELECT coco_source_id, "author", "lang", "id" FROM (FROM
--    operator_3))) AS coco_left SEMI JOIN (SELECT *, hash("lang_2", "author_1") AS coco_key_1 FROM (SELECT
--    coco_source_id, "lang_2", "author_1" FROM (FROM operator_4))) AS coco_right ON (("lang" IS NOT DISTINCT FROM
--    "lang_2")) AND (("author" IS NOT DISTINCT FROM "author_1")))
