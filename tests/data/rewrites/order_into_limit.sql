-- The rows that a LIMIT takes are the first of its own order.
SELECT id FROM (SELECT id, words FROM notes ORDER BY words, id) LIMIT 3;
-- becomes
SELECT id_1 AS id
FROM (
  SELECT id AS id_1, words AS words_1
  FROM notes
  ORDER BY words ASC NULLS LAST, id ASC NULLS LAST
  LIMIT 3
);

-- An order that no LIMIT reads goes, and with it columns that are only sorted by.
SELECT id FROM notes WHERE lang = 'en' ORDER BY words;
-- becomes
SELECT id FROM notes WHERE lang = 'en';

-- Filters leave rows sorted.
SELECT id FROM (SELECT id, words FROM notes ORDER BY words, id) WHERE words > 5 LIMIT 3;
-- becomes
SELECT id_1 AS id
FROM (
  SELECT id_1, words_1
  FROM (SELECT id AS id_1, words AS words_1 FROM notes)
  WHERE words_1 > 5
  ORDER BY words_1 ASC NULLS LAST, id_1 ASC NULLS LAST
  LIMIT 3
);

-- A LIMIT without an order takes any rows.
SELECT count(*) FROM (SELECT id FROM notes LIMIT 5);
-- stays
