"""The incremental views of a database: one record each, in coco.views and the tables beside it."""

import re
from dataclasses import astuple, dataclass, field, replace
from datetime import UTC, datetime
from functools import cache, cached_property, partial
from typing import Any

import duckdb

from cocosql._native import Session
from cocosql.catalog import migrations, tables, view_damage
from cocosql.catalog.graph import Graph
from cocosql.catalog.names import Caller, Name, candidates, relation
from cocosql.catalog.tables import CALLS, ERRORS, INPUTS, OPERATORS, RUN_STEPS, RUNS, VIEWS, own
from cocosql.instances import PerInstance
from cocosql.sqltree import split_name


@dataclass(frozen=True)
class Input:
    """What a view reads, and how far it has read."""

    #: The source as SQL, the view's database written as SELF.
    source: str
    columns: list[str]
    capture: str
    snapshot_table: str | None
    position: str | None


@dataclass(frozen=True)
class Operator:
    operator_id: int
    kind: str
    rule: str
    inputs: list[int]
    sql: str
    state_table: str | None


@dataclass(frozen=True)
class Call:
    """A function version that the present rows were made with; `site` numbers its column in the rows, if it has one."""

    site: int | None
    function: str
    code_version: str
    #: How often results of the version had been replaced by then (see functions.recalls).
    recalls: int | None = None


@dataclass(frozen=True)
class View:
    view_id: int
    name: Name
    #: As stored: the view's database written as SELF.
    query: str
    column_names: list[str]
    column_types: list[str]
    given_columns: list[str]
    key_columns: list[str]
    options: dict[str, str]
    settings: dict[str, str]
    search_path: list[str]
    state_table: str
    history_table: str
    version: int = 0
    #: The row id of the next row that is new. None is given twice.
    next_row_id: int = 1
    has_data: bool = False
    incremental: bool = False
    definition: str = ""
    last_error: str | None = None
    #: Rows of its source that failed at the last refresh.
    failed_rows: int = 0
    #: Seconds that it took to work out all rows with the operators' state, and to run the query alone.
    fill_seconds: float | None = None
    query_seconds: float | None = None
    #: Seconds of refreshes that ran the query, since the state was given up; None if there is a state.
    owed_seconds: float | None = None
    inputs: list[Input] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    @property
    def rows(self) -> str:
        """The table of the view's rows, as SQL."""
        return own(self.state_table)

    def kept_table(self, operator_id: int) -> str:
        """The name of the table of an operator's rows that other operators read."""
        return tables.KEPT.named(*(tables.ROWS.numbers(self.state_table) or ()), operator_id)

    @property
    def kept_tables(self) -> list[str]:
        """The names of those that there are."""
        named = [operator.state_table for operator in self.operators if operator.state_table]
        return [name for name in named if tables.KEPT.numbers(name) or tables.ARRANGED.numbers(name)]

    @property
    def rows_table(self) -> Name:
        return tables.named(self.name.database, self.state_table)

    @property
    def history(self) -> str:
        """The table of the rows that are gone, as SQL."""
        return own(self.history_table)

    def failed_table(self, operator_id: int) -> str:
        """The name of the table of the ids of source rows that failed in an operator. It is there if there are some."""
        return tables.FAILED.named(self.view_id, operator_id)

    def failed(self, operator_id: int) -> str:
        """The same as SQL."""
        return own(self.failed_table(operator_id))

    def settled(self, **changes: Any) -> "View":
        return replace(self, **changes)

    @cached_property
    def declared(self) -> "View":
        """The view without what refreshes make of it."""
        return self.settled(
            **{"version": 0, "next_row_id": 0, "inputs": [], "operators": [], "last_error": None, "failed_rows": 0},
            **{"fill_seconds": None, "query_seconds": None, "owed_seconds": None},
        )

    @cached_property
    def places(self) -> list[tuple[str, str]]:
        """The databases and schemas in which the names of its query are looked for, whether they are there or not."""
        stored = [split_name(entry) for entry in self.search_path]
        path = [(self.name.database, *entry) if len(entry) == 1 else entry for entry in [*stored, ["main"]]]
        return list(dict.fromkeys((place, schema) for place, schema in path))


#: The columns of coco.views, except last_refreshed and created_at.
_VIEW = [
    *("view_id", "schema_name", "view_name", "query", "column_names", "column_types", "given_columns", "key_columns"),
    *("options", "settings", "search_path", "state_table", "history_table", "version", "next_row_id"),
    *("has_data", "incremental", "definition", "last_error"),
    *("failed_rows", "fill_seconds", "query_seconds", "owed_seconds"),
]
#: The tables beside it, called as what they have of a view is. The first columns give the order of a view's rows.
_PARTS = {
    INPUTS: ["input_id", "source", "columns", "capture", "snapshot_table", "position"],
    OPERATORS: ["operator_id", "kind", "rule", "inputs", "sql", "state_table"],
    CALLS: ["site", "function", "code_version", "recalls"],
}


def find(session: Session, name: Name) -> View | None:
    return all_views(session, name.database).named(name)


def require(session: Session, parts: list[str], caller: Caller) -> View:
    """The view that a name of the user's means.

    Raises:
        duckdb.CatalogException: if there is none.
    """
    (view,) = require_all(session, [parts], caller)
    return view


def require_all(session: Session, names: list[list[str]], caller: Caller) -> list[View]:
    """The same for several names. Records are read once for each database."""
    views_of = cache(partial(all_views, session))
    found = []
    for parts in names:
        options = (views_of(name.database).named(name) for name in candidates(session, parts, caller))
        view = next((view for view in options if view), None)
        if view is None:
            raise duckdb.CatalogException(
                f"incremental view {'.'.join(parts)} does not exist (SHOW INCREMENTAL VIEWS lists those that do)"
            )
        found.append(view)
    return found


@dataclass(frozen=True)
class _Seen:
    """The records of a database as they were when they were last read."""

    #: Numbers of views with the fingerprints of their records, in the order of the numbers.
    present: list[tuple[int, bytes]]
    #: By fingerprint, the view; None if only tables beside coco.views have its number.
    views: dict[bytes, View | None]
    graph: Graph


#: By database.
_seen: PerInstance[dict[str, _Seen]] = PerInstance(dict)


def all_views(session: Session, database: str) -> Graph:
    """The views of a database, in the order in which they were created.

    Records are parsed and checked once: a view whose records have the same fingerprint is the same object, and if all
    have, the graph is.
    """
    if not migrations.has_state(session, database):
        return Graph()
    seen = _seen.of(session).get(database) or _Seen([], {}, Graph())
    wanted = [(VIEWS, _VIEW), *((part, ["view_id", *columns]) for part, columns in _PARTS.items())]
    # In one transaction: a view that is created meanwhile is seen whole, or not at all.
    present, records = session.new_records(database, wanted, list(seen.views))
    if present == seen.present:
        return seen.graph
    made = _made(database, *records)
    views = {fingerprint: made.get(view_id) or seen.views.get(fingerprint) for view_id, fingerprint in present}
    graph = Graph(view for view in views.values() if view)
    view_damage.check_distinct(database, graph)
    _seen.of(session)[database] = _Seen(present, views, graph)
    return graph


def last_seen(session: Session, database: str) -> Graph:
    """The views as they were when a session of this instance last read their records: not as this one may see them."""
    seen = _seen.of(session).get(database)
    return seen.graph if seen else all_views(session, database)


def _made(database: str, records: list[tuple[Any, ...]], *beside: list[tuple[Any, ...]]) -> dict[int, View]:
    """The views of some records, by number."""
    inputs, operators, calls = map(_by_view, beside)
    made: dict[int, View] = {}
    for view_id, schema, name, *values, failed_rows, fill, query, owed in records:
        parts: list[Any] = [
            [Input(*given) for _, *given in inputs.get(view_id, [])],
            [Operator(*operator) for operator in operators.get(view_id, [])],
            [Call(*call) for call in calls.get(view_id, [])],
        ]
        view = View(view_id, Name(database, schema, name), *values, *[failed_rows or 0, fill, query, owed, *parts])
        view_damage.check_view(view, is_twice=view_id in made)
        made[view_id] = view
    return made


def _by_view(records: list[tuple[Any, ...]]) -> dict[int, list[tuple[Any, ...]]]:
    found: dict[int, list[tuple[Any, ...]]] = {}
    for view_id, *values in records:
        found.setdefault(view_id, []).append(tuple(values))
    for rows in found.values():
        rows.sort(key=lambda row: [(value is None, value) for value in row[:2]])
    return found


def search_path(session: Session, view: View) -> list[tuple[str, str]]:
    """The databases and schemas in which the names of the view's query are looked for, of those that there are."""
    return [(database, schema) for database, schema in view.places if session.has_schema(database, schema)]


def stands(session: Session, view: View) -> bool:
    """Whether the name of a view, by its present record, means it still: what shows its rows may be dropped, or be
    something else."""
    shown = relation(session, view.name)
    if shown is None or not shown.is_view:
        return False
    return re.search(rf"\b{re.escape(view.state_table)}\b", shown.sql) is not None


def insert(session: Session, view: View, *, refreshed: bool) -> None:
    """Write the record of a new view. Only LockedViews may do so."""
    now = str(datetime.now(UTC))
    record = [*_record(view), now, now if refreshed else None]
    session.append_records(view.name.database, VIEWS, [*_VIEW, "created_at", "last_refreshed"], [record])
    for part in _PARTS:
        save_part(session, view, part)


def update(session: Session, before: View, view: View, when: dict[str, str | None]) -> None:
    """Write what differs from the record before. `when` are columns of times. Only LockedViews may do so."""
    pairs = zip(_VIEW, _record(view), _record(before), strict=True)
    changes = {column: value for column, value, earlier in pairs if value != earlier}
    changes.update(when)
    if changes:
        session.update_records(view.name.database, VIEWS, "view_id", view.view_id, changes)
    for part in _PARTS:
        if getattr(view, part) != getattr(before, part):
            save_part(session, view, part)
    if view.name != before.name:
        _rename(session, before, view.name)


def _rename(session: Session, view: View, name: Name) -> None:
    """Write the view's new name into the records of its runs."""
    for table in (RUNS, ERRORS):
        session.execute(f"UPDATE {own(table)} SET view_name = $2 WHERE view_id = $1", [view.view_id, str(name)])
    session.execute(f"UPDATE {own(RUN_STEPS)} SET view_name = $2 WHERE view_name = $1", [str(view.name), str(name)])


def _record(view: View) -> list[Any]:
    return [view.view_id, view.name.schema, view.name.name, *(getattr(view, column) for column in _VIEW[3:])]


def save_part(session: Session, view: View, part: str) -> None:
    """Write one of the tables beside the record. Only LockedViews may do so."""
    session.delete_records(view.name.database, part, {"view_id": [view.view_id]})
    records = [[view.view_id, *row] for row in _part(view, part)]
    session.append_records(view.name.database, part, ["view_id", *_PARTS[part]], records)


def _part(view: View, part: str) -> list[tuple[Any, ...]]:
    """The rows of a table beside the record."""
    match part:
        case "inputs":
            return [(number, *astuple(given)) for number, given in enumerate(view.inputs, start=1)]
        case "operators":
            return [astuple(operator) for operator in view.operators]
        case _:
            return [astuple(call) for call in view.calls]


def delete(session: Session, view: View) -> None:
    """Delete the view's record. Only LockedViews may do so."""
    for table in (VIEWS, *_PARTS):
        session.delete_records(view.name.database, table, {"view_id": [view.view_id]})
