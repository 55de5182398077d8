"""SQL as text: names are quoted, and literals written, here and nowhere else.

What reads SQL is in ``sqltree``. This module does without sqlglot, which takes longer to import than all that opening a
database needs.
"""

from collections.abc import Iterable


def ident(name: str) -> str:
    """A quoted name."""
    quoted = name.replace('"', '""')
    return f'"{quoted}"'


def idents(names: Iterable[str], table: str | None = None) -> str:
    """Quoted names, separated by commas."""
    prefix = f"{ident(table)}." if table else ""
    return ", ".join(prefix + ident(name) for name in names)


def struct(names: Iterable[str], table: str | None = None) -> str:
    """A STRUCT of some columns, under their names."""
    prefix = f"{table}." if table else ""
    return f"struct_pack({', '.join(f'{ident(name)} := {prefix}{ident(name)}' for name in names)})"


def columns_sql(columns: Iterable[tuple[str, str]]) -> str:
    """The columns of a CREATE TABLE, of names and types."""
    return ", ".join(f"{ident(name)} {kind}" for name, kind in columns)


def qualified(*parts: str) -> str:
    """A quoted name of several parts."""
    return ".".join(ident(part) for part in parts)


def literal(text: str) -> str:
    quoted = text.replace("'", "''")
    return f"'{quoted}'"


def fingerprint(names: Iterable[str], table: str | None = None) -> str:
    """The fingerprint of some columns, or of no column at all."""
    return f"coco_fingerprint({idents(names, table) or '1'})"
