CREATE INCREMENTAL VIEW v AS
SELECT id, words FROM notes ORDER BY words DESC, id LIMIT 3;

UPDATE notes SET author = 1, lang = 'de', words = words + 1 WHERE id = 3;

-- 3. top, of old and new values

-- replace the rows of the view

-- by
SELECT id_1 AS id, words_1 AS words, coco_source_id
FROM (
  SELECT id_1, words_1, 0::UBIGINT AS coco_source_id
  FROM (
    SELECT id_1, words_1
    FROM (
      SELECT coco_id AS coco_source_id, id_1, words_1
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
  ORDER BY words_1 DESC NULLS LAST, id_1 ASC NULLS LAST LIMIT 3
);

-- 3. top, of ids

-- replace the rows of the view

-- by
SELECT id_1 AS id, words_1 AS words, coco_source_id
FROM (
  SELECT id_1, words_1, 0::UBIGINT AS coco_source_id
  FROM (SELECT id_1, words_1 FROM (SELECT coco_id AS coco_source_id, id_1, words_1 FROM coco.kept_2))
  ORDER BY words_1 DESC NULLS LAST, id_1 ASC NULLS LAST LIMIT 3
);
