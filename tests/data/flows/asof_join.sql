CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, size INTEGER);
CREATE TABLE prices (author INTEGER, since INTEGER, price INTEGER);

CREATE INCREMENTAL VIEW v AS
SELECT n.id, p.price
FROM notes AS n ASOF JOIN prices AS p ON n.author = p.author AND n.size >= p.since;

-- 1. scan: the log of changed keys is read; where it is not complete, row groups that changed
--    "memory"."main"."notes"
-- 2. scan: row groups that changed are read and the fingerprints of their rows compared (no key log: the table has no primary key)
--    "memory"."main"."prices"
-- 3. map of 1: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "author", "size", "id", coco_source_id FROM (FROM (SELECT coco_source_id, "author",
--    "size", "id" FROM (FROM operator_1)) AS coco_input_1) AS coco_rows_of_source) AS coco_rows ("author", "size",
--    "id", "coco_source_id")
-- 4. map of 2: delete by source id, insert from the changed rows
--    SELECT * FROM (SELECT "author_1", "since", "price", coco_source_id FROM (FROM (SELECT coco_source_id, "author"
--    AS "author_1", "since", "price" FROM (FROM operator_2)) AS coco_input_1) AS coco_rows_of_source) AS coco_rows
--    ("author_1", "since", "price", "coco_source_id")
-- 5. asof inner join of 3, 4: the rows with the keys of changed rows, by "author", are worked out anew
--    SELECT "id" AS "id_1", "price" AS "price_1", coco_source_id FROM (SELECT "id", "price", coco_key_0 AS
--    coco_source_id FROM (SELECT *, hash("author") AS coco_key_0 FROM (SELECT coco_source_id, "author", "size", "id"
--    FROM (FROM operator_3))) AS coco_left ASOF INNER JOIN (SELECT *, hash("author_1") AS coco_key_1 FROM (SELECT
--    coco_source_id, "author_1", "since", "price" FROM (FROM operator_4))) AS coco_right ON (("author" = "author_1"))
--    AND (("size" >= "since")))
