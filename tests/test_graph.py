"""Which views read which, against the same worked out by hand; and records that are parsed once for each state."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import duckdb
import pytest
from helpers import Con, one
from hypothesis import given
from hypothesis import strategies as st
from test_catalog import session  # noqa: F401 (a fixture)

from cocosql._native import Session
from cocosql.catalog import views
from cocosql.catalog.graph import Graph
from cocosql.catalog.names import Name
from cocosql.catalog.views import Input, View

#: By view, the views that it reads: any, so that there are cycles, too.
Reads = list[list[int]]


def view_of(number: int, read: list[int]) -> View:
    inputs = [Input(f'"main"."v{other}"', [], "view", None, None) for other in read]
    empty: list[str] = []
    name = Name("db", "main", f"v{number}")
    lists = (empty, empty, empty, empty)
    return View(number, name, "", *lists, {}, {}, [], f"rows_{number}", f"history_{number}", inputs=inputs)


def reachable(reads: Reads, number: int) -> set[int]:
    """The views that one reads, directly or through others."""
    found: set[int] = set()
    while more := {other for one in [number, *found] for other in reads[one]} - found:
        found |= more
    return found


any_reads = st.integers(1, 8).flatmap(
    lambda count: st.lists(st.lists(st.integers(0, count - 1), max_size=3), min_size=count, max_size=count)
)


@given(any_reads)
def test_what_is_reached(reads: Reads) -> None:
    graph = Graph(view_of(number, read) for number, read in enumerate(reads))
    for number, view in enumerate(graph):
        above = [other.view_id for other in graph.upstream(view)]
        assert sorted(above) == sorted(reachable(reads, number) - {number})
        below = {other for other in range(len(reads)) if number in reachable(reads, other)}
        assert {other.view_id for other in graph.downstream(view)} == below - {number}
        assert [other.view_id for other in graph.readers(view)] == [
            other for other, read in enumerate(reads) for _ in range(read.count(number))
        ]
        for target in graph:
            way = [other.view_id for other in graph.way(view, target.name)]
            assert bool(way) == (target is view or target.view_id in reachable(reads, number))
            assert all(after in reads[before] for before, after in pairwise(way))


@given(any_reads)
def test_those_that_others_read_go_first(reads: Reads) -> None:
    without_cycles = [[other for other in read if other < number] for number, read in enumerate(reads)]
    backwards = Graph(view_of(number, read) for number, read in reversed(list(enumerate(without_cycles))))
    for ordered in (backwards.ordered(), *(backwards.upstream(view) for view in backwards)):
        numbers = [view.view_id for view in ordered]
        assert all(numbers.index(other) < place for place, one in enumerate(numbers) for other in without_cycles[one])


@pytest.fixture
def three(con: Con) -> Iterator[Con]:
    con.execute("CREATE TABLE t (i INTEGER); INSERT INTO t VALUES (1)")
    for number in range(3):
        con.execute(f"CREATE INCREMENTAL VIEW v{number} AS SELECT i + {number} AS i FROM t")
    yield con


def test_records_are_parsed_once(three: Con, session: Session) -> None:  # noqa: F811
    before = views.all_views(session, "memory")
    assert views.all_views(session, "memory") is before
    assert [view.name.name for view in before] == ["v0", "v1", "v2"]
    three.execute("INSERT INTO t VALUES (2); REFRESH INCREMENTAL VIEW v1")
    after = views.all_views(session, "memory")
    assert (after[0] is before[0], after[1] is before[1], after[2] is before[2]) == (True, False, True)
    assert after[1].version == before[1].version + 1
    views._seen.of(session).clear()
    assert views.all_views(session, "memory") == after


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE coco.views SET last_error = 'no' WHERE view_name = 'v1'",
        "UPDATE coco.inputs SET columns = ['j'] WHERE view_id = (SELECT view_id FROM coco.views WHERE view_name = 'v1')",
        "DELETE FROM coco.operators WHERE kind = 'scan'",
        "INSERT INTO coco.calls SELECT view_id, NULL, 'f', 'v', 1 FROM coco.views",
        "DELETE FROM coco.inputs",
        # What one column loses another gains.
        "UPDATE coco.views SET view_name = schema_name, schema_name = view_name WHERE view_name = 'v1'",
    ],
)
def test_each_transaction_sees_its_own_records(three: Con, session: Session, change: str) -> None:  # noqa: F811
    """What another connection has not committed, or takes back, is not seen; what it commits is."""
    before = list(views.all_views(session, "memory"))
    with three.cursor() as other:
        other.execute("BEGIN")
        other.execute(change)
        assert list(views.all_views(session, "memory")) == before
        other.execute("ROLLBACK")
        assert list(views.all_views(session, "memory")) == before
        other.execute(change)
    try:
        after = list(views.all_views(session, "memory"))
    except duckdb.InvalidInputException as error:
        assert "is damaged" in str(error)
    else:
        assert after != before
        views._seen.of(session).clear()
        assert list(views.all_views(session, "memory")) == after


def test_records_that_are_damaged_stay_so(three: Con, session: Session) -> None:  # noqa: F811
    views.all_views(session, "memory")
    three.execute("UPDATE coco.views SET state_table = 'runs' WHERE view_name = 'v1'")
    for _ in range(2):
        with pytest.raises(duckdb.InvalidInputException, match="state_table or history_table is no table of a view"):
            views.all_views(session, "memory")
    three.execute("DELETE FROM coco.views WHERE view_name = 'v1'")
    assert [view.name.name for view in views.all_views(session, "memory")] == ["v0", "v2"]
    three.execute("INSERT INTO coco.views FROM coco.views WHERE view_name = 'v0'")
    for _ in range(2):
        with pytest.raises(duckdb.InvalidInputException, match="two views have the same view_id"):
            views.all_views(session, "memory")


def test_the_type_of_numbers(three: Con, session: Session) -> None:  # noqa: F811
    views.all_views(session, "memory")
    three.execute("ALTER TABLE coco.calls ALTER view_id TYPE VARCHAR")
    with pytest.raises(duckdb.CatalogException, match=r"coco\.calls has no numbers of type BIGINT"):
        views.all_views(session, "memory")


def test_equal_but_for_the_version(three: Con, session: Session) -> None:  # noqa: F811
    """A record that becomes what it was is the same again."""
    before = views.all_views(session, "memory")
    three.execute("UPDATE coco.views SET version = version + 1")
    assert [replace(view, version=1) for view in views.all_views(session, "memory")] == list(before)
    three.execute("UPDATE coco.views SET version = version - 1")
    assert views.all_views(session, "memory") == before
    assert one(three, "SELECT count(*) FROM coco_views() WHERE status = 'fresh'") == 3
