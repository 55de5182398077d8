"""Rows of two queries that have no equal in the other, beside EXCEPT ALL."""

import random
from collections.abc import Callable

import duckdb
import pytest
from helpers import rows, take_session

Con = duckdb.DuckDBPyConnection
Rows = list[tuple[int | None, str]]


def some_changed(past: Rows, chance: random.Random) -> Rows:
    return [(key, value + "!") if chance.random() < 0.01 else (key, value) for key, value in past]


def many_gone(past: Rows, _: random.Random) -> Rows:
    return past[:1000] + past[3000:]  # more than are looked at one after the other


def others_between(past: Rows, _: random.Random) -> Rows:
    return [row for key, value in past for row in ((key, value), (-(key or 0), "new"))]


def other_order(past: Rows, chance: random.Random) -> Rows:
    return chance.sample(past, len(past))


def copies(past: Rows, chance: random.Random) -> Rows:
    return [*past, *chance.choices(past, k=500)]


def without_numbers(past: Rows, _: random.Random) -> Rows:
    return [(None, value) for _, value in past]


def none(_: Rows, __: random.Random) -> Rows:
    return []


@pytest.mark.parametrize(
    "change",
    [some_changed, many_gone, others_between, other_order, copies, without_numbers, none, lambda past, _: past],
)
@pytest.mark.parametrize("is_swapped", [False, True])
def test_what_has_no_equal(con: Con, change: Callable[[Rows, random.Random], Rows], is_swapped: bool) -> None:
    past: Rows = [(number if number % 7 else None, f"text {number % 4000}") for number in range(6000)]
    fresh = change(past, random.Random(1))
    con.execute("CREATE TABLE past (k BIGINT, s VARCHAR, n INTEGER); CREATE TABLE fresh AS FROM past")
    for name, given in (("past", past), ("fresh", fresh)):
        if given:
            keys, texts = zip(*given, strict=True)
            con.execute(f"INSERT INTO {name} SELECT unnest($1), unnest($2), 1", [list(keys), list(texts)])
    sides = ("fresh", "past") if is_swapped else ("past", "fresh")
    session = take_session(con)
    tables = {
        side: f"SELECT n, s, k FROM memory.main.{table}" for side, table in zip(("past", "fresh"), sides, strict=True)
    }
    counts = session.keep_unequal(tables["past"], tables["fresh"], ["k", "s"], "unequal_")
    for side, other, count in (("past", "fresh", counts[0]), ("fresh", "past", counts[1])):
        expected = rows(con, f"({tables[side]} EXCEPT ALL {tables[other]}) ORDER BY ALL")
        assert session.execute(f"FROM coco_collected('unequal_{side}') ORDER BY ALL") == expected
        assert count == len(expected)


def test_columns_of_other_types_are_refused(con: Con) -> None:
    with pytest.raises(duckdb.BinderException, match="not of the same types"):
        take_session(con).keep_unequal("SELECT 1::BIGINT AS k", "SELECT 1::INTEGER AS k", ["k"], "unequal_")
