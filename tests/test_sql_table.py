"""The table of SQL: a query for each construct, kept true through the same changes.

A name is the construct; queries are grouped by operator. Python functions are py_<name>, with macros for DuckDB alone.
"""

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from helpers import Con, assert_close, assert_replayed, one, rows
from sql_grammar import FUNCTIONS, MACROS, with_macros

import cocosql

TABLES = """
CREATE OR REPLACE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR, team INTEGER, born DATE, pay DECIMAL(9,2), score DOUBLE,
    active BOOLEAN, tags VARCHAR[], home STRUCT(city VARCHAR, zip INTEGER));
CREATE OR REPLACE TABLE teams (id INTEGER PRIMARY KEY, name VARCHAR, boss INTEGER);
CREATE OR REPLACE TABLE events (person INTEGER, moment TIMESTAMP, kind VARCHAR, n INTEGER);
INSERT INTO teams VALUES (1, 'red', 1), (2, 'blue', 3), (3, 'green', NULL), (4, NULL, 9);
INSERT INTO people VALUES
    (1, 'ann', 1, '2000-01-01', 10.50, 1.5, true, ['a', 'b'], {'city': 'Rom', 'zip': 1}),
    (2, 'bob', 1, '1999-05-05', 10.50, -0.5, false, ['b'], {'city': 'Rom', 'zip': 2}),
    (3, 'cy', 2, '1980-02-29', 99.00, 'nan', true, [], NULL),
    (4, 'ann', NULL, NULL, NULL, NULL, NULL, NULL, {'city': NULL, 'zip': 2}),
    (5, 'dot', 2, '2010-10-10', 0.00, 'inf', false, ['a', NULL, 'a'], {'city': 'Bonn', 'zip': 1}),
    (6, NULL, 7, '2000-01-01', 5.25, 0.25, true, ['c'], {'city': 'Bonn', 'zip': 3});
INSERT INTO events VALUES
    (1, '2020-01-01 10:00', 'in', 1), (1, '2020-01-01 12:00', 'out', 2), (1, '2020-01-01 12:00', 'out', 2),
    (2, '2020-01-01 09:00', 'in', 5), (2, '2020-01-02 09:00', 'in', NULL), (3, '2020-01-03 00:00', NULL, -4),
    (NULL, '2020-01-01 10:00', 'in', 7), (9, NULL, 'out', 0), (5, '2020-01-02 10:00', 'in', 3);
"""
CHANGES = [
    # Rows come: a new group, a match for what had none, a second copy, a new extreme.
    """INSERT INTO people VALUES (7, 'eve', 3, '1970-07-07', 120.00, 2.5, true, ['a'], {'city': 'Rom', 'zip': 9});
       INSERT INTO events VALUES (4, '2020-01-04 10:00', 'in', 9), (2, '2020-01-01 09:00', 'in', 5)""",
    # Rows change: groups, join keys, extremes, NULL to a value and back.
    """UPDATE people SET team = 2, score = 3.5 WHERE id IN (1, 4); UPDATE people SET pay = NULL, tags = ['z'] WHERE id = 3;
       UPDATE events SET n = 8 WHERE kind = 'out'; UPDATE teams SET name = 'blue' WHERE id = 3""",
    # Rows go: an extreme, all of a group, one copy of two. What cancels out, and rows that do not; a key moves.
    """DELETE FROM people WHERE id IN (5, 7); DELETE FROM teams WHERE id = 1;
       DELETE FROM events WHERE rowid IN (SELECT min(rowid) FROM events WHERE kind = 'out');
       UPDATE people SET pay = pay + 1; UPDATE people SET pay = pay - 1; INSERT INTO teams VALUES (8, 'x', 1);
       DELETE FROM teams WHERE id = 8; UPDATE people SET id = 20 WHERE id = 2""",
    # A table is emptied, and all of it is new; another stays empty.
    """TRUNCATE events; INSERT INTO events SELECT i % 7, TIMESTAMP '2020-01-01' + to_hours(i::INTEGER), ['in', 'out', NULL][1 + i % 3], i % 5
       FROM range(20) AS r(i); TRUNCATE teams""",
]
PROJECT = {
    "columns": "SELECT id, name FROM people",
    "star": "SELECT * FROM people",
    "star of a table": "SELECT p.*, 1 AS one FROM people AS p",
    "star exclude": "SELECT * EXCLUDE (score, home) FROM people",
    "star replace": "SELECT * REPLACE (upper(name) AS name) FROM people",
    "star rename": "SELECT * RENAME (name AS who) FROM people",
    "columns by pattern": "SELECT COLUMNS('^[in]') FROM people",
    "columns by lambda": "SELECT COLUMNS(lambda c: c LIKE '%a%') FROM people",
    "from first": "FROM people SELECT id",
    "from alone": "FROM people",
    "constant": "SELECT 1 AS one FROM events",
    "no table": "SELECT 1 AS one, 'x' AS x",
    "arithmetic": "SELECT id, id * 2 + 1 AS a, pay / 2 AS b, id // 2 AS c, id % 3 AS d, -score AS e FROM people",
    "unary plus": "SELECT +id AS a, ( + 1) AS b FROM people",
    "case": "SELECT id, CASE WHEN pay > 50 THEN 'much' WHEN pay IS NULL THEN 'none' ELSE 'some' END AS c FROM people",
    "case of a value": "SELECT CASE team WHEN 1 THEN 'one' WHEN 2 THEN 'two' END AS c FROM people",
    "coalesce and nullif": "SELECT coalesce(name, 'nobody') AS a, nullif(team, 2) AS b FROM people",
    "casts": "SELECT id::VARCHAR AS a, CAST(pay AS INTEGER) AS b, TRY_CAST(name AS INTEGER) AS c FROM people",
    "struct fields": "SELECT home.city, (home).zip AS z, home['city'] AS c FROM people",
    "struct star": "SELECT id, home.* FROM people",
    "struct made": "SELECT {'a': id, 'b': name} AS s, struct_pack(x := team) AS t, row(id, name) AS r FROM people",
    "list made": "SELECT [id, team] AS l, tags[1] AS first, tags[-1:] AS last, len(tags) AS n FROM people",
    "list lambda": "SELECT id, list_transform(tags, lambda t: t || '!') AS l, list_filter(tags, lambda t: t <> 'a') AS f FROM people",
    "list comprehension": "SELECT id, [t || id FOR t IN tags IF t IS NOT NULL] AS l FROM people",
    "map": "SELECT id, MAP {'n': name, 'c': home.city} AS m FROM people",
    "text": "SELECT upper(name) AS u, name || '-' || id AS c, name[1:2] AS s, regexp_replace(name, '[aeiou]', '_') AS r FROM people",
    "dates": "SELECT born + 1 AS a, date_trunc('year', born) AS b, year(born) AS c, born + INTERVAL 1 MONTH AS d FROM people",
    "doubles": "SELECT id, isnan(score) AS n, score + 1 AS s, round(score, 1) AS r FROM people",
    "row and order functions": "SELECT greatest(id, team) AS g, least(id, team) AS l, hash(name) AS h FROM people",
    "alias used beside": "SELECT id + 1 AS a, a * 2 AS b FROM people",
    "derived table": "SELECT a + 1 AS b FROM (SELECT id AS a FROM people WHERE id > 1) AS d",
    "derived table twice": "SELECT b FROM (SELECT a AS b FROM (SELECT id AS a FROM people) AS d) AS e",
    "column names given": "SELECT x, y FROM people AS p(x, y)",
}
FILTER = {
    "comparison": "SELECT id FROM people WHERE pay >= 10",
    "and or not": "SELECT id FROM people WHERE (pay > 5 AND NOT active) OR team IS NULL",
    "is null": "SELECT id FROM people WHERE name IS NULL",
    "is distinct from": "SELECT id FROM people WHERE team IS DISTINCT FROM 2",
    "in a list": "SELECT id FROM people WHERE team IN (1, 7)",
    "not in a list with NULL": "SELECT id FROM people WHERE team NOT IN (1, NULL)",
    "between": "SELECT id FROM people WHERE born BETWEEN '1990-01-01' AND '2005-01-01'",
    "like": "SELECT id FROM people WHERE name LIKE 'a%' OR name ILIKE 'B_B' OR name SIMILAR TO 'c.'",
    "of NaN": "SELECT id FROM people WHERE score > 1e300 OR score = 'nan'::DOUBLE",
    "boolean column": "SELECT id FROM people WHERE active",
    "list contains": "SELECT id FROM people WHERE list_contains(tags, 'a') OR 'z' IN tags",
    "never": "SELECT id FROM people WHERE false",
}
UNNEST = {
    "in FROM": "SELECT id, t FROM people, unnest(tags) AS u(t)",
    "in SELECT": "SELECT id, unnest(tags) AS t FROM people",
    "two in SELECT": "SELECT id, unnest(tags) AS t, unnest([1, 2]) AS n FROM people",
    "of a struct": "SELECT id, unnest(home) FROM people",
    "of a left join": "SELECT id, t FROM people LEFT JOIN unnest(tags) AS u(t) ON true",
    "with a filter": "SELECT id, t FROM people, unnest(tags) AS u(t) WHERE t = 'a'",
    "of what is made": "SELECT id, n FROM people, unnest(range(id)) AS u(n)",
    "generate_series": "SELECT id, s FROM people, generate_series(1, 2) AS g(s)",
    "with ordinality": "SELECT id, t, o FROM people, unnest(tags) WITH ORDINALITY AS u(t, o)",
    "of an aggregate": "SELECT unnest(list(n ORDER BY n)) AS n FROM events",
}
LATERAL = {
    "expression": "SELECT id, d FROM people, LATERAL (SELECT id * 2 AS d) AS l",
    "filter": "SELECT p.id, e.n FROM people AS p, LATERAL (SELECT n FROM events WHERE person = p.id) AS e",
    "aggregate": "SELECT p.id, e.s FROM people AS p, LATERAL (SELECT sum(n) AS s FROM events WHERE person = p.id) AS e",
    "left": "SELECT p.id, e.n FROM people AS p LEFT JOIN LATERAL (SELECT n FROM events WHERE person = p.id) AS e ON true",
    "limit": "SELECT p.id, e.n FROM people AS p, LATERAL (SELECT n FROM events WHERE person = p.id ORDER BY n LIMIT 1) AS e",
}
JOIN = {
    "inner": "SELECT p.id, t.name FROM people AS p JOIN teams AS t ON p.team = t.id",
    "inner without a key": "SELECT p.id, e.n FROM people AS p JOIN events AS e ON p.id = e.person",
    "inner with duplicates": "SELECT a.n, b.n AS m FROM events AS a JOIN events AS b ON a.kind = b.kind",
    "three tables": "SELECT p.id, t.name, e.n FROM people p JOIN teams t ON p.team = t.id JOIN events e ON e.person = p.id",
    "comma": "SELECT p.id, t.name FROM people p, teams t WHERE p.team = t.id AND t.boss IS NOT NULL",
    "using": "SELECT id, p.name, t.name AS t FROM people AS p JOIN teams AS t USING (id)",
    "natural": "SELECT * FROM (SELECT id AS team, name AS called FROM teams) NATURAL JOIN (SELECT team, id FROM people)",
    "cross": "SELECT p.id, t.id AS t FROM people AS p CROSS JOIN teams AS t",
    "cross with one row": "SELECT p.id, m FROM people AS p, (SELECT max(n) AS m FROM events)",
    "non-equi": "SELECT p.id, t.id AS t FROM people AS p JOIN teams AS t ON p.team < t.id",
    "of a range": "SELECT p.id, e.n FROM people AS p JOIN events AS e ON e.n BETWEEN p.team AND p.id",
    "equal and more": "SELECT p.id, e.n FROM people AS p JOIN events AS e ON p.id = e.person AND e.n > p.team",
    "or": "SELECT p.id, t.id AS t FROM people AS p JOIN teams AS t ON p.team = t.id OR t.boss = p.id",
    "not distinct": "SELECT p.id, e.n FROM people AS p JOIN events AS e ON p.team IS NOT DISTINCT FROM e.person",
    "of expressions": "SELECT p.id, e.n FROM people AS p JOIN events AS e ON p.id + 1 = e.person * 2",
    "of several columns": "SELECT a.id, b.id AS o FROM people a JOIN people b ON a.team = b.team AND a.active = b.active",
    "of structs": "SELECT a.id, b.id AS o FROM people AS a JOIN people AS b ON a.home = b.home",
    "of NaN": "SELECT a.id, b.id AS o FROM people AS a JOIN people AS b ON a.score = b.score",
    "self": "SELECT a.id, b.name FROM people AS a JOIN people AS b ON a.team = b.id",
    "left": "SELECT p.id, t.name FROM people AS p LEFT JOIN teams AS t ON p.team = t.id",
    "left with a filter": "SELECT p.id, t.name FROM people AS p LEFT JOIN teams AS t ON p.team = t.id WHERE t.id IS NULL",
    "left, more in ON": "SELECT p.id, e.n FROM people AS p LEFT JOIN events AS e ON p.id = e.person AND e.n > 2 AND p.active",
    "left non-equi": "SELECT p.id, t.id AS t FROM people AS p LEFT JOIN teams AS t ON p.team > t.id",
    "left twice": "SELECT p.id, t.name, b.name AS b FROM people p LEFT JOIN teams t ON p.team = t.id LEFT JOIN people b ON t.boss = b.id",
    "left of inner": "SELECT p.id, e.n, t.id AS t FROM people p LEFT JOIN (events e JOIN teams t ON e.n = t.id) ON e.person = p.id",
    "right": "SELECT p.id, t.name FROM people AS p RIGHT JOIN teams AS t ON p.team = t.id",
    "full": "SELECT p.id, t.name FROM people AS p FULL JOIN teams AS t ON p.team = t.id",
    "full using": "SELECT id, p.name, t.boss FROM people AS p FULL JOIN teams AS t USING (id)",
    "full with duplicates": "SELECT p.id, e.n FROM people AS p FULL JOIN events AS e ON p.id = e.person",
    "left using": "SELECT id, t.boss FROM people AS p LEFT JOIN teams AS t USING (id)",
    "semi": "SELECT p.id FROM people AS p SEMI JOIN events AS e ON p.id = e.person",
    "anti": "SELECT p.id FROM people AS p ANTI JOIN events AS e ON p.id = e.person",
    "semi non-equi": "SELECT p.id FROM people AS p SEMI JOIN events AS e ON p.id < e.n",
    "asof": "SELECT p.id, e.n FROM people p ASOF JOIN (SELECT person, moment, max(n) AS n FROM events GROUP BY ALL) e "
    "ON p.id = e.person AND p.born + INTERVAL 20 YEAR >= e.moment",
    "asof left": "SELECT p.id, e.m FROM people p ASOF LEFT JOIN (SELECT n, max(moment) AS m FROM events GROUP BY n) e ON p.team >= e.n",
    "of aggregates": "SELECT t.name, c.n FROM teams AS t JOIN (SELECT team, count(*) AS n FROM people GROUP BY team) c ON c.team = t.id",
    "of derived tables": "SELECT a.x, b.y FROM (SELECT id AS x FROM people WHERE active) a JOIN (SELECT person AS y FROM events) b ON x = y",
    "with a table of values": "SELECT p.id, v.w FROM people AS p JOIN (VALUES (1, 'one'), (2, 'two')) AS v(n, w) ON p.team = v.n",
    "with a function": "SELECT p.id, r.i FROM people AS p JOIN range(3) AS r(i) ON p.team = r.i",
}
SUBQUERY = {
    "in": "SELECT id FROM people WHERE id IN (SELECT person FROM events)",
    "not in with NULL": "SELECT id FROM people WHERE id NOT IN (SELECT person FROM events)",
    "not in without NULL": "SELECT id FROM people WHERE id NOT IN (SELECT person FROM events WHERE person IS NOT NULL)",
    "in, correlated": "SELECT id FROM people AS p WHERE team IN (SELECT n FROM events WHERE person = p.id)",
    "in, of rows": "SELECT id FROM people WHERE (id, team) IN (SELECT person, n FROM events)",
    "in, as a value": "SELECT id, team IN (SELECT n FROM events) AS x FROM people",
    "exists": "SELECT id FROM people AS p WHERE EXISTS (SELECT 1 FROM events WHERE person = p.id AND n > 1)",
    "not exists": "SELECT id FROM people AS p WHERE NOT EXISTS (SELECT 1 FROM events WHERE person = p.id)",
    "exists, not correlated": "SELECT id FROM people WHERE EXISTS (SELECT 1 FROM events WHERE n > 8)",
    "exists, non-equi": "SELECT id FROM people AS p WHERE EXISTS (SELECT 1 FROM events WHERE n > p.id AND kind <> p.name)",
    "exists, as a value": "SELECT id, EXISTS (SELECT 1 FROM events WHERE person = p.id) AS x FROM people AS p",
    "exists or": "SELECT id FROM people AS p WHERE active OR EXISTS (SELECT 1 FROM events WHERE person = p.id)",
    "exists in exists": "SELECT id FROM teams AS t WHERE EXISTS (SELECT 1 FROM people AS p WHERE p.team = t.id AND "
    "EXISTS (SELECT 1 FROM events WHERE person = p.id))",
    "any": "SELECT id FROM people WHERE id > ANY (SELECT n FROM events)",
    "all": "SELECT id FROM people WHERE id <= ALL (SELECT n FROM events WHERE n > 0)",
    "scalar": "SELECT id, (SELECT max(n) FROM events) AS m FROM people",
    "scalar in WHERE": "SELECT id FROM people WHERE pay > (SELECT avg(pay) FROM people)",
    "scalar, correlated": "SELECT id, (SELECT sum(n) FROM events WHERE person = p.id) AS s FROM people AS p",
    "scalar, correlated count": "SELECT id, (SELECT count(*) FROM events WHERE person = p.id) AS c FROM people AS p",
    "scalar, correlated non-equi": "SELECT id, (SELECT count(*) FROM people AS o WHERE o.pay > p.pay) AS c FROM people AS p",
    "scalar, the row of a key": "SELECT id, (SELECT name FROM teams WHERE id = p.team) AS t FROM people AS p",
    "scalar in WHERE, correlated": "SELECT id FROM people AS p WHERE pay >= (SELECT max(pay) FROM people AS o WHERE o.team = p.team)",
    "scalar, first of an order": "SELECT id, (SELECT n FROM events WHERE person = p.id ORDER BY n DESC LIMIT 1) AS n FROM people AS p",
    "scalar in an aggregate": "SELECT sum((SELECT count(*) FROM events WHERE person = p.id)) AS s FROM people AS p",
    "array": "SELECT id, ARRAY(SELECT n FROM events WHERE person = p.id ORDER BY n) AS l FROM people AS p",
    "two at once": "SELECT id FROM people WHERE id IN (SELECT person FROM events) AND team NOT IN (SELECT id FROM teams WHERE boss IS NULL)",
}
AGGREGATE = {
    "sorted by what is not shown": "SELECT kind FROM events GROUP BY kind ORDER BY max(n), count(DISTINCT person)",
    "count(*)": "SELECT team, count(*) AS n FROM people GROUP BY team",
    "count": "SELECT team, count(name) AS n FROM people GROUP BY team",
    "count distinct": "SELECT kind, count(DISTINCT person) AS n FROM events GROUP BY kind",
    "sum": "SELECT person, sum(n) AS s FROM events GROUP BY person",
    "sum of decimals": "SELECT team, sum(pay) AS s FROM people GROUP BY team",
    "sum of doubles": "SELECT team, sum(score) AS s FROM people GROUP BY team",
    "sum distinct": "SELECT kind, sum(DISTINCT n) AS s FROM events GROUP BY kind",
    "avg": "SELECT team, avg(pay) AS a, avg(score) AS s FROM people GROUP BY team",
    "min and max": "SELECT team, min(pay) AS a, max(name) AS b, min(born) AS c, max(score) AS d FROM people GROUP BY team",
    "min and max of lists": "SELECT team, min(tags) AS a, max(home) AS b FROM people GROUP BY team",
    "min and max, several": "SELECT kind, min(n, 2) AS a, max(n, 2) AS b FROM events GROUP BY kind",
    "stddev and variance": "SELECT kind, stddev(n) AS a, var_pop(n) AS b, variance(n) AS c, stddev_pop(n) AS d FROM events GROUP BY kind",
    "bool_and and bool_or": "SELECT team, bool_and(active) AS a, bool_or(active) AS b FROM people GROUP BY team",
    "arg_min and arg_max": "SELECT team, arg_min(name, id) AS a, arg_max(pay, id) AS b, max_by(name, id) AS c FROM people GROUP BY team",
    "arg_max, several": "SELECT team, arg_max(name, id, 2) AS a FROM people GROUP BY team",
    "arg_min with NULL": "SELECT team, arg_min_null(name, id) AS a FROM people GROUP BY team",
    "list": "SELECT kind, list(n ORDER BY n) AS l, array_agg(n ORDER BY n DESC) AS m FROM events GROUP BY kind",
    "list distinct": "SELECT kind, list(DISTINCT n ORDER BY n) AS l FROM events GROUP BY kind",
    "string_agg": "SELECT team, string_agg(name, ', ' ORDER BY id) AS s FROM people GROUP BY team",
    "median": "SELECT kind, median(n) AS m FROM events GROUP BY kind",
    "quantile_cont": "SELECT kind, quantile_cont(n, 0.25) AS q FROM events GROUP BY kind",
    "quantile_disc": "SELECT kind, quantile_disc(n, [0.25, 0.75]) AS q FROM events GROUP BY kind",
    "mad": "SELECT kind, mad(n) AS m FROM events GROUP BY kind",
    "mode": "SELECT kind, mode(n ORDER BY n) AS m FROM events GROUP BY kind",
    "first and last": "SELECT team, first(name ORDER BY id) AS f, last(name ORDER BY id) AS l FROM people GROUP BY team",
    "any_value": "SELECT team, any_value(name ORDER BY id) AS a FROM people GROUP BY team",
    "bits": "SELECT kind, bit_and(n) AS a, bit_or(n) AS b, bit_xor(n) AS c FROM events GROUP BY kind",
    "product": "SELECT kind, product(n) AS p FROM events GROUP BY kind",
    "geometric mean": "SELECT kind, geomean(n) AS g FROM events WHERE n > 0 GROUP BY kind",
    "histogram": "SELECT kind, histogram(n) AS h FROM events GROUP BY kind",
    "corr and regr": "SELECT corr(id, team) AS a, covar_pop(id, team) AS b, regr_slope(id, team) AS c, regr_r2(id, team) AS d FROM people",
    "skewness and kurtosis": "SELECT skewness(n) AS s, kurtosis(n) AS k FROM events",
    "entropy": "SELECT kind, entropy(n) AS e FROM events GROUP BY kind",
    "approx_count_distinct": "SELECT kind, approx_count_distinct(n) AS a FROM events GROUP BY kind",
    "count_if": "SELECT team, count_if(active) AS c FROM people GROUP BY team",
    "filter": "SELECT team, count(*) FILTER (WHERE active) AS a, sum(pay) FILTER (WHERE pay > 10) AS b FROM people GROUP BY team",
    "of expressions": "SELECT team % 2 AS g, sum(id * 2 + team) AS s, max(upper(name)) AS m FROM people GROUP BY team % 2",
    "expressions over": "SELECT team, sum(pay) / count(*) + 1 AS a, coalesce(max(name), '-') || team AS b FROM people GROUP BY team",
    "ungrouped": "SELECT count(*) AS c, sum(n) AS s, min(n) AS a, avg(n) AS v FROM events",
    "ungrouped with a filter": "SELECT count(*) AS c, max(id) AS m FROM people WHERE pay > 1000",
    "ungrouped with HAVING": "SELECT sum(n) AS s FROM events HAVING count(*) > 8",
    "several keys": "SELECT team, active, count(*) AS n FROM people GROUP BY team, active",
    "key not shown": "SELECT count(*) AS n FROM people GROUP BY team",
    "keys alone": "SELECT team, active FROM people GROUP BY team, active",
    "GROUP BY ALL": "SELECT kind, sum(n) AS s FROM events GROUP BY ALL",
    "by position": "SELECT kind, sum(n) AS s FROM events GROUP BY 1",
    "by alias": "SELECT id % 2 AS odd, count(*) AS n FROM people GROUP BY odd",
    "by a list": "SELECT tags, count(*) AS n FROM people GROUP BY tags",
    "by a struct": "SELECT home, count(*) AS n FROM people GROUP BY home",
    "by a double": "SELECT score, count(*) AS n FROM people GROUP BY score",
    "having": "SELECT team, count(*) AS n FROM people GROUP BY team HAVING count(*) > 1 AND max(pay) IS NOT NULL",
    "having of what is not shown": "SELECT team FROM people GROUP BY team HAVING sum(id) > 5",
    "of a join": "SELECT t.name, count(*) AS n, sum(p.pay) AS s FROM people p JOIN teams t ON p.team = t.id GROUP BY t.name",
    "of a left join": "SELECT t.id, count(p.id) AS n FROM teams AS t LEFT JOIN people AS p ON p.team = t.id GROUP BY t.id",
    "of a full join": "SELECT p.team, t.id, count(*) AS n FROM people p FULL JOIN teams t ON p.team = t.id GROUP BY ALL",
    "of an unnest": "SELECT t, count(*) AS n FROM people, unnest(tags) AS u(t) GROUP BY t",
    "of an aggregate": "SELECT n, count(*) AS c FROM (SELECT team, count(*) AS n FROM people GROUP BY team) GROUP BY n",
    "of a union": "SELECT x, count(*) AS n FROM (SELECT id AS x FROM people UNION ALL SELECT person FROM events) GROUP BY x",
    "of DISTINCT": "SELECT count(*) AS n FROM (SELECT DISTINCT kind, person FROM events)",
    "max of sums": "SELECT max(s) AS m FROM (SELECT sum(n) AS s FROM events GROUP BY person)",
}
GROUPING = {
    "rollup": "SELECT team, active, count(*) AS n FROM people GROUP BY ROLLUP (team, active)",
    "cube": "SELECT team, active, sum(pay) AS s FROM people GROUP BY CUBE (team, active)",
    "grouping sets": "SELECT team, active, count(*) AS n FROM people GROUP BY GROUPING SETS ((team), (active), ())",
    "grouping sets with a key": "SELECT team, active, count(*) AS n FROM people GROUP BY team, ROLLUP (active)",
    "rollup, keys not shown": "SELECT count(*) AS n FROM people GROUP BY ROLLUP (team)",
    "cube, keys not shown": "SELECT count(*) AS n FROM people GROUP BY CUBE (team, active)",
    "grouping()": "SELECT team, grouping(team) AS g, max(pay) AS m FROM people GROUP BY ROLLUP (team)",
    "rollup with HAVING": "SELECT kind, sum(n) AS s FROM events GROUP BY ROLLUP (kind) HAVING count(*) > 3",
}
DISTINCT = {
    "distinct": "SELECT DISTINCT kind, person FROM events",
    "of expressions": "SELECT DISTINCT n % 2 AS odd FROM events",
    "of doubles": "SELECT DISTINCT score FROM people",
    "of lists": "SELECT DISTINCT tags FROM people",
    "of a join": "SELECT DISTINCT t.name FROM people AS p JOIN teams AS t ON p.team = t.id",
    "of an aggregate": "SELECT DISTINCT count(*) AS n FROM events GROUP BY kind",
    "on": "SELECT DISTINCT ON (team) team, id, name FROM people ORDER BY team, pay DESC NULLS LAST, id",
    "on several": "SELECT DISTINCT ON (kind, person) kind, person, n FROM events ORDER BY kind, person, n DESC",
    "on what is not shown": "SELECT DISTINCT ON (team) name FROM people ORDER BY team, pay DESC NULLS LAST, id",
    "on all that is shown": "SELECT DISTINCT ON (kind, person) kind, person FROM events",
    "on less in a subquery": "SELECT count(*) AS n FROM (SELECT DISTINCT ON (kind, lower(kind)) kind, person FROM events)",
    "by a collation": "SELECT lower(kind) AS k FROM (SELECT DISTINCT kind COLLATE NOCASE AS kind FROM events)",
    "sorted by what is not shown": "SELECT DISTINCT kind FROM events ORDER BY kind, n, person",
    "sorted by an expression": "SELECT DISTINCT kind FROM events ORDER BY n % 2, upper(kind)",
    "sorted, in a subquery": "SELECT count(*) AS n FROM (SELECT DISTINCT kind FROM events ORDER BY n)",
    "sorted, in a CTE": "WITH d AS (SELECT DISTINCT kind, person FROM events ORDER BY n) SELECT a.kind FROM d a JOIN d b USING (person)",
    "sorted, in a union": "(SELECT DISTINCT kind FROM events ORDER BY n) UNION ALL (SELECT DISTINCT name FROM teams ORDER BY id)",
    "sorted aggregates": "SELECT DISTINCT count(*) AS n FROM events GROUP BY kind ORDER BY sum(n)",
    "sorted by a function": "SELECT DISTINCT py_up(kind) AS k FROM events ORDER BY py_twice(n::BIGINT)",
    "sorted, with LIMIT": "SELECT DISTINCT kind FROM events ORDER BY upper(kind), kind LIMIT 2",
}
WINDOW = {
    "row_number": "SELECT id, row_number() OVER (PARTITION BY team ORDER BY id) AS r FROM people",
    "rank": "SELECT id, rank() OVER (PARTITION BY team ORDER BY pay) AS r, dense_rank() OVER (PARTITION BY team ORDER BY pay) AS d FROM people",
    "percent_rank and cume_dist": "SELECT id, percent_rank() OVER (ORDER BY pay) AS r, cume_dist() OVER (ORDER BY pay) AS c FROM people",
    "ntile": "SELECT id, ntile(2) OVER (PARTITION BY active ORDER BY id) AS r FROM people",
    "lag and lead": "SELECT id, lag(pay) OVER (PARTITION BY team ORDER BY id) AS a, lead(id, 2, 0) OVER (ORDER BY id) AS b FROM people",
    "first and last value": "SELECT id, first_value(name) OVER w AS a, last_value(name) OVER w AS b, nth_value(id, 2) OVER w AS c FROM people "
    "WINDOW w AS (PARTITION BY team ORDER BY id)",
    "running sum": "SELECT id, sum(pay) OVER (PARTITION BY team ORDER BY id) AS s FROM people",
    "sum of a partition": "SELECT id, sum(pay) OVER (PARTITION BY team) AS s, count(*) OVER (PARTITION BY team) AS c FROM people",
    "share of a total": "SELECT id, pay / sum(pay) OVER () AS share FROM people",
    "frame of rows": "SELECT id, avg(id) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS a FROM people",
    "frame of a range": "SELECT id, count(*) OVER (ORDER BY id RANGE BETWEEN 2 PRECEDING AND CURRENT ROW) AS c FROM people",
    "frame with exclude": "SELECT id, sum(id) OVER (PARTITION BY active ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND "
    "UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW) AS s FROM people",
    "with FILTER": "SELECT id, count(*) FILTER (WHERE active) OVER (PARTITION BY team) AS c FROM people",
    "by an expression": "SELECT id, max(pay) OVER (PARTITION BY year(born) // 10) AS m FROM people",
    "of duplicates": "SELECT person, n, row_number() OVER (PARTITION BY kind ORDER BY person, n) AS r FROM events",
    "two partitions": "SELECT id, count(*) OVER (PARTITION BY team) AS a, count(*) OVER (PARTITION BY active) AS b FROM people",
    "over a join": "SELECT p.id, row_number() OVER (PARTITION BY t.name ORDER BY p.id) AS r FROM people p JOIN teams t ON p.team = t.id",
    "over an aggregate": "SELECT team, count(*) AS n, rank() OVER (ORDER BY count(*)) AS r FROM people GROUP BY team",
    "in an expression": "SELECT id, id - lag(id) OVER (ORDER BY id) AS gap FROM people",
    "qualify": "SELECT id, team FROM people QUALIFY row_number() OVER (PARTITION BY team ORDER BY pay DESC NULLS LAST, id) = 1",
    "top of each group": "SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY team ORDER BY id) AS r FROM people) WHERE r <= 2",
    "aggregate of a window": "SELECT max(r) AS m FROM (SELECT row_number() OVER (PARTITION BY team ORDER BY id) AS r FROM people)",
}
SETS = {
    "union all": "SELECT id FROM people UNION ALL SELECT person FROM events",
    "union all of one table": "SELECT id FROM people WHERE active UNION ALL SELECT id FROM people WHERE pay > 5",
    "union": "SELECT id FROM people UNION SELECT person FROM events",
    "union by name": "SELECT id, name FROM people UNION ALL BY NAME SELECT boss, id FROM teams",
    "intersect": "SELECT id FROM people INTERSECT SELECT person FROM events",
    "intersect all": "SELECT n FROM events INTERSECT ALL SELECT team FROM people",
    "except": "SELECT person FROM events EXCEPT SELECT id FROM people",
    "except all": "SELECT person FROM events EXCEPT ALL SELECT id FROM people",
    "sorted": "SELECT id FROM people UNION SELECT person FROM events ORDER BY id",
    "sorted by an expression": "SELECT id FROM people UNION SELECT person FROM events ORDER BY id % 2",
    "union all sorted by an expression": "SELECT id FROM people UNION ALL SELECT person FROM events ORDER BY id % 2",
    "except sorted by an expression": "SELECT id FROM people EXCEPT SELECT person FROM events ORDER BY id % 2, id LIMIT 2",
    "three": "SELECT id FROM people UNION ALL SELECT id FROM teams EXCEPT SELECT person FROM events",
    "types made equal": "SELECT id FROM people UNION ALL SELECT pay FROM people",
    "of aggregates": "SELECT 'p' AS s, count(*) AS n FROM people UNION ALL SELECT 'e', count(*) FROM events",
    "of joins": "SELECT p.id FROM people p JOIN teams t ON p.team = t.id UNION SELECT person FROM events JOIN people ON person = id",
}
LIMIT = {
    "limit": "SELECT id, pay FROM people ORDER BY pay DESC NULLS LAST, id LIMIT 3",
    "offset": "SELECT id FROM people ORDER BY id LIMIT 2 OFFSET 1",
    "offset alone": "SELECT id FROM people ORDER BY id OFFSET 2",
    "per cent": "SELECT id FROM people ORDER BY id LIMIT 50%",
    "of a subquery": "SELECT id FROM people ORDER BY id LIMIT (SELECT count(*) // 2 FROM people)",
    "of an aggregate": "SELECT team, sum(pay) AS s FROM people GROUP BY team ORDER BY s DESC NULLS LAST, team LIMIT 2",
    "under a join": "SELECT t.name FROM teams t JOIN (SELECT team FROM people ORDER BY pay, id LIMIT 3) AS p ON p.team = t.id",
    "order without limit": "SELECT id FROM people ORDER BY name, id",
    "by what is not shown": "SELECT name FROM people ORDER BY pay DESC NULLS LAST, id LIMIT 3",
    "by an aggregate that is not shown": "SELECT team FROM people GROUP BY team ORDER BY count(*), team LIMIT 2",
    "of a sorted subquery": "SELECT * FROM (SELECT name || '!' AS n FROM people ORDER BY id DESC) LIMIT 2",
    "of a sorted subquery, filtered": "SELECT name FROM (SELECT * FROM people ORDER BY id DESC) WHERE py_known(id::BIGINT) LIMIT 2",
    "of a sorted CTE": "WITH a AS (SELECT name FROM people ORDER BY id DESC) SELECT upper(name) AS n FROM a LIMIT 2",
    "of a limit": "SELECT * FROM (SELECT name FROM people ORDER BY id DESC LIMIT 3) LIMIT 2",
}
WITH = {
    "recursive by key": """WITH RECURSIVE r(k, v) USING KEY (k) AS (SELECT id, 0 FROM people
        UNION ALL SELECT n.k, p.v + 1 FROM r AS n JOIN recurring.r AS p USING (k) WHERE n.v < 3) SELECT k, v FROM r""",
    "once": "WITH a AS (SELECT id, pay FROM people WHERE active) SELECT id FROM a WHERE pay > 10",
    "twice": "WITH a AS (SELECT person, n FROM events) SELECT x.person, y.n FROM a AS x JOIN a AS y ON x.n = y.person",
    "materialized": "WITH a AS MATERIALIZED (SELECT team, count(*) AS n FROM people GROUP BY team) SELECT a.team, b.n FROM a JOIN a AS b USING (team)",
    "one of another": "WITH a AS (SELECT id FROM people), b AS (SELECT id + 1 AS id FROM a) SELECT id FROM b UNION ALL SELECT id FROM a",
    "in a subquery": "SELECT id FROM people WHERE id IN (WITH a AS (SELECT person FROM events WHERE n > 2) SELECT person FROM a)",
    "names hide tables": "WITH events AS (SELECT id AS person FROM people) SELECT person FROM events",
    "recursive": "WITH RECURSIVE r(id, depth) AS (SELECT boss, 1 FROM teams UNION SELECT p.team, depth + 1 FROM r JOIN people p "
    "ON p.id = r.id WHERE depth < 4) SELECT * FROM r",
    "recursive numbers": "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 5) SELECT i, id FROM r JOIN people ON id = i",
}
OTHER = {
    "values": "VALUES (1, 'a'), (2, 'b')",
    "values joined": "SELECT v.a, count(e.n) AS n FROM (VALUES ('in'), ('out')) AS v(a) LEFT JOIN events AS e ON e.kind = v.a GROUP BY v.a",
    "pivot": "SELECT * FROM (PIVOT people ON active IN (true, false) USING count(*) GROUP BY team)",
    "unpivot": "SELECT * FROM (UNPIVOT (SELECT id, team, id * 2 AS twice FROM people) ON team, twice INTO NAME what VALUE n)",
    "pivot of SQL": "SELECT * FROM events PIVOT (sum(n) FOR kind IN ('in', 'out'))",
    "sample of all": "SELECT id FROM people WHERE hash(id) % 2 = 0",
    "json": "SELECT id, to_json(home) AS j FROM people",
    "error": "SELECT CASE WHEN id > 1000 THEN error('too large') ELSE id END AS x FROM people",
    "error as a condition": "SELECT t.name FROM people p JOIN teams t ON p.team = t.id WHERE assert_true(p.id < 1000) IS NULL",
    "json_group_object": "SELECT json_group_object(id::VARCHAR, name) AS x FROM people GROUP BY id",
    "empty structs": "SELECT id, {} AS x, [{}, {}] AS y, struct_pack() AS z FROM people",
    "distinct empty structs": "SELECT DISTINCT {} AS x FROM people",
    "lambda over maps": "SELECT list_apply([MAP {'k': id}], lambda m: list_sort(map_values(m))) AS y FROM people",
    "lambda in a lambda": "SELECT list_transform([tags], lambda l: list_filter(l, lambda t: t < name)) AS y FROM people",
    "states of aggregates": "SELECT team, finalize(s) AS n FROM (SELECT team, sum(id) EXPORT_STATE AS s FROM people GROUP BY team)",
    "states that are combined": "SELECT finalize(combine(s, s)) AS n FROM (SELECT avg(id) EXPORT_STATE AS s FROM people GROUP BY team)",
    "quoted names": 'SELECT id AS "order by", name AS "a""b", team AS "ä" FROM people AS "select"',
}
FUNCTION = {
    "projected": "SELECT id, py_up(name) AS u FROM people",
    "nested": "SELECT id, py_up(py_up(name)) AS u, py_twice(py_twice(team)) AS t FROM people",
    "in WHERE": "SELECT id FROM people WHERE py_up(name) <> 'ANN!' AND py_known(team)",
    "under CASE": "SELECT id, CASE WHEN active THEN py_up(name) END AS u FROM people",
    "unnested": "SELECT id, o FROM people, unnest(py_ones(id)) AS u(o)",
    "above a join": "SELECT py_up(p.name || t.name) AS u FROM people AS p JOIN teams AS t ON p.team = t.id",
    "below a join": "SELECT a.u, t.name FROM (SELECT team, py_up(name) AS u FROM people) AS a JOIN teams AS t ON a.team = t.id",
    "in a join's condition": "SELECT p.id, t.id AS t FROM people AS p JOIN teams AS t ON py_twice(p.team) = t.id * 2 + 1",
    "above a left join": "SELECT p.id, py_up(t.name) AS u, py_known(t.id) AS k FROM people AS p LEFT JOIN teams AS t ON p.team = t.id",
    "below an aggregate": "SELECT team, max(py_up(name)) AS m, sum(py_twice(id)) AS s FROM people GROUP BY team",
    "above an aggregate": "SELECT team, py_up(max(name)) AS m, py_twice(count(*)) AS n FROM people GROUP BY team",
    "as a group": "SELECT py_up(name) AS u, count(*) AS n FROM people GROUP BY py_up(name)",
    "in HAVING": "SELECT team FROM people GROUP BY team HAVING py_twice(count(*)) > 3",
    "in FILTER": "SELECT count(*) FILTER (WHERE py_known(team)) AS n FROM people",
    "below DISTINCT": "SELECT DISTINCT py_up(kind) AS u FROM events",
    "in a window": "SELECT id, row_number() OVER (PARTITION BY py_up(name) ORDER BY id) AS r FROM people",
    "above a window": "SELECT id, py_twice(row_number() OVER (PARTITION BY team ORDER BY id)) AS r FROM people",
    "in a union": "SELECT py_up(name) AS u FROM people UNION ALL SELECT py_up(name) FROM teams",
    "above LIMIT": "SELECT py_up(name) AS u FROM (SELECT name FROM people ORDER BY id LIMIT 2)",
    "in ORDER BY": "SELECT id FROM people ORDER BY py_up(name) NULLS LAST, id LIMIT 2",
    "in EXISTS": "SELECT id FROM people AS p WHERE EXISTS (SELECT 1 FROM events WHERE person = p.id AND py_up(kind) = 'IN!')",
    "in a scalar subquery": "SELECT id, (SELECT max(py_twice(n)) FROM events WHERE person = p.id) AS m FROM people AS p",
    "in a CTE used twice": "WITH a AS (SELECT id, py_up(name) AS u FROM people) SELECT x.u, y.id FROM a x JOIN a y ON x.u = y.u",
    "in a lambda": "SELECT id, list_transform(tags, lambda t: py_up(t)) AS l FROM people",
    "in an aggregate with DISTINCT": "SELECT count(DISTINCT py_up(name)) AS n FROM people",
    "of an aggregate, distinct and ordered": "SELECT string_agg(DISTINCT py_up(kind), ',' ORDER BY py_up(kind)) AS s FROM events",
}
GROUPS = {
    "project": PROJECT,
    "filter": FILTER,
    "unnest": UNNEST,
    "lateral": LATERAL,
    "join": JOIN,
    "subquery": SUBQUERY,
    "aggregate": AGGREGATE,
    "grouping": GROUPING,
    "distinct": DISTINCT,
    "window": WINDOW,
    "set operation": SETS,
    "limit": LIMIT,
    "with": WITH,
    "other": OTHER,
    "function": FUNCTION,
}
TABLE = {f"{group}: {name}": query for group, found in GROUPS.items() for name, query in found.items()}
#: Names of queries that have no incremental rule.
RECOMPUTED = {
    *("limit: of a subquery", "with: recursive", "with: recursive numbers", "with: recursive by key"),
    *("other: states of aggregates", "other: states that are combined"),
}
#: What DuckDB refuses of Python functions, as they are volatile for it.
WRONG = {
    "function: in a window": "PARTITION BY refuses volatile functions",
    "function: of an aggregate, distinct and ordered": "ORDER BY of a volatile function is not known for the argument",
}


@pytest.fixture(scope="module")
def shared() -> Iterator[Con]:
    connection = cocosql.connect(threads=1, functions=FUNCTIONS)
    connection.execute(MACROS)
    yield connection
    connection.close()


@pytest.fixture
def con(shared: Con) -> Iterator[Con]:
    shared.execute(TABLES)
    yield shared
    for (name,) in rows(shared, "SELECT view_name FROM coco.views"):
        shared.execute(f"DROP INCREMENTAL VIEW IF EXISTS {name} CASCADE")


def listed() -> list[Any]:
    """An eighth of the table, and what is wrong; the others are slow."""
    wrong = {name: pytest.mark.xfail(raises=duckdb.Error, strict=True, reason=WRONG[name]) for name in WRONG}
    marks = [
        [wrong[name]] if name in wrong else [pytest.mark.slow] * (number % 8 > 0) for number, name in enumerate(TABLE)
    ]
    return [pytest.param(name, marks=mark, id=name) for name, mark in zip(TABLE, marks, strict=True)]


@pytest.mark.every(5)
@pytest.mark.parametrize("name", listed())
def test_query(con: Con, name: str) -> None:
    query, oracle = TABLE[name], with_macros(TABLE[name])
    con.execute(f"CREATE INCREMENTAL VIEW v AS {query}")
    is_incremental, explained = one(con, "SELECT incremental FROM coco.views"), "EXPLAIN INCREMENTAL VIEW v"
    assert is_incremental == (name not in RECOMPUTED), rows(con, explained)
    assert_close(con, "FROM v", oracle)
    for change in CHANGES:
        con.execute(change)
        con.execute("REFRESH INCREMENTAL VIEW v")
        assert_close(con, "FROM v", oracle)
    assert_replayed(con, "v", "v")
    version = one(con, "SELECT version FROM coco.views")
    ((_, *again, _, _, _),) = rows(con, "REFRESH INCREMENTAL VIEW v")
    assert again == [version, 0, 0, 0]


VIEWS = {
    "of a map": ("SELECT id, name, team FROM people WHERE active", "SELECT team, count(*) AS n FROM v GROUP BY team"),
    "of an aggregate": ("SELECT team, sum(pay) AS s FROM people GROUP BY team", "SELECT team FROM v WHERE s > 10"),
    "joined with a table": (
        "SELECT id, team FROM people",
        "SELECT v.id, t.name FROM v LEFT JOIN teams t ON v.team = t.id",
    ),
    "joined with itself": (
        "SELECT id, team FROM people",
        "SELECT a.id, b.id AS o FROM v AS a JOIN v AS b ON a.team = b.team",
    ),
    "of a join": (
        "SELECT p.id, e.n FROM people p JOIN events e ON p.id = e.person",
        "SELECT id, max(n) AS m FROM v GROUP BY id",
    ),
    "of DISTINCT": ("SELECT DISTINCT kind FROM events", "SELECT count(*) AS n FROM v"),
    "of duplicates": ("SELECT kind FROM events", "SELECT kind, row_number() OVER (PARTITION BY kind) AS r FROM v"),
    "in a subquery": ("SELECT person FROM events WHERE n > 2", "SELECT id FROM people WHERE id NOT IN (FROM v)"),
    "of LIMIT": ("SELECT id FROM people ORDER BY id LIMIT 3", "SELECT id FROM v EXCEPT SELECT person FROM events"),
    "of a function": ("SELECT id, py_up(name) AS u FROM people", "SELECT u, py_twice(count(*)) AS n FROM v GROUP BY u"),
    "with NULLS LAST": ("SELECT id, pay FROM people", "SELECT id FROM v ORDER BY pay DESC NULLS LAST, id LIMIT 2"),
    "that DuckDB alone parses": ("SELECT id FROM people", "SELECT ( + id) AS x FROM v"),
}


@pytest.mark.every(6)
@pytest.mark.parametrize("name", VIEWS)
def test_view_on_a_view(con: Con, name: str) -> None:
    first, second = VIEWS[name]
    con.execute(f"CREATE INCREMENTAL VIEW v AS {first}")
    con.execute(f"CREATE INCREMENTAL VIEW w AS {second}")
    oracle = f"WITH v AS ({with_macros(first)}) {with_macros(second)}"
    for change in CHANGES:
        con.execute(change)
        con.execute("REFRESH INCREMENTAL VIEW w")
        assert_close(con, "FROM v", with_macros(first))
        assert_close(con, "FROM w", oracle)
    for view in "vw":
        assert_replayed(con, view, view)
