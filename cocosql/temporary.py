"""Temporary tables, in which a refresh keeps what it reads more than once."""

from cocosql._native import Session


def make(session: Session, table: str, query: str) -> int:
    """Make a temporary table (its name as SQL) of the rows of a query. Returns how many there are."""
    ((count,),) = session.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {query}")
    return int(count)
