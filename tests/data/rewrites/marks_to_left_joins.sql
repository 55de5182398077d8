-- EXISTS as a value: whether a left join finds a row.
SELECT id, EXISTS (FROM authors WHERE author_id = author AND country = 'NZ') AS is_known FROM notes;
-- becomes
SELECT id, (coco_x1 IS NOT NULL) AS is_known
FROM notes
LEFT JOIN (
  SELECT coco_x2, true AS coco_x1
  FROM (SELECT DISTINCT author_id AS coco_x2 FROM authors WHERE author_id IS NOT NULL AND country = 'NZ')
) ON author IS NOT DISTINCT FROM coco_x2;

-- IN as a value: true if a row is found; NULL if a NULL is there that could be one; else false.
SELECT id, author IN (SELECT mentor FROM authors) AS is_mentor FROM notes;
-- becomes
WITH shared_1 AS (SELECT mentor AS mentor_1 FROM authors)
SELECT
  id,
  CASE
    WHEN coco_x1 IS NOT NULL THEN true
    WHEN coco_x5 IS NOT TRUE THEN false
    WHEN (author) IS NULL OR coco_x6 THEN CAST(NULL AS BOOLEAN) ELSE false END AS is_mentor
FROM notes
LEFT JOIN (
  SELECT coco_x2, true AS coco_x1
  FROM (SELECT DISTINCT coco_x2 FROM (SELECT mentor_1 AS coco_x2 FROM shared_1) WHERE coco_x2 IS NOT NULL)
) ON author = coco_x2
JOIN (
  SELECT count(*) > 0 AS coco_x5, count(*) > count(coco_x7) AS coco_x6
  FROM (SELECT mentor_1 AS coco_x7 FROM shared_1)
) ON true;

-- The same, for the rows that go with each.
SELECT id, words IN (SELECT mentor FROM authors WHERE author_id = author) AS is_it FROM notes;
-- becomes
WITH shared_1 AS (SELECT mentor AS mentor_1, author_id AS author_1 FROM authors WHERE author_id IS NOT NULL)
SELECT
  id,
  CASE
    WHEN coco_x1 IS NOT NULL THEN true
    WHEN coco_x7 IS NOT TRUE THEN false
    WHEN (words) IS NULL OR coco_x8 THEN CAST(NULL AS BOOLEAN) ELSE false END AS is_it
FROM notes
LEFT JOIN (
  SELECT coco_x2, coco_x3, true AS coco_x1
  FROM (
    SELECT DISTINCT coco_x2, coco_x3
    FROM (SELECT author_1 AS coco_x2, mentor_1 AS coco_x3 FROM shared_1)
    WHERE coco_x3 IS NOT NULL
  )
) ON author IS NOT DISTINCT FROM coco_x2 AND words = coco_x3
LEFT JOIN (
  SELECT coco_x4_ AS coco_x4, count(*) > 0 AS coco_x7, count(*) > count(coco_x9) AS coco_x8
  FROM (SELECT author_1 AS coco_x4_, mentor_1 AS coco_x9 FROM shared_1)
  GROUP BY coco_x4_
) ON author IS NOT DISTINCT FROM coco_x4;

-- NOT IN as a condition.
SELECT id FROM notes WHERE author NOT IN (SELECT mentor FROM authors WHERE mentor > 0);
-- becomes
WITH shared_1 AS (SELECT mentor AS mentor_1 FROM authors WHERE mentor > 0)
SELECT id
FROM (
  SELECT
    author,
    id,
    CASE
      WHEN coco_x1 IS NOT NULL THEN true
      WHEN coco_x5 IS NOT TRUE THEN false
      WHEN (author) IS NULL OR coco_x6 THEN CAST(NULL AS BOOLEAN) ELSE false END AS mark
  FROM notes
  LEFT JOIN (
    SELECT coco_x2, true AS coco_x1
    FROM (SELECT DISTINCT coco_x2 FROM (SELECT mentor_1 AS coco_x2 FROM shared_1) WHERE coco_x2 IS NOT NULL)
  ) ON author = coco_x2
  JOIN (
    SELECT count(*) > 0 AS coco_x5, count(*) > count(coco_x7) AS coco_x6
    FROM (SELECT mentor_1 AS coco_x7 FROM shared_1)
  ) ON true
)
WHERE NOT mark;

-- Other comparisons have no left join.
SELECT id, words > ANY (SELECT mentor FROM authors) AS is_more FROM notes;
-- stays
