"""The memo: which results there are, how large they are, and which of them views use."""

from sqlglot import exp

from cocosql._native import Session
from cocosql.catalog import tables, views
from cocosql.catalog.change_log import ChangeLog
from cocosql.catalog.damage import damaged, is_type
from cocosql.catalog.packed import unpacked
from cocosql.catalog.tables import FUNCTIONS, own
from cocosql.sqltext import ident, literal

#: Bytes of a value, by type; others have 16 at most.
_WIDTHS = {
    **dict.fromkeys(("BOOLEAN", "TINYINT", "UTINYINT"), 1),
    **dict.fromkeys(("SMALLINT", "USMALLINT"), 2),
    **dict.fromkeys(("INT", "UINT", "FLOAT", "DATE", "ENUM"), 4),
    **dict.fromkeys(("BIGINT", "UBIGINT", "DOUBLE", "TIME", "TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMP_S"), 8),
}


def results(session: Session, database: str, function: str | None) -> str:
    """A query for the memoized results of a function, or of all, with the last run that used each."""
    condition = f"WHERE lower(name) = lower({literal(function)})" if function else ""
    table = own(FUNCTIONS, database)
    found = session.execute(f"SELECT name, code_version, result_type FROM {table} {condition} ORDER BY ALL")
    return " UNION ALL ".join(_results(session, database, *row) for row in found) or no_results()


def no_results() -> str:
    return (
        "SELECT NULL::VARCHAR AS database, NULL::VARCHAR AS function, NULL::VARCHAR AS code_version, NULL::UUID "
        "AS input_fingerprint, NULL::BIGINT AS bytes, NULL::TIMESTAMPTZ AS computed_at, NULL::BIGINT AS last_used_run "
        "WHERE false"
    )


def _results(session: Session, database: str, name: str, code_version: str, result_type: str) -> str:
    if not is_type(result_type):
        raise damaged(database, f"the record of function {name}", f"{result_type!r} is no type")
    memo = own(tables.memo(name, code_version), database)
    size = bytes_sql(unpacked("result", result_type), exp.DataType.build(result_type, dialect="duckdb", udt=True))
    return (
        f"SELECT {literal(database)} AS database, {literal(name)} AS function, "
        f"{literal(code_version)} AS code_version, memo.fingerprint::UUID AS input_fingerprint, "
        f"coalesce({size}, 0)::BIGINT AS bytes, computed_at, "
        f"greatest(nullif(memo.run_id, 0), used.run_id) AS last_used_run FROM {memo} AS memo LEFT JOIN "
        f"({uses(session, database, name, code_version)}) AS used ON used.fingerprint = memo.fingerprint"
    )


def uses(session: Session, database: str, function: str, code_version: str) -> str:
    """A query for the fingerprints that rows of views came from: the last run to which such a row belonged, and whether
    it is one of the present."""
    parts = ["SELECT NULL::UHUGEINT AS fingerprint, NULL::BIGINT AS run_id, false AS present WHERE false"]
    for view in views.all_views(session, database):
        log = ChangeLog(view)
        for call in view.calls:
            if (call.function.lower(), call.code_version) != (function.lower(), code_version) or call.site is None:
                continue
            column = ident(f"coco_call_{call.site}")
            last = f"(SELECT max(run_id) FROM {log.runs()})"
            parts.append(f"SELECT {column}, {last}, true FROM {log.rows} WHERE {column} IS NOT NULL")
            parts.append(
                f"SELECT {column}, run_id, false FROM {log.history} LEFT JOIN ({log.made()}) AS past "
                f"ON version = coco_removed WHERE {column} IS NOT NULL"
            )
    each = " UNION ALL ".join(parts)
    return f"SELECT fingerprint, max(run_id) AS run_id, bool_or(present) AS present FROM ({each}) GROUP BY fingerprint"


def bytes_sql(value: str, kind: exp.DataType, depth: int = 0) -> str:
    """The bytes of a value's content, as SQL."""
    element = f"x{depth}"
    match kind.this.value if isinstance(kind.this, exp.DType) else str(kind.this):
        case "VARCHAR" | "TEXT" | "JSON" | "CHAR":
            return f"strlen({value})"
        case "VARBINARY" | "BLOB" | "BIT":
            return f"octet_length({value})"
        case "LIST" | "ARRAY":
            inner = kind.expressions[0]
            width = _WIDTHS.get(inner.this.value) if isinstance(inner.this, exp.DType) else None
            if width:
                return f"len({value}) * {width}"
            size = bytes_sql(element, inner, depth + 1)
            return f"coalesce(list_sum(list_transform({value}, lambda {element}: coalesce({size}, 0))), 0)"
        case "STRUCT":
            fields = [(field.name, field.args["kind"]) for field in kind.expressions]
            sizes = [f"coalesce({bytes_sql(f'({value}).{ident(name)}', part, depth)}, 0)" for name, part in fields]
            return f"({' + '.join(sizes)})"
        case "MAP":
            key, item = kind.expressions
            as_list = exp.DataType.build
            keys = bytes_sql(f"map_keys({value})", as_list("LIST", expressions=[key]), depth)
            return f"({keys} + {bytes_sql(f'map_values({value})', as_list('LIST', expressions=[item]), depth)})"
        case name if name in _WIDTHS:
            return str(_WIDTHS[name])
        case _:
            return "16"
