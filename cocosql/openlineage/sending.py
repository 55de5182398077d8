"""Sending events: to a file, a line each, or to an HTTP endpoint."""

import os
from dataclasses import dataclass, replace
from urllib.parse import urlsplit, urlunsplit

import duckdb
import requests
from openlineage.client.event_v2 import RunEvent
from openlineage.client.transport import Transport
from openlineage.client.transport.file import FileConfig, FileTransport
from openlineage.client.transport.http import ApiKeyTokenProvider, HttpConfig, HttpTransport, TokenProvider

from cocosql.cursor import cursor_of
from cocosql.openlineage.events import Events
from cocosql.openlineage.history import History, Run
from cocosql.secrets import redacted

#: Where the key for an HTTP endpoint is read from, as OpenLineage's own client does.
API_KEY = "OPENLINEAGE_API_KEY"


@dataclass(frozen=True)
class Sent:
    """How far the runs of a database were sent."""

    runs: int
    #: The last run that was sent as a whole; what `since` was, if none was.
    last: int
    #: A run that goes on: it and those after it are left for the next time.
    goes_on: int | None = None


class SendError(OSError):
    """A run could not be sent; `sent` is what was before."""

    def __init__(self, message: str, sent: Sent) -> None:
        super().__init__(message)
        self.sent = sent


def send(
    con: duckdb.DuckDBPyConnection,
    to: str,
    *,
    since: int = 0,
    namespace: str | None = None,
) -> Sent:
    """Send the refreshes of the default database's views as OpenLineage events.

    Args:
        con: a connection of CocoSQL's.
        to: a file, to which they are appended, or the http or https address of an endpoint.
        since: a run: those after it are sent.
        namespace: of the jobs, and of the database's tables and views; by default where the file is.

    Raises:
        SendError: if a run could not be sent, or `to` is neither a file nor an http or https address.
    """
    sent = Sent(0, since)
    try:
        transport = _transport(to)
    except ValueError:
        reason = f"events go to a file, or to an http or https address, and not to {redacted(to)}"
        raise SendError(reason, sent) from None
    with cursor_of(con) as (cursor, database):
        history = History(cursor, database)
        runs = history.runs(since)
        return _send(runs, Events(history, namespace), transport, sent) if runs else sent


def _send(runs: list[Run], events: Events, transport: Transport, sent: Sent) -> Sent:
    try:
        for run in runs:
            if run.goes_on:
                return replace(sent, goes_on=run.run_id)
            for event in events.of(run):
                _emit(transport, event, run, sent)
            sent = Sent(sent.runs + 1, run.run_id)
        return sent
    finally:
        transport.close()


def _emit(transport: Transport, event: RunEvent, run: Run, sent: Sent) -> None:
    try:
        transport.emit(event)
    except (requests.RequestException, OSError, RuntimeError) as error:
        raise SendError(f"run {run.run_id} could not be sent: {redacted(str(error))}", sent) from None


def _transport(to: str) -> Transport:
    """What takes events there.

    Raises:
        ValueError: if it is neither a file nor such an address.
    """
    if "://" not in to:
        return FileTransport(FileConfig(log_file_path=to, append=True))
    parts = urlsplit(to)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise ValueError(to)
    key = os.environ.get(API_KEY)
    auth = ApiKeyTokenProvider({"apiKey": key}) if key else TokenProvider({})
    url = urlunsplit((parts.scheme, parts.netloc, "", "", ""))
    endpoint = urlunsplit(("", "", parts.path.lstrip("/"), parts.query, ""))
    return HttpTransport(HttpConfig(url, endpoint=endpoint, auth=auth) if endpoint else HttpConfig(url, auth=auth))
