"""coco_impact('source'[, key…]): what a row of a source has reached: rows of views, what is kept for them, and results.

Without a key it is what all of its rows have reached.
The inverse of coco_lineage. With the name of a function instead, and maybe a code version: the rows that it made.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import duckdb

from cocosql._native import Session
from cocosql.capture import Capture, snapshots
from cocosql.capture.identity import Keyed
from cocosql.capture.rows import RowCapture
from cocosql.catalog import functions, migrations, tables, views
from cocosql.catalog.change_log import ChangeLog
from cocosql.catalog.names import Caller, Name, candidates, relation
from cocosql.catalog.tables import FUNCTIONS, PENDING, SNAPSHOT, SNAPSHOT_LOG, own
from cocosql.catalog.views import View
from cocosql.lineage.needed import needed_results
from cocosql.lineage.present import Present, present
from cocosql.lineage.trace import Trace, traces, why_untraced
from cocosql.operators.operator import SOURCE_ID
from cocosql.operators.scan import Scan
from cocosql.operators.source import Source
from cocosql.operators.traced import NO_CALLS
from cocosql.sqltext import ident, literal, struct
from cocosql.sqltree import name_parts

_NOTHING = (
    "SELECT NULL::VARCHAR AS view, NULL::VARCHAR AS kind, NULL::BIGINT AS row_id, NULL::JSON AS row, "
    f"{NO_CALLS} AS functions, NULL::VARCHAR AS detail WHERE false"
)


def sql(session: Session, arguments: list[str], caller: Caller) -> str:
    wanted = _Wanted.named(session, arguments, caller)
    parts = [part for database in migrations.databases(session) for part in _reached(session, database, wanted)]
    if not parts and not wanted.exists(session):
        parts = _function(session, arguments)
    return " UNION ALL ".join(f"({part})" for part in [_NOTHING, *parts])


def _function(session: Session, arguments: list[str]) -> list[str]:
    name, *versions = arguments
    databases = migrations.databases(session)
    known = [*functions.registered(session)]
    for database in databases:
        table = own(FUNCTIONS, database)
        known += [found for (found,) in session.execute(f"SELECT DISTINCT lower(name) FROM {table}")]
    if name.lower() not in known:
        raise duckdb.CatalogException(
            f"no table or function of the name {name} is known: name a source as coco_lineage does, or a function"
        )
    return list(_made_by(session, name, versions[0] if versions else None))


@dataclass(frozen=True)
class _Wanted:
    """A row of a source, or all."""

    text: str
    names: list[Name]
    key: list[str]

    @classmethod
    def named(cls, session: Session, arguments: list[str], caller: Caller) -> "_Wanted":
        text, *key = arguments
        parts = name_parts(text)
        return cls(text, candidates(session, parts, caller) if parts else [], key)

    def exists(self, session: Session) -> bool:
        """Whether there is such a table or view."""
        return any(relation(session, name) for name in self.names)

    def is_in(self, source: Source) -> bool:
        is_named = source.name is not None and source.name.key() in [name.key() for name in self.names]
        return is_named or self.text in (source.sql, str(source))

    def id_if_in(self, capture: Capture) -> str | None:
        """The id of the row, as SQL, if the capture is of its source."""
        return self._id_in(capture) if isinstance(capture, RowCapture) and self.is_in(capture.source) else None

    def came_from_it(self, column: str, capture: Capture) -> str:
        """The condition for a column of ids that the capture gives."""
        assert isinstance(capture, RowCapture)
        return f"{ident(column)} = {self._id_in(capture)}" if self.key else "true"

    def _id_in(self, capture: RowCapture) -> str:
        identity, source = capture.identity, capture.source
        if not isinstance(identity, Keyed):
            if len(self.key) != 1 or not _is_uuid(self.key[0]):
                raise duckdb.InvalidInputException(
                    f"{source} has no primary key: its rows are known by the fingerprint that coco_lineage shows in "
                    f"source_key: coco_impact({literal(str(source))}, fingerprint)"
                )
            return f"CAST(CAST({literal(self.key[0])} AS UUID) AS UHUGEINT)"
        if len(self.key) != len(source.key):
            raise duckdb.InvalidInputException(
                f"{source} has the key ({', '.join(source.key)}): coco_impact({literal(str(source))}, "
                f"{', '.join(source.key)})"
            )
        pairs = zip(self.key, source.key, strict=True)
        values = [f"CAST({literal(value)} AS {source.types[name]})" for value, name in pairs]
        return values[0] if source.has_integer_key else f"coco_fingerprint({', '.join(values)})"


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _reached(session: Session, database: str, wanted: _Wanted) -> Iterator[str]:
    """What the row has reached in a database, place by place."""
    found = views.all_views(session, database)
    readers: dict[int, bool] = {}
    called: set[tuple[str, str]] = set()
    for view in found.ordered():
        above = [other for other in found.read_by(view) if readers.get(other.view_id)]
        if not view.has_data:
            continue
        try:
            given = present(session, view) if view.incremental else None
        except duckdb.Error:
            given = None
        reads = _reads(view, given, wanted)
        readers[view.view_id] = reads or bool(above)
        if not readers[view.view_id]:
            continue
        called |= {(call.function, call.code_version) for call in view.calls}
        if given is None:
            yield _unknown(
                view, "which of its rows came from it is not known: it is recomputed, or has to be refreshed"
            )
            continue
        yield from _in_view(session, view, given, wanted)
    for function, code_version in sorted(called):
        yield _in_memo(session, database, function, code_version)


def _reads(view: View, given: Present | None, wanted: _Wanted) -> bool:
    if given is not None:
        return any(wanted.is_in(scan.source) for scan in given.flow.scans)
    named = {name.name.lower() for name in wanted.names}
    return any((name_parts(one.source) or [""])[-1].lower() in named for one in view.inputs)


def _in_view(session: Session, view: View, given: Present, wanted: _Wanted) -> Iterator[str]:
    found = traces(session, view, wanted=wanted.id_if_in if wanted.key else None)
    ends = [trace for trace in found if trace.capture is not None and wanted.is_in(trace.capture.source)]
    rows = " UNION ALL ".join(f"({_at(trace, wanted)})" for trace in ends)
    if rows:
        calls = "list_distinct(flatten(list(coco_calls)))"
        shown = f"SELECT {literal(str(view.name))}, 'row', coco_of, coco_row, {calls}, NULL"
        yield f"{shown} FROM ({rows}) GROUP BY coco_of, coco_row"
    if any(trace.capture is None for trace in found):
        yield _unknown(view, "it reads a view whose rows cannot be traced")
    yield from _in_changes(view, given, wanted)
    yield from _in_state(session, view, given, wanted)


def _at(trace: Trace, wanted: _Wanted) -> str:
    assert trace.capture is not None
    columns = "coco_of, to_json(coco_row) AS coco_row, coco_calls"
    return f"SELECT {columns} FROM ({trace.sql}) WHERE {wanted.came_from_it(SOURCE_ID, trace.capture)}"


def _in_changes(view: View, given: Present, wanted: _Wanted) -> Iterator[str]:
    """Rows that are gone and kept as changes."""
    history = ChangeLog(view).history
    top, columns = given.flow.top, []
    for one, column in zip(top.inputs, top.source_ids, strict=False):
        if isinstance(one.operator, Scan) and wanted.is_in(one.operator.source):
            columns.append(wanted.came_from_it(column, given.capture(one.operator)))
    mend = f"ALTER INCREMENTAL VIEW {view.name} SET (retain_changes = '0 seconds') and VACUUM drop it"
    if columns:
        row, detail = (
            f"to_json({struct(view.column_names)})",
            f"'gone with version ' || coco_removed || {literal(f': {mend}')}",
        )
        shown = f"SELECT {literal(str(view.name))}, 'change', coco_row_id, {row}, {NO_CALLS}, {detail}"
        yield f"{shown} FROM {history} WHERE {' OR '.join(columns)}"
    if len(columns) < len(top.inputs):
        yield _counted(view, "change", f"FROM {history}", f"rows that are gone, any of which may come from it: {mend}")


def _in_state(session: Session, view: View, given: Present, wanted: _Wanted) -> Iterator[str]:
    """What operators, and the capture of changes, keep of it."""
    for operator in given.flow.maps:
        for one, column in zip(operator.inputs, operator.source_ids, strict=True):
            if (
                operator is given.flow.top
                or not isinstance(one.operator, Scan)
                or not wanted.is_in(one.operator.source)
            ):
                continue
            came_from_it = wanted.came_from_it(column, given.capture(one.operator))
            kept = f"FROM {given.kept(operator)} WHERE {came_from_it}"
            yield _counted(view, "state", kept, f"rows in {view.kept_table(given.flow.number(operator))}")
    for scan in given.flow.scans:
        capture = given.capture(scan)
        if isinstance(capture, RowCapture) and wanted.is_in(scan.source):
            for table in _snapshot_tables(session, view, capture):
                rows = own(table, view.name.database)
                known = f"FROM {rows} WHERE {wanted.came_from_it(SOURCE_ID, capture)}"
                yield _counted(view, "state", known, f"fingerprints and keys in {table}")


def _snapshot_tables(session: Session, view: View, capture: RowCapture) -> list[str]:
    name, sibling = capture.identity.name, session.sibling()
    found = snapshots.find(sibling, view.name.database, capture.stored_source, capture.columns, capture.kind, name)
    if found is None:
        return []
    names = [kind.named(found.snapshot_id) for kind in (SNAPSHOT, SNAPSHOT_LOG, PENDING)]
    return [table for table in names if tables.exists(sibling, view.name.database, table)]


def _in_memo(session: Session, database: str, function: str, code_version: str) -> str:
    """Results that no row needs: some may be of arguments that came from it."""
    memo = f"FROM {own(tables.memo(function, code_version), database)}"
    needed = needed_results(session, database, function, code_version)
    of = f"of {function} ({code_version})"
    if needed is None:
        return _counted(None, "memo", memo, f"results {of}: which of them rows need is not known")
    unneeded = f"{memo} WHERE fingerprint NOT IN (SELECT fingerprint FROM ({needed}) WHERE present)"
    mend = "VACUUM INCREMENTAL VIEWS WITH (retain = '0 seconds') drops them"
    return _counted(None, "memo", unneeded, f"results {of} that no row needs: {mend}")


def _counted(view: View | None, kind: str, rows: str, what: str) -> str:
    """A row that says how many there are, if there are some."""
    name = "NULL" if view is None else literal(str(view.name))
    return (
        f"SELECT {name}, {literal(kind)}, NULL, NULL, {NO_CALLS}, n || {literal(f' {what}')} "
        f"FROM (SELECT count(*) AS n {rows}) WHERE n > 0"
    )


def _unknown(view: View, why: str) -> str:
    return f"SELECT {literal(str(view.name))}, 'unknown', NULL, NULL, {NO_CALLS}, {literal(why)}"


def _made_by(session: Session, function: str, code_version: str | None = None) -> Iterator[str]:
    """The rows that a function has made, with its calls alone."""
    is_it = f"lower(made.name) = {literal(function.lower())}"
    if code_version:
        is_it += f" AND made.code_version = {literal(code_version)}"
    for database in migrations.databases(session):
        found = views.all_views(session, database)
        for view in found:
            called = {call.function.lower() for part in [*found.upstream(view), view] for call in part.calls}
            if not view.has_data or function.lower() not in called:
                continue
            if why_untraced(view):
                yield _unknown(view, "which of its rows it has made is not known: it is recomputed")
                continue
            ways = " UNION ALL ".join(
                f"SELECT coco_of, coco_row, coco_calls FROM ({way.sql})" for way in traces(session, view)
            )
            made = f"list_filter(list_distinct(flatten(list(coco_calls))), lambda made: {is_it})"
            rows = f"SELECT coco_of, to_json(coco_row) AS row, {made} AS calls FROM ({ways}) GROUP BY coco_of, coco_row"
            shown = f"SELECT {literal(str(view.name))}, 'row', coco_of, row, calls, NULL"
            yield f"{shown} FROM ({rows}) WHERE len(calls) > 0"
