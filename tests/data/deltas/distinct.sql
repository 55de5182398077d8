CREATE INCREMENTAL VIEW v AS
SELECT DISTINCT author, words FROM notes;

UPDATE notes SET author = 1, lang = 'de', words = words + 1 WHERE id = 3;

-- 3. distinct, of old and new values

-- collect as touched_3
SELECT hash(author_1, words_1) AS coco_source_id
FROM (
  SELECT coco_source_id, author_1, words_1
  FROM (
    (
      SELECT coco_id AS coco_source_id, author_1, words_1
      FROM coco_collected('kept_2_changed')
      WHERE coco_sign < 0
    )
    UNION ALL
    (
      SELECT coco_id AS coco_source_id, author_1, words_1
      FROM coco_collected('kept_2_changed')
      WHERE coco_sign > 0
    )
  )
);

-- replace the rows of the view with coco_source_id one of
SELECT coco_source_id FROM coco_collected('touched_3');

-- by
SELECT author_1 AS author, words_1 AS words, coco_source_id
FROM (
  SELECT *, hash(author_1, words_1) AS coco_source_id
  FROM (
    SELECT DISTINCT author_1, words_1
    FROM (
      FROM (
        SELECT author_1, words_1
        FROM (
          SELECT coco_id AS coco_source_id, author_1, words_1
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
      WHERE hash(author_1, words_1) IN (SELECT coco_source_id FROM coco_collected('touched_3'))
    )
  )
);

-- 3. distinct, of ids

-- collect as touched_3
SELECT hash(author_1, words_1) AS coco_source_id
FROM (
  SELECT coco_source_id, author_1, words_1
  FROM (
    (SELECT coco_id AS coco_source_id, author_1, words_1 FROM coco_collected('kept_2_gone'))
    UNION ALL
    (SELECT coco_id AS coco_source_id, author_1, words_1 FROM coco_collected('kept_2_came'))
  )
);

-- replace the rows of the view with coco_source_id one of
SELECT coco_source_id FROM coco_collected('touched_3');

-- by
SELECT author_1 AS author, words_1 AS words, coco_source_id
FROM (
  SELECT *, hash(author_1, words_1) AS coco_source_id
  FROM (
    SELECT DISTINCT author_1, words_1
    FROM (
      FROM (
        SELECT author_1, words_1 FROM (SELECT coco_id AS coco_source_id, author_1, words_1 FROM coco.kept_2)
      )
      WHERE hash(author_1, words_1) IN (SELECT coco_source_id FROM coco_collected('touched_3'))
    )
  )
);
