"""coco_lineage('view'): for each row of a view, the source rows that it came from and the calls that made it.

With 'direct' the rows of the views that it reads stand for what they came from.
"""

import duckdb

from cocosql._native import Session
from cocosql.catalog import views
from cocosql.catalog.names import Caller
from cocosql.lineage.origin import lineage_sql, no_lineage
from cocosql.lineage.trace import traces, why_untraced
from cocosql.sqltree import split_name

_DIRECT = "direct"


def sql(session: Session, arguments: list[str], caller: Caller) -> str:
    text, *words = arguments
    if words not in ([], [_DIRECT]):
        raise duckdb.InvalidInputException(f"coco_lineage takes {_DIRECT!r} after the view, not {words[0]!r}")
    view = views.require(session, split_name(text), caller)
    if not view.has_data:
        return no_lineage(view.column_names, view.column_types)
    if reason := why_untraced(view):
        raise duckdb.NotImplementedException(reason)
    found = traces(session, view, direct=bool(words))
    return lineage_sql(found) if found else no_lineage(view.column_names, view.column_types)
