"""UPGRADE INCREMENTAL VIEWS: bring databases that an earlier version wrote to what this one knows."""

from cocosql._native import Session
from cocosql.catalog.names import Caller
from cocosql.statements import Statement


def run(session: Session, statement: Statement, caller: Caller) -> list[tuple[()]]:
    """Every statement upgrades what it finds; this one does nothing else."""
    return []
