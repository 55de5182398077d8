CREATE INCREMENTAL VIEW v AS
SELECT id, words + 1 AS more FROM notes WHERE lang = 'de';

UPDATE notes SET author = 1, lang = 'de', words = words + 1 WHERE id = 3;

-- 2. map, of old and new values

-- replace the rows of the view with coco_source_id one of
SELECT coco_source_id FROM coco_collected('snapshot_a_changed');

-- by
SELECT * FROM (
  SELECT id, ((words + 1)), coco_source_id
  FROM (
    (
      FROM (
        SELECT coco_source_id, lang, id, words
        FROM (
          SELECT coco_source_id, id, lang, words
          FROM coco_collected('snapshot_a_changed')
          WHERE coco_fingerprint IS NOT NULL
        )
      ) AS coco_input_1
      WHERE (lang = 'de')
    )
  ) AS coco_rows_of_source
) AS coco_rows (id, more, coco_source_id);

-- 2. map, of ids

-- replace the rows of the view with coco_source_id one of
SELECT coco_source_id FROM coco_collected('snapshot_a_changed') WHERE NOT coco_moved;

-- by
SELECT * FROM (
  SELECT id, ((words + 1)), coco_source_id
  FROM (
    (
      FROM (
        SELECT coco_source_id, lang, id, words
        FROM (
          SELECT coco_source_id, id, lang, words
          FROM coco_collected('snapshot_a_changed')
          WHERE NOT coco_moved AND coco_fingerprint IS NOT NULL
        )
      ) AS coco_input_1
      WHERE (lang = 'de')
    )
  ) AS coco_rows_of_source
) AS coco_rows (id, more, coco_source_id);
