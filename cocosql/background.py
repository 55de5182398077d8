"""Work for a connection that a thread does by itself, while the connection is free for its user."""

import itertools
from dataclasses import dataclass
from typing import Any

import duckdb

from cocosql._native import Client, Session, StopEvent
from cocosql.catalog import migrations, views
from cocosql.catalog.names import Caller
from cocosql.refresh.refresh import Row
from cocosql.sqltree import split_name
from cocosql.statements.refresh import refresh_views


@dataclass(frozen=True)
class Background:
    """A connection, and what names and settings meant on it when it was asked.

    It keeps neither the connection nor its database open: once the connection is closed, work that goes on ends with an
    error, and none begins.
    """

    client: Client
    caller: Caller

    def session(self, stop: StopEvent) -> Session:
        """A session whose work ends once `stop` is set; for one thread at a time.

        Raises:
            duckdb.ConnectionException: if the connection is closed.
        """
        session = self.client.session(stop)
        migrations.upgrade(session)
        return session

    def refresh(self, names: list[str], stop: StopEvent) -> list[Row]:
        """What REFRESH INCREMENTAL VIEW name, … does.

        Raises:
            duckdb.InterruptException: if it was stopped.
            duckdb.ConnectionException: if the connection was closed.
            duckdb.Error: if a refresh fails.
        """
        session = self.session(stop)
        targets = views.require_all(session, [split_name(name) for name in names], self.caller)
        return refresh_views(session, targets)


def background(con: duckdb.DuckDBPyConnection) -> Background:
    """What a thread needs to work for this connection. It ends a query that the connection has not fetched yet."""
    number = next(_numbers)
    _taken[number] = None
    try:
        con.execute("SELECT system.main.coco_client(?)", [number]).fetchall()
    finally:
        taken = _taken.pop(number)
    assert taken is not None
    return taken


def take(number: int, client: Client, caller: dict[str, Any]) -> None:
    """Called by cpp/session/client.cpp on the connection that was asked."""
    if number not in _taken:
        raise duckdb.InvalidInputException(f"coco_client: nobody has asked for a connection by the number {number}")
    _taken[number] = Background(client, Caller(**caller))


_numbers = itertools.count(1)
#: By number, what was asked for; None until it is there.
_taken: dict[int, Background | None] = {}
