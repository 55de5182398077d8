CREATE INCREMENTAL VIEW v AS
SELECT lang, count(*) AS n, sum(words) AS words FROM notes GROUP BY lang;

UPDATE notes SET author = 1, lang = 'de', words = words + 1 WHERE id = 3;

-- 2. map, of old and new values

-- collect as kept_2_changed
SELECT CASE WHEN coco_sign > 0 THEN coco_given('kept_2_first') + row_number() OVER () END::BIGINT AS coco_id,
  *
FROM (
  SELECT * FROM (
    SELECT lang, words, coco_source_id, coco_sign
    FROM (
      (
        SELECT * EXCLUDE (coco_sign_0), coco_sign_0 AS coco_sign
        FROM (
          FROM (
            SELECT coco_source_id, lang, words, coco_sign AS coco_sign_0
            FROM (
              SELECT *, 1::TINYINT AS coco_sign
              FROM (
                SELECT coco_source_id, lang, words
                FROM coco_collected('snapshot_a_changed')
                WHERE coco_fingerprint IS NOT NULL
              )
              UNION ALL BY NAME
              SELECT *, (-1)::TINYINT AS coco_sign
              FROM (
                SELECT coco_source_id, coco_old.lang AS lang, coco_old.words AS words
                FROM coco_collected('snapshot_a_changed')
                WHERE coco_old IS NOT NULL
              )
            )
          ) AS coco_input_1
        )
      )
    ) AS coco_rows_of_source
  ) AS coco_rows (lang, words, coco_source_id, coco_sign)
);

-- append to kept_2
SELECT * EXCLUDE (coco_sign) FROM coco_collected('kept_2_changed') WHERE coco_sign > 0;

-- append to kept_2, coco_id = …
SELECT coco_source_id FROM coco_collected('kept_2_changed') WHERE coco_sign < 0;

-- execute
SELECT count(*) FROM coco.kept_2 WHERE coco_id < 0;

-- 2. map, of ids

-- collect as kept_2_retractions
SELECT rowid AS coco_rowid FROM coco.kept_2 WHERE coco_id < 0;

-- find in kept_2, as kept_2_found: rows with coco_source_id one of
SELECT coco_source_id FROM coco_collected('snapshot_a_changed') WHERE NOT coco_moved;

-- collect as kept_2_gone
FROM coco_collected('kept_2_found');

-- collect as kept_2_came
SELECT (… + row_number() OVER ())::BIGINT AS coco_id, *
FROM (
  SELECT * FROM (
    SELECT lang, words, coco_source_id
    FROM (
      (
        FROM (
          SELECT coco_source_id, lang, words
          FROM (
            SELECT coco_source_id, lang, words
            FROM coco_collected('snapshot_a_changed')
            WHERE NOT coco_moved AND coco_fingerprint IS NOT NULL
          )
        ) AS coco_input_1
      )
    ) AS coco_rows_of_source
  ) AS coco_rows (lang, words, coco_source_id)
);

-- delete from kept_2
SELECT coco_rowid FROM coco_collected('kept_2_gone');

-- append to kept_2
FROM coco_collected('kept_2_came');

-- 4. map

-- replace the rows of the view with coco_source_id one of
SELECT coco_id AS coco_source_id, lang_1, coco_y1_rows, coco_y1_sum_1, coco_y1_count_2
FROM coco_collected('kept_3_gone');

-- by
SELECT * FROM (
  SELECT lang_1, coco_y1_rows, ((CASE WHEN coco_y1_count_2 > 0 THEN coco_y1_sum_1 END)), coco_source_id
  FROM (
    (
      FROM (
        SELECT coco_source_id, lang_1, coco_y1_rows, coco_y1_sum_1, coco_y1_count_2
        FROM (
          SELECT coco_id AS coco_source_id, lang_1, coco_y1_rows, coco_y1_sum_1, coco_y1_count_2
          FROM coco_collected('kept_3_came')
        )
      ) AS coco_input_1
    )
  ) AS coco_rows_of_source
) AS coco_rows (lang, n, words, coco_source_id);
