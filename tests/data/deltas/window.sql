CREATE INCREMENTAL VIEW v AS
SELECT id, row_number() OVER (PARTITION BY author ORDER BY words, id) AS place FROM notes;

UPDATE notes SET author = 1, lang = 'de', words = words + 1 WHERE id = 3;

-- 3. window, of old and new values

-- collect as touched_3
SELECT hash(author) AS coco_source_id
FROM (
  SELECT coco_source_id, id, author, words
  FROM (
    (
      SELECT coco_id AS coco_source_id, id, author, words
      FROM coco_collected('kept_2_changed')
      WHERE coco_sign < 0
    )
    UNION ALL
    (
      SELECT coco_id AS coco_source_id, id, author, words
      FROM coco_collected('kept_2_changed')
      WHERE coco_sign > 0
    )
  )
);

-- replace the rows of the view with coco_source_id one of
SELECT coco_source_id FROM coco_collected('touched_3');

-- by
SELECT id AS id, row_number AS place, coco_source_id
FROM (
  SELECT id,
    row_number() OVER (PARTITION BY author ORDER BY words ASC NULLS LAST, id ASC NULLS LAST) AS row_number,
    hash(author) AS coco_source_id
  FROM (
    FROM (
      SELECT id, author, words
      FROM (
        SELECT coco_id AS coco_source_id, id, author, words
        FROM (
          SELECT stored.*
          FROM coco.kept_2 AS stored
          LEFT JOIN (
            SELECT coco_source_id, max(-coco_id) AS coco_before
            FROM coco.kept_2
            WHERE coco_id < 0
            GROUP BY coco_source_id
          ) AS retracted USING (coco_source_id)
          WHERE stored.coco_id > coalesce(retracted.coco_before, 0)
        )
      )
    )
    WHERE hash(author) IN (SELECT coco_source_id FROM coco_collected('touched_3'))
  )
);

-- 3. window, of ids

-- collect as touched_3
SELECT hash(author) AS coco_source_id
FROM (
  SELECT coco_source_id, id, author, words
  FROM (
    (SELECT coco_id AS coco_source_id, id, author, words FROM coco_collected('kept_2_gone'))
    UNION ALL
    (SELECT coco_id AS coco_source_id, id, author, words FROM coco_collected('kept_2_came'))
  )
);

-- replace the rows of the view with coco_source_id one of
SELECT coco_source_id FROM coco_collected('touched_3');

-- by
SELECT id AS id, row_number AS place, coco_source_id
FROM (
  SELECT id,
    row_number() OVER (PARTITION BY author ORDER BY words ASC NULLS LAST, id ASC NULLS LAST) AS row_number,
    hash(author) AS coco_source_id
  FROM (
    FROM (
      SELECT id, author, words FROM (SELECT coco_id AS coco_source_id, id, author, words FROM coco.kept_2)
    )
    WHERE hash(author) IN (SELECT coco_source_id FROM coco_collected('touched_3'))
  )
);
