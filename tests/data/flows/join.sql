CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, size INTEGER);
CREATE TABLE authors (id INTEGER PRIMARY KEY, name VARCHAR, lang VARCHAR);

CREATE INCREMENTAL VIEW v AS
SELECT n.id, a.name
FROM notes AS n JOIN authors AS a ON n.author = a.id
WHERE n.size > 10;

-- 1. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."notes"
-- 2. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."authors"
-- 3. join of 1, 2: delete by the ids of either side, insert the changed rows of each joined with all of the others
--    SELECT * FROM (SELECT "id", "name", coco_source_id, coco_source_id_2 FROM (FROM (SELECT coco_source_id,
--    "author", "size", "id" FROM (FROM operator_1)) AS coco_input_1, (SELECT coco_source_id AS coco_source_id_2, "id"
--    AS "id_1", "name" FROM (FROM operator_2)) AS coco_input_2 WHERE ("size" > 10) AND ("author" = "id_1")) AS
--    coco_rows_of_source) AS coco_rows ("id_2", "name_1", "coco_source_id", "coco_source_id_2")
