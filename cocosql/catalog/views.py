"""The incremental views of a database: one record each, in coco.views and the tables beside it."""

from dataclasses import dataclass, field, replace
from typing import Any

import duckdb

from cocosql._native import Session
from cocosql.catalog import migrations
from cocosql.catalog.names import Caller, Name, candidates
from cocosql.sqltext import qualified


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
    has_data: bool = False
    incremental: bool = False
    definition: str = ""
    last_error: str | None = None
    #: Rows of its source that failed at the last refresh.
    failed_rows: int = 0
    inputs: list[Input] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    @property
    def rows(self) -> str:
        """The table of the view's rows, as SQL."""
        return qualified("coco", self.state_table)

    @property
    def history(self) -> str:
        """The table of the rows that are gone, as SQL."""
        return qualified("coco", self.history_table)

    @property
    def failed(self) -> str:
        """The table of the ids of source rows that failed, as SQL. It is there if there are some."""
        return qualified("coco", f"failed_{self.view_id}")

    def settled(self, **changes: Any) -> "View":
        return replace(self, **changes)


def find(session: Session, name: Name) -> View | None:
    return next((view for view in all_views(session, name.database) if view.name.key() == name.key()), None)


def require(session: Session, parts: list[str], caller: Caller) -> View:
    """The view that a name of the user's means.

    Raises:
        duckdb.CatalogException: if there is none.
    """
    for name in candidates(session, parts, caller):
        view = find(session, name)
        if view:
            return view
    raise duckdb.CatalogException(
        f"incremental view {'.'.join(parts)} does not exist (SHOW INCREMENTAL VIEWS lists those that do)"
    )


def all_views(session: Session, database: str) -> list[View]:
    """The views of a database, in the order in which they were created."""
    if not any(database.lower() == other.lower() for other in migrations.databases(session)):
        return []
    schema = qualified(database, "coco")
    inputs = _by_view(session, f"{schema}.inputs", "source, columns, capture, snapshot_table, position", "input_id")
    operators = _by_view(
        session, f"{schema}.operators", "operator_id, kind, rule, inputs, sql, state_table", "operator_id"
    )
    calls = _by_view(session, f"{schema}.calls", "site, function, code_version", "site, function")
    rows = session.execute(
        f"""
        SELECT view_id, schema_name, view_name, query, column_names, column_types, given_columns, key_columns, options,
               settings, search_path, state_table, history_table, version, has_data, incremental, definition,
               last_error, coalesce(failed_rows, 0)
        FROM {schema}.views ORDER BY view_id
        """
    )
    return [
        replace(
            View(row[0], Name(database, row[1], row[2]), *row[3:]),
            inputs=[Input(*values) for values in inputs.get(row[0], [])],
            operators=[Operator(*values) for values in operators.get(row[0], [])],
            calls=[Call(*values) for values in calls.get(row[0], [])],
        )
        for row in rows
    ]


def _by_view(session: Session, table: str, columns: str, order: str) -> dict[int, list[tuple[Any, ...]]]:
    found: dict[int, list[tuple[Any, ...]]] = {}
    for row in session.execute(f"SELECT view_id, {columns} FROM {table} ORDER BY view_id, {order}"):
        found.setdefault(row[0], []).append(row[1:])
    return found


def stands(session: Session, view: View) -> bool:
    """Whether the view's name means it still: the view that shows its rows may be dropped, or be another."""
    rows = session.execute(
        f"""
        SELECT 1 FROM duckdb_views() AS shown, {qualified(view.name.database, "coco", "views")} AS record
        WHERE (shown.database_name, shown.schema_name, shown.view_name) = ($1, $2, $3) AND record.view_id = $4
            AND regexp_matches(shown.sql, '\\b' || record.state_table || '\\b')
        """,
        [view.name.database, view.name.schema, view.name.name, view.view_id],
    )
    return bool(rows)


def next_id(session: Session) -> int:
    return int(session.execute("SELECT nextval('coco.ids')")[0][0])


def save(session: Session, view: View, *, refreshed: bool) -> None:
    """Write the view's record in place of the one it has. Call in the transaction of the change."""
    created = session.execute("SELECT created_at FROM coco.views WHERE view_id = $1", [view.view_id])
    forget(session, view.view_id)
    session.execute(
        f"""
        INSERT INTO coco.views VALUES (
            $1, $2, $3, $4, $5, $6, $7, $8, map($9::VARCHAR[], $10::VARCHAR[]), map($11::VARCHAR[], $12::VARCHAR[]),
            $13, $14, $15, $16, $17, $18, $19,
            coalesce($20::TIMESTAMPTZ, now()), {"now()" if refreshed else "NULL"}, $21, $22
        )
        """,
        [
            *(view.view_id, view.name.schema, view.name.name, view.query, view.column_names, view.column_types),
            *(view.given_columns, view.key_columns, list(view.options), list(view.options.values())),
            *(list(view.settings), list(view.settings.values()), view.search_path, view.state_table),
            *(view.history_table, view.version, view.has_data, view.incremental, view.definition),
            *(str(created[0][0]) if created else None, view.last_error, view.failed_rows),
        ],
    )
    for number, given in enumerate(view.inputs, start=1):
        session.execute(
            "INSERT INTO coco.inputs VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [view.view_id, number, given.source, given.columns, given.capture, given.snapshot_table, given.position],
        )
    for operator in view.operators:
        session.execute(
            "INSERT INTO coco.operators VALUES ($1, $2, $3, $4, $5::INTEGER[], $6, $7)",
            [
                *(view.view_id, operator.operator_id, operator.kind, operator.rule, operator.inputs),
                *(operator.sql, operator.state_table),
            ],
        )
    for call in view.calls:
        session.execute(
            "INSERT INTO coco.calls VALUES ($1, $2, $3, $4)",
            [view.view_id, call.site, call.function, call.code_version],
        )


def forget(session: Session, view_id: int) -> None:
    """Delete the view's record."""
    for table in ("views", "inputs", "operators", "calls"):
        session.execute(f"DELETE FROM coco.{table} WHERE view_id = $1", [view_id])
