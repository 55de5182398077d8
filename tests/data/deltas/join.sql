CREATE INCREMENTAL VIEW v AS
SELECT id, name FROM notes JOIN authors ON author = author_id WHERE lang = 'de';

UPDATE notes SET author = 1, lang = 'de', words = words + 1 WHERE id = 3;

-- sources, of old and new values

-- collect as source_1
SELECT coco_source_id, id, lang, author
FROM coco_collected('snapshot_a_changed')
WHERE coco_fingerprint IS NOT NULL;

-- sources, of ids

-- collect as source_1
SELECT coco_source_id, id, lang, author
FROM coco_collected('snapshot_a_changed')
WHERE NOT coco_moved AND coco_fingerprint IS NOT NULL;

-- 3. join, of old and new values

-- replace the rows of the view with coco_source_id one of
SELECT coco_source_id FROM coco_collected('snapshot_a_changed');

-- by
SELECT * FROM (
  SELECT id, name, coco_source_id, coco_source_id_2
  FROM (
    (
      FROM (
        SELECT coco_source_id, author, lang, id FROM (FROM coco_collected('source_1'))
      ) AS coco_input_1, (
        SELECT coco_source_id AS coco_source_id_2, author_id, name
        FROM (SELECT author_id AS coco_source_id, author_id, name FROM memory.main.authors)
      ) AS coco_input_2
      WHERE (lang = 'de') AND (author = author_id)
    )
  ) AS coco_rows_of_source
) AS coco_rows (id, name, coco_source_id, coco_source_id_2);

-- 3. join, of ids

-- replace the rows of the view with coco_source_id one of
SELECT coco_source_id FROM coco_collected('snapshot_a_changed') WHERE NOT coco_moved;

-- by
SELECT * FROM (
  SELECT id, name, coco_source_id, coco_source_id_2
  FROM (
    (
      FROM (
        SELECT coco_source_id, author, lang, id FROM (FROM coco_collected('source_1'))
      ) AS coco_input_1, (
        SELECT coco_source_id AS coco_source_id_2, author_id, name
        FROM (SELECT author_id AS coco_source_id, author_id, name FROM memory.main.authors)
      ) AS coco_input_2
      WHERE (lang = 'de') AND (author = author_id)
    )
  ) AS coco_rows_of_source
) AS coco_rows (id, name, coco_source_id, coco_source_id_2);
