CREATE INCREMENTAL VIEW v AS
SELECT country, sum(words) AS words FROM notes JOIN authors ON author = author_id GROUP BY country;

UPDATE notes SET author = 1, lang = 'de', words = words + 1 WHERE id = 3;
UPDATE authors SET country = 'DE' WHERE author_id = 2;

-- sources, of old and new values

-- collect as source_1
SELECT coco_source_id, author, words
FROM coco_collected('snapshot_a_changed')
WHERE coco_fingerprint IS NOT NULL;

-- collect as source_2
SELECT coco_source_id, author_id, country
FROM coco_collected('snapshot_b_changed')
WHERE coco_fingerprint IS NOT NULL;

-- sources, of ids

-- collect as source_1
SELECT coco_source_id, author, words
FROM coco_collected('snapshot_a_changed')
WHERE NOT coco_moved AND coco_fingerprint IS NOT NULL;

-- collect as source_2
SELECT coco_source_id, author_id, country
FROM coco_collected('snapshot_b_changed')
WHERE NOT coco_moved AND coco_fingerprint IS NOT NULL;

-- 3. join, of old and new values

-- collect as kept_3_changed
SELECT CASE WHEN coco_sign > 0 THEN coco_given('kept_3_first') + row_number() OVER () END::BIGINT AS coco_id,
  *
FROM (
  SELECT * FROM (
    SELECT words, country, coco_source_id, coco_source_id_2, coco_sign
    FROM (
      (
        SELECT * EXCLUDE (coco_sign_0, coco_sign_1), coco_sign_0 AS coco_sign
        FROM (
          FROM (
            FROM (
              SELECT coco_source_id, author, words, coco_sign AS coco_sign_0
              FROM (
                SELECT *, 1::TINYINT AS coco_sign
                FROM (FROM coco_collected('source_1'))
                UNION ALL BY NAME
                SELECT *, (-1)::TINYINT AS coco_sign
                FROM (
                  SELECT coco_source_id, coco_old.author AS author, coco_old.words AS words
                  FROM coco_collected('snapshot_a_changed')
                  WHERE coco_old IS NOT NULL
                )
              )
            ) AS coco_input_1, (
              SELECT coco_source_id AS coco_source_id_2, author_id, country, coco_sign AS coco_sign_1
              FROM (
                SELECT *, NULL::TINYINT AS coco_sign
                FROM (SELECT author_id AS coco_source_id, author_id, country FROM memory.main.authors)
                UNION ALL BY NAME
                SELECT *, 1::TINYINT AS coco_sign
                FROM (FROM coco_collected('source_2'))
                UNION ALL BY NAME
                SELECT *, (-1)::TINYINT AS coco_sign
                FROM (
                  SELECT coco_source_id, author_id, coco_old.country AS country
                  FROM coco_collected('snapshot_b_changed')
                  WHERE coco_old IS NOT NULL
                )
              )
            ) AS coco_input_2
            WHERE (author = author_id) AND coalesce(coco_sign_1, coco_sign_0) = coco_sign_0
          ) AS coco_all
          ANTI JOIN (
            SELECT coco_source_id
            FROM (FROM coco_collected('source_2'))
            UNION ALL
            SELECT coco_source_id
            FROM (SELECT coco_source_id FROM coco_collected('snapshot_b_changed'))
          ) AS coco_changed ON coco_changed.coco_source_id = CASE WHEN coco_all.coco_sign_1 IS NULL THEN coco_all.coco_source_id_2 END
        )
      )
      UNION ALL
      (
        SELECT * EXCLUDE (coco_sign_0, coco_sign_1), coco_sign_1 AS coco_sign
        FROM (
          FROM (
            FROM (
              SELECT coco_source_id, author, words, coco_sign AS coco_sign_0
              FROM (
                SELECT *, NULL::TINYINT AS coco_sign
                FROM (SELECT id AS coco_source_id, author, words FROM memory.main.notes)
              )
            ) AS coco_input_1, (
              SELECT coco_source_id AS coco_source_id_2, author_id, country, coco_sign AS coco_sign_1
              FROM (
                SELECT *, 1::TINYINT AS coco_sign
                FROM (FROM coco_collected('source_2'))
                UNION ALL BY NAME
                SELECT *, (-1)::TINYINT AS coco_sign
                FROM (
                  SELECT coco_source_id, author_id, coco_old.country AS country
                  FROM coco_collected('snapshot_b_changed')
                  WHERE coco_old IS NOT NULL
                )
              )
            ) AS coco_input_2
            WHERE (author = author_id)
          ) AS coco_all
          ANTI JOIN (
            SELECT coco_source_id
            FROM (FROM coco_collected('source_1'))
            UNION ALL
            SELECT coco_source_id
            FROM (SELECT coco_source_id FROM coco_collected('snapshot_a_changed'))
          ) AS coco_changed ON coco_changed.coco_source_id = CASE WHEN coco_all.coco_sign_0 IS NULL THEN coco_all.coco_source_id END
        )
      )
    ) AS coco_rows_of_source
  ) AS coco_rows (words, country, coco_source_id, coco_source_id_2, coco_sign)
);

-- append to kept_3
SELECT * EXCLUDE (coco_sign) FROM coco_collected('kept_3_changed') WHERE coco_sign > 0;

-- append to kept_3, coco_id = …
SELECT coco_source_id, coco_source_id_2 FROM coco_collected('kept_3_changed') WHERE coco_sign < 0;

-- execute
SELECT count(*) FROM coco.kept_3 WHERE coco_id < 0;

-- 3. join, of ids

-- collect as kept_3_retractions
SELECT rowid AS coco_rowid FROM coco.kept_3 WHERE coco_id < 0;

-- find in kept_3, as kept_3_found: rows with coco_source_id one of or coco_source_id_2 one of
SELECT coco_source_id FROM coco_collected('snapshot_a_changed') WHERE NOT coco_moved;
SELECT coco_source_id FROM coco_collected('snapshot_b_changed') WHERE NOT coco_moved;

-- collect as kept_3_gone
FROM coco_collected('kept_3_found');

-- collect as kept_3_came
SELECT (… + row_number() OVER ())::BIGINT AS coco_id, *
FROM (
  SELECT * FROM (
    SELECT words, country, coco_source_id, coco_source_id_2
    FROM (
      (
        FROM (
          SELECT coco_source_id, author, words FROM (FROM coco_collected('source_1'))
        ) AS coco_input_1, (
          SELECT coco_source_id AS coco_source_id_2, author_id, country
          FROM (SELECT author_id AS coco_source_id, author_id, country FROM memory.main.authors)
        ) AS coco_input_2
        WHERE (author = author_id)
      )
      UNION ALL
      (
        FROM (
          FROM (
            SELECT coco_source_id, author, words
            FROM (SELECT id AS coco_source_id, author, words FROM memory.main.notes)
          ) AS coco_input_1, (
            SELECT coco_source_id AS coco_source_id_2, author_id, country
            FROM (FROM coco_collected('source_2'))
          ) AS coco_input_2
          WHERE (author = author_id)
        ) AS coco_all
        ANTI JOIN (
          SELECT coco_source_id
          FROM (FROM coco_collected('source_1'))
          UNION ALL
          SELECT coco_source_id
          FROM (SELECT coco_source_id FROM coco_collected('snapshot_a_changed') WHERE NOT coco_moved)
        ) AS coco_changed ON coco_changed.coco_source_id = coco_all.coco_source_id
      )
    ) AS coco_rows_of_source
  ) AS coco_rows (words, country, coco_source_id, coco_source_id_2)
);

-- delete from kept_3
SELECT coco_rowid FROM coco_collected('kept_3_gone');

-- append to kept_3
FROM coco_collected('kept_3_came');
