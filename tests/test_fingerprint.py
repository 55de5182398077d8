"""coco_fingerprint: rows share it if and only if their values are indistinguishable."""

import itertools
import struct
from collections.abc import Iterator

import pytest
from helpers import Con
from hypothesis import strategies as st
from speeds import holds_for

import cocosql

ENUM = "ENUM('a', 'b')"

# SQL expressions of values that all differ from each other
DISTINCT = [
    "NULL",
    "true",
    "false",
    *(f"1::{t}" for t in ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"]),
    *(f"1::{t}" for t in ["UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"]),
    *("0", "-1", "256", "2::HUGEINT", "-2::HUGEINT", "18446744073709551617::HUGEINT", "18446744073709551616::HUGEINT"),
    *("1::FLOAT", "1::DOUBLE", "0.0::DOUBLE", "'-0.0'::DOUBLE", "0.0::FLOAT", "'-0.0'::FLOAT"),
    *("'nan'::DOUBLE", "'nan'::FLOAT", "'inf'::DOUBLE", "'-inf'::DOUBLE", "'-nan'::DOUBLE", "-('nan'::FLOAT)"),
    *("'-nan'::DOUBLE::VARIANT", "'nan'::DOUBLE::VARIANT", "{'a': '-nan'::FLOAT}", "{'a': 'nan'::FLOAT}"),
    *("1.0::DECIMAL(4, 1)", "1.00::DECIMAL(4, 2)", "1::DECIMAL(4, 0)", "-1.0::DECIMAL(4, 1)"),
    *("''", "'1'", "'a'", "'A'", "'á'", "'a '", "'a' || chr(0)", "chr(0)", "chr(0) || chr(0)", "repeat('x', 12)"),
    *("repeat('x', 13)", "repeat('x', 1000)", "repeat('x', 999) || 'y'", "'y' || repeat('x', 999)"),
    *("''::BLOB", "'a'::BLOB", "'\\x00'::BLOB", "'\\x00\\x00'::BLOB"),
    *("'0'::BIT", "'00'::BIT", "'01'::BIT", "'1'::BIT", "'00000000'::BIT"),
    *("1::BIGNUM", "(-1)::BIGNUM", "0::BIGNUM", "256::BIGNUM", "(repeat('9', 50))::BIGNUM"),
    *("DATE '2000-01-01'", "DATE 'infinity'", "DATE '-infinity'", "TIME '01:00:00'", "'01:00:00'::TIME_NS"),
    *("'01:00:00+00'::TIMETZ", "'02:00:00+01'::TIMETZ", "TIMESTAMP '2000-01-01'", "TIMESTAMP 'infinity'"),
    *("'2000-01-01'::TIMESTAMP_S", "'2000-01-01'::TIMESTAMP_MS", "'2000-01-01'::TIMESTAMP_NS"),
    *("'2000-01-01 00:00:00+00'::TIMESTAMPTZ", "'2000-01-01 01:00:00+00'::TIMESTAMPTZ"),
    *("INTERVAL 1 MONTH", "INTERVAL 30 DAY", "INTERVAL 720 HOUR", "INTERVAL 1 DAY", "INTERVAL 24 HOUR"),
    *("'00000000-0000-0000-0000-000000000001'::UUID", "'00000001-0000-0000-0000-000000000000'::UUID"),
    *(f"'a'::{ENUM}", f"'b'::{ENUM}"),
    *("[]", "[NULL]", "[NULL, NULL]", "[1]", "[[]]", "[[1]]", "[[1], []]", "[[], [1]]", "[1, 2]", "[2, 1]", "['1']"),
    *("['a', 'b']", "['ab']", "['', 'ab']", "[[NULL]]", "[[1, 2], [3]]", "[[1], [2, 3]]", "[NULL, [1]]"),
    *("[1]::INTEGER[1]", "[1, 2]::INTEGER[2]", "[NULL, 2]::INTEGER[2]", "[[1, 2], [3, 4]]::INTEGER[2][2]"),
    *("{'a': 1}", "{'b': 1}", "{'a': NULL}", "{'a': 1, 'b': 2}", "{'a': 2, 'b': 1}", "{'a': {'b': 1}}", "{'a': [1]}"),
    *("{'a': [1], 'b': []}", "{'a': [], 'b': [1]}", "row(1)", "row(1, 2)"),
    *("MAP {}", "MAP {'a': 1}", "MAP {'a': NULL}", "MAP {'a': 1, 'b': 2}", "MAP {'a': 2, 'b': 1}", "MAP {1: 'a'}"),
    "union_value(i := 1)::UNION(i INTEGER, j INTEGER)",
    "union_value(j := 1)::UNION(i INTEGER, j INTEGER)",
    "union_value(i := NULL::INTEGER)::UNION(i INTEGER, j INTEGER)",
    *("1::VARIANT", "'1'::VARIANT", "1::TINYINT::VARIANT", "true::VARIANT", "false::VARIANT", "[1]::VARIANT"),
    *("[]::INTEGER[]::VARIANT", "{'a': 1}::VARIANT", "{'b': 1}::VARIANT", "{'a': 1, 'b': 2}::VARIANT"),
    *("{'a': {'b': [1, 2]}}::VARIANT", "{'a': {'b': [2, 1]}}::VARIANT", "1.5::VARIANT", "1.50::VARIANT"),
    *("0.0::DOUBLE::VARIANT", "'-0.0'::DOUBLE::VARIANT", "repeat('x', 100)::VARIANT", "DATE '2000-01-01'::VARIANT"),
    *("INTERVAL 1 MONTH::VARIANT", "INTERVAL 30 DAY::VARIANT", "[1::VARIANT]", "[NULL::VARIANT, 1::VARIANT]"),
    *("'POINT (1 2)'::GEOMETRY", "'POINT (2 1)'::GEOMETRY"),
]

# Pairs of SQL expressions of values that nothing tells apart
SAME = [
    ("'-nan'::DOUBLE", "-('nan'::DOUBLE)"),
    ("NULL::INTEGER", "NULL::VARCHAR"),
    ("NULL::INTEGER[]", "NULL"),
    ("1.0::DECIMAL(4, 1)", "1.0::DECIMAL(38, 1)"),
    ("1.0::DECIMAL(9, 1)", "1.0::DECIMAL(18, 1)"),
    ("'a'::ENUM('a', 'b')", "'a'::ENUM('b', 'a')"),
    ("'a'", "'a' COLLATE NOCASE"),
    ("[1, 2]", "list_concat([1], [2])"),
    ("'2000-01-01 00:00:00+00'::TIMESTAMPTZ", "'2000-01-01 01:00:00+01'::TIMESTAMPTZ"),
    ("{'a': 1, 'b': 2}::VARIANT", "{'b': 2, 'a': 1}::VARIANT"),
    ("'{\"a\": 1}'::JSON", "'{\"a\": 1}'"),
]

# Rows of arguments that all differ
ROWS = [
    "",
    "NULL",
    "NULL, NULL",
    "1",
    "1, 2",
    "2, 1",
    "'ab', ''",
    "'a', 'b'",
    "'', 'ab'",
    "'ab'",
    "''",
    "'', ''",
    "'1', 2",
    "1, '2'",
    "[1, 2], [3]",
    "[1], [2, 3]",
    "[1], [2], [3]",
    "NULL, 1",
    "1, NULL",
    "[1, 2, 3]",
    "row(1, 2)",
]


@pytest.fixture(scope="module")
def con() -> Iterator[Con]:
    """One for all tests: what they make is temporary."""
    connection = cocosql.connect()
    yield connection
    connection.close()


def fingerprint(con, arguments, *parameters):
    return con.execute(f"SELECT coco_fingerprint({arguments})", parameters).fetchone()[0]


def test_type_and_null(con):
    assert con.execute("SELECT typeof(coco_fingerprint(NULL)), coco_fingerprint(NULL) IS NULL").fetchone() == (
        "UHUGEINT",
        False,
    )


@pytest.mark.parametrize("wrap", ["{}", "{}, 1", "['x'], {}", "[{}]", "{{'f': {}}}", "row(NULL, {})", "MAP {{1: {}}}"])
def test_distinct(con, wrap):
    seen = {}
    for sql in DISTINCT:
        value = fingerprint(con, wrap.format(sql))
        assert value not in seen, f"{sql} and {seen[value]}"
        seen[value] = sql


def test_halves_are_distinct(con):
    values = [fingerprint(con, sql) for sql in DISTINCT]
    assert len({v >> 64 for v in values}) == len({v & (1 << 64) - 1 for v in values}) == len(values)


@pytest.mark.parametrize(("left", "right"), SAME)
def test_same(con, left, right):
    for wrap in ["{}", "{}, 1", "[{}]", "{{'a': {}}}"]:
        assert fingerprint(con, wrap.format(left)) == fingerprint(con, wrap.format(right))


def test_rows_are_distinct(con):
    assert len({fingerprint(con, row) for row in ROWS}) == len(ROWS)


def test_stable(con):
    """Fingerprints are stored: their values never change."""
    assert fingerprint(con, "") == STABLE[0]
    assert fingerprint(con, "'hello'") == STABLE[1]
    assert fingerprint(con, "1, 'hello', [1.5, NULL], {'a': true}") == STABLE[2]
    assert fingerprint(con, "repeat('x', 1000)") == STABLE[3]


STABLE = [
    0xF928724C1EDBA80978096EC2B5A94FFB,
    0x387C2308D4861C9CEBF39A102ECFCC9F,
    0xA8DCBDE1666332848CD6C436E7F0A492,
    0x0E3ED0355755789064EF4389995789C4,
]


@pytest.mark.parametrize("collation", ["NOCASE", "NOACCENT", "NOCASE.NOACCENT"])
def test_collation_is_ignored(con, collation):
    con.execute(f"CREATE OR REPLACE TEMP TABLE collated (t VARCHAR COLLATE {collation})")
    con.execute("INSERT INTO collated VALUES ('a'), ('A'), ('á')")
    assert con.execute(
        "SELECT count(DISTINCT coco_fingerprint(t)), count(DISTINCT coco_fingerprint(t, 1)) FROM collated"
    ).fetchone() == (3, 3)


def test_negative_zero_from_a_table(con):
    con.execute("CREATE OR REPLACE TEMP TABLE zeros AS SELECT unnest(['0.0'::DOUBLE, '-0.0'::DOUBLE]) AS d")
    assert con.execute("SELECT count(DISTINCT coco_fingerprint(d)) FROM zeros").fetchone() == (2,)


@pytest.mark.parametrize("sql", DISTINCT)
def test_every_vector_form(con, sql):
    """A value has one fingerprint, whether it is constant or stored, alone or among others, filtered or joined."""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE forms AS SELECT i, CASE WHEN i % 3 <> 0 THEN {sql} END AS v FROM range(3000) r(i)"
    )
    expected = {fingerprint(con, sql)}
    for source in [
        "forms WHERE i % 3 <> 0",
        "(SELECT * FROM forms WHERE i % 3 <> 0 AND i % 7 = 1)",
        "range(5) JOIN forms ON range = i WHERE range % 3 <> 0",
        "(SELECT v FROM forms WHERE i % 3 = 1 ORDER BY i DESC LIMIT 100)",
    ]:
        assert {
            row[0] for row in con.execute(f"SELECT DISTINCT coco_fingerprint(v) FROM {source}").fetchall()
        } == expected
    nulls = con.execute("SELECT DISTINCT coco_fingerprint(v) FROM forms WHERE i % 3 = 0").fetchall()
    assert nulls == [(fingerprint(con, "NULL"),)]
    assert con.execute(
        "SELECT bool_and(coco_fingerprint(i, v) = coco_fingerprint(i::BIGINT, v)) FROM forms"
    ).fetchone() == (True,)


@pytest.mark.parametrize("sql", DISTINCT)
def test_nested_in_stored_lists(con, sql):
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE nested AS SELECT i, [{sql}, NULL] AS l, {{'f': {sql}}} AS s FROM range(3000) r(i)"
    )
    found = con.execute(
        "SELECT DISTINCT coco_fingerprint(l, s), coco_fingerprint(l), coco_fingerprint(s) FROM nested WHERE i % 5 = 1"
    ).fetchall()
    assert found == [
        tuple(fingerprint(con, a) for a in (f"[{sql}, NULL], {{'f': {sql}}}", f"[{sql}, NULL]", f"{{'f': {sql}}}"))
    ]


def test_stored_variants_of_many_shapes(con, tmp_path):
    """Stored variants are shredded; their fingerprints are the same."""
    expression = """CASE i % 4 WHEN 0 THEN {'a': i, 'b': [i, i + 1]}::VARIANT WHEN 1 THEN {'a': i::VARCHAR, 'c': NULL}::VARIANT
                    WHEN 2 THEN i::VARIANT ELSE [i::VARIANT, 'x'::VARIANT]::VARIANT END"""
    for where in ["i % 4 = 0", "true"]:
        con.execute(f"ATTACH '{tmp_path}/variants{len(where)}.db' AS variants (STORAGE_VERSION 'latest')")
        con.execute(f"CREATE TABLE variants.t AS SELECT i, {expression} AS v FROM range(5000) r(i) WHERE {where}")
        con.execute("CHECKPOINT variants")
        query = "SELECT i, coco_fingerprint(v), coco_fingerprint([v], 1) FROM {} ORDER BY i"
        stored = con.execute(query.format("variants.t")).fetchall()
        assert (
            stored
            == con.execute(
                query.format(f"(SELECT i, {expression} AS v FROM range(5000) r(i) WHERE {where})")
            ).fetchall()
        )
        assert len({row[1] for row in stored}) == len(stored)
        con.execute("DETACH variants")


def test_no_collisions(con):
    for arguments in ["i", "i::VARCHAR", "i, 'x'", "[i]", "repeat('x', 100) || i", "i << 40, i"]:
        query = f"SELECT count(DISTINCT f), count(DISTINCT f >> 64), count(DISTINCT f & ((1::UHUGEINT << 64) - 1)) FROM (SELECT coco_fingerprint({arguments}) AS f FROM range(200000) r(i))"
        assert con.execute(query).fetchone() == (200000, 200000, 200000)


def test_strings_of_every_length(con):
    assert con.execute(
        "SELECT count(DISTINCT coco_fingerprint(repeat(chr(0), i::INTEGER))) FROM range(2000) r(i)"
    ).fetchone() == (2000,)
    query = "SELECT count(DISTINCT coco_fingerprint(overlay_at(i, j))) FROM range(1, 301) a(i), range(1, 301) b(j) WHERE j <= i"
    con.execute(
        "CREATE OR REPLACE TEMP MACRO overlay_at(n, k) AS repeat('x', (k - 1)::INTEGER) || 'y' || repeat('x', (n - k)::INTEGER)"
    )
    assert con.execute(query).fetchone() == (300 * 301 // 2,)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**31), 2**31 - 1)
    | st.floats()
    | st.text(st.characters(codec="utf-8"), max_size=20)
    | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=8,
)


def bits(value):
    """A double as it is stored: NaNs differ, too."""
    return f"{int.from_bytes(struct.pack('>d', value)):064b}"


def literal(value):
    """A VARIANT's SQL, as lists of mixed types need one."""
    if isinstance(value, tuple):
        return f"[{', '.join(literal(element) for element in value)}]::VARIANT[]::VARIANT"
    if value is None:
        return "NULL::VARIANT"
    if isinstance(value, (bool, int)):
        return f"({value})::VARIANT"
    if isinstance(value, float):
        return f"'{bits(value)}'::BIT::DOUBLE::VARIANT"
    if isinstance(value, bytes):
        return "'" + "".join(f"\\x{byte:02x}" for byte in value) + "'::BLOB::VARIANT"
    return "(" + (" || ".join(f"chr({ord(c)})" for c in value) or "''") + ")::VARCHAR::VARIANT"


def identity(value):
    if isinstance(value, tuple):
        return ("tuple", *map(identity, value))
    if isinstance(value, float):
        return ("float", bits(value))
    return (type(value).__name__, value)


@holds_for(40, 300, left=st.lists(VALUES, min_size=1, max_size=3), right=st.lists(VALUES, min_size=1, max_size=3))
def test_same_iff_indistinguishable(con, left, right):
    same = list(map(identity, left)) == list(map(identity, right))
    prints = [fingerprint(con, ", ".join(map(literal, row))) for row in (left, right, left)]
    assert (prints[0] == prints[1]) == same
    assert prints[0] == prints[2]


@holds_for(40, 300, left=st.text(st.characters(codec="utf-8")), right=st.text(st.characters(codec="utf-8")))
def test_strings(con, left, right):
    rows = [(left, right), (right, left), (left + right, ""), ("", left + right)]
    for a, b in itertools.combinations(rows, 2):
        assert (fingerprint(con, "?, ?", *a) == fingerprint(con, "?, ?", *b)) == (a == b)
