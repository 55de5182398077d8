CREATE INCREMENTAL VIEW v AS
SELECT author FROM notes WHERE lang = 'de' EXCEPT SELECT author_id FROM authors WHERE country = 'NZ';

UPDATE notes SET author = 1, lang = 'de', words = words + 1 WHERE id = 3;

-- 5. except

-- collect as touched_5
SELECT hash(author_2) AS coco_source_id
FROM (
  SELECT coco_source_id, author_1 AS author_2
  FROM (
    (SELECT coco_id AS coco_source_id, author_1 FROM coco_collected('kept_3_gone'))
    UNION ALL
    (SELECT coco_id AS coco_source_id, author_1 FROM coco_collected('kept_3_came'))
  )
);

-- replace the rows of the view with coco_source_id one of
SELECT coco_source_id FROM coco_collected('touched_5');

-- by
SELECT author_2 AS author, coco_source_id
FROM (
  SELECT *, hash(author_2) AS coco_source_id
  FROM (
    (
      SELECT author_2
      FROM (
        FROM (SELECT author_1 AS author_2 FROM (SELECT coco_id AS coco_source_id, author_1 FROM coco.kept_3))
        WHERE hash(author_2) IN (SELECT coco_source_id FROM coco_collected('touched_5'))
      )
    )
    EXCEPT (
      SELECT author_2
      FROM (
        FROM (
          SELECT author_id_1 AS author_2
          FROM (
            SELECT coco_id AS coco_source_id, author_id_1
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
        WHERE hash(author_2) IN (SELECT coco_source_id FROM coco_collected('touched_5'))
      )
    )
  )
);
