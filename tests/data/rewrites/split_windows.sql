-- Windows over several partitions: one SELECT for each partition.
SELECT
  id,
  row_number() OVER (PARTITION BY lang ORDER BY id) AS place,
  sum(words) OVER (PARTITION BY author) AS words,
  count(*) OVER (PARTITION BY lang) AS notes
FROM notes;
-- becomes
SELECT id, row_number AS place, (sum(words) OVER (PARTITION BY author)) AS words, count AS notes
FROM (
  SELECT
    id,
    lang,
    words,
    author,
    row_number() OVER (PARTITION BY lang ORDER BY id ASC NULLS LAST) AS row_number,
    count() OVER (PARTITION BY lang) AS count
  FROM notes
);

-- Windows over the same partition stay together, in whatever order.
SELECT
  id,
  row_number() OVER (PARTITION BY lang, author ORDER BY id) AS place,
  count(*) OVER (PARTITION BY author, lang) AS notes
FROM notes;
-- stays
