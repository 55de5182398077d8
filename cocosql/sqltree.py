"""SQL as sqlglot's trees, and back."""

from functools import lru_cache
from typing import Any, ClassVar

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import SqlglotError

#: Functions whose arguments are more than expressions between commas.
_OWN_SYNTAX = {"CAST", "TRY_CAST", "EXTRACT", "OVERLAY", "POSITION", "SUBSTRING", "TRIM"}


class CocoDuckDB(DuckDB):
    """DuckDB's SQL, written as it was read: sqlglot translates between dialects, and here is only one."""

    def to_json_path(self, path: exp.Expr | None) -> exp.Expr | None:
        """``j -> 'a'`` stays what it is."""
        return path

    class Parser(DuckDB.Parser):  # type: ignore[misc,valid-type]
        FUNCTIONS: ClassVar[dict[str, Any]] = {}
        FUNCTION_PARSERS: ClassVar = {k: v for k, v in DuckDB.Parser.FUNCTION_PARSERS.items() if k in _OWN_SYNTAX}
        NO_PAREN_FUNCTION_PARSERS: ClassVar = {
            k: v for k, v in DuckDB.Parser.NO_PAREN_FUNCTION_PARSERS.items() if k != "IF"
        }

    class Generator(DuckDB.Generator):  # type: ignore[misc,valid-type]
        TYPE_MAPPING: ClassVar = {
            **DuckDB.Generator.TYPE_MAPPING,
            exp.DType.VARCHAR: "VARCHAR",
            exp.DType.TEXT: "VARCHAR",
            exp.DType.INT128: "HUGEINT",
            exp.DType.UINT128: "UHUGEINT",
        }
        TRANSFORMS: ClassVar = {
            **DuckDB.Generator.TRANSFORMS,
            exp.Pow: lambda self, power: self.binary(power, "^"),
            exp.RegexpLike: lambda self, match: self.binary(match, "~"),
            exp.StartsWith: lambda self, test: self.binary(test, "^@"),
        }

        def not_sql(self, expression: exp.Not) -> str:
            """``x IS NOT NULL`` stays what it is."""
            inner = expression.this
            if isinstance(inner, exp.Is):
                return f"{self.sql(inner, 'this')} IS NOT {self.sql(inner, 'expression')}"
            return str(super().not_sql(expression))

        def ignorenulls_sql(self, expression: exp.IgnoreNulls) -> str:
            """``first(x IGNORE NULLS)`` stays what it is, and so does RESPECT NULLS."""
            return f"{self.sql(expression, 'this')} IGNORE NULLS"

        def respectnulls_sql(self, expression: exp.RespectNulls) -> str:
            return f"{self.sql(expression, 'this')} RESPECT NULLS"

        def join_sql(self, expression: exp.Join) -> str:
            """``FROM a, unnest(a.x)`` keeps its comma."""
            if any(expression.args.get(part) for part in ("kind", "side", "method", "on", "using")):
                return str(super().join_sql(expression))
            return f", {self.sql(expression, 'this')}"


def try_parse(sql: str, kind: type[exp.Expr] | None = None) -> Any:
    """The tree that sqlglot has for SQL, of this kind; None if it cannot read it."""
    try:
        return sqlglot.parse_one(sql, into=kind, dialect=CocoDuckDB)
    except (SqlglotError, RecursionError) as error:
        _forget_frames(error)
        return None


def _forget_frames(error: BaseException | None) -> None:
    """sqlglot's errors are part of cycles. They must not hold the frames around: these hold connections, and DuckDB
    opens a file again only when the last one is gone."""
    while error is not None:
        error.__traceback__ = None
        error = error.__cause__ or error.__context__


def render(expression: exp.Expr) -> str:
    return expression.sql(dialect=CocoDuckDB, normalize_functions=False)


def split_name(text: str) -> list[str]:
    """The parts of a name written as SQL: ``main."my view"``.

    Raises:
        duckdb.ParserException: if the text is no name.
    """
    parts = name_parts(text)
    if parts is None:
        raise duckdb.ParserException(f'{text!r} is no name: write it as in SQL, an odd one with quotes: main."my view"')
    return parts


def name_parts(text: str) -> list[str] | None:
    """The same; None if the text is no name."""
    parts = _name_parts(text)
    return None if parts is None else list(parts)


@lru_cache(maxsize=4096)
def _name_parts(text: str) -> tuple[str, ...] | None:
    table = try_parse(text, exp.Table)
    if not isinstance(table, exp.Table) or not all(isinstance(part, exp.Identifier) for part in table.parts):
        return None
    return tuple(part.name for part in table.parts)
