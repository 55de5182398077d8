"""The records of views are checked as they are read: the file may be damaged, or a stranger's.

The names of tables in records must be those that CocoSQL gives, types be types, and numbers be in range. So no record
can make the engine read, write or drop what is not its own.
"""

import json
import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from cocosql.catalog import tables
from cocosql.catalog.damage import damaged, is_type
from cocosql.catalog.settings import CHANGE_RESULTS
from cocosql.sqltree import name_parts

if TYPE_CHECKING:
    from cocosql.catalog.graph import Graph
    from cocosql.catalog.views import Input, View

_LARGEST = (1 << 63) - 1


def check_view(view: "View", *, is_twice: bool) -> None:
    """Refuse the record of a view that cannot be CocoSQL's.

    Raises:
        duckdb.InvalidInputException: names the record, and what is wrong.
    """
    for why in _wrong(view):
        raise damaged(view.name.database, f"the record of view {view.name} (view_id {view.view_id})", why)
    if is_twice:
        raise damaged(view.name.database, "table coco.views", "two views have the same view_id")


def check_distinct(database: str, graph: "Graph") -> None:
    """Refuse records of views that name the same.

    Raises:
        duckdb.InvalidInputException: says what they name.
    """
    names = {
        "name": [str(view.name.key()) for view in graph],
        "state_table": [view.state_table for view in graph],
        "history_table": [view.history_table for view in graph],
    }
    for what, given in names.items():
        if len(set(given)) < len(given):
            raise damaged(database, "table coco.views", f"two views have the same {what}")


def _wrong(view: "View") -> Iterator[str]:
    """What is wrong with the record of a view."""
    if not _are_texts([view.name.schema, view.name.name, view.query, view.state_table, view.history_table]):
        yield "it has no name, query or tables"
    if not tables.ROWS.numbers(view.state_table) or not tables.HISTORY.numbers(view.history_table):
        yield "state_table or history_table is no table of a view"
    yield from _wrong_columns(view)
    yield from _wrong_numbers(view)
    yield from _wrong_caller(view)
    for given in view.inputs:
        yield from _wrong_input(given)
    yield from _wrong_operators(view)
    for call in view.calls:
        if not (call.function and call.code_version) or (call.site is not None and call.site < 0):
            yield "a call in coco.calls is none"


def _wrong_columns(view: "View") -> Iterator[str]:
    if not _are_texts(view.column_names) or _has_twice(view.column_names):
        yield "column_names are no names of columns"
    if len(view.column_types) != len(view.column_names) or not all(map(is_type, view.column_types)):
        yield "column_types are no types of its columns"
    if not _are_texts([*view.given_columns, *view.key_columns]) or set(view.key_columns) - set(view.column_names):
        yield "given_columns or key_columns are not its columns"


def _wrong_numbers(view: "View") -> Iterator[str]:
    if not all(0 <= value < _LARGEST for value in (view.view_id, view.version, view.next_row_id or 0)):
        yield "view_id, version or next_row_id is out of range"
    if view.failed_rows < 0 or not all(map(_is_time, (view.fill_seconds, view.query_seconds, view.owed_seconds))):
        yield "failed_rows or seconds are out of range"


def _wrong_caller(view: "View") -> Iterator[str]:
    """What is wrong with what its creator's session had."""
    for name, value in view.settings.items():
        if name not in CHANGE_RESULTS or value is None:
            yield f"{name!r} is no setting that a view is stored with"
    if any(value is None for value in view.options.values()):
        yield "an option has no value"
    if not all(len(name_parts(entry or "") or []) in (1, 2) for entry in view.search_path):
        yield "search_path is none"


def _wrong_input(given: "Input") -> Iterator[str]:
    what = f"input {given.source!r} in coco.inputs"
    if not (given.source and given.capture and _are_texts(given.columns)):
        yield f"{what} names no source, capture or columns"
    if given.snapshot_table is not None and not tables.SNAPSHOT.numbers(given.snapshot_table):
        yield f"{what}: snapshot_table is no table of a snapshot"
    if given.position is not None and not _is_position(given.position, is_view=given.capture == "view"):
        yield f"{what}: position is none"


def _is_position(text: str, *, is_view: bool) -> bool:
    """Whether it is a version of a snapshot, or of a view's history (earlier: of its rows)."""
    try:
        position = json.loads(text)
    except ValueError:
        return False
    if not isinstance(position, dict) or len(position) != 2:
        return False
    snapshot, version = position.get("snapshot"), position.get("version")
    named = position.get("history", position.get("rows"))
    return _is_count(version) and (isinstance(named, str) if is_view else _is_count(snapshot))


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < _LARGEST


def _wrong_operators(view: "View") -> Iterator[str]:
    known: set[int] = set()
    for operator in view.operators:
        what = f"operator {operator.operator_id} in coco.operators"
        if operator.operator_id in known or not set(operator.inputs) <= known:
            yield f"{what} is there twice, or reads one that is not before it"
        known.add(operator.operator_id)
        if operator.state_table is not None and not _is_of(view, operator.state_table):
            yield f"{what}: state_table is no table of the view's"
    if not known:
        yield "it has no operators"


def _is_of(view: "View", table: str) -> bool:
    """Whether an operator of the view's may keep its rows there."""
    number = tables.ROWS.numbers(view.state_table)
    kept = tables.KEPT.numbers(table)
    return (kept is not None and kept[:1] == number) or (
        table == view.state_table or bool(tables.SNAPSHOT.numbers(table) or tables.ARRANGED.numbers(table))
    )


def _are_texts(values: Iterable[str | None]) -> bool:
    return all(values)


def _has_twice(names: list[str]) -> bool:
    return len({name.lower() for name in names}) < len(names)


def _is_time(seconds: float | None) -> bool:
    return seconds is None or (math.isfinite(seconds) and seconds >= 0)
