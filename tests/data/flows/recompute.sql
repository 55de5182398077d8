CREATE TABLE notes (id INTEGER PRIMARY KEY, lang VARCHAR, author INTEGER, size INTEGER);

CREATE INCREMENTAL VIEW v AS
WITH RECURSIVE down (id, depth) AS (
    SELECT id, 0 FROM notes WHERE author IS NULL
    UNION ALL
    SELECT n.id, depth + 1 FROM notes AS n JOIN down AS d ON n.author = d.id
)
FROM down;

-- 1. scan: row groups that changed are read, their fingerprints added up and compared
--    "memory"."main"."notes"
-- 2. recompute of 1: recompute and compare: a recursive CTE has no incremental rule
--    WITH RECURSIVE down(id, depth) AS (SELECT id, 0 FROM "memory"."main"."notes" WHERE author IS NULL UNION ALL
--    SELECT n.id, depth + 1 FROM "memory"."main"."notes" AS n JOIN down AS d ON n.author = d.id) SELECT * FROM down
