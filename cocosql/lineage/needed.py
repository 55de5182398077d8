"""Which memoized results rows need at present: the others can go."""

import duckdb

from cocosql._native import Session
from cocosql.catalog import memo, views
from cocosql.catalog.views import View
from cocosql.lineage.present import Present, present
from cocosql.refresh.describe import rebuild_reason


def needed_results(session: Session, database: str, function: str, code_version: str) -> str | None:
    """A query for the fingerprints of the results that rows of views come from (see `memo.uses`), or that decide which
    rows there are; None if it is not known what a view calls the function with.
    """
    uses = memo.uses(session, database, function, code_version)
    parts = [f"SELECT fingerprint, run_id, present FROM ({uses})"]
    for view in views.all_views(session, database):
        if _calls_untraced(view, function, code_version):
            needed = _needed_by(session, view, function)
            if needed is None:
                return None
            parts += [f"SELECT fingerprint, NULL, true FROM ({query})" for query in needed]
    return " UNION ALL ".join(parts)


def _calls_untraced(view: View, function: str, code_version: str) -> bool:
    """Whether the view calls the function where its rows do not say with what."""
    wanted = (function.lower(), code_version, None)
    return any((call.function.lower(), call.code_version, call.site) == wanted for call in view.calls)


def _needed_by(session: Session, view: View, function: str) -> list[str] | None:
    try:
        found = present(session, view)
    except duckdb.Error:
        return None
    if found is None or rebuild_reason(session, found.plan) or function.lower() in found.plan.called_inline:
        return None
    return _argument_queries(found, function)


def _argument_queries(found: Present, function: str) -> list[str]:
    queries = []
    for operator in found.flow.maps:
        relation = operator.all_rows([given.operator.present_rows(found) for given in operator.inputs])
        sites = [site for site in operator.sites if site.callee.function.name.lower() == function.lower()]
        queries += [f"SELECT fingerprint FROM ({operator.needed_sql(site, relation)})" for site in sites]
    return queries
