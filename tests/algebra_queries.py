"""Queries for tests of Session.algebra, by what they are about, and the tables that they read."""

SETUP = """
CREATE TABLE t(a INTEGER, b VARCHAR, l INTEGER[], d DOUBLE, w TIMESTAMP);
INSERT INTO t VALUES
    (1, 'x', [1, 2], 0.5, '2024-01-01 00:00:00'), (2, 'y', [3], 1.5, '2024-01-02 12:00:00'),
    (2, 'y', [3], 1.5, '2024-01-02 12:00:00'), (3, NULL, NULL, -2, '2024-02-01 00:00:00'),
    (NULL, 'X', [], NULL, NULL), (5, 'z', [NULL, 7], 8, '2024-03-01 00:00:00'), (NULL, NULL, [4], 0.25, NULL),
    (4, 'x', [1, 2], 2, '2024-01-15 00:00:00'), (7, 'Zoë', [9, 9], 4, '2023-12-31 23:59:59');
CREATE TABLE u(a INTEGER, c INTEGER, s STRUCT(x INTEGER, y VARCHAR), m MAP(VARCHAR, INTEGER));
INSERT INTO u VALUES
    (1, 10, {'x': 1, 'y': 'one'}, MAP {'k': 1}), (2, 20, {'x': 2, 'y': 'two'}, MAP {'k': 2, 'l': 3}),
    (2, 20, {'x': 2, 'y': 'two'}, MAP {'k': 2, 'l': 3}), (2, NULL, NULL, NULL), (NULL, 5, {'x': NULL, 'y': 'five'}, MAP {}),
    (4, 1, {'x': 4, 'y': NULL}, NULL), (9, 9, {'x': 9, 'y': 'nine'}, MAP {'l': 9});
CREATE TABLE v(c INTEGER, e INTEGER);
INSERT INTO v VALUES (10, 1), (20, 2), (NULL, 3), (5, NULL), (1, 4), (1, 5);
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE k(id INTEGER PRIMARY KEY, price DECIMAL(10, 2), day DATE, moment TIMESTAMPTZ, feel mood, raw BLOB, wait INTERVAL,
    u UUID, big HUGEINT, small UTINYINT, yes BOOLEAN, clock TIME, bits BIT, f FLOAT, arr INTEGER[3]);
INSERT INTO k VALUES
    (1, 9.99, '2024-02-29', '2024-02-29 12:00:00+00', 'ok', '\\x00\\xFF', '1 month 2 days', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 1, 1, true, '12:00', '101', 1.5, [1, 2, 3]),
    (2, -1.5, '1999-12-31', '1999-12-31 23:59:59+02', 'sad', NULL, '3 hours', NULL, -170141183460469231731687303715884105728, 255, false, '00:00', '1', 'nan', NULL),
    (3, NULL, NULL, NULL, NULL, 'abc', NULL, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12', NULL, NULL, NULL, NULL, NULL, 'infinity', [4, NULL, 6]);
CREATE TABLE "weird "" näme"("select" INTEGER, "a b" VARCHAR, "Grün" INTEGER, "coco_x" INTEGER, "x.y" STRUCT("p q" INTEGER));
INSERT INTO "weird "" näme" VALUES (1, 'p', 10, 100, {'p q': 1}), (2, 'q', NULL, 200, {'p q': 2}), (2, 'q', 20, 200, NULL);
CREATE SCHEMA "other schema";
CREATE TABLE "other schema".t(a INTEGER, z VARCHAR);
INSERT INTO "other schema".t VALUES (1, 'z1'), (2, 'z2'), (NULL, 'z3');
CREATE TABLE ev(id INTEGER, tick INTEGER, val INTEGER);
INSERT INTO ev VALUES (1, 1, 10), (1, 5, 50), (1, 9, 90), (2, 2, 20), (2, 8, 80), (3, 4, NULL);
CREATE TABLE pr(id INTEGER, tick INTEGER, price INTEGER);
INSERT INTO pr VALUES (1, 0, 1), (1, 4, 2), (1, 5, 3), (2, 3, 4), (2, 9, 5), (NULL, 1, 6);
CREATE TABLE cn(s VARCHAR COLLATE NOCASE, n INTEGER);
INSERT INTO cn VALUES ('a', 1), ('A', 2), ('b', 3), (NULL, 4), ('B', 5);
CREATE TABLE sales(region VARCHAR, year INTEGER, q INTEGER, amount INTEGER);
INSERT INTO sales VALUES ('n', 2023, 1, 5), ('n', 2023, 2, 7), ('n', 2024, 1, 9), ('s', 2023, 1, 2), ('s', 2024, 2, NULL), (NULL, 2024, 1, 4);
CREATE TABLE months(who VARCHAR, jan INTEGER, feb INTEGER, mar INTEGER);
INSERT INTO months VALUES ('p', 1, 2, 3), ('q', NULL, 5, 6);
CREATE TABLE big(p INTEGER, v INTEGER);
INSERT INTO big SELECT i % 30, i FROM range(100) r(i);
CREATE SEQUENCE sq;
CREATE TABLE g(a INTEGER, b INTEGER GENERATED ALWAYS AS (a * 2));
INSERT INTO g VALUES (1), (2);
CREATE TABLE j(id INTEGER, doc JSON);
INSERT INTO j VALUES (1, '{"k": [1, 2]}'), (2, NULL);
ATTACH ':memory:' AS "o db";
CREATE TABLE "o db".main."T t"(a INTEGER);
INSERT INTO "o db".main."T t" VALUES (1), (1), (NULL);
CREATE TYPE "o db".main."my e" AS ENUM ('p', 'q');
CREATE TABLE "o db".main.e(x "o db".main."my e");
INSERT INTO "o db".main.e VALUES ('p'), (NULL);
CREATE TYPE pt AS STRUCT(x INTEGER, y INTEGER);
CREATE TABLE pts(p pt, q pt[]);
INSERT INTO pts VALUES ({'x': 1, 'y': 2}, [{'x': 1, 'y': 2}]), (NULL, NULL);
CREATE TABLE un(x UNION(i INTEGER, s VARCHAR));
INSERT INTO un VALUES (1), ('a');
CREATE TABLE va(v VARIANT);
INSERT INTO va VALUES (1::VARIANT), ('x'::VARIANT);
CREATE MACRO sum2(x) AS sum(x) * 2;
CREATE MACRO cnt(x) AS (SELECT count(*) FROM u WHERE u.a = x);
CREATE VIEW vw AS SELECT a, b, a * 2 AS twice FROM t WHERE a IS NOT NULL;
CREATE VIEW vv AS SELECT vw.*, u.c FROM vw JOIN u USING (a);
CREATE MACRO plus(x, y) AS x + y;
CREATE MACRO clamp(x, lo := 2, hi := 4) AS least(greatest(x, lo), hi);
CREATE MACRO above(n) AS TABLE SELECT a, b FROM t WHERE a > n;
"""

QUERIES = {
    "select": """
        SELECT * FROM t
        SELECT a, b FROM t
        SELECT t.* EXCLUDE (l) REPLACE (a + 1 AS a) FROM t
        SELECT COLUMNS('^[ab]$') FROM t
        SELECT COLUMNS(*)::VARCHAR FROM t
        SELECT a AS x, a AS y, a FROM t
        SELECT 1
        SELECT 1 AS one, 'two' AS two, NULL AS three
        SELECT 1 FROM t
        SELECT count(*) FROM t
        SELECT * FROM "other schema".t
        SELECT t.a, o.z FROM t, "other schema".t AS o WHERE t.a = o.a
        SELECT rowid, a FROM t
        FROM t
        FROM t SELECT a WHERE a > 2
        SELECT a FROM t WHERE a > 1 AND b = 'x' OR NOT (a < 3) AND b IS NOT NULL
        SELECT a FROM t WHERE a BETWEEN 2 AND 4
        SELECT a FROM t WHERE a NOT BETWEEN 2 AND 4
        SELECT a FROM t WHERE a IN (1, 2, 3)
        SELECT a FROM t WHERE a NOT IN (1, 2)
        SELECT a FROM t WHERE a IN (1, NULL)
        SELECT a FROM t WHERE b LIKE 'x%' OR b ILIKE 'Z%'
        SELECT a FROM t WHERE b NOT LIKE '%y'
        SELECT a FROM t WHERE b SIMILAR TO '[xy]'
        SELECT a FROM t WHERE b GLOB 'z*'
        SELECT a FROM t WHERE b LIKE 'Zo!_' ESCAPE '!' OR b LIKE 'Z!o%' ESCAPE '!'
        SELECT a FROM t WHERE true
        SELECT a FROM t WHERE false
        SELECT a FROM t WHERE NULL
        SELECT a IS DISTINCT FROM 2, a IS NOT DISTINCT FROM NULL, (a > 1) IS TRUE, (a > 1) IS NOT FALSE FROM t
        SELECT a FROM t ORDER BY a
        SELECT "select", "a b", "Grün", coco_x, "x.y"."p q" FROM "weird "" näme"
        SELECT "Grün" AS "grün", "select" AS "SELECT 1" FROM "weird "" näme" WHERE "a b" = 'q'
    """,
    "expressions": """
        SELECT -a, +a, a + 1, a - 1, a * 2, a / 2, a // 2, a % 2, a ** 2, a ^ 2 FROM t
        SELECT a & 1, a | 4, a << 1, a >> 1, ~a, xor(a, 3) FROM t
        SELECT b || '-' || a, concat(b, a), concat_ws(',', b, a) FROM t
        SELECT CASE WHEN a > 2 THEN 'big' WHEN a > 1 THEN 'mid' ELSE 'small' END FROM t
        SELECT CASE a WHEN 1 THEN 'one' WHEN 2 THEN 'two' END FROM t
        SELECT coalesce(a, 0), ifnull(a, -1), nullif(a, 2), greatest(a, 3), least(a, 3) FROM t
        SELECT if(a > 2, 'y', 'n') FROM t
        SELECT CAST(a AS VARCHAR), a::DOUBLE, TRY_CAST(b AS INTEGER), a::DECIMAL(10, 3) FROM t
        SELECT TRY(CAST(b AS INTEGER)) FROM t
        SELECT upper(b), lower(b), length(b), substr(b, 1, 1), left(b, 1), right(b, 1), reverse(b), b[1] FROM t
        SELECT replace(b, 'x', 'y'), trim(b), lpad(b, 5, '*'), strpos(b, 'o'), repeat(b, 2), ascii(b) FROM t
        SELECT substring(b FROM 1 FOR 2), position('o' IN b), overlay('abc' PLACING 'x' FROM 2) FROM t
        SELECT regexp_replace(b, 'o', '0', 'g'), regexp_matches(b, '^x'), regexp_extract(b, '(.)', 1) FROM t
        SELECT regexp_extract_all(b, '.'), string_split(b, 'o'), regexp_extract(b, '(.)(.)?', ['p', 'q']) FROM t
        SELECT abs(d), round(d, 1), floor(d), ceil(d), sqrt(abs(d)), sign(d), exp(d), pi() FROM t
        SELECT hash(a), md5(b), sha256(b) FROM t
        SELECT w + INTERVAL 1 DAY, w - INTERVAL '2 hours', date_trunc('month', w), extract(year FROM w) FROM t
        SELECT date_part('dow', w), year(w), strftime(w, '%Y-%m'), w::DATE, age(w, TIMESTAMP '2024-01-01') FROM t
        SELECT date_diff('day', w, TIMESTAMP '2024-06-01'), date_add(w::DATE, INTERVAL 1 MONTH), last_day(w) FROM t
        SELECT epoch(w), make_date(2024, 1, a), to_days(a), time_bucket(INTERVAL '1 week', w) FROM t
        SELECT strptime('2024-01-0' || a, '%Y-%m-%d') FROM t WHERE a < 9
        SELECT DATE '2024-01-01', TIMESTAMP '2024-01-01 10:00:00', TIME '10:00', INTERVAL '1 month 3 days', TIMESTAMPTZ '2024-01-01 00:00:00+01'
        SELECT 1.5, 1e3, 123456789012345678901234567890, 0x1F, 1_000, true, 'it''s', e'tab\\t', ''
        SELECT 'inf'::DOUBLE, 'nan'::DOUBLE, '-infinity'::FLOAT, 'infinity'::DATE, '-infinity'::TIMESTAMP
        SELECT 255::UTINYINT, 1::HUGEINT, 1::UBIGINT, -1::SMALLINT, 'abc'::BLOB, '\\xAB'::BLOB, '101'::BIT
        SELECT NULL::INTEGER, NULL::VARCHAR, NULL::INTEGER[], NULL::STRUCT(x INTEGER)
        SELECT 'happy'::mood, NULL::mood, enum_range(NULL::mood), 'a'::ENUM('a', 'b')
        SELECT * FROM k
        SELECT price * 2, price + 1, price / 3, price::INTEGER, round(price), price > 1.5 FROM k
        SELECT feel = 'ok', feel > 'sad', feel::VARCHAR, enum_code(feel) FROM k
        SELECT day + 1, day - DATE '2000-01-01', moment, moment::DATE, wait * 2, clock, moment > TIMESTAMPTZ '2000-01-01 00:00:00+00' FROM k
        SELECT raw, u, big, small, bits, f, arr, arr[2], octet_length(raw), hex(raw) FROM k
        SELECT f = 'nan'::FLOAT, isnan(f), isinf(f) FROM k
        SELECT [1, 2, a], [a, NULL], [], list_value(a, 1), [[a]], l[1], l[1:2], l[-1] FROM t
        SELECT len(l), list_contains(l, 2), list_concat(l, [a]), list_sort(l), list_distinct(l), list_sum(l), l || [1] FROM t
        SELECT list_slice(l, 1, 1), array_position(l, 2), list_reverse(l), flatten([l, l]), range(a), generate_series(1, a) FROM t WHERE a < 6
        SELECT list_aggregate(l, 'max'), list_sort(l, 'DESC', 'NULLS LAST'), list_unique(l), list_has_any(l, [1, 3]) FROM t
        SELECT array_value(1, 2, a), array_inner_product(arr::FLOAT[3], [1, 2, 3]::FLOAT[3]) FROM t, k WHERE id = 1
        SELECT {'x': a, 'y': b}, struct_pack(p := a, q := b), row(a, b), (a, b) FROM t
        SELECT s.x, s.y, s['y'], struct_extract(s, 'x'), s.* FROM u
        SELECT struct_insert(s, z := c), struct_keys(s) FROM u
        SELECT m['k'], map_keys(m), map_values(m), cardinality(m), element_at(m, 'l'), MAP {'a': c}, map([c], ['v']) FROM u WHERE c IS NOT NULL
        SELECT map_from_entries([(a, b)]) FROM t WHERE a IS NOT NULL
        SELECT union_value(n := a), union_tag(union_value(n := a)) FROM t
        SELECT list_transform(l, lambda x: x + 1), list_filter(l, lambda x: x > 1), list_reduce([1, 2, a], lambda x, y: x + y) FROM t WHERE a IS NOT NULL
        SELECT list_transform(l, lambda x: x + a), list_transform(l, lambda x, i: x * i + a) FROM t
        SELECT list_transform([l, l], lambda x: list_transform(x, lambda y: y + len(x) + a)) FROM t
        SELECT list_filter(l, lambda a: a > 1) FROM t
        SELECT [x + 1 FOR x IN l IF x > 1] FROM t
        SELECT list_transform(l, lambda x: {'v': x, 'a': a}) FROM t
        SELECT list_apply(l, lambda x: CASE WHEN x > a THEN b ELSE 'n' END) FROM t
        SELECT '{"p": 1}'::JSON, json_extract('{"p": [1, 2]}', '$.p[1]'), '{"p": 1}'::JSON ->> 'p', to_json(s) FROM u
        SELECT a::VARCHAR::INTEGER, (a + 1)::BIGINT::VARCHAR FROM t
        SELECT format('{} and {}', a, b), printf('%d', a), chr(a + 60) FROM t
        SELECT greatest(b, 'm'), b < 'm', b = 'x' COLLATE NOCASE FROM t
        SELECT bar(a, 0, 10, 5), typeof(a), pg_typeof(b), 1 = 1.0, a = 1.0, a = '2' FROM t
        SELECT a = ANY ([1, 2]), a > ALL ([1, 2]) FROM t
        SELECT (a, b) = (1, 'x'), (a, b) < (2, 'y') FROM t
        SELECT equi_width_bins(0, 10, 2, true), parse_path('a/b'), url_encode(b) FROM t
        SELECT current_schema(), current_database(), version() IS NOT NULL
        SELECT array_to_string(l, ','), list_zip(l, l), unnest(l) FROM t
    """,
    "aggregates": """
        SELECT sum(a), avg(a), min(a), max(a), count(a), count(*), count(DISTINCT b), sum(DISTINCT a) FROM t
        SELECT b, sum(a) FROM t GROUP BY b
        SELECT b, sum(a) FROM t GROUP BY ALL
        SELECT b, a % 2 AS p, count(*) FROM t GROUP BY 1, 2
        SELECT upper(b), sum(a) + 1, sum(a + 1) FROM t GROUP BY upper(b)
        SELECT b, sum(a) AS s FROM t GROUP BY b HAVING sum(a) > 2 AND count(*) > 1
        SELECT sum(a) FROM t WHERE false
        SELECT b FROM t GROUP BY b
        SELECT sum(a) FILTER (WHERE b = 'x'), count(*) FILTER (a > 1) FROM t
        SELECT string_agg(b, ', ' ORDER BY b DESC), string_agg(b ORDER BY b), listagg(b, '|' ORDER BY a, b), group_concat(b, ';' ORDER BY b) FROM t
        SELECT string_agg(DISTINCT b, ',' ORDER BY b) FROM t
        SELECT list(a ORDER BY a NULLS FIRST), array_agg(b ORDER BY a DESC, b), list(DISTINCT a ORDER BY a) FROM t
        SELECT quantile_cont(a, 0.25), quantile_disc(a, 0.5), quantile_cont(d, [0.1, 0.9]), median(a), mode(b ORDER BY b) FROM t
        SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a), percentile_disc(0.3) WITHIN GROUP (ORDER BY a DESC) FROM t
        SELECT mad(a), quantile(a, 0.5), approx_quantile(a, 0.5) FROM t
        SELECT arg_min(a, d), arg_max(b, d), min_by(b, d), max_by(a, d), arg_max(a, d, 2), max(a, 2), min(a, 2) FROM t
        SELECT histogram(a), histogram(a, [1, 3, 5]), approx_count_distinct(b) FROM t
        SELECT stddev(a), stddev_pop(a), var_samp(a), var_pop(a), corr(a, d), covar_pop(a, d), regr_slope(a, d), skewness(a), kurtosis(a), entropy(a) FROM t
        SELECT bool_and(a > 0), bool_or(a > 5), bit_and(a), bit_or(a), bit_xor(a), product(a), bitstring_agg(a, 0, 10) FROM t
        SELECT first(a ORDER BY a), last(b ORDER BY d, b), any_value(a ORDER BY a) FROM t
        SELECT sum(price), avg(price), max(feel), min(day), max(wait), max(moment), sum(small), sum(big) FROM k WHERE id = 1
        SELECT favg(d), fsum(d), kahan_sum(d), count_if(a > 1), countif(a > 1), geomean(a) FROM t
        SELECT map_from_entries(list((a, b) ORDER BY a)) FROM t WHERE b = 'x'
        SELECT a, b, sum(d) FROM t GROUP BY GROUPING SETS ((a, b), (a), ())
        SELECT a, b, sum(d) FROM t GROUP BY ROLLUP (a, b)
        SELECT a, b, sum(d), GROUPING(a), GROUPING(a, b), grouping_id(b, a) FROM t GROUP BY CUBE (a, b)
        SELECT b, sum(a) FROM t GROUP BY GROUPING SETS ((b), (b))
        SELECT sum(a) FROM t GROUP BY ()
        SELECT a + 1, count(*) FROM t GROUP BY ROLLUP (a + 1)
        SELECT count(*), 1 FROM t GROUP BY 2
        SELECT sum(x) FROM (SELECT sum(a) AS x FROM t GROUP BY b)
        SELECT b, sum(a) * 1.0 / (SELECT sum(a) FROM t) FROM t GROUP BY b
        SELECT max(s), list(s.x ORDER BY s.x), max(m['k']) FROM u
        SELECT sum(a) AS "select", sum(d) AS "SELECT" FROM t
        SELECT b, count(*) AS n FROM t GROUP BY b ORDER BY n DESC, b LIMIT 2
        SELECT list_sum(list(a)) FROM t
        SELECT weighted_avg(a, d) FROM t
        SELECT count(DISTINCT (a, b)), count((a, b)), count(t) FROM t
        SELECT sum(CASE WHEN b = 'x' THEN a END), max(len(l)) FROM t
    """,
    "joins": """
        SELECT * FROM t JOIN u ON t.a = u.a
        SELECT t.a, u.c FROM t LEFT JOIN u ON t.a = u.a
        SELECT t.a, u.c FROM t RIGHT JOIN u ON t.a = u.a
        SELECT t.a, u.c FROM t FULL JOIN u ON t.a = u.a
        SELECT * FROM t JOIN u USING (a)
        SELECT * FROM t LEFT JOIN u USING (a)
        SELECT * FROM t FULL JOIN u USING (a)
        SELECT a, c FROM t RIGHT JOIN u USING (a)
        SELECT * FROM t NATURAL JOIN u
        SELECT * FROM t NATURAL LEFT JOIN u
        SELECT t.a, c FROM t CROSS JOIN u
        SELECT t.a, c FROM t, u WHERE t.a = u.a AND u.c > 5
        SELECT t.a, u.c FROM t JOIN u ON t.a < u.a
        SELECT t.a, u.c FROM t LEFT JOIN u ON t.a < u.a AND u.c > 5
        SELECT t.a, u.c FROM t LEFT JOIN u ON t.a = u.a AND t.b = 'x'
        SELECT t.a, u.c FROM t LEFT JOIN u ON t.a = u.a OR t.a = u.c
        SELECT t.a, u.c FROM t FULL JOIN u ON t.a = u.a AND t.a + u.c > 12
        SELECT t.a, u.c FROM t JOIN u ON t.a IS NOT DISTINCT FROM u.a
        SELECT t.a, u.c FROM t LEFT JOIN u ON true
        SELECT t.a, u.c FROM t LEFT JOIN u ON false
        SELECT t.a, u.c FROM t LEFT JOIN u ON t.a + 1 = u.a * 2 - 1
        SELECT t.a, u.c, v.e FROM t JOIN u ON t.a = u.a LEFT JOIN v ON u.c = v.c
        SELECT t.a, u.c, v.e FROM t LEFT JOIN (u JOIN v ON u.c = v.c) ON t.a = u.a
        SELECT x.a, y.a FROM t x JOIN t y ON x.a = y.a AND x.b = y.b
        SELECT x.a, y.a, z.a FROM t x, t y, t z WHERE x.a = y.a AND y.a = z.a + 1
        SELECT * FROM t SEMI JOIN u ON t.a = u.a
        SELECT * FROM t ANTI JOIN u ON t.a = u.a
        SELECT * FROM t SEMI JOIN u USING (a)
        SELECT a FROM t ANTI JOIN u ON t.a < u.c
        SELECT ev.*, price FROM ev ASOF JOIN pr ON ev.id = pr.id AND ev.tick >= pr.tick
        SELECT ev.*, price FROM ev ASOF LEFT JOIN pr ON ev.id = pr.id AND ev.tick > pr.tick
        SELECT ev.*, price FROM ev ASOF JOIN pr ON ev.id = pr.id AND ev.tick <= pr.tick
        SELECT ev.*, price FROM ev ASOF JOIN pr USING (id, tick)
        SELECT * FROM vv
        SELECT vw.a, vw.twice, vv.c FROM vw JOIN vv ON vw.a = vv.a
        SELECT w1."a b", w2."Grün" FROM "weird "" näme" w1 JOIN "weird "" näme" w2 USING ("select")
        SELECT x FROM (SELECT a AS x FROM t) JOIN (SELECT c AS y FROM u) ON x = y
        SELECT t.a, (SELECT 7) + t.a FROM t
        SELECT * FROM (VALUES (1, 'p'), (2, 'q')) AS q(i, j) JOIN t ON t.a = q.i
        VALUES (1, 'p'), (2, NULL)
        SELECT * FROM (VALUES (1), (2.5)) q(n)
        SELECT i, i * 2 FROM range(5) r(i)
        SELECT * FROM generate_series(1, 10, 3)
        SELECT t.a, r.range FROM t JOIN range(3) r ON t.a = r.range
        SELECT * FROM unnest([1, 2, NULL]) q(x)
        SELECT unnest([1, 2]), unnest(['p', 'q', 'r'])
        SELECT * FROM repeat('x', 3)
    """,
    "subqueries": """
        SELECT a FROM t WHERE a IN (SELECT a FROM u)
        SELECT a FROM t WHERE a NOT IN (SELECT a FROM u)
        SELECT a FROM t WHERE a NOT IN (SELECT a FROM u WHERE a IS NOT NULL)
        SELECT a, a IN (SELECT a FROM u), a NOT IN (SELECT c FROM u WHERE c IS NOT NULL) FROM t
        SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a)
        SELECT a FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE u.a = t.a)
        SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.c > 15)
        SELECT a, EXISTS (SELECT 1 FROM u WHERE u.a = t.a AND u.c > 10) FROM t
        SELECT a, EXISTS (SELECT 1 FROM u WHERE u.a < t.a) FROM t
        SELECT a, (SELECT max(c) FROM u) FROM t
        SELECT a, (SELECT max(c) FROM u WHERE u.a = t.a) FROM t
        SELECT a, (SELECT count(*) FROM u WHERE u.a = t.a) FROM t
        SELECT a, (SELECT count(*) FROM u WHERE u.a < t.a) FROM t
        SELECT a, (SELECT sum(c) FROM u WHERE u.a = t.a AND u.c > t.d) FROM t
        SELECT a, (SELECT c FROM u WHERE u.a = t.a ORDER BY c DESC LIMIT 1) FROM t
        SELECT a FROM t WHERE a > (SELECT avg(a) FROM u)
        SELECT a FROM t WHERE a = (SELECT max(a) FROM u WHERE u.c = t.a * 10)
        SELECT a FROM t WHERE a IN (SELECT u.a FROM u WHERE u.c > t.d)
        SELECT a FROM t WHERE a NOT IN (SELECT u.a FROM u WHERE u.c > t.d)
        SELECT a, a IN (SELECT u.c FROM u WHERE u.a > t.a) FROM t
        SELECT a FROM t WHERE (a, b) IN (SELECT a, CASE WHEN a = 1 THEN 'x' END FROM u)
        SELECT a FROM t WHERE (a, d) NOT IN (SELECT a, c FROM u WHERE a IS NOT NULL AND c IS NOT NULL)
        SELECT a FROM t WHERE a > ANY (SELECT c FROM u)
        SELECT a FROM t WHERE a >= ALL (SELECT a FROM u WHERE a < 5)
        SELECT a FROM t WHERE a = ANY (SELECT a FROM u)
        SELECT a FROM t WHERE a <> ALL (SELECT a FROM u WHERE a IS NOT NULL)
        SELECT a FROM t WHERE a < ANY (SELECT u.c FROM u WHERE u.a = t.a)
        SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a AND EXISTS (SELECT 1 FROM v WHERE v.c = u.c))
        SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a AND EXISTS (SELECT 1 FROM v WHERE v.c = u.c AND v.e = t.a))
        SELECT a, (SELECT sum((SELECT max(e) FROM v WHERE v.c = u.c)) FROM u WHERE u.a = t.a) FROM t
        SELECT a, (SELECT count(*) FROM u WHERE u.a = t.a AND u.c = (SELECT max(c) FROM v WHERE v.e >= t.a)) FROM t
        SELECT a, ARRAY(SELECT c FROM u WHERE u.a = t.a ORDER BY c) FROM t
        SELECT a FROM t WHERE a IN (SELECT a FROM u) OR b IN (SELECT s.y FROM u)
        SELECT a FROM t WHERE CASE WHEN a IN (SELECT a FROM u) THEN b = 'x' ELSE b = 'z' END
        SELECT b, sum(a) FROM t GROUP BY b HAVING sum(a) > (SELECT min(a) FROM u)
        SELECT b, sum(a), (SELECT count(*) FROM u WHERE u.a = max(t.a)) FROM t GROUP BY b
        SELECT t.a, q.c FROM t, LATERAL (SELECT c FROM u WHERE u.a = t.a) q
        SELECT t.a, q.n FROM t, LATERAL (SELECT count(*) AS n FROM u WHERE u.a = t.a) q
        SELECT t.a, q.c FROM t LEFT JOIN LATERAL (SELECT c FROM u WHERE u.a = t.a) q ON true
        SELECT t.a, q.c FROM t LEFT JOIN LATERAL (SELECT max(c) AS c FROM u WHERE u.a < t.a) q ON q.c > 5
        SELECT t.a, q.c FROM t, LATERAL (SELECT c FROM u WHERE u.a = t.a ORDER BY c NULLS LAST LIMIT 1) q
        SELECT t.a, q.x FROM t, LATERAL (SELECT t.a + 1 AS x) q
        SELECT t.a, q.x, r.y FROM t, LATERAL (SELECT t.a + 1 AS x) q, LATERAL (SELECT q.x * 2 AS y) r
        SELECT t.a, q.x FROM t, LATERAL (VALUES (t.a), (t.a * 10)) q(x)
        SELECT t.a, q.x FROM t, LATERAL (SELECT t.a AS x UNION ALL SELECT c FROM u WHERE u.a = t.a) q
        SELECT t.a, q.x FROM t, LATERAL (SELECT DISTINCT c AS x FROM u WHERE u.a = t.a) q
        SELECT (SELECT max(a) FROM t) + (SELECT min(a) FROM t)
        SELECT a, (SELECT s.y FROM u WHERE u.c = 10) FROM t
        SELECT a FROM t WHERE a = (SELECT 2)
        SELECT * FROM (SELECT a, row_number() OVER (ORDER BY a, d) AS n FROM t) WHERE n <= (SELECT count(*) FROM v WHERE e > 2)
        SELECT t.a FROM t JOIN u ON t.a = u.a AND u.c IN (SELECT c FROM v)
        SELECT t.a, u.c FROM t LEFT JOIN u ON t.a = u.a AND u.c = (SELECT max(c) FROM v)
        SELECT a, (SELECT min(x) FROM (SELECT c AS x FROM u WHERE u.a = t.a UNION ALL SELECT e FROM v WHERE v.c = t.a)) FROM t
        SELECT a, (SELECT sum(n) FROM (SELECT count(*) AS n FROM u WHERE u.a >= t.a GROUP BY u.c)) FROM t
        SELECT a, (SELECT max(r) FROM (SELECT rank() OVER (ORDER BY c) AS r FROM u WHERE u.a >= t.a)) FROM t
    """,
    "unnest": """
        SELECT a, unnest(l) FROM t
        SELECT a, unnest(l), unnest([1, 2, 3]) FROM t
        SELECT t.a, x FROM t, unnest(l) q(x)
        SELECT t.a, x FROM t, unnest(t.l) q(x) WHERE x > 1
        SELECT t.a, x, y FROM t, unnest(l) q(x), unnest(l) r(y)
        SELECT t.a, x, u.c FROM t, unnest(l) q(x), u WHERE u.a = x
        SELECT x, count(*) FROM t, unnest(l) q(x) GROUP BY x
        SELECT t.a, x FROM t LEFT JOIN unnest(l) q(x) ON true
        SELECT t.a, q.x FROM t, LATERAL (SELECT unnest(l) AS x) q
        SELECT t.a, q.x FROM t, LATERAL (SELECT x * 2 AS x FROM unnest(l) r(x) WHERE x > t.a) q
        SELECT a, (SELECT max(x) FROM unnest(l) q(x)) FROM t
        SELECT a, (SELECT sum(x) FROM unnest(l) q(x) WHERE x > t.a) FROM t
        SELECT a, EXISTS (SELECT 1 FROM unnest(l) q(x) WHERE x = t.a) FROM t
        SELECT a FROM t WHERE a IN (SELECT unnest(l))
        SELECT a, list_transform(l, lambda x: x + a), unnest(list_filter(l, lambda x: x > 1)) FROM t
        SELECT c, unnest(s) FROM u
        SELECT unnest([{'p': a, 'q': b}], recursive := true) FROM t
        SELECT c, unnest(map_entries(m)) FROM u
        SELECT c, e.key, e.value FROM u, unnest(map_entries(m)) q(e)
        SELECT t.a, i FROM t, range(t.a) r(i) WHERE t.a < 6
        SELECT t.a, i FROM t, generate_series(1, t.a) r(i)
        SELECT t.a, i FROM t, LATERAL generate_series(t.a, t.a + 4, 2) r(i)
        SELECT t.a, i FROM t, range(t.w, t.w + INTERVAL 2 DAY, INTERVAL 1 DAY) r(i)
        SELECT unnest(string_split(b, 'o')) AS part, count(*) FROM t GROUP BY part
        SELECT * FROM (SELECT unnest(l) AS x, a FROM t) WHERE x > a
        SELECT t.a, x FROM t, unnest(list_concat(l, [t.a])) q(x)
        SELECT t.a, x FROM vw JOIN t USING (a), unnest(l) q(x)
        SELECT DISTINCT x FROM t, unnest(l) q(x) ORDER BY x LIMIT 3
    """,
    "windows": """
        SELECT a, row_number() OVER (ORDER BY a, b, d) FROM t
        SELECT a, rank() OVER (PARTITION BY b ORDER BY a), dense_rank() OVER (ORDER BY a DESC NULLS FIRST) FROM t
        SELECT a, percent_rank() OVER (ORDER BY a), cume_dist() OVER (ORDER BY a), ntile(3) OVER (ORDER BY a, b, d) FROM t
        SELECT a, sum(a) OVER (), sum(a) OVER (PARTITION BY b), count(*) OVER (ORDER BY a) FROM t
        SELECT a, lag(a) OVER (ORDER BY a, b, d), lead(a, 2, -1) OVER (ORDER BY a, b, d), lag(b, 1) OVER (PARTITION BY b ORDER BY a, d) FROM t
        SELECT a, first_value(a) OVER w, last_value(a) OVER w, nth_value(a, 2) OVER w FROM t WINDOW w AS (PARTITION BY b ORDER BY a, d)
        SELECT a, sum(a) OVER (ORDER BY a, b, d ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM t
        SELECT a, sum(a) OVER (ORDER BY a ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM t
        SELECT a, sum(a) OVER (ORDER BY a, b, d ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) FROM t
        SELECT a, sum(a) OVER (ORDER BY a RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM t
        SELECT a, sum(d) OVER (ORDER BY d RANGE BETWEEN 1.5 PRECEDING AND CURRENT ROW) FROM t
        SELECT a, count(*) OVER (ORDER BY w RANGE BETWEEN INTERVAL 2 DAY PRECEDING AND INTERVAL 1 DAY FOLLOWING) FROM t
        SELECT a, sum(a) OVER (ORDER BY a DESC RANGE BETWEEN 2 PRECEDING AND 1 PRECEDING) FROM t
        SELECT a, sum(a) OVER (ORDER BY b GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM t
        SELECT a, sum(a) OVER (ORDER BY b GROUPS BETWEEN CURRENT ROW AND 2 FOLLOWING) FROM t
        SELECT a, sum(a) OVER (ORDER BY a ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW) FROM t
        SELECT a, sum(a) OVER (ORDER BY b RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE GROUP) FROM t
        SELECT a, sum(a) OVER (ORDER BY b ROWS BETWEEN 2 PRECEDING AND CURRENT ROW EXCLUDE TIES) FROM t
        SELECT a, sum(a) FILTER (WHERE b = 'x') OVER (PARTITION BY a % 2) FROM t
        SELECT a, count(DISTINCT b) OVER (PARTITION BY a % 2), sum(DISTINCT a) OVER () FROM t
        SELECT a, last_value(a IGNORE NULLS) OVER (ORDER BY d, b), first_value(b IGNORE NULLS) OVER (ORDER BY d DESC, b) FROM t
        SELECT a, lag(a IGNORE NULLS) OVER (ORDER BY d, b, a), lead(a RESPECT NULLS) OVER (ORDER BY d, b, a) FROM t
        SELECT a, string_agg(b, ',') OVER (ORDER BY a, b, d), list(a) OVER (ORDER BY a, b, d ROWS 2 PRECEDING) FROM t
        SELECT a, string_agg(b, ',' ORDER BY b) OVER (PARTITION BY a % 2) FROM t
        SELECT a, quantile_cont(a, 0.5) OVER (PARTITION BY b), median(d) OVER (), mode(b) OVER (PARTITION BY a) FROM t
        SELECT a, arg_max(b, d) OVER (ORDER BY d ROWS UNBOUNDED PRECEDING) FROM t
        SELECT a, b FROM t QUALIFY row_number() OVER (PARTITION BY b ORDER BY a, d) = 1
        SELECT a, b, rank() OVER (ORDER BY a) AS r FROM t QUALIFY r < 3
        SELECT b, sum(a), rank() OVER (ORDER BY sum(a)) FROM t GROUP BY b
        SELECT b, sum(sum(a)) OVER (ORDER BY b) FROM t GROUP BY b
        SELECT a, sum(a) OVER (ORDER BY a ROWS BETWEEN a PRECEDING AND 1 FOLLOWING) FROM t WHERE a IS NOT NULL
        SELECT a, row_number() OVER (PARTITION BY upper(b) ORDER BY a + 1, d, b) + 1 FROM t
        SELECT a, max(l) OVER (PARTITION BY b), min(w) OVER (ORDER BY w) FROM t
        SELECT a, x FROM (SELECT a, sum(a) OVER (PARTITION BY b) AS x FROM t) WHERE x > 2
        SELECT a, sum(x) OVER (ORDER BY a) FROM (SELECT a, count(*) OVER (PARTITION BY b) AS x FROM t)
        SELECT sum(price) OVER (ORDER BY id), lag(feel) OVER (ORDER BY id), avg(price) OVER (ORDER BY day RANGE BETWEEN INTERVAL 1 MONTH PRECEDING AND CURRENT ROW) FROM k
        SELECT a, fill(a) OVER (ORDER BY w) FROM t WHERE w IS NOT NULL
        SELECT a, cume_dist(ORDER BY a) OVER (PARTITION BY b ORDER BY a) FROM t
    """,
    "sets": """
        SELECT a FROM t UNION SELECT a FROM u
        SELECT a FROM t UNION ALL SELECT a FROM u
        SELECT a FROM t INTERSECT SELECT a FROM u
        SELECT a FROM t EXCEPT SELECT a FROM u
        SELECT a FROM t INTERSECT ALL SELECT a FROM u
        SELECT a FROM t EXCEPT ALL SELECT a FROM u
        SELECT a, b FROM t UNION ALL SELECT c, 'u' FROM u UNION ALL SELECT e, 'v' FROM v
        SELECT a FROM t UNION (SELECT a FROM u EXCEPT SELECT c FROM v)
        SELECT a, b FROM t UNION BY NAME SELECT c, a FROM u
        SELECT a, b FROM t UNION ALL BY NAME SELECT b, a FROM vw
        SELECT a FROM t UNION ALL SELECT d FROM t
        SELECT DISTINCT b FROM t
        SELECT DISTINCT a, b FROM t
        SELECT DISTINCT ON (b) b, a FROM t ORDER BY b, a DESC, d
        SELECT DISTINCT ON (a % 2, b) a, b, d FROM t ORDER BY a % 2, b, a, d
        SELECT a FROM t ORDER BY a LIMIT 3
        SELECT a FROM t ORDER BY a DESC NULLS LAST, b LIMIT 3 OFFSET 2
        SELECT a, b FROM t ORDER BY ALL LIMIT 4
        SELECT a FROM t ORDER BY a LIMIT 50%
        SELECT a FROM t ORDER BY a OFFSET 5
        SELECT a FROM t ORDER BY a LIMIT 1 + 1
        SELECT a FROM t ORDER BY b NULLS FIRST, d, a LIMIT 2
        SELECT a FROM t ORDER BY d + 1, a LIMIT 2
        SELECT a FROM (SELECT a FROM t ORDER BY a LIMIT 5) WHERE a > 1
        (SELECT a FROM t ORDER BY a LIMIT 2) UNION ALL (SELECT a FROM u ORDER BY a DESC LIMIT 2)
        SELECT a FROM t UNION SELECT a FROM u ORDER BY a LIMIT 3
        SELECT * FROM t WHERE 1 = 0 UNION ALL SELECT * FROM t
    """,
    "ctes": """
        WITH q AS (SELECT a, b FROM t WHERE a > 1) SELECT * FROM q
        WITH q AS (SELECT a, b FROM t) SELECT x.a, y.b FROM q x JOIN q y ON x.a = y.a
        WITH q AS MATERIALIZED (SELECT a, sum(d) AS s FROM t GROUP BY a) SELECT * FROM q x LEFT JOIN q y ON x.a = y.a + 1
        WITH q(p, r) AS (SELECT a, b FROM t), z AS (SELECT p, count(*) AS n FROM q GROUP BY p) SELECT q.*, n FROM q JOIN z USING (p)
        WITH q AS (SELECT 1 AS one) SELECT a FROM t WHERE a = (SELECT one FROM q)
        WITH q AS (SELECT a FROM t) SELECT a FROM u WHERE a IN (SELECT a FROM q)
        WITH q AS (SELECT a FROM t) SELECT a, (SELECT count(*) FROM q WHERE q.a < u.a) FROM u
        WITH q AS NOT MATERIALIZED (SELECT a FROM t) SELECT * FROM q UNION ALL SELECT * FROM q
        WITH unused AS (SELECT * FROM v), q AS (SELECT a FROM t) SELECT a FROM q
        SELECT a, (WITH q AS (SELECT c FROM u WHERE u.a = t.a) SELECT max(x.c + y.c) FROM q x, q y) FROM t
        WITH q AS (SELECT a, unnest(l) AS x FROM t) SELECT x, count(*) FROM q GROUP BY x HAVING count(*) > (SELECT avg(x) - 3 FROM q)
        SELECT plus(a, 1), clamp(a), clamp(a, lo := 3) FROM t
        SELECT * FROM above(2)
        SELECT x.a FROM above(1) x JOIN above(2) y USING (a)
        SELECT * FROM vw WHERE twice > 4
        SELECT twice, count(*) FROM vw GROUP BY ALL
        SELECT a AS x, x + 1 AS y, y * 2 AS z FROM t WHERE x > 1
    """,
    "pivots": """
        PIVOT sales ON year IN (2023, 2024) USING sum(amount)
        PIVOT sales ON year IN (2023, 2024) USING sum(amount) GROUP BY region
        PIVOT sales ON year IN (2023, 2024), q IN (1, 2) USING sum(amount) AS total, count(*) AS n GROUP BY region
        SELECT * FROM sales PIVOT (sum(amount) FOR year IN (2023, 2024) GROUP BY region)
        UNPIVOT months ON jan, feb, mar INTO NAME month VALUE amount
        SELECT * FROM months UNPIVOT (amount FOR month IN (jan, feb, mar))
        SELECT * FROM months UNPIVOT INCLUDE NULLS (amount FOR month IN (jan, feb, mar))
        SELECT month, sum(amount) FROM (UNPIVOT months ON COLUMNS(* EXCLUDE who) INTO NAME month VALUE amount) GROUP BY month
    """,
    "collations": """
        SELECT s FROM cn WHERE s = 'A'
        SELECT s, count(*), sum(n) FROM cn GROUP BY s
        SELECT DISTINCT s FROM cn
        SELECT s, n FROM cn ORDER BY s, n LIMIT 3
        SELECT x.n, y.n FROM cn x JOIN cn y ON x.s = y.s
        SELECT x.n, y.n FROM cn x LEFT JOIN cn y ON x.s = y.s AND x.n < y.n
        SELECT n FROM cn WHERE s IN ('a', 'q')
        SELECT n FROM cn WHERE s IN (SELECT upper(left(b || 'a', 1)) FROM t UNION SELECT 'B')
        SELECT n, rank() OVER (ORDER BY s), row_number() OVER (PARTITION BY s ORDER BY n) FROM cn
        SELECT upper(s), s || 'x', s LIKE 'a%' FROM cn
        SELECT min(s), max(s), count(DISTINCT s) FROM cn
        SELECT string_agg(s, ',' ORDER BY s, n) FROM cn
        SELECT b FROM t ORDER BY b COLLATE NOCASE, a LIMIT 3
        SELECT b COLLATE NOCASE, count(*) FROM t GROUP BY 1
        SELECT a FROM t WHERE b COLLATE NOCASE = 'zoË'
        SELECT s FROM cn UNION SELECT b FROM t
        SELECT n, (SELECT count(*) FROM t WHERE t.b = cn.s) FROM cn
        SELECT CASE WHEN s > 'a' THEN s ELSE 'none' END FROM cn
    """,
    "further": """
        SELECT table_name FROM information_schema.tables WHERE table_name = 't'
        SELECT * FROM g
        SELECT id, doc->'k', doc->>'$.k[0]', json_array_length(doc->'k') FROM j
        SELECT t.a, x, i FROM t, unnest(l) WITH ORDINALITY q(x, i)
        SELECT * FROM unnest([5,6]) WITH ORDINALITY q(x, i)
        SELECT * FROM range(3) WITH ORDINALITY q(x, i)
        PIVOT big ON p IN (0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25) USING sum(v)
        SELECT a FROM t WHERE a IN (1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20)
        SELECT s, s.x + 1 FROM (SELECT unnest(list(s)) AS s FROM u)
        SELECT a, b FROM t GROUP BY ALL ORDER BY ALL
        SELECT l, count(*) FROM t GROUP BY l
        SELECT s, count(*) FROM u GROUP BY s
        SELECT DISTINCT l, s FROM t, u
        SELECT t.a, q.* FROM t LEFT JOIN LATERAL (SELECT count(*) AS n, max(c) AS m FROM u WHERE u.a = t.a HAVING count(*) > 0) q ON true
        SELECT a, (SELECT list(c ORDER BY c) FROM u WHERE u.a = t.a), (SELECT first(c ORDER BY c) FROM u WHERE u.a >= t.a) FROM t
        SELECT a FROM t WHERE l IN (SELECT l FROM t WHERE a = 1)
        SELECT a FROM t x WHERE EXISTS (SELECT 1 FROM t y WHERE y.l = x.l AND y.a > x.a)
        SELECT a, (SELECT max(y.a) FROM t y WHERE y.l = x.l) FROM t x
        SELECT u.c, (SELECT count(*) FROM t WHERE t.a = u.s.x) FROM u
        SELECT a, row_number() OVER () FROM (SELECT a FROM t WHERE a = 1)
        SELECT max(a) OVER w, min(a) OVER w FROM t WINDOW w AS (PARTITION BY b ORDER BY d ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
        SELECT * FROM (SELECT a FROM t ORDER BY a LIMIT 3) x JOIN u USING (a)
        SELECT a, sum(d) FROM t GROUP BY a ORDER BY sum(d) DESC LIMIT 1
        SELECT CASE WHEN a > 2 THEN NULL ELSE a END, NULL, [NULL], {'a': NULL} FROM t
        SELECT current_date IS NOT NULL, now() IS NOT NULL, today() IS NOT NULL FROM t
        SELECT random() < 2 FROM t
        SELECT nextval('sq') > 0 FROM t
        SELECT t.a, (SELECT random() < 2 WHERE t.a > 1) FROM t
        SELECT t.a, x FROM t, (SELECT random() < 2 AS x, t.a AS y) q
        SELECT a::JSON, {'x': a}::JSON FROM t
        SELECT b COLLATE DE FROM t ORDER BY 1
        SELECT x.b FROM t x JOIN t y ON x.b COLLATE NOACCENT = y.b COLLATE NOACCENT
        SELECT b FROM t WHERE b COLLATE NOCASE.NOACCENT = 'zoe'
        SELECT a FROM t WHERE contains(b, 'x') AND starts_with(b, 'x') AND b ^@ 'x' AND suffix(b, 'x')
        SELECT epoch_ms(w), to_timestamp(a), make_timestamp(2024,1,1,a,0,0), dayname(w), date_sub('month', w, TIMESTAMP '2025-01-01') FROM t
        SELECT TIMESTAMP '2024-01-01' AT TIME ZONE 'Europe/Berlin', w AT TIME ZONE 'UTC' FROM t
        SELECT a::BIT, '101'::BIT & '110'::BIT, bit_count(a) FROM t
        SELECT a FROM t WHERE a = 1 OR a IS NULL UNION ALL SELECT NULL
        SELECT * FROM (VALUES ('a', 1.5, DATE '2024-01-01', [1], {'k': 1})) v
        SELECT * FROM (VALUES (1, now() IS NULL), (2, true)) v
        SELECT sum(a) FILTER (WHERE a > 1), sum(a) FILTER (WHERE a > 1) + 1 FROM t
        SELECT DISTINCT ON (b) * FROM (SELECT a, b FROM t WHERE b = 'z') ORDER BY b
        SELECT t.a FROM t, u, v WHERE t.a = u.a AND u.c = v.c AND v.e IN (SELECT a FROM t)
        SELECT list(x ORDER BY x) FROM (SELECT DISTINCT unnest(l) AS x FROM t)
        SELECT approx_top_k(b, 2) IS NOT NULL, reservoir_quantile(a, 0.5) IS NOT NULL, arbitrary(1), list_distinct(list(a)) IS NOT NULL FROM t
        SELECT a.b FROM (SELECT {'b': a} AS a FROM t) a
        SELECT t FROM t
        SELECT t.a, u FROM t JOIN u USING (a)
        SELECT struct_pack(*COLUMNS(*)) FROM (SELECT a, b FROM t)
        SELECT min(COLUMNS(*)) FROM (SELECT a, b FROM t)
        SELECT getvariable('x'), current_setting('threads') > 0
        SELECT error('x') FROM t WHERE false
        SELECT a, b FROM t WHERE (a, b) IN ((1, 'x'), (5, 'z'))
        SELECT a FROM t WHERE a NOT IN (SELECT c FROM v WHERE c IS NOT NULL) AND b NOT IN ('q')
        SELECT first(a ORDER BY a), first(b) FILTER (WHERE b = 'z') FROM t
        SELECT count(*) FROM t, t t2, t t3
        SELECT a, b, count(*) OVER (PARTITION BY b) AS c FROM t ORDER BY c DESC, a, d LIMIT 2
        SELECT x FROM (SELECT a AS x FROM t UNION ALL SELECT c FROM u) WHERE x > 3
        SELECT a FROM t WHERE d::VARCHAR LIKE '%5' AND a::VARCHAR IN ('1','2')
        SELECT CAST(l AS VARCHAR), CAST(l AS DOUBLE[]), CAST([a] AS INTEGER[1]), l::VARCHAR[] FROM t
        SELECT list_transform(l, lambda x: list_transform([1,2], lambda x: x * 2)) FROM t
        SELECT apply(l, lambda x: x::VARCHAR || b) FROM t
        SELECT map_extract(m, 'k'), m.k FROM u
        SELECT list_reduce(l, lambda acc, x: acc + x, 0) FROM t
        SELECT list_filter(l, lambda x, i: i > 1 AND x > a) FROM t
        SELECT [a for a in l], [x*y for x, y in l] FROM t
        SELECT regexp_split_to_array(b, 'o'), string_split_regex(b, '[ox]'), regexp_full_match(b, 'x') FROM t
        SELECT array_agg(DISTINCT b ORDER BY b) FILTER (WHERE a > 0), array_agg({'a': a, 'b': b} ORDER BY a, b, d) FROM t
        SELECT a + 1 AS a, a AS b FROM t ORDER BY a
        SELECT count(DISTINCT a) FILTER (WHERE b = 'x'), count(DISTINCT a + 1), sum(DISTINCT d ORDER BY d) FROM t
        SELECT quantile_cont(w, 0.5), quantile_disc(b, [0.25, 0.75]), quantile_cont(price, 0.3) FROM t, k
        SELECT percentile_cont([0.25, 0.5]) WITHIN GROUP (ORDER BY d), mode() WITHIN GROUP (ORDER BY a) FROM t WHERE a = 1
        SELECT bool_and(a > 0) OVER (PARTITION BY b), string_agg(b, '-' ORDER BY b DESC) OVER (), count(*) FILTER (a > 1) OVER () FROM t
        SELECT lead(a, 1, 0 IGNORE NULLS) OVER (ORDER BY d, b), nth_value(a, 2 IGNORE NULLS) OVER (ORDER BY d, b) FROM t
        SELECT rank(ORDER BY a DESC) OVER (ORDER BY d) FROM t
        SELECT first_value(a ORDER BY d DESC) OVER (PARTITION BY b ORDER BY a) FROM t
        SELECT sum(a) OVER (ORDER BY price RANGE BETWEEN 1.5 PRECEDING AND 2 FOLLOWING) FROM t, k
        SELECT count(*) OVER (ORDER BY moment RANGE BETWEEN INTERVAL 30 DAY PRECEDING AND INTERVAL 1 MONTH FOLLOWING), count(*) OVER (ORDER BY day DESC RANGE BETWEEN INTERVAL 30 DAY PRECEDING AND CURRENT ROW) FROM k
    """,
    "corners": """
        SELECT * FROM (DESCRIBE t)
        TABLE t
        SELECT * FROM "o db"."T t"
        SELECT x, x = 'p', x::VARCHAR FROM "o db".e
        SELECT p, p.x, q[1].y FROM pts
        SELECT p FROM pts WHERE p = {'x': 1, 'y': 2}
        SELECT sum2(a), cnt(1) FROM t
        SELECT a, cnt(a) FROM t
        SELECT x, x.i, union_tag(x), x.s FROM un
        SELECT v, v::VARCHAR FROM va
        SELECT row(1,2), row(a), (1, 'x'), [(a, b)] FROM t
        SELECT a FROM t WHERE NOT EXISTS (SELECT * FROM u WHERE u.a = t.a OR u.c = t.a)
        SELECT a, b FROM t WHERE (SELECT count(*) FROM u WHERE u.a = t.a) > 1 OR a NOT IN (SELECT a FROM u WHERE a IS NOT NULL)
        SELECT a, (SELECT (SELECT (SELECT max(e) FROM v WHERE v.c > u.c AND v.e < t.a) FROM u WHERE u.a = t.a LIMIT 1)) FROM t WHERE a < 2
        SELECT x.a, (SELECT count(*) FROM t y WHERE y.b = x.b AND y.a < (SELECT avg(z.a) FROM t z WHERE z.b = y.b OR z.a = x.a)) FROM t x
        SELECT a, (SELECT string_agg(x::VARCHAR, ',' ORDER BY x) FROM (SELECT DISTINCT unnest(l) AS x)) FROM t
        SELECT a, (SELECT list(x ORDER BY x DESC) FROM unnest(l) q(x)), list_sort(l) FROM t
        SELECT a, (SELECT sum(x * y) FROM unnest(l) q(x), unnest(l) r(y) WHERE x <> y) FROM t
        SELECT a, (SELECT count(*) FROM unnest(l) q(x) JOIN u ON u.a = x) FROM t
        SELECT a, x FROM t, LATERAL (SELECT x FROM unnest(l) q(x) ORDER BY x DESC LIMIT 1) s
        SELECT a, x, n FROM t, LATERAL (SELECT x, row_number() OVER (ORDER BY x) AS n FROM unnest(l) q(x)) s
        SELECT t.a, s.n FROM t, LATERAL (SELECT count(*) AS n FROM unnest(l) q(x) JOIN u ON u.a = x AND u.c > t.a) s
        SELECT t.a, s.x FROM t LEFT JOIN LATERAL (SELECT x FROM unnest(l) q(x) WHERE x > 1) s ON s.x < 8
        SELECT t.a, k, v FROM t, LATERAL (SELECT unnest(['p','q']) AS k, unnest([t.a, t.a + 1]) AS v) s
        SELECT t.a, s.* FROM t, LATERAL (SELECT u.c, v.e FROM u JOIN v ON u.c = v.c WHERE u.a = t.a) s
        SELECT t.a, s.* FROM t JOIN LATERAL (SELECT c FROM u WHERE u.a > t.a) s ON s.c = t.a + 8
        SELECT DISTINCT t.a, s.x FROM t, LATERAL (SELECT t.a UNION SELECT c FROM u WHERE u.a = t.a EXCEPT SELECT e FROM v) s(x)
        SELECT t.a, s.x FROM t, LATERAL (SELECT a FROM u WHERE u.a = t.a INTERSECT SELECT e FROM v) s(x)
        SELECT a, EXISTS (SELECT 1 FROM t y WHERE y.l = x.l AND y.a <> x.a) FROM t x
        SELECT a, a IN (SELECT unnest(l)), a NOT IN (SELECT x + 1 FROM unnest(l) q(x)) FROM t
        SELECT s.x, (SELECT count(*) FROM t WHERE t.a = s.x) FROM u
        SELECT l, (SELECT max(y.a) FROM t y WHERE y.l IS NOT DISTINCT FROM x.l) FROM t x
        WITH q AS (SELECT l, a FROM t) SELECT q.a, x FROM q, unnest(q.l) r(x) UNION ALL SELECT a, NULL FROM q
        WITH q AS (SELECT a, x FROM t, unnest(l) r(x)) SELECT y.a, y.x, z.x FROM q y JOIN q z USING (a)
        WITH q AS (SELECT a FROM t), r AS (SELECT a FROM q WHERE a > 1), z AS (SELECT a FROM q EXCEPT SELECT a FROM r) SELECT * FROM z UNION ALL SELECT * FROM r UNION ALL SELECT * FROM q
        SELECT a, b, GROUPING(a), x FROM (SELECT a, b, 1 AS x FROM t) GROUP BY GROUPING SETS ((a, x), (b, x))
        SELECT b, count(*) FROM t GROUP BY b HAVING b IN (SELECT b FROM t WHERE a > 1)
        SELECT b, sum(a) OVER (PARTITION BY b) FROM t WHERE a IN (SELECT a FROM u) QUALIFY sum(a) OVER (PARTITION BY b) > 1
        SELECT t.a FROM t FULL JOIN u ON t.a = u.a WHERE t.a IS NULL OR u.a IS NULL
        SELECT * FROM t x LEFT JOIN (SELECT a, 1 AS one FROM u) y ON x.a = y.a WHERE one IS NULL
        SELECT * FROM t ORDER BY a, b, d LIMIT 0
        SELECT a FROM t ORDER BY a LIMIT 2 OFFSET (1 + 1)
        SELECT a FROM t ORDER BY a LIMIT 30.5%
        SELECT "a" || '' FROM (SELECT b AS "a" FROM t)
        SELECT 9223372036854775807, -9223372036854775808, 18446744073709551615, 1e400 IS NULL
        SELECT 0.1::DECIMAL(3,1) + a, 1.5::DECIMAL(10,2) * 2.25::DECIMAL(5,3), a::DECIMAL(18,2) * d::DECIMAL(18,3), price * 1.1, price::DECIMAL(12,4) * (1 - price), (1 - price) * 2::BIGINT, price % 2, -price, abs(price) FROM t, k
        SELECT sum(price * (1 - 0.05::DECIMAL(3,2))), sum(price::DECIMAL(18,4) * 2), avg(price * price), sum(price) / count(*) FROM k
        SELECT date '2024-01-01' + a, a + date '2024-01-01', w::DATE - 1, interval (a) day, to_months(a), w + to_days(a) FROM t
        SELECT 'a' IN ('a', b), a IN (1.5, 2), d IN (1, 2), b IN ('x', NULL) FROM t
        SELECT a = '1', d > '0.5', w > '2024-01-10', b > 1::VARCHAR FROM t
        SELECT CASE WHEN a = 1 THEN 1 WHEN a = 2 THEN 2.5 ELSE NULL END, coalesce(a, 1.5), coalesce(b, NULL, 'x'), least(1, a, 2.5) FROM t
        SELECT if(a > 1, 1, 2::BIGINT), [1, 2.5], [1, 2::BIGINT, a], {'x': 1::UTINYINT}, 1::TINYINT + 1::TINYINT, a + 1::BIGINT, a * 1.0, a / 2::INTEGER FROM t
        SELECT list_transform([1, 2], lambda x: x + 1::BIGINT), list_transform([1, 2], lambda x: x * 1.5), list_filter([1,2], lambda x: x IN (1, 3)), list_reduce([1,2], lambda x, y: x + y + 1) FROM t
        SELECT substr('hello', 2, a), repeat('ab', a), lpad('x', a, 'y'), round(d, 1), round(1.2345, 2), trunc(d), log(2, 8), pow(2, a), greatest(1, a), mod(a, 2) FROM t WHERE a IS NOT NULL
        SELECT ntile(2) OVER (ORDER BY a, b, d), lag(a, 1, 0) OVER (ORDER BY a, b, d), lag(d, 2, 1) OVER (ORDER BY a, b, d), nth_value(a, 2::BIGINT) OVER (ORDER BY a, b, d) FROM t
        SELECT sum(a) OVER (ORDER BY a, b, d ROWS BETWEEN 1::BIGINT PRECEDING AND 2 FOLLOWING), sum(a) OVER (ORDER BY a RANGE BETWEEN 1 + 1 PRECEDING AND CURRENT ROW) FROM t
        SELECT max(a, 2), arg_min(b, d, 2), quantile_cont(d, 0.5::DOUBLE), quantile_disc(a, [0.1, 0.5, 1]), approx_quantile(d, [0.5]), histogram(b), string_agg(a::VARCHAR, '' ORDER BY a) FROM t
        SELECT count(DISTINCT b) FILTER (WHERE a > 1::BIGINT), sum(1), sum(1.5), count(1), count('x'), max('x'), list(1), avg(2) FROM t
        SELECT t.a FROM t JOIN u ON t.a = u.a AND t.a BETWEEN 1 AND 3 AND u.c BETWEEN t.a AND 100
        SELECT ev.id, p.price FROM ev ASOF JOIN (SELECT id AS i, tick AS k, price FROM pr) p ON ev.id = p.i AND ev.tick >= p.k AND p.price > 0
        SELECT ev.*, price FROM ev ASOF RIGHT JOIN (FROM pr WHERE id > 0) AS pr ON ev.id = pr.id AND ev.tick >= pr.tick
        SELECT ev.*, price FROM ev ASOF FULL JOIN (FROM pr WHERE id > 0) AS pr ON ev.id = pr.id AND ev.tick >= pr.tick
    """,
    "tpch": """
        SELECT l_returnflag, l_linestatus, sum(l_quantity) AS sum_qty, sum(l_extendedprice) AS sum_base_price, sum(l_extendedprice * (1 - l_discount)) AS sum_disc_price, sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) AS sum_charge, avg(l_quantity) AS avg_qty, avg(l_extendedprice) AS avg_price, avg(l_discount) AS avg_disc, count(*) AS count_order FROM lineitem WHERE l_shipdate <= CAST('1998-09-02' AS DATE) GROUP BY l_returnflag, l_linestatus ORDER BY l_returnflag, l_linestatus
        SELECT s_acctbal, s_name, n_name, p_partkey, p_mfgr, s_address, s_phone, s_comment FROM part, supplier, partsupp, nation, region WHERE p_partkey = ps_partkey AND s_suppkey = ps_suppkey AND p_size < 40 AND p_type LIKE '%BRASS' AND s_nationkey = n_nationkey AND n_regionkey = r_regionkey AND r_name = 'EUROPE' AND ps_supplycost = (SELECT min(ps_supplycost) FROM partsupp, supplier, nation, region WHERE p_partkey = ps_partkey AND s_suppkey = ps_suppkey AND s_nationkey = n_nationkey AND n_regionkey = r_regionkey AND r_name = 'EUROPE') ORDER BY s_acctbal DESC, n_name, s_name, p_partkey LIMIT 100
        SELECT l_orderkey, sum(l_extendedprice * (1 - l_discount)) AS revenue, o_orderdate, o_shippriority FROM customer, orders, lineitem WHERE c_mktsegment = 'BUILDING' AND c_custkey = o_custkey AND l_orderkey = o_orderkey AND o_orderdate < CAST('1995-03-15' AS DATE) AND l_shipdate > CAST('1995-03-15' AS DATE) GROUP BY l_orderkey, o_orderdate, o_shippriority ORDER BY revenue DESC, o_orderdate, l_orderkey LIMIT 10
        SELECT o_orderpriority, count(*) AS order_count FROM orders WHERE o_orderdate >= CAST('1993-07-01' AS DATE) AND o_orderdate < CAST('1996-10-01' AS DATE) AND EXISTS (SELECT * FROM lineitem WHERE l_orderkey = o_orderkey AND l_commitdate < l_receiptdate) GROUP BY o_orderpriority ORDER BY o_orderpriority
        SELECT n_name, sum(l_extendedprice * (1 - l_discount)) AS revenue FROM customer, orders, lineitem, supplier, nation, region WHERE c_custkey = o_custkey AND l_orderkey = o_orderkey AND l_suppkey = s_suppkey AND c_nationkey = s_nationkey AND s_nationkey = n_nationkey AND n_regionkey = r_regionkey AND r_name = 'ASIA' AND o_orderdate >= CAST('1994-01-01' AS DATE) AND o_orderdate < CAST('1997-01-01' AS DATE) GROUP BY n_name ORDER BY revenue DESC
        SELECT sum(l_extendedprice * l_discount) AS revenue FROM lineitem WHERE l_shipdate >= CAST('1994-01-01' AS DATE) AND l_shipdate < CAST('1996-01-01' AS DATE) AND l_discount BETWEEN 0.05 AND 0.07 AND l_quantity < 24
        SELECT supp_nation, cust_nation, l_year, sum(volume) AS revenue FROM (SELECT n1.n_name AS supp_nation, n2.n_name AS cust_nation, extract(year FROM l_shipdate) AS l_year, l_extendedprice * (1 - l_discount) AS volume FROM supplier, lineitem, orders, customer, nation n1, nation n2 WHERE s_suppkey = l_suppkey AND o_orderkey = l_orderkey AND c_custkey = o_custkey AND s_nationkey = n1.n_nationkey AND c_nationkey = n2.n_nationkey AND ((n1.n_name = 'FRANCE' AND n2.n_name = 'GERMANY') OR (n1.n_name = 'GERMANY' AND n2.n_name = 'FRANCE')) AND l_shipdate BETWEEN CAST('1995-01-01' AS DATE) AND CAST('1996-12-31' AS DATE)) AS shipping GROUP BY supp_nation, cust_nation, l_year ORDER BY supp_nation, cust_nation, l_year
        SELECT o_year, sum(CASE WHEN nation = 'CHINA' THEN volume ELSE 0 END) / sum(volume) AS mkt_share FROM (SELECT extract(year FROM o_orderdate) AS o_year, l_extendedprice * (1 - l_discount) AS volume, n2.n_name AS nation FROM part, supplier, lineitem, orders, customer, nation n1, nation n2, region WHERE p_partkey = l_partkey AND s_suppkey = l_suppkey AND l_orderkey = o_orderkey AND o_custkey = c_custkey AND c_nationkey = n1.n_nationkey AND n1.n_regionkey = r_regionkey AND r_name = 'ASIA' AND s_nationkey = n2.n_nationkey) AS all_nations GROUP BY o_year ORDER BY o_year
        SELECT nation, o_year, sum(amount) AS sum_profit FROM (SELECT n_name AS nation, extract(year FROM o_orderdate) AS o_year, l_extendedprice * (1 - l_discount) - ps_supplycost * l_quantity AS amount FROM part, supplier, lineitem, partsupp, orders, nation WHERE s_suppkey = l_suppkey AND ps_suppkey = l_suppkey AND ps_partkey = l_partkey AND p_partkey = l_partkey AND o_orderkey = l_orderkey AND s_nationkey = n_nationkey AND p_name LIKE '%green%') AS profit GROUP BY nation, o_year ORDER BY nation, o_year DESC
        SELECT c_custkey, c_name, sum(l_extendedprice * (1 - l_discount)) AS revenue, c_acctbal, n_name FROM customer, orders, lineitem, nation WHERE c_custkey = o_custkey AND l_orderkey = o_orderkey AND o_orderdate >= CAST('1993-10-01' AS DATE) AND l_returnflag = 'R' AND c_nationkey = n_nationkey GROUP BY c_custkey, c_name, c_acctbal, n_name ORDER BY revenue DESC, c_custkey LIMIT 20
        SELECT ps_partkey, sum(ps_supplycost * ps_availqty) AS value FROM partsupp, supplier, nation WHERE ps_suppkey = s_suppkey AND s_nationkey = n_nationkey AND n_name = 'GERMANY' GROUP BY ps_partkey HAVING sum(ps_supplycost * ps_availqty) > (SELECT sum(ps_supplycost * ps_availqty) * 0.001 FROM partsupp, supplier, nation WHERE ps_suppkey = s_suppkey AND s_nationkey = n_nationkey AND n_name = 'GERMANY') ORDER BY value DESC
        SELECT l_shipmode, sum(CASE WHEN o_orderpriority = '1-URGENT' OR o_orderpriority = '2-HIGH' THEN 1 ELSE 0 END) AS high_line_count, sum(CASE WHEN o_orderpriority <> '1-URGENT' AND o_orderpriority <> '2-HIGH' THEN 1 ELSE 0 END) AS low_line_count FROM orders, lineitem WHERE o_orderkey = l_orderkey AND l_shipmode IN ('MAIL', 'SHIP') AND l_commitdate < l_receiptdate AND l_shipdate < l_commitdate GROUP BY l_shipmode ORDER BY l_shipmode
        SELECT c_count, count(*) AS custdist FROM (SELECT c_custkey, count(o_orderkey) FROM customer LEFT OUTER JOIN orders ON c_custkey = o_custkey AND o_comment NOT LIKE '%special%requests%' GROUP BY c_custkey) AS c_orders (c_custkey, c_count) GROUP BY c_count ORDER BY custdist DESC, c_count DESC
        SELECT 100.00 * sum(CASE WHEN p_type LIKE 'PROMO%' THEN l_extendedprice * (1 - l_discount) ELSE 0 END) / sum(l_extendedprice * (1 - l_discount)) AS promo_revenue FROM lineitem, part WHERE l_partkey = p_partkey AND l_shipdate >= DATE '1995-01-01'
        WITH revenue AS (SELECT l_suppkey AS supplier_no, sum(l_extendedprice * (1 - l_discount)) AS total_revenue FROM lineitem WHERE l_shipdate >= CAST('1993-01-01' AS DATE) GROUP BY supplier_no) SELECT s_suppkey, s_name, total_revenue FROM supplier, revenue WHERE s_suppkey = supplier_no AND total_revenue = (SELECT max(total_revenue) FROM revenue) ORDER BY s_suppkey
        SELECT p_brand, p_type, p_size, count(DISTINCT ps_suppkey) AS supplier_cnt FROM partsupp, part WHERE p_partkey = ps_partkey AND p_brand <> 'Brand#45' AND p_type NOT LIKE 'MEDIUM POLISHED%' AND p_size IN (1, 4, 9, 14, 19, 23, 36, 45, 49, 3) AND ps_suppkey NOT IN (SELECT s_suppkey FROM supplier WHERE s_comment LIKE '%Customer%Complaints%') GROUP BY p_brand, p_type, p_size ORDER BY supplier_cnt DESC, p_brand, p_type, p_size
        SELECT sum(l_extendedprice) / 7.0 AS avg_yearly FROM lineitem, part WHERE p_partkey = l_partkey AND p_container = 'MED BOX' AND l_quantity < (SELECT 1.2 * avg(l_quantity) FROM lineitem WHERE l_partkey = p_partkey)
        SELECT c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice, sum(l_quantity) FROM customer, orders, lineitem WHERE o_orderkey IN (SELECT l_orderkey FROM lineitem GROUP BY l_orderkey HAVING sum(l_quantity) > 60) AND c_custkey = o_custkey AND o_orderkey = l_orderkey GROUP BY c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice ORDER BY o_totalprice DESC, o_orderdate, o_orderkey LIMIT 100
        SELECT sum(l_extendedprice * (1 - l_discount)) AS revenue FROM lineitem, part WHERE (p_partkey = l_partkey AND p_brand = 'Brand#1' AND p_container IN ('SM BOX', 'MED BOX') AND l_quantity >= 1 AND l_quantity <= 21 AND p_size BETWEEN 1 AND 15 AND l_shipmode IN ('AIR', 'MAIL')) OR (p_partkey = l_partkey AND p_brand = 'Brand#2' AND l_quantity >= 10 AND p_size BETWEEN 1 AND 40)
        SELECT s_name, s_address FROM supplier, nation WHERE s_suppkey IN (SELECT ps_suppkey FROM partsupp WHERE ps_partkey IN (SELECT p_partkey FROM part WHERE p_name LIKE 'green%') AND ps_availqty > (SELECT 0.5 * sum(l_quantity) FROM lineitem WHERE l_partkey = ps_partkey AND l_suppkey = ps_suppkey AND l_shipdate >= CAST('1993-01-01' AS DATE))) AND s_nationkey = n_nationkey ORDER BY s_name
        SELECT s_name, count(*) AS numwait FROM supplier, lineitem l1, orders, nation WHERE s_suppkey = l1.l_suppkey AND o_orderkey = l1.l_orderkey AND o_orderstatus = 'F' AND l1.l_receiptdate > l1.l_commitdate AND EXISTS (SELECT * FROM lineitem l2 WHERE l2.l_orderkey = l1.l_orderkey AND l2.l_suppkey <> l1.l_suppkey) AND NOT EXISTS (SELECT * FROM lineitem l3 WHERE l3.l_orderkey = l1.l_orderkey AND l3.l_suppkey <> l1.l_suppkey AND l3.l_receiptdate > l3.l_commitdate) AND s_nationkey = n_nationkey GROUP BY s_name ORDER BY numwait DESC, s_name LIMIT 100
        SELECT cntrycode, count(*) AS numcust, sum(c_acctbal) AS totacctbal FROM (SELECT substring(c_phone FROM 1 FOR 2) AS cntrycode, c_acctbal FROM customer WHERE substring(c_phone FROM 1 FOR 2) IN ('13', '31', '23', '29', '30', '18', '17') AND c_acctbal > (SELECT avg(c_acctbal) FROM customer WHERE c_acctbal > 0.00) AND NOT EXISTS (SELECT * FROM orders WHERE o_custkey = c_custkey)) AS custsale GROUP BY cntrycode ORDER BY cntrycode
    """,
}

#: The tables of TPC-H, with few rows that make the benchmark's queries find some.
TPCH = """
CREATE TABLE region AS SELECT i AS r_regionkey, ['AFRICA', 'ASIA', 'EUROPE'][i + 1] AS r_name FROM range(3) r(i);
CREATE TABLE nation AS SELECT i AS n_nationkey, ['FRANCE', 'GERMANY', 'CHINA', 'INDIA', 'KENYA'][i + 1] AS n_name,
    [2, 2, 1, 1, 0][i + 1] AS n_regionkey FROM range(5) r(i);
CREATE TABLE supplier AS SELECT i AS s_suppkey, 'Supplier ' || i AS s_name, i % 5 AS s_nationkey, 'at ' || i AS s_address,
    '1' || i AS s_phone, (i * 37 % 100)::DECIMAL(15, 2) AS s_acctbal,
    CASE WHEN i % 7 = 0 THEN 'Customer Complaints' ELSE 'fine' END AS s_comment FROM range(20) r(i);
CREATE TABLE part AS SELECT i AS p_partkey, ['green tea', 'red tea', 'tall green'][i % 3 + 1] AS p_name, 'Mfgr ' || i % 4 AS p_mfgr,
    'Brand#' || i % 5 AS p_brand, ['SMALL BRASS', 'PROMO TIN', 'MEDIUM POLISHED BRASS'][i % 3 + 1] AS p_type, i % 50 AS p_size,
    ['SM BOX', 'MED BOX'][i % 2 + 1] AS p_container FROM range(40) r(i);
CREATE TABLE partsupp AS SELECT i % 40 AS ps_partkey, i * 7 % 20 AS ps_suppkey, i * 13 % 100 AS ps_availqty,
    (i * 11 % 50)::DECIMAL(15, 2) AS ps_supplycost FROM range(120) r(i);
CREATE TABLE customer AS SELECT i AS c_custkey, 'Customer ' || i AS c_name, i % 5 AS c_nationkey,
    ['13', '31', '23', '99'][i % 4 + 1] || '-' || i AS c_phone, (i * 29 % 200 - 20)::DECIMAL(15, 2) AS c_acctbal,
    ['BUILDING', 'AUTO'][i % 2 + 1] AS c_mktsegment FROM range(40) r(i);
CREATE TABLE orders AS SELECT i AS o_orderkey, i * 3 % 30 AS o_custkey, ['F', 'O'][i % 2 + 1] AS o_orderstatus,
    (i * 101 % 1000)::DECIMAL(15, 2) AS o_totalprice, DATE '1993-01-01' + (i * 17 % 1500)::INTEGER AS o_orderdate,
    ['1-URGENT', '2-HIGH', '3-LOW'][i % 3 + 1] AS o_orderpriority, 0 AS o_shippriority,
    CASE WHEN i % 9 = 0 THEN 'special requests' ELSE 'x' END AS o_comment FROM range(150) r(i);
CREATE TABLE lineitem AS SELECT i % 150 AS l_orderkey, i * 7 % 40 AS l_partkey, i * 3 % 20 AS l_suppkey, (i % 50)::DECIMAL(15, 2) AS l_quantity,
    (i * 19 % 1000)::DECIMAL(15, 2) AS l_extendedprice, (i % 11 / 100)::DECIMAL(15, 2) AS l_discount, 0.02::DECIMAL(15, 2) AS l_tax,
    ['R', 'A', 'N'][i % 3 + 1] AS l_returnflag, ['O', 'F'][i % 2 + 1] AS l_linestatus, DATE '1993-02-01' + (i * 13 % 1700)::INTEGER AS l_shipdate,
    DATE '1993-02-01' + (i * 13 % 1700 + i % 20)::INTEGER AS l_commitdate, DATE '1993-02-01' + (i * 13 % 1700 + i * 7 % 25)::INTEGER AS l_receiptdate,
    ['MAIL', 'SHIP', 'AIR'][i % 3 + 1] AS l_shipmode FROM range(600) r(i);
"""

#: What has no algebra, and why.
OPAQUE = {
    "WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r WHERE i < 5) SELECT * FROM r": "a recursive CTE",
    "SELECT * FROM t TABLESAMPLE reservoir(2 ROWS)": "TABLESAMPLE",
    "SELECT * FROM t POSITIONAL JOIN u": "POSITIONAL JOIN",
    "SELECT a FROM t LIMIT (SELECT 2)": "LIMIT by a subquery",
    "SELECT sum(a) EXPORT_STATE FROM t": "a column of type AGGREGATE_STATE",
    "SELECT finalize(sum(a) EXPORT_STATE) FROM t": "a column of type AGGREGATE_STATE",
    "SELECT alias(a) FROM t": "the function alias cannot be written back as SQL",
    "SELECT chr(1) || '\x01' || b FROM t": "a text has control characters",
    "SELECT t.a, j.key FROM t, json_each('{\"k\": ' || t.a || '}') j": "the table function json_each with arguments from other tables",
}


def queries() -> list[str]:
    """All of them, one a line."""
    lines = [line.strip() for text in QUERIES.values() for line in text.splitlines()]
    return [line for line in lines if line]
