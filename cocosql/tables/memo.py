"""coco_memo(['function']): the memoized results."""

from cocosql._native import Session
from cocosql.catalog import memo, migrations
from cocosql.catalog.names import Caller


def sql(session: Session, arguments: list[str], _: Caller) -> str:
    function = arguments[0] if arguments else None
    found = [memo.results(session, database, function) for database in migrations.databases(session)]
    return " UNION ALL ".join(found) or memo.no_results()
