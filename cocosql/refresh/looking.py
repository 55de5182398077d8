"""Looking at a view, rather than refreshing it: its file may be a stranger's.

What a file says is only run once someone has asked for it: by creating the view, refreshing it, or explaining its
refresh in this process. Until then no file is read for it, and of its sources only tables that DuckDB stores.
"""

from cocosql._native import Session
from cocosql.catalog.views import View
from cocosql.operators.source import Source
from cocosql.refresh.asked import is_asked
from cocosql.refresh.prepared import prepared

#: How an error or a status goes on that says what would have to be done.
NOT_BEFORE = "which is not done before someone asks for it: with REFRESH or EXPLAIN REFRESH, in this process"


def looking(session: Session, view: View) -> Session:
    """Give a session of its own what the view was created with, and let it only look unless someone has asked for more.

    What would be more raises duckdb.PermissionException.
    """
    prepared(session, view)
    if not is_asked(session, view):
        session.only_look()
    return session


def why_unseen(session: Session, source: Source) -> str | None:
    """What a session that only looks would have to do for a source; None if it looks at it."""
    if not session.only_looks or source.upstream or (source.is_table and not source.has_generated):
        return None
    return f"it would read {source}"
