CREATE INCREMENTAL VIEW v AS
SELECT id, lang AS what FROM notes UNION ALL SELECT author_id, country FROM authors;

UPDATE notes SET author = 1, lang = 'de', words = words + 1 WHERE id = 3;

-- 3. map, of old and new values

-- find in kept_3, as kept_3_found: rows with coco_source_id one of
SELECT coco_source_id FROM coco_collected('snapshot_a_changed');

-- collect as kept_3_gone
FROM coco_collected('kept_3_found');

-- collect as kept_3_came
SELECT (… + row_number() OVER ())::BIGINT AS coco_id, *
FROM (
  SELECT * FROM (
    SELECT id, lang, coco_source_id
    FROM (
      (
        FROM (
          SELECT coco_source_id, id, lang
          FROM (
            SELECT coco_source_id, id, lang
            FROM coco_collected('snapshot_a_changed')
            WHERE coco_fingerprint IS NOT NULL
          )
        ) AS coco_input_1
      )
    ) AS coco_rows_of_source
  ) AS coco_rows (id_1, what, coco_source_id)
);

-- delete from kept_3
SELECT coco_rowid FROM coco_collected('kept_3_gone');

-- append to kept_3
FROM coco_collected('kept_3_came');

-- 3. map, of ids

-- find in kept_3, as kept_3_found: rows with coco_source_id one of
SELECT coco_source_id FROM coco_collected('snapshot_a_changed') WHERE NOT coco_moved;

-- collect as kept_3_gone
FROM coco_collected('kept_3_found');

-- collect as kept_3_came
SELECT (… + row_number() OVER ())::BIGINT AS coco_id, *
FROM (
  SELECT * FROM (
    SELECT id, lang, coco_source_id
    FROM (
      (
        FROM (
          SELECT coco_source_id, id, lang
          FROM (
            SELECT coco_source_id, id, lang
            FROM coco_collected('snapshot_a_changed')
            WHERE NOT coco_moved AND coco_fingerprint IS NOT NULL
          )
        ) AS coco_input_1
      )
    ) AS coco_rows_of_source
  ) AS coco_rows (id_1, what, coco_source_id)
);

-- delete from kept_3
SELECT coco_rowid FROM coco_collected('kept_3_gone');

-- append to kept_3
FROM coco_collected('kept_3_came');

-- 6. map

-- replace the rows of the view with coco_source_id one of
(
  SELECT coco_source_id, id_1 AS id_2, what AS what_1
  FROM (SELECT coco_id AS coco_source_id, id_1, what FROM coco_collected('kept_3_gone'))
);

-- by
SELECT * FROM (
  SELECT id_2, what_1, coco_source_id
  FROM (
    (
      FROM (
        SELECT coco_source_id, id_2, what_1
        FROM (
          (
            SELECT coco_source_id, id_1 AS id_2, what AS what_1
            FROM (SELECT coco_id AS coco_source_id, id_1, what FROM coco_collected('kept_3_came'))
          )
        )
      ) AS coco_input_1
    )
  ) AS coco_rows_of_source
) AS coco_rows (id, what, coco_source_id);
