CREATE INCREMENTAL VIEW v AS
SELECT lang, count(*) AS n, sum(words) AS words FROM notes GROUP BY lang;

UPDATE notes SET author = 1, lang = 'de', words = words + 1 WHERE id = 3;

-- 3. accumulate, of old and new values

-- collect as touched_3
SELECT lang AS lang_1, coalesce(count(*), 0)::BIGINT AS coco_y1_rows,
  coalesce(sum(words)::HUGEINT, 0)::HUGEINT AS coco_y1_sum_1,
  coalesce(count(words), 0)::BIGINT AS coco_y1_count_2, hash(lang) AS coco_source_id
FROM (
  SELECT coco_source_id, lang, words
  FROM (
    SELECT coco_id AS coco_source_id, lang, words FROM coco_collected('kept_2_changed') WHERE coco_sign > 0
  )
)
GROUP BY lang
UNION ALL
SELECT lang AS lang_1, -coalesce(count(*), 0)::BIGINT AS coco_y1_rows,
  -coalesce(sum(words)::HUGEINT, 0)::HUGEINT AS coco_y1_sum_1,
  -coalesce(count(words), 0)::BIGINT AS coco_y1_count_2, hash(lang) AS coco_source_id
FROM (
  SELECT coco_source_id, lang, words
  FROM (
    SELECT coco_id AS coco_source_id, lang, words FROM coco_collected('kept_2_changed') WHERE coco_sign < 0
  )
)
GROUP BY lang;

-- find in kept_3, as kept_3_found: rows with coco_source_id one of
SELECT coco_source_id FROM coco_collected('touched_3');

-- collect as kept_3_old
FROM coco_collected('kept_3_found');

-- difference, by key lang_1, as kept_3_gone, kept_3_came: rows that there are, and rows that are to be
FROM coco_collected('kept_3_old');
SELECT lang_1, sum(coco_y1_rows)::BIGINT AS coco_y1_rows,
  sum(coco_y1_sum_1 // 2) * 2 + sum(coco_y1_sum_1 % 2) AS coco_y1_sum_1,
  sum(coco_y1_count_2)::BIGINT AS coco_y1_count_2, coco_source_id
FROM (
  SELECT lang_1, coco_y1_rows, coco_y1_sum_1, coco_y1_count_2, coco_source_id
  FROM coco_collected('kept_3_old')
  UNION ALL
  FROM coco_collected('touched_3')
)
GROUP BY lang_1, coco_source_id
HAVING sum(coco_y1_rows) > 0;

-- delete from kept_3
SELECT coco_rowid FROM coco_collected('kept_3_gone');

-- append to kept_3
FROM coco_collected('kept_3_came');

-- 3. accumulate, of ids

-- collect as touched_3
SELECT lang AS lang_1, coalesce(count(*), 0)::BIGINT AS coco_y1_rows,
  coalesce(sum(words)::HUGEINT, 0)::HUGEINT AS coco_y1_sum_1,
  coalesce(count(words), 0)::BIGINT AS coco_y1_count_2, hash(lang) AS coco_source_id
FROM (
  SELECT coco_source_id, lang, words
  FROM (SELECT coco_id AS coco_source_id, lang, words FROM coco_collected('kept_2_came'))
)
GROUP BY lang
UNION ALL
SELECT lang AS lang_1, -coalesce(count(*), 0)::BIGINT AS coco_y1_rows,
  -coalesce(sum(words)::HUGEINT, 0)::HUGEINT AS coco_y1_sum_1,
  -coalesce(count(words), 0)::BIGINT AS coco_y1_count_2, hash(lang) AS coco_source_id
FROM (
  SELECT coco_source_id, lang, words
  FROM (SELECT coco_id AS coco_source_id, lang, words FROM coco_collected('kept_2_gone'))
)
GROUP BY lang;

-- find in kept_3, as kept_3_found: rows with coco_source_id one of
SELECT coco_source_id FROM coco_collected('touched_3');

-- collect as kept_3_old
FROM coco_collected('kept_3_found');

-- difference, by key lang_1, as kept_3_gone, kept_3_came: rows that there are, and rows that are to be
FROM coco_collected('kept_3_old');
SELECT lang_1, sum(coco_y1_rows)::BIGINT AS coco_y1_rows,
  sum(coco_y1_sum_1 // 2) * 2 + sum(coco_y1_sum_1 % 2) AS coco_y1_sum_1,
  sum(coco_y1_count_2)::BIGINT AS coco_y1_count_2, coco_source_id
FROM (
  SELECT lang_1, coco_y1_rows, coco_y1_sum_1, coco_y1_count_2, coco_source_id
  FROM coco_collected('kept_3_old')
  UNION ALL
  FROM coco_collected('touched_3')
)
GROUP BY lang_1, coco_source_id
HAVING sum(coco_y1_rows) > 0;

-- delete from kept_3
SELECT coco_rowid FROM coco_collected('kept_3_gone');

-- append to kept_3
FROM coco_collected('kept_3_came');
