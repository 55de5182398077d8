CREATE INCREMENTAL VIEW v AS
SELECT id, name FROM notes LEFT JOIN authors ON author = author_id AND country = 'NZ';

UPDATE notes SET author = 1, lang = 'de', words = words + 1 WHERE id = 3;

-- 5. left join, of old and new values

-- collect as touched_5
SELECT hash(author) AS coco_source_id
FROM (
  SELECT coco_source_id, author, id
  FROM (
    (SELECT coco_id AS coco_source_id, author, id FROM coco_collected('kept_3_changed') WHERE coco_sign < 0)
    UNION ALL
    (SELECT coco_id AS coco_source_id, author, id FROM coco_collected('kept_3_changed') WHERE coco_sign > 0)
  )
);

-- replace the rows of the view with coco_source_id one of
SELECT coco_source_id FROM coco_collected('touched_5');

-- by
SELECT id AS id, name AS name, coco_source_id
FROM (
  SELECT id, name, coco_key_0 AS coco_source_id
  FROM (
    SELECT *, hash(author) AS coco_key_0
    FROM (
      FROM (
        SELECT author, id
        FROM (
          SELECT coco_id AS coco_source_id, author, id
          FROM (
            SELECT stored.*
            FROM coco.kept_3 AS stored
            LEFT JOIN (
              SELECT coco_source_id, max(-coco_id) AS coco_before
              FROM coco.kept_3
              WHERE coco_id < 0
              GROUP BY coco_source_id
            ) AS retracted USING (coco_source_id)
            WHERE stored.coco_id > coalesce(retracted.coco_before, 0)
          )
        )
      )
      WHERE hash(author) IN (SELECT coco_source_id FROM coco_collected('touched_5'))
    )
  ) AS coco_left
  LEFT JOIN (
    SELECT *, hash(author_id) AS coco_key_1
    FROM (
      FROM (
        SELECT author_id, name
        FROM (
          SELECT coco_id AS coco_source_id, author_id, name
          FROM (
            SELECT stored.*
            FROM coco.kept_4 AS stored
            LEFT JOIN (
              SELECT coco_source_id, max(-coco_id) AS coco_before
              FROM coco.kept_4
              WHERE coco_id < 0
              GROUP BY coco_source_id
            ) AS retracted USING (coco_source_id)
            WHERE stored.coco_id > coalesce(retracted.coco_before, 0)
          )
        )
      )
      WHERE hash(author_id) IN (SELECT coco_source_id FROM coco_collected('touched_5'))
    )
  ) AS coco_right ON ((author = author_id))
);

-- 5. left join, of ids

-- collect as touched_5
SELECT hash(author) AS coco_source_id
FROM (
  SELECT coco_source_id, author, id
  FROM (
    (SELECT coco_id AS coco_source_id, author, id FROM coco_collected('kept_3_gone'))
    UNION ALL
    (SELECT coco_id AS coco_source_id, author, id FROM coco_collected('kept_3_came'))
  )
);

-- replace the rows of the view with coco_source_id one of
SELECT coco_source_id FROM coco_collected('touched_5');

-- by
SELECT id AS id, name AS name, coco_source_id
FROM (
  SELECT id, name, coco_key_0 AS coco_source_id
  FROM (
    SELECT *, hash(author) AS coco_key_0
    FROM (
      FROM (SELECT author, id FROM (SELECT coco_id AS coco_source_id, author, id FROM coco.kept_3))
      WHERE hash(author) IN (SELECT coco_source_id FROM coco_collected('touched_5'))
    )
  ) AS coco_left
  LEFT JOIN (
    SELECT *, hash(author_id) AS coco_key_1
    FROM (
      FROM (
        SELECT author_id, name
        FROM (
          SELECT coco_id AS coco_source_id, author_id, name
          FROM (
            SELECT stored.*
            FROM coco.kept_4 AS stored
            LEFT JOIN (
              SELECT coco_source_id, max(-coco_id) AS coco_before
              FROM coco.kept_4
              WHERE coco_id < 0
              GROUP BY coco_source_id
            ) AS retracted USING (coco_source_id)
            WHERE stored.coco_id > coalesce(retracted.coco_before, 0)
          )
        )
      )
      WHERE hash(author_id) IN (SELECT coco_source_id FROM coco_collected('touched_5'))
    )
  ) AS coco_right ON ((author = author_id))
);
