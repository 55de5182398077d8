"""Applying a delta: rows gone and rows new are netted as bags, and only what differs is written.

Survivors keep their row id, and the version that brought them. Row ids are ``version << 64 | number``: unique for ever,
and in the order in which rows are stored.
"""

from dataclasses import dataclass

import duckdb

from cocosql import temporary
from cocosql._native import Session
from cocosql.catalog.views import View
from cocosql.fetch import rows_at, rows_where
from cocosql.planner.operators import SOURCE_ID
from cocosql.planner.operators.map import Map
from cocosql.planner.plan import Plan
from cocosql.refresh.state import lineage_columns
from cocosql.sqltext import fingerprint, ident, idents


@dataclass(frozen=True)
class Counts:
    inserted: int = 0
    updated: int = 0
    deleted: int = 0

    def __bool__(self) -> bool:
        return bool(self.inserted or self.updated or self.deleted)


def fill(session: Session, plan: Plan, rows: str, version: int) -> Counts:
    """Write the rows of a view that has none."""
    columns = [*plan.column_names, *lineage_columns(plan)]
    session.execute(
        f"""
        INSERT INTO {plan.view.rows} (coco_row_id, coco_version, coco_updated, {idents(columns)})
        SELECT {_new_row_id(version)}, {version}, false, {idents(columns)} FROM ({rows}) AS coco_new ({idents(columns)})
        """
    )
    check_key(session, plan.view, plan.view.rows)
    ((count,),) = session.execute(f"SELECT count(*) FROM {plan.view.rows}")
    return Counts(inserted=count)


def apply(session: Session, plan: Plan, rows: str, touched: str, version: int) -> Counts:
    """Replace the rows for which the condition `touched` holds by these rows, as `version`."""
    view, names, lineage = plan.view, plan.column_names, lineage_columns(plan)
    old, new, removed, added = (_temporary(view.view_id, part) for part in ("old", "new", "removed", "added"))
    key, copy = _identity(plan, touched)
    columns = idents([*names, *lineage])
    content = f"{fingerprint(names)} AS coco_content"
    present = rows_where(
        session, view.rows_table, touched, ["coco_row_id", *lineage, *names], _temporary(view.view_id, "touched")
    )
    stored = f"SELECT coco_rowid, coco_row_id{_list(lineage)}, {content}, {key} FROM ({present})"
    fresh = f"SELECT *, {content}, {key} FROM ({rows}) AS coco_rows ({columns})"
    past = temporary.make(session, old, f"SELECT *, {copy} FROM ({stored})")
    temporary.make(session, new, f"SELECT *, {copy} FROM ({fresh})")
    gone = temporary.make(session, removed, f"FROM {old} ANTI JOIN {new} USING (coco_content, coco_copy)")
    fresh_only = f"FROM {new} ANTI JOIN {old} USING (coco_content, coco_copy)"
    if gone:
        # The rows that the view has may be from before it had this key: of those that share one, one is replaced.
        replaceable = f"SELECT coco_key, min(coco_row_id) AS coco_row_id FROM {removed} GROUP BY coco_key"
        came = temporary.make(
            session,
            added,
            f"SELECT fresh.*, past.coco_row_id AS coco_replaces FROM ({fresh_only}) AS fresh "
            f"LEFT JOIN ({replaceable}) AS past ON past.coco_key = fresh.coco_key",
        )
    else:
        came = temporary.make(session, added, f"SELECT *, NULL::UHUGEINT AS coco_replaces FROM ({fresh_only})")
    if past > gone:
        _retrace(session, plan, old, new)
    counts = _counts(session, added, gone, came)
    if counts:
        _write(session, plan, removed, added, version, counts)
        check_key(session, plan.view, added)
    return counts


def _identity(plan: Plan, touched: str) -> tuple[str, str]:
    """What identifies a row, for update pairs, and what tells rows of the same content apart."""
    view = plan.view
    if touched != "true" and _shows_source_key(plan):
        # The view shows its source's key, so that the source id does both. Rows of an earlier query may lack it.
        return f"{ident(SOURCE_ID)} AS coco_key", f"{ident(SOURCE_ID)} AS coco_copy"
    key = fingerprint(view.key_columns) if view.key_columns else "NULL::UHUGEINT"
    order = f"ORDER BY {ident(SOURCE_ID)}" if lineage_columns(plan) else ""
    return f"{key} AS coco_key", f"row_number() OVER (PARTITION BY coco_content {order}) AS coco_copy"


def _shows_source_key(plan: Plan) -> bool:
    """Whether a row's source id is as good as its key."""
    top, view = plan.flow.top if plan.flow else None, plan.view
    return isinstance(top, Map) and top.scan is not None and bool(view.key_columns) and "key" not in view.options


def _retrace(session: Session, plan: Plan, old: str, new: str) -> None:
    """Survivors that come from other rows or calls now are told so."""
    lineage = lineage_columns(plan)
    if not lineage:
        return
    changes = ", ".join(f"{ident(column)} = fresh.{ident(column)}" for column in lineage)
    differ = " OR ".join(f"past.{ident(column)} IS DISTINCT FROM fresh.{ident(column)}" for column in lineage)
    survivors = f"{old} AS past JOIN {new} AS fresh USING (coco_content, coco_copy)"
    if not session.execute(f"SELECT 1 FROM {survivors} WHERE {differ} LIMIT 1"):
        return
    session.execute(
        f"""
        UPDATE {plan.view.rows} AS stored SET {changes} FROM {survivors}
        WHERE stored.rowid = past.coco_rowid AND ({differ})
        """
    )


def _write(session: Session, plan: Plan, removed: str, added: str, version: int, counts: Counts) -> None:
    view, columns = plan.view, [*plan.column_names, *lineage_columns(plan)]
    gone = counts.updated + counts.deleted
    if gone:
        _move_to_history(session, view, removed, added, columns, version, gone)
        session.delete_rows(view.name.database, view.state_table, f"SELECT coco_rowid FROM {removed}")
    session.execute(
        f"""
        INSERT INTO {view.rows} (coco_row_id, coco_version, coco_updated, {idents(columns)})
        SELECT coalesce(coco_replaces, {_new_row_id(version)}), {version}, coco_replaces IS NOT NULL, {idents(columns)}
        FROM {added}
        """
    )


def _move_to_history(
    session: Session, view: View, removed: str, added: str, columns: list[str], version: int, count: int
) -> None:
    stored = ["coco_row_id", "coco_version", "coco_updated", *columns]
    gone = rows_at(session, view.rows_table, f"SELECT coco_rowid FROM {removed}", stored, count)
    session.execute(
        f"""
        INSERT INTO {view.history} BY NAME
        SELECT * EXCLUDE (coco_rowid), {version} AS coco_removed,
            coco_row_id IN (SELECT coco_replaces FROM {added} WHERE coco_replaces IS NOT NULL) AS coco_replaced
        FROM ({gone})
        """
    )


def _counts(session: Session, added: str, gone: int, came: int) -> Counts:
    updated = 0
    if gone and came:
        ((updated,),) = session.execute(f"SELECT count(coco_replaces) FROM {added}")
    return Counts(inserted=came - updated, updated=updated, deleted=gone - updated)


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


def _new_row_id(version: int) -> str:
    return f"coco_row_id({version})"


def _temporary(view_id: int, part: str) -> str:
    return ident(f"coco_{part}_{view_id}")


def _list(names: list[str]) -> str:
    return "".join(f", {ident(name)}" for name in names)
