"""Applying a delta: rows gone and rows new are netted as bags, and only what differs is written.

Survivors keep their row id, and the version that brought them. Row ids are counted in the view's record: they are
unique in the view for ever, and in the order in which rows are stored.
"""

from dataclasses import dataclass
from typing import TypedDict

import duckdb

from cocosql._native import Difference, Session
from cocosql.catalog.views import View
from cocosql.collected import collected
from cocosql.fetch import Condition, rows_where
from cocosql.operators.operator import SOURCE_ID
from cocosql.planner.plan import Plan
from cocosql.refresh.state import as_now, lineage_columns, make_history, same_columns
from cocosql.sqltext import ident, idents

#: The columns that say since when there is a row.
_BORN = ["coco_row_id", "coco_version", "coco_updated"]


class _Numbered(TypedDict):
    """How rows of a view are numbered, and under which name what differs is collected."""

    number: str
    next: int
    prefix: str


@dataclass(frozen=True)
class Counts:
    inserted: int = 0
    updated: int = 0
    deleted: int = 0

    def __bool__(self) -> bool:
        return bool(self.inserted or self.updated or self.deleted)


def fill(session: Session, plan: Plan, rows: str, version: int) -> Counts:
    """Write the rows of a view that has none."""
    columns = idents([*plan.column_names, *lineage_columns(plan)])
    ((count,),) = session.execute(
        f"""
        INSERT INTO {plan.view.rows} (coco_row_id, coco_version, coco_updated, {columns})
        SELECT coco_row_id({plan.view.next_row_id}), {version}, false, {columns} FROM ({rows}) AS coco_new ({columns})
        """
    )
    check_key(session, plan.view, plan.view.rows)
    return Counts(inserted=count)


def apply(session: Session, plan: Plan, rows: str, touched: Condition, version: int) -> Counts:
    """Replace the rows for which the condition `touched` holds by these rows, as `version`."""
    view, names, lineage = plan.view, plan.column_names, lineage_columns(plan)
    key = view.key_columns
    if not touched.is_of_all and _shows_source_key(plan):
        key = [SOURCE_ID]  # as good as the key; rows of an earlier query may lack it
    stored = [*_BORN, *names, *lineage]
    difference = session.difference(
        rows_where(session, view.rows_table, touched, stored, f"{_prefix(view)}touched"),
        _shown(plan, rows),
        exact=[*names, *lineage],
        content=names,
        key=key or None,
        **_numbered(view),
    )
    if difference.moved:
        _retrace(session, plan)
    if difference.gone:
        _move_to_history(session, plan, version)
        session.delete_rows(view.name.database, view.state_table, f"SELECT coco_rowid FROM {_part(view, 'gone')}")
    if difference.came:
        _insert(session, view, version)
    return _counts(difference)


def move(session: Session, old: View, plan: Plan, rows: str, version: int) -> Counts:
    """Write the rows of a view that has a new table. Those in the old one go on, but for where they came from.

    If they had other columns none goes on.
    """
    view, names, lineage = plan.view, plan.column_names, lineage_columns(plan)
    goes_on = same_columns(old, plan)
    difference = session.difference(
        f"SELECT {idents(_BORN)}, {as_now(old, plan)}, rowid AS coco_rowid FROM {old.rows}",
        _shown(plan, rows),
        exact=names if goes_on and not lineage else None,
        content=names if goes_on else None,
        key=view.key_columns or None,
        **_numbered(view),
    )
    if goes_on:
        traced = f"LEFT JOIN {_part(view, 'moved')} AS moved ON moved.coco_rowid = old.rowid" if lineage else ""
        session.execute(
            f"INSERT INTO {view.rows} ({idents([*_BORN, *names, *lineage])}) "
            f"SELECT {', '.join([idents([*_BORN, *names], 'old'), *(f'moved.{ident(name)}' for name in lineage)])} "
            f"FROM {old.rows} AS old {traced} WHERE old.rowid NOT IN (SELECT coco_rowid FROM {_part(view, 'gone')})"
        )
    if difference.gone:
        _move_to_history(session, plan, version)
    if difference.came:
        _insert(session, view, version)
    return _counts(difference)


def _shown(plan: Plan, rows: str) -> str:
    """A query for rows under the names that the view has for their columns."""
    columns = idents([*plan.column_names, *lineage_columns(plan)])
    return f"SELECT {columns} FROM ({rows}) AS coco_rows ({columns})"


def _numbered(view: View) -> _Numbered:
    return {"number": "coco_row_id", "next": view.next_row_id, "prefix": _prefix(view)}


def _counts(difference: Difference) -> Counts:
    updated = difference.updated
    return Counts(inserted=difference.came - updated, updated=updated, deleted=difference.gone - updated)


def _shows_source_key(plan: Plan) -> bool:
    """Whether a row's source id is as good as its key."""
    view = plan.view
    is_derived = bool(view.key_columns) and "key" not in view.options
    return is_derived and plan.flow is not None and plan.flow.top.shows_source_rows


def _retrace(session: Session, plan: Plan) -> None:
    """Write new lineage into rows that stay, but come from other source rows or calls now."""
    view, columns = plan.view, idents(["coco_rowid", *lineage_columns(plan)])
    session.update_rows(view.name.database, view.state_table, f"SELECT {columns} FROM {_part(view, 'moved')}")


def _move_to_history(session: Session, plan: Plan, version: int) -> None:
    view = plan.view
    make_history(session, plan)
    gone = f"FROM {_part(view, 'gone')}"
    session.append_rows(view.name.database, view.history_table, gone, {"coco_removed": version})


def _insert(session: Session, view: View, version: int) -> None:
    came = _part(view, "came")
    session.append_rows(view.name.database, view.state_table, f"FROM {came}", {"coco_version": version})
    check_key(session, view, came)


def check_key(session: Session, view: View, added: str) -> None:
    """Refuse rows whose declared key another row has; one that is derived from the source's is unique."""
    if "key" not in view.options:
        return
    key = idents(view.key_columns)
    same = " AND ".join(f"stored.{ident(name)} IS NOT DISTINCT FROM given.{ident(name)}" for name in view.key_columns)
    rows = session.execute(
        f"""
        SELECT {idents(view.key_columns, "stored")}, count(*) FROM {view.rows} AS stored
        SEMI JOIN (SELECT DISTINCT {key} FROM {added}) AS given ON {same}
        GROUP BY ALL HAVING count(*) > 1 LIMIT 1
        """
    )
    if rows:
        *values, count = rows[0]
        raise duckdb.ConstraintException(
            f"view {view.name}: the key ({', '.join(view.key_columns)}) is not unique: {count} rows have "
            f"({', '.join(map(repr, values))}). CREATE OR REPLACE the view with a key that is, or without one"
        )


def _prefix(view: View) -> str:
    """How the names of the collections begin that `difference` makes."""
    return f"rows_{view.view_id}_"


def _part(view: View, name: str) -> str:
    """A part of it, as SQL."""
    return collected(f"{_prefix(view)}{name}")
