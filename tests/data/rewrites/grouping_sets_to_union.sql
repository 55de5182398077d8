-- One aggregate for each set. Where a set lacks a column, it is NULL.
SELECT lang, author, count(*) AS n FROM notes GROUP BY GROUPING SETS ((lang), (author));
-- becomes
SELECT lang_1 AS lang, author_1 AS author, count_star AS n
FROM (
  (
    SELECT lang AS lang_1, CAST(NULL AS INTEGER) AS author_1, count(*) AS count_star
    FROM notes
    GROUP BY lang
  )
  UNION ALL
  (
    SELECT CAST(NULL AS VARCHAR) AS lang_1, author AS author_1, count(*) AS count_star
    FROM notes
    GROUP BY author
  )
);

-- ROLLUP and CUBE are grouping sets. GROUPING is known for each.
SELECT lang, author, sum(words) AS words, grouping(lang, author) AS which FROM notes GROUP BY ROLLUP (lang, author);
-- becomes
SELECT lang_1 AS lang, author_1 AS author, sum AS words, grouping AS which
FROM (
  (
    SELECT
      CAST(NULL AS VARCHAR) AS lang_1,
      CAST(NULL AS INTEGER) AS author_1,
      sum(words) AS sum,
      CAST(3 AS BIGINT) AS grouping
    FROM notes
  )
  UNION ALL
  (
    SELECT lang AS lang_1, CAST(NULL AS INTEGER) AS author_1, sum(words) AS sum, CAST(1 AS BIGINT) AS grouping
    FROM notes
    GROUP BY lang
  )
  UNION ALL
  (
    SELECT lang AS lang_1, author AS author_1, sum(words) AS sum, CAST(0 AS BIGINT) AS grouping
    FROM notes
    GROUP BY lang, author
  )
);

-- One that groups by all columns stays.
SELECT lang, author, count(*) AS n FROM notes GROUP BY lang, author;
-- stays
