"""coco_explain_change('view'[, row_id]): why each change of a row, or of all, came: a source, the code or the query had
changed."""

import difflib
from collections.abc import Iterator
from typing import Any

import duckdb

from cocosql._native import Session
from cocosql.catalog import views
from cocosql.catalog.change_log import ChangeLog
from cocosql.catalog.names import Caller
from cocosql.catalog.tables import FUNCTIONS, own
from cocosql.catalog.views import View
from cocosql.lineage.origin import lineage_sql
from cocosql.lineage.trace import traces, why_untraced
from cocosql.sqltext import literal
from cocosql.sqltree import split_name
from cocosql.tables import templates

#: What had changed when a run made a version; of the run before, if that is known.
_CAUSES = {"run_id": "BIGINT", "cause": "VARCHAR", "what": "VARCHAR", "detail": "VARCHAR"}
Cause = tuple[str, str | None, str | None]


def sql(session: Session, arguments: list[str], caller: Caller) -> str:
    view = views.require(session, split_name(arguments[0]), caller)
    wanted = f"coco_row_id = {int(arguments[1])}" if len(arguments) > 1 else "true"
    log = ChangeLog(view)
    return f"""
        WITH after AS ({log.appeared(wanted)}), before AS ({log.disappeared(wanted)}), made AS ({log.made()}),
        causes AS ({_causes(session, log, wanted)}), origins AS ({_origins(session, view, wanted)})
        SELECT row_id, version, run_id, changed_at,
            CASE WHEN before.row IS NULL THEN 'insert' WHEN after.row IS NULL THEN 'delete' ELSE 'update' END AS op,
            before.row AS before, after.row AS after, cause, what,
            CASE WHEN cause = 'source' THEN CASE WHEN is_present THEN origins.keys END ELSE detail END AS detail
        FROM after FULL JOIN before USING (row_id, version)
        LEFT JOIN made USING (version) LEFT JOIN causes USING (run_id)
        LEFT JOIN origins ON cause = 'source' AND origins.source = what AND origins.coco_row_id = row_id
        ORDER BY row_id, version, cause, what
    """


def _origins(session: Session, view: View, wanted: str) -> str:
    """The keys of the rows that rows come from, by source; none where that is not known."""
    try:
        found = [] if why_untraced(view) else traces(session, view)
    except (duckdb.InvalidInputException, duckdb.PermissionException):
        found = []
    if not found:
        return "SELECT NULL::BIGINT AS coco_row_id, NULL::VARCHAR AS source, NULL::VARCHAR AS keys WHERE false"
    keys = "string_agg(source_key::VARCHAR, ', ' ORDER BY source_key::VARCHAR) AS keys"
    lineage = f"SELECT row_id AS coco_row_id, source, source_key FROM ({lineage_sql(found)})"
    return f"SELECT coco_row_id, source, {keys} FROM ({lineage}) WHERE {wanted} GROUP BY coco_row_id, source"


def _causes(session: Session, log: ChangeLog, wanted: str) -> str:
    """What had changed when the versions were made in which the row did."""
    columns = ["query", "definition", "functions", "changed_sources", "recalled"]
    before = ", ".join(f"lag({column}) OVER (ORDER BY run_id)" for column in columns[:3])
    found = session.execute(
        f"""
        SELECT run_id, {", ".join(columns)}, row_number() OVER (ORDER BY run_id) = 1, {before} FROM {log.runs()}
        QUALIFY version IN ({log.versions(wanted)}) AND row_number() OVER (PARTITION BY version ORDER BY run_id) = 1
        """
    )
    listed = [
        [str(run_id), *map(_text, cause)] for run_id, *made in found for cause in _causes_of(session, log.view, *made)
    ]
    return templates.values(_CAUSES, listed)


def _text(text: str | None) -> str:
    return "NULL" if text is None else literal(text)


def _causes_of(
    session: Session,
    view: View,
    query: str,
    definition: str | None,
    functions: dict[str, str] | None,
    sources: list[str] | None,
    recalled: list[str] | None,
    is_first: bool,
    *before: Any,
) -> Iterator[Cause]:
    query_before, definition_before, functions_before = before
    if is_first:
        yield "first", None, "the view was filled"
        return
    if definition is None or definition_before is None:
        yield "unknown", None, "an earlier version of CocoSQL made it, which did not keep why"
        return
    changed = {name: version for name, version in (functions or {}).items() if functions_before.get(name) != version}
    for name, version in changed.items():
        yield "code", name, _code_diff(session, view, name, functions_before.get(name), version)
    if query != query_before:
        yield "query", None, _diff(query_before, query)
    elif definition != definition_before:
        yield "query", None, "a view or macro that the query uses, or the type of a column, changed"
    for name in recalled or []:
        yield "recall", name, f"{name} was called again for what it had been called for before"
    for source in sources or []:
        yield "source", source, None


def _code_diff(session: Session, view: View, name: str, before: str | None, after: str) -> str:
    functions = own(FUNCTIONS, view.name.database)
    sources = dict(
        session.execute(
            f"SELECT code_version, coalesce(source, '') FROM {functions} WHERE lower(name) = lower($1)", [name]
        )
    )
    if before is None:
        return f"{name} was not called before"
    differences = _diff(sources.get(before, ""), sources.get(after, ""), before, after)
    return differences or f"{name} {before} -> {after}: what it uses changed, and not its own source"


def _diff(before: str, after: str, name_before: str = "before", name_after: str = "after") -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), name_before, name_after, lineterm="")
    return "\n".join(lines)
