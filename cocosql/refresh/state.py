"""The tables in which a view keeps its rows: those it has, and those that are gone (cocosql/catalog/change_log.py)."""

import time

from cocosql._native import Session
from cocosql.catalog import tables, views
from cocosql.catalog.change_log import BORN, GONE
from cocosql.catalog.names import database_number
from cocosql.catalog.tables import INPUTS, RUNS, own
from cocosql.catalog.views import View
from cocosql.instances import PerInstance
from cocosql.operators.map import CALL, ELEMENT
from cocosql.operators.operator import SOURCE_ID
from cocosql.planner.plan import Plan
from cocosql.sqltext import columns_sql, ident, idents, qualified

#: How long changes are kept.
DEFAULT_RETENTION = "7 days"


def lineage_columns(plan: Plan) -> list[str]:
    """The columns that say where a row came from."""
    return plan.flow.top.lineage_columns if plan.flow else []


def expected_layout(plan: Plan, source_id_types: list[str]) -> list[tuple[str, str]]:
    """Names and types of the columns for lineage, as the plan needs them."""
    names = lineage_columns(plan)
    others = [(name, "BIGINT" if name.startswith(ELEMENT) else "UHUGEINT") for name in names[len(source_id_types) :]]
    return [*zip(names, source_id_types, strict=False), *others]


def layout(session: Session, view: View) -> list[tuple[str, str]]:
    """Names and types of the columns for lineage, as the table has them."""
    return _layout_of(session, view, view.state_table)


def _layout_of(session: Session, view: View, table: str) -> list[tuple[str, str]]:
    columns = session.columns(view.name.database, tables.SCHEMA, table)
    return [(name, kind) for name, kind in columns if name.startswith((SOURCE_ID, ELEMENT, CALL))]


def renamed(view: View, number: int, *, keep_history: bool) -> View:
    """The view with other tables, not made yet."""
    history = view.history_table if keep_history and view.has_data else tables.HISTORY.named(number)
    return view.settled(state_table=tables.ROWS.named(number), history_table=history)


def replace(session: Session, old: View, plan: Plan, source_id_types: list[str]) -> None:
    """Make the tables of the plan's view, and take over what is gone. The table of the old rows is still there."""
    view = plan.view
    # Never CREATE TABLE … AS … WITH NO DATA: in DuckDB 2.0.0 a large INSERT into such a table leaves its first row
    # group empty, and scans stop there (SELECT … LIMIT 1 finds nothing).
    lineage = expected_layout(plan, source_id_types)
    session.execute(f"CREATE TABLE {view.rows} ({columns_sql([*BORN, *lineage, *_user_columns(plan)])})")
    if exists(session, old, old.history_table):
        if view.history == old.history:
            _lay_out_history(session, view, lineage)
        else:
            make_history(session, plan)
            own = idents(name for name, _ in [*BORN, *GONE])
            session.execute(f"INSERT INTO {view.history} BY NAME SELECT {own}, {as_now(old, plan)} FROM {old.history}")
            session.execute(f"DROP TABLE {old.history}")
    show(session, view.settled(column_names=plan.column_names))


def make_history(session: Session, plan: Plan) -> None:
    """Make the table of the rows that are gone, if there is none: many views lose no row."""
    view = plan.view
    if not exists(session, view, view.history_table):
        columns = [*BORN, *GONE, *layout(session, view), *_user_columns(plan)]
        session.execute(f"CREATE TABLE {view.history} ({columns_sql(columns)})")


def _user_columns(plan: Plan) -> list[tuple[str, str]]:
    return [(name, _stored(kind)) for name, kind in zip(plan.column_names, plan.column_types, strict=True)]


def _stored(kind: str) -> str:
    """The type in which a column is stored: a table has no NULL alone."""
    return kind.replace('"NULL"', "INTEGER")


def as_now(old: View, plan: Plan) -> str:
    """The columns that a view has now, of rows from before, as a select list.

    A value of another type is read from its text. Where that cannot be, or there was no such column, it is NULL.
    """
    types = dict(zip(old.column_names, old.column_types, strict=True))
    return ", ".join(
        ident(name) if types.get(name) == kind else f"{_read_from_text(name, _stored(kind), types)} AS {ident(name)}"
        for name, kind in zip(plan.column_names, plan.column_types, strict=True)
    )


def _read_from_text(name: str, kind: str, types: dict[str, str]) -> str:
    is_readable = name in types and "UNION(" not in kind  # of no text does SQL say which member it is
    return f"TRY_CAST({ident(name)}::VARCHAR AS {kind})" if is_readable else f"NULL::{kind}"


def empty(session: Session, old: View, plan: Plan, version: int) -> None:
    """All old rows go with a version."""
    make_history(session, plan)
    own = idents(name for name, _ in BORN)
    gone = f"SELECT {own}, {version} AS coco_removed, false AS coco_replaced, {as_now(old, plan)} FROM {old.rows}"
    session.execute(f"INSERT INTO {plan.view.history} BY NAME {gone}")


def same_columns(view: View, plan: Plan) -> bool:
    """Whether the plan gives the columns that the view has."""
    return (view.column_names, view.column_types) == (plan.column_names, plan.column_types)


def drop_rows(session: Session, view: View) -> None:
    session.execute(f"DROP TABLE IF EXISTS {view.rows}")


def show(session: Session, view: View) -> None:
    """Make the plain view that shows the rows under the view's name."""
    session.execute(f"CREATE OR REPLACE VIEW {view.name.sql} AS SELECT {idents(view.column_names)} FROM {view.rows}")


def _lay_out_history(session: Session, view: View, lineage: list[tuple[str, str]]) -> None:
    """Give rows that are gone the columns for lineage that rows have now; what they said of the old layout is lost."""
    present = _layout_of(session, view, view.history_table)
    for column in present:
        if column not in lineage:
            session.execute(f"ALTER TABLE {view.history} DROP COLUMN {ident(column[0])}")
    for column in lineage:
        if column not in present:
            session.execute(f"ALTER TABLE {view.history} ADD COLUMN {columns_sql([column])}")


#: By the number of a database, view and retention, the time before which no further change is to be forgotten.
_due: PerInstance[dict[tuple[int, int, str], float]] = PerInstance(dict)


def expire(session: Session, view: View) -> None:
    """Forget changes that are older than the view retains, and that every view that reads it has read."""
    retention = view.options.get("retain_changes", DEFAULT_RETENTION)
    due, key = _due.of(session), (database_number(session, view.name.database), view.view_id, retention)
    if time.monotonic() < due.get(key, 0) or not tables.stored_rows(session, view.name.database, view.history_table):
        return
    ((version, seconds),) = session.execute(
        f"""
        SELECT max(version) FILTER (finished_at < kept_since),
            epoch(coalesce(min(finished_at) FILTER (finished_at >= kept_since), now()) + $2::INTERVAL - now())
        FROM (SELECT *, now() - $2::INTERVAL AS kept_since FROM {own(RUNS)})
        WHERE view_id = $1 AND status = 'succeeded'
        """,
        [view.view_id, retention],
    )
    due[key] = time.monotonic() + seconds
    if version is None:
        return
    session.execute(
        f"""
        DELETE FROM {view.history} WHERE coco_removed <= $1 AND coco_removed <= coalesce((
            SELECT min((position::JSON ->> 'version')::BIGINT) FROM {own(INPUTS)} WHERE capture = 'view' AND source = $2
        ), coco_removed)
        """,
        [version, qualified(view.name.schema, view.name.name)],
    )


def keep_failed(session: Session, view: View, source_ids: dict[int, str | None]) -> View:
    """Remember the source rows that a query names for each operator (None: none), to try them again next time."""
    total = 0
    for operator_id, query in source_ids.items():
        table, count = view.failed(operator_id), 0
        if query is not None:
            session.execute(f"CREATE OR REPLACE TABLE {table} AS {query}")
            ((count,),) = session.execute(f"SELECT count(*) FROM {table}")
        if not count and (view.failed_rows or query is not None):
            session.execute(f"DROP TABLE IF EXISTS {table}")
        total += count
    return view.settled(failed_rows=total)


def has_failed(session: Session, view: View, operator_id: int) -> bool:
    """Whether source rows failed in an operator."""
    return view.failed_rows > 0 and exists(session, view, view.failed_table(operator_id))


def drop_kept(session: Session, view: View, *, except_for: View | None = None) -> None:
    """Drop the rows that operators of the view keep for others; but for those that it has under another record."""
    wanted = set(except_for.kept_tables) if except_for else set()
    for table in view.kept_tables:
        if table not in wanted:
            session.execute(f"DROP TABLE IF EXISTS {own(table)}")


def drop(session: Session, view: View) -> None:
    """Drop all that the view keeps, but for memoized results; and not what has taken its name."""
    if views.stands(session, view):
        session.execute(f"DROP VIEW {view.name.sql}")
    session.execute(f"DROP TABLE IF EXISTS {view.rows}")
    session.execute(f"DROP TABLE IF EXISTS {view.history}")
    drop_kept(session, view)
    for operator in view.operators:
        session.execute(f"DROP TABLE IF EXISTS {view.failed(operator.operator_id)}")


def tables_of(view: View) -> list[str]:
    """The names of the tables in which the view may keep rows."""
    failed = [view.failed_table(operator.operator_id) for operator in view.operators]
    return [view.state_table, view.history_table, *view.kept_tables, *failed]


def has_rows(session: Session, view: View) -> bool:
    """Whether the view has, or had, rows."""
    if not exists(session, view, view.state_table):
        return False
    if tables.stored_rows(session, view.name.database, view.state_table):
        return True
    return bool(session.execute(f"SELECT 1 FROM {view.rows} LIMIT 1"))  # of this transaction


def exists(session: Session, view: View, table: str) -> bool:
    """Whether there is such a table of the view's."""
    return tables.exists(session, view.name.database, table)
