"""The queries of sql/tables/, over one database or all that have a schema coco."""

from sqlglot import exp

from cocosql._native import Session
from cocosql.catalog import migrations
from cocosql.files import find
from cocosql.sqltext import ident, literal

_COLUMNS = "-- columns: "


def in_database(name: str, database: str) -> str:
    """A query of sql/tables/ where ``coco_db`` stands for a database and ``coco_db_name`` for the text of its name."""
    lines = [line for line in _text(name).splitlines() if not line.startswith("--")]
    query = "\n".join(lines).strip()
    return query.replace("coco_db_name", literal(database)).replace("coco_db.", f"{ident(database)}.")


def over_databases(session: Session, name: str) -> str:
    """The query over all databases that have a schema coco; without rows, but with its columns, if there is none."""
    found = migrations.databases(session)
    return " UNION ALL ".join(f"({in_database(name, database)})" for database in found) or _no_rows(name)


def values(columns: dict[str, str], rows: list[list[str]]) -> str:
    """A relation of rows written as SQL, with the types of its columns."""
    typed = ", ".join(f"{ident(name)}::{kind} AS {ident(name)}" for name, kind in columns.items())
    nulls = ", ".join("NULL" for _ in columns)
    listed = ", ".join(f"({', '.join(row)})" for row in [[nulls], *rows])
    names = ", ".join(map(ident, columns))
    return f"SELECT {typed} FROM (VALUES {listed}) AS given ({names}) OFFSET 1"


def _no_rows(name: str) -> str:
    """The columns of the query, as its file declares them for this purpose."""
    declared = next(line for line in _text(name).splitlines() if line.startswith(_COLUMNS))
    columns = exp.DataType.build(f"STRUCT({declared.removeprefix(_COLUMNS)})", dialect="duckdb")
    nulls = [f"NULL::{column.args['kind'].sql('duckdb')} AS {ident(column.name)}" for column in columns.expressions]
    return f"SELECT {', '.join(nulls)} WHERE false"


def _text(name: str) -> str:
    return find(f"sql/tables/{name}.sql").read_text()
