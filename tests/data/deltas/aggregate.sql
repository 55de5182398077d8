CREATE INCREMENTAL VIEW v AS
SELECT author, max(words) AS most FROM notes GROUP BY author;

UPDATE notes SET author = 1, lang = 'de', words = words + 1 WHERE id = 3;

-- 3. aggregate, of old and new values

-- collect as touched_3
SELECT hash(author) AS coco_source_id
FROM (
  SELECT coco_source_id, author, words
  FROM (
    (
      SELECT coco_id AS coco_source_id, author, words
      FROM coco_collected('kept_2_changed')
      WHERE coco_sign < 0
    )
    UNION ALL
    (
      SELECT coco_id AS coco_source_id, author, words
      FROM coco_collected('kept_2_changed')
      WHERE coco_sign > 0
    )
  )
);

-- replace the rows of the view with coco_source_id one of
SELECT coco_source_id FROM coco_collected('touched_3');

-- by
SELECT author_1 AS author, max AS most, coco_source_id
FROM (
  SELECT author AS author_1, max(words) AS max, hash(author) AS coco_source_id
  FROM (
    FROM (
      SELECT author, words
      FROM (
        SELECT coco_id AS coco_source_id, author, words
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
  GROUP BY author
);

-- 3. aggregate, of ids

-- collect as touched_3
SELECT hash(author) AS coco_source_id
FROM (
  SELECT coco_source_id, author, words
  FROM (
    (SELECT coco_id AS coco_source_id, author, words FROM coco_collected('kept_2_gone'))
    UNION ALL
    (SELECT coco_id AS coco_source_id, author, words FROM coco_collected('kept_2_came'))
  )
);

-- replace the rows of the view with coco_source_id one of
SELECT coco_source_id FROM coco_collected('touched_3');

-- by
SELECT author_1 AS author, max AS most, coco_source_id
FROM (
  SELECT author AS author_1, max(words) AS max, hash(author) AS coco_source_id
  FROM (
    FROM (SELECT author, words FROM (SELECT coco_id AS coco_source_id, author, words FROM coco.kept_2))
    WHERE hash(author) IN (SELECT coco_source_id FROM coco_collected('touched_3'))
  )
  GROUP BY author
);
