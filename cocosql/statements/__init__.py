"""The statements of CocoSQL, one module each: what cpp/statements/ parsed is run here."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import duckdb

from cocosql._native import Session
from cocosql.catalog import migrations
from cocosql.catalog.names import Caller


@dataclass(frozen=True)
class Statement:
    """The parts of a statement; see cpp/statements/statement.hpp."""

    names: list[list[str]]
    columns: list[str]
    options: dict[str, str]
    reset: list[str]
    query: str
    rename_to: str
    or_replace: bool
    if_not_exists: bool
    if_exists: bool
    cascade: bool
    with_data: bool
    full: bool
    all: bool


IMPLEMENTED = {
    "create_view",
    "alter_view",
    "drop_view",
    "refresh",
    "show",
    "explain",
    "explain_refresh",
    "upgrade",
    "vacuum",
}


def run(session: Session, kind: str, fields: dict[str, Any], caller: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Run a statement and return its rows."""
    if kind not in IMPLEMENTED:
        raise duckdb.NotImplementedException(f"{kind.replace('_', ' ').upper()} is not implemented yet in this version")
    migrations.upgrade(session)
    module = import_module(f"cocosql.statements.{kind}")
    rows: list[tuple[Any, ...]] = module.run(session, Statement(**fields), Caller(**caller))
    return rows
