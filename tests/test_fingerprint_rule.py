"""Two argument tuples share a fingerprint if and only if the function receives what it cannot tell apart."""

import datetime as dt
import decimal
import math
import struct
import uuid
from collections.abc import Iterator
from typing import Annotated, Any, Optional

import pytest
from helpers import Con, one
from hypothesis import strategies as st
from speeds import holds_for

import cocosql
from cocosql.types import Sql


def identity(value: Any) -> str:
    """All that Python can tell of a value: type, sign of zero and of NaN, scale, zone, order."""
    if isinstance(value, float):
        return struct.pack("d", value).hex()
    if isinstance(value, decimal.Decimal):
        return f"Decimal{value.as_tuple()}"
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__}[{', '.join(map(identity, value))}]"
    if isinstance(value, dict):
        return f"dict{{{', '.join(f'{identity(k)}: {identity(v)}' for k, v in value.items())}}}"
    return f"{type(value).__name__} {value!r}"


def text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


small = st.integers(-2, 2)
SCALARS: dict[str, st.SearchStrategy[str]] = {
    "BOOLEAN": st.sampled_from(["true", "false"]),
    "TINYINT": small.map(str),
    "BIGINT": (small | st.integers(-(2**63), 2**63 - 1)).map(lambda i: f"({i})::HUGEINT::BIGINT"),
    "UHUGEINT": st.integers(0, 2**64).map(lambda i: f"{i}::UHUGEINT"),
    "DOUBLE": (st.sampled_from([0.0, -0.0, math.nan, -math.nan, math.inf, 1.0]) | st.floats()).map(
        lambda f: f"'{int.from_bytes(struct.pack('>d', f)):064b}'::BIT::DOUBLE"
    ),
    "FLOAT": st.sampled_from(["0.0", "'-0.0'", "'nan'", "'-nan'", "'inf'", "0.1"]),
    "DECIMAL(6,2)": small.map(lambda i: f"{i}.5"),
    "VARCHAR": (st.sampled_from(["", "a", "A", "1", "ä", "a\u0308", " "]) | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=3)).map(text),
    "BLOB": st.binary(max_size=2).map(lambda b: "'" + "".join(f"\\x{byte:02X}" for byte in b) + "'"),
    "BIT": st.sampled_from(["'0'", "'00'", "'1'", "'01'"]),
    "UUID": st.integers(0, 2).map(lambda i: f"'{uuid.UUID(int=i)}'"),
    "DATE": st.dates(dt.date(2024, 2, 28), dt.date(2024, 3, 2)).map(lambda d: f"'{d}'"),
    "TIME": st.sampled_from(["'00:00:00'", "'00:00:00.000001'", "'12:00:00'"]),
    "TIMESTAMP": st.sampled_from(["'2024-01-01'", "'2024-01-01 00:00:00.000001'", "'1969-12-31 23:59:59'"]),
    "TIMESTAMPTZ": st.sampled_from(["'2024-01-01 00:00:00+00'", "'2024-01-01 01:00:00+01'", "'2024-01-01 01:00:00+00'"]),
    "INTERVAL": st.sampled_from(["'1 month'", "'30 days'", "'720 hours'", "'12 months'", "'1 year'", "'0 days'"]),
    "ENUM('a', 'b')": st.sampled_from(["'a'", "'b'"]),
    "JSON": st.sampled_from(["'{\"a\": 1}'", "'{\"a\":1}'", "'null'", "'1'"]),
}  # fmt: skip

TYPES = st.recursive(
    st.sampled_from(sorted(SCALARS)),
    lambda inner: (
        inner.map(lambda t: f"{t}[]")
        | inner.map(lambda t: f"{t}[2]")
        | st.tuples(inner, inner).map(lambda ts: f"STRUCT(a {ts[0]}, b {ts[1]})")
        | inner.map(lambda t: f"MAP(VARCHAR, {t})")
        | st.tuples(inner, inner).map(lambda ts: f"UNION(a {ts[0]}, b {ts[1]})")
    ),
    max_leaves=3,
)


def split(fields: str) -> list[str]:
    """The types of `a TYPE, b TYPE`."""
    depth, parts, start = 0, [], 0
    for position, character in enumerate(f"{fields},"):
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append(fields[start:position].strip().partition(" ")[2])
            start = position + 1
    return parts


def values(kind: str) -> st.SearchStrategy[str]:
    """SQL that gives a value of the type, or NULL."""
    if kind in SCALARS:
        given = SCALARS[kind]
    elif kind.endswith("[]"):
        given = st.lists(values(kind[:-2]), max_size=2).map(lambda parts: f"[{', '.join(parts)}]")
    elif kind.endswith("[2]"):
        given = st.tuples(values(kind[:-3]), values(kind[:-3])).map(lambda parts: f"[{', '.join(parts)}]")
    elif kind.startswith("STRUCT("):
        a, b = map(values, split(kind[7:-1]))
        given = st.tuples(a, b).map(lambda parts: f"{{'a': {parts[0]}, 'b': {parts[1]}}}")
    elif kind.startswith("MAP("):
        item = values(kind[len("MAP(VARCHAR, ") : -1])
        given = st.dictionaries(st.sampled_from("xy"), item, max_size=2).map(
            lambda pairs: f"MAP {{{', '.join(f'{text(key)}: {value}' for key, value in pairs.items())}}}"
        )
    else:
        a, b = map(values, split(kind[6:-1]))
        given = a.map(lambda part: f"union_value(a := {part})") | b.map(lambda part: f"union_value(b := {part})")
    return (st.none() | given).map(lambda sql: f"({sql or 'NULL'})::{kind}")


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[str], list[str], list[str]]:
    """Types of parameters, and two tuples of arguments."""
    kinds = draw(st.lists(TYPES, min_size=1, max_size=2))
    left = [draw(values(kind)) for kind in kinds]
    return kinds, left, [draw(st.just(value) | values(kind)) for value, kind in zip(left, kinds, strict=True)]


@pytest.fixture(scope="module")
def connection() -> Iterator[Con]:
    con = cocosql.connect()
    con.execute("SET TimeZone = 'UTC'")
    yield con
    con.close()


@holds_for(50, 300, case=cases())
def test_same_fingerprint_if_and_only_if_the_function_sees_no_difference(
    connection: Con, case: tuple[list[str], list[str], list[str]]
) -> None:
    kinds, left, right = case

    def see(first, second=None) -> str:  # type: ignore[no-untyped-def]
        return f"{identity(first)}; {identity(second)}"

    names = ["first", "second"][: len(kinds)]
    see.__annotations__ |= {
        name: Optional[Annotated[object, Sql(kind)]]  # noqa: UP045
        for name, kind in zip(["first", "second"], [*kinds, "INTEGER"], strict=False)
    }
    cocosql.register(connection, cocosql.udf(memo=False, version="1")(see))
    padding = ["NULL"] * (2 - len(names))
    seen = [one(connection, f"SELECT see({', '.join([*row, *padding])})") for row in (left, right)]
    fingerprints = [one(connection, f"SELECT coco_fingerprint({', '.join(row)})") for row in (left, right)]
    if any("UNION" in kind for kind in kinds) and seen[0] == seen[1]:
        return  # SQL knows the member of a UNION that has the value, Python does not: rows differ, so fingerprints do
    assert (fingerprints[0] == fingerprints[1]) == (seen[0] == seen[1]), seen
