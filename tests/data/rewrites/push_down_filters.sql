-- A condition on one side of an inner join is applied to that side.
SELECT id, name FROM notes JOIN authors ON author = author_id WHERE lang = 'en' AND country = 'NZ';
-- becomes
SELECT id, name
FROM (SELECT author, lang, id FROM notes WHERE lang = 'en')
JOIN (SELECT author_id, country, name FROM authors WHERE country = 'NZ') ON author = author_id;

-- One on both sides stays.
SELECT id, name FROM notes JOIN authors ON author = author_id WHERE words > author_id;
-- stays

-- Of a left join, one on the left is applied there. One on the right would bring rows without a match: it stays.
SELECT id, name FROM notes LEFT JOIN authors ON author = author_id WHERE lang = 'en' AND country IS NULL;
-- becomes
SELECT id, name
FROM (SELECT author, lang, id FROM notes WHERE lang = 'en')
LEFT JOIN authors ON author = author_id
WHERE country IS NULL;

-- One on what is grouped by is applied to the rows; one on an aggregate stays.
SELECT lang, n FROM (SELECT lang, count(*) AS n FROM notes GROUP BY lang) WHERE lang > 'e' AND n > 1;
-- becomes
SELECT lang, count(*) AS n FROM notes WHERE lang > 'e' GROUP BY lang HAVING count(*) > 1;

-- One on what every window is partitioned by is applied to the rows: whole partitions go.
SELECT * FROM (SELECT id, lang, row_number() OVER (PARTITION BY lang ORDER BY id) AS place FROM notes)
WHERE lang = 'en' AND place < 3;
-- becomes
SELECT id, lang, row_number AS place
FROM (
  SELECT id, lang, row_number() OVER (PARTITION BY lang ORDER BY id ASC NULLS LAST) AS row_number
  FROM notes
  WHERE lang = 'en'
)
WHERE row_number < 3;

-- It is applied to each side of a union, under the names there.
SELECT who FROM (SELECT author AS who FROM notes UNION ALL SELECT mentor FROM authors) WHERE who > 1;
-- becomes
SELECT who_1 AS who
FROM (
  (SELECT author AS who_1 FROM notes WHERE author > 1)
  UNION ALL
  (SELECT mentor AS who_1 FROM authors WHERE mentor > 1)
);

-- It passes DISTINCT.
SELECT lang FROM (SELECT DISTINCT lang FROM notes) WHERE lang > 'e';
-- becomes
SELECT lang_1 AS lang FROM (SELECT DISTINCT lang AS lang_1 FROM notes WHERE lang > 'e');

-- It does not pass LIMIT, which takes the first of all rows.
SELECT id FROM (SELECT id FROM notes ORDER BY id LIMIT 5) WHERE id > 2;
-- stays

-- A CTE that is read twice is filtered by each reader for itself.
WITH c AS (SELECT lang, count(*) AS n FROM notes GROUP BY lang) SELECT c.n FROM c JOIN c AS d ON c.n = d.n WHERE c.lang > 'a';
-- becomes
WITH shared_1 AS (SELECT lang AS lang_1, count(*) AS count_star FROM notes GROUP BY lang)
SELECT n_1 AS n
FROM (SELECT lang_1 AS lang_3, count_star AS n_1 FROM shared_1 WHERE lang_1 > 'a')
JOIN (SELECT count_star AS n_2 FROM shared_1) ON n_1 = n_2;

-- A Python function is called for rows that come through all else: a condition with one stays.
SELECT id, name FROM notes JOIN authors ON author = author_id WHERE label(lang) > '<e' AND country = 'NZ';
-- becomes
SELECT id, name
FROM notes
JOIN (SELECT author_id, country, name FROM authors WHERE country = 'NZ') ON author = author_id
WHERE "label"(lang) > '<e';
