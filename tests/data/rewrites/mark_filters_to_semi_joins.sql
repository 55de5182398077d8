-- IN as a condition: a semi join.
SELECT id FROM notes WHERE lang = 'en' AND author IN (SELECT author_id FROM authors WHERE country = 'NZ');
-- becomes
SELECT id
FROM notes
SEMI JOIN (SELECT author_id AS author_id_1 FROM authors WHERE country = 'NZ') ON author = author_id_1
WHERE lang = 'en';

-- EXISTS as a condition: a semi join.
SELECT id FROM notes WHERE EXISTS (FROM authors WHERE author_id = author AND country = 'NZ');
-- becomes
SELECT id
FROM notes
SEMI JOIN (SELECT author_id AS author_1 FROM authors WHERE author_id IS NOT NULL AND country = 'NZ') ON author IS NOT DISTINCT FROM author_1;

-- NOT EXISTS as a condition: an anti join.
SELECT id FROM notes WHERE NOT EXISTS (FROM authors WHERE author_id = author AND country = 'NZ');
-- becomes
SELECT id
FROM notes
ANTI JOIN (SELECT author_id AS author_1 FROM authors WHERE author_id IS NOT NULL AND country = 'NZ') ON author IS NOT DISTINCT FROM author_1;

-- NOT IN depends on NULLs: it is no anti join. (marks_to_left_joins does it.)
SELECT id FROM notes WHERE author NOT IN (SELECT mentor FROM authors WHERE mentor > 0);
-- stays

-- IN as a part of a condition stays. (marks_to_left_joins does it, too.)
SELECT id FROM notes WHERE words > 5 OR author IN (SELECT author_id FROM authors);
-- stays
