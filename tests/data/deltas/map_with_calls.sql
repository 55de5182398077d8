CREATE INCREMENTAL VIEW v AS
SELECT id, label(lang || words) AS label FROM notes WHERE words > 3;

UPDATE notes SET author = 1, lang = 'de', words = words + 1 WHERE id = 3;

-- 2. map, of old and new values

-- find in memo_label, as results_2_1: rows with fingerprint one of
SELECT DISTINCT CASE WHEN (words > 3) THEN coco_fingerprint(CAST(CAST((lang || CAST(words AS VARCHAR)) AS VARCHAR) AS VARCHAR)) END AS coco_source_id
FROM (
  (
    FROM (
      SELECT coco_source_id, words, id, lang
      FROM (
        SELECT coco_source_id, id, lang, words
        FROM coco_collected('snapshot_a_changed')
        WHERE coco_fingerprint IS NOT NULL
      )
    ) AS coco_input_1
    WHERE (words > 3)
  )
) AS coco_rows_of_source;

-- harvest: the calls that are needed
FROM (
  SELECT coco_fingerprint_1 IS NOT NULL AS hit,
    CASE WHEN coco_fingerprint_1 IS NOT NULL THEN coco_fingerprint_1 ELSE CASE WHEN (words > 3) THEN coco_fingerprint(CAST(CAST((lang || CAST(words AS VARCHAR)) AS VARCHAR) AS VARCHAR)) END END AS fingerprint,
    coco_source_id AS source_id,
    CASE WHEN NOT (coco_fingerprint_1 IS NOT NULL) THEN CAST(CAST((lang || CAST(words AS VARCHAR)) AS VARCHAR) AS VARCHAR) END AS a0
  FROM (
    (
      FROM (
        SELECT coco_source_id, words, id, lang
        FROM (
          SELECT coco_source_id, id, lang, words
          FROM coco_collected('snapshot_a_changed')
          WHERE coco_fingerprint IS NOT NULL
        )
      ) AS coco_input_1
      WHERE (words > 3)
    )
  ) AS coco_rows_of_source
  LEFT JOIN (
    SELECT fingerprint AS coco_fingerprint_1, result AS coco_result_1 FROM coco_collected('results_2_1')
  ) AS coco_memo_1 ON coco_fingerprint_1 = CASE WHEN (words > 3) THEN coco_fingerprint(CAST(CAST((lang || CAST(words AS VARCHAR)) AS VARCHAR) AS VARCHAR)) END
  WHERE (((words > 3)))
  AND (CASE WHEN (words > 3) THEN CAST(CAST((lang || CAST(words AS VARCHAR)) AS VARCHAR) AS VARCHAR) END) IS NOT NULL
) AS needed
WHERE coco_first_seen(fingerprint);

-- replace the rows of the view with coco_source_id one of
SELECT coco_source_id FROM coco_collected('snapshot_a_changed');

-- by
SELECT * FROM (
  SELECT id,
    ((CASE WHEN coco_fingerprint_1 IS NOT NULL THEN coco_result_1 WHEN ((words > 3)) THEN label(CAST((lang || CAST(words AS VARCHAR)) AS VARCHAR)) END)),
    coco_source_id, CASE WHEN (((words > 3)))
  AND (CASE WHEN (words > 3) THEN CAST(CAST((lang || CAST(words AS VARCHAR)) AS VARCHAR) AS VARCHAR) END) IS NOT NULL THEN CASE WHEN coco_fingerprint_1 IS NOT NULL THEN coco_fingerprint_1 ELSE CASE WHEN (words > 3) THEN coco_fingerprint(CAST(CAST((lang || CAST(words AS VARCHAR)) AS VARCHAR) AS VARCHAR)) END END END
  FROM (
    (
      FROM (
        SELECT coco_source_id, words, id, lang
        FROM (
          SELECT coco_source_id, id, lang, words
          FROM coco_collected('snapshot_a_changed')
          WHERE coco_fingerprint IS NOT NULL
        )
      ) AS coco_input_1
      WHERE (words > 3)
    )
  ) AS coco_rows_of_source
  LEFT JOIN (
    SELECT fingerprint AS coco_fingerprint_1, result AS coco_result_1 FROM coco_collected('results_2_1')
  ) AS coco_memo_1 ON coco_fingerprint_1 = CASE WHEN (words > 3) THEN coco_fingerprint(CAST(CAST((lang || CAST(words AS VARCHAR)) AS VARCHAR) AS VARCHAR)) END
) AS coco_rows (id, label, coco_source_id, coco_call_1);

-- 2. map, of ids

-- find in memo_label, as results_2_1: rows with fingerprint one of
SELECT DISTINCT CASE WHEN (words > 3) THEN coco_fingerprint(CAST(CAST((lang || CAST(words AS VARCHAR)) AS VARCHAR) AS VARCHAR)) END AS coco_source_id
FROM (
  (
    FROM (
      SELECT coco_source_id, words, id, lang
      FROM (
        SELECT coco_source_id, id, lang, words
        FROM coco_collected('snapshot_a_changed')
        WHERE NOT coco_moved AND coco_fingerprint IS NOT NULL
      )
    ) AS coco_input_1
    WHERE (words > 3)
  )
) AS coco_rows_of_source;

-- harvest: the calls that are needed
FROM (
  SELECT coco_fingerprint_1 IS NOT NULL AS hit,
    CASE WHEN coco_fingerprint_1 IS NOT NULL THEN coco_fingerprint_1 ELSE CASE WHEN (words > 3) THEN coco_fingerprint(CAST(CAST((lang || CAST(words AS VARCHAR)) AS VARCHAR) AS VARCHAR)) END END AS fingerprint,
    coco_source_id AS source_id,
    CASE WHEN NOT (coco_fingerprint_1 IS NOT NULL) THEN CAST(CAST((lang || CAST(words AS VARCHAR)) AS VARCHAR) AS VARCHAR) END AS a0
  FROM (
    (
      FROM (
        SELECT coco_source_id, words, id, lang
        FROM (
          SELECT coco_source_id, id, lang, words
          FROM coco_collected('snapshot_a_changed')
          WHERE NOT coco_moved AND coco_fingerprint IS NOT NULL
        )
      ) AS coco_input_1
      WHERE (words > 3)
    )
  ) AS coco_rows_of_source
  LEFT JOIN (
    SELECT fingerprint AS coco_fingerprint_1, result AS coco_result_1 FROM coco_collected('results_2_1')
  ) AS coco_memo_1 ON coco_fingerprint_1 = CASE WHEN (words > 3) THEN coco_fingerprint(CAST(CAST((lang || CAST(words AS VARCHAR)) AS VARCHAR) AS VARCHAR)) END
  WHERE (((words > 3)))
  AND (CASE WHEN (words > 3) THEN CAST(CAST((lang || CAST(words AS VARCHAR)) AS VARCHAR) AS VARCHAR) END) IS NOT NULL
) AS needed
WHERE coco_first_seen(fingerprint);

-- replace the rows of the view with coco_source_id one of
SELECT coco_source_id FROM coco_collected('snapshot_a_changed') WHERE NOT coco_moved;

-- by
SELECT * FROM (
  SELECT id,
    ((CASE WHEN coco_fingerprint_1 IS NOT NULL THEN coco_result_1 WHEN ((words > 3)) THEN label(CAST((lang || CAST(words AS VARCHAR)) AS VARCHAR)) END)),
    coco_source_id, CASE WHEN (((words > 3)))
  AND (CASE WHEN (words > 3) THEN CAST(CAST((lang || CAST(words AS VARCHAR)) AS VARCHAR) AS VARCHAR) END) IS NOT NULL THEN CASE WHEN coco_fingerprint_1 IS NOT NULL THEN coco_fingerprint_1 ELSE CASE WHEN (words > 3) THEN coco_fingerprint(CAST(CAST((lang || CAST(words AS VARCHAR)) AS VARCHAR) AS VARCHAR)) END END END
  FROM (
    (
      FROM (
        SELECT coco_source_id, words, id, lang
        FROM (
          SELECT coco_source_id, id, lang, words
          FROM coco_collected('snapshot_a_changed')
          WHERE NOT coco_moved AND coco_fingerprint IS NOT NULL
        )
      ) AS coco_input_1
      WHERE (words > 3)
    )
  ) AS coco_rows_of_source
  LEFT JOIN (
    SELECT fingerprint AS coco_fingerprint_1, result AS coco_result_1 FROM coco_collected('results_2_1')
  ) AS coco_memo_1 ON coco_fingerprint_1 = CASE WHEN (words > 3) THEN coco_fingerprint(CAST(CAST((lang || CAST(words AS VARCHAR)) AS VARCHAR) AS VARCHAR)) END
) AS coco_rows (id, label, coco_source_id, coco_call_1);
