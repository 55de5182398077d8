"""Snapshots: what has been read of a source's columns, part by part, shared by the views that read them.

A snapshot counts as versions the times at which rows had changed. A view's position is the version that it has read.
Where several views read one snapshot, ``snapshot_log_<id>`` keeps the ids of the rows that changed with each version
until all of them have read it. What the key log says has changed is only written to ``pending_<id>``
(cocosql/capture/pending.py), which stands over the rows of ``snapshot_<id>``.
"""

import json
import re
from contextlib import suppress
from dataclasses import dataclass, replace

import duckdb

from cocosql._native import Session
from cocosql.capture import key_log
from cocosql.capture.parts import Part, Stored
from cocosql.catalog import locks, tables
from cocosql.catalog.damage import damaged
from cocosql.catalog.names import Name
from cocosql.catalog.tables import (
    FILE_TYPES,
    INPUTS,
    OF_SNAPSHOTS,
    PARTS,
    PENDING,
    SNAPSHOT,
    SNAPSHOTS,
    VIEWS,
    own,
)
from cocosql.instances import PerInstance
from cocosql.planner.qualify import without_database
from cocosql.transaction import transaction


@dataclass(frozen=True)
class Snapshot:
    database: str
    snapshot_id: int
    version: int = 1
    #: A new number each time that its parts are stored.
    generation: int = 0
    #: The checkpoints that the file had been through when they were.
    checkpoint: int | None = None
    #: The activation of the key log that has missed nothing since the rows were read.
    activation: str | None = None
    #: How many rows the source had stored by then, deleted ones included.
    source_rows: int | None = None
    #: The last batch of the log that has been read.
    log_batch: int | None = None

    @property
    def table_name(self) -> str:
        return SNAPSHOT.named(self.snapshot_id)

    @property
    def table(self) -> str:
        """The table of its rows, as SQL."""
        return own(self.table_name)

    @property
    def key(self) -> str:
        """Its key in the memory of this process."""
        return f"{self.snapshot_id} {self.database}"

    def position(self, version: int) -> str:
        return json.dumps({"snapshot": self.snapshot_id, "version": version})

    def version_at(self, position: str | None) -> int | None:
        """The version that a view's position stands for; None if it is of another snapshot, or of none yet."""
        read = json.loads(position) if position and position.startswith("{") else {}
        if read.get("snapshot") != self.snapshot_id or read["version"] > self.version:
            return None
        return int(read["version"])


#: What a snapshot is of, and what is known of it.
_COLUMNS = [
    *("snapshot_id", "source", "columns", "kind", "identity"),
    *("version", "generation", "checkpoint", "activation", "source_rows", "log_batch"),
]
#: By database, and what it is of, a snapshot as it was found last.
_found: PerInstance[dict[tuple[str, ...], Snapshot]] = PerInstance(dict)


def kind(name: str, owner: int | None) -> str:
    """The kind of a snapshot: of one view, or shared.

    A view has its own if Python functions are called while it is written: the others need not wait for them.
    """
    return name if owner is None else f"{name} of view {owner}"


def find(session: Session, database: str, source: str, columns: list[str], kind: str, identity: str) -> Snapshot | None:
    before, key = _found.of(session), (database, source, *columns, kind, identity)
    # There may be many: the one that it was last time is looked at first.
    for number in [before[key].snapshot_id, None] if key in before else [None]:
        for snapshot_id, *of, version, generation, checkpoint, activation, rows, batch in session.rows(
            database, SNAPSHOTS, _COLUMNS, number
        ):
            if of == [source, columns, kind, identity]:
                found = Snapshot(database, snapshot_id, version, generation, checkpoint, activation, rows, batch)
                before[key] = found
                return found
    return None


def last_found(
    session: Session, database: str, source: str, columns: list[str], kind: str, identity: str
) -> Snapshot | None:
    """The same as some session of this instance found it last: not as this one may see it."""
    found = _found.of(session).get((database, source, *columns, kind, identity))
    return found or find(session, database, source, columns, kind, identity)


def other_readers(session: Session, snapshot: Snapshot, activation: str) -> list[key_log.Reader]:
    """The other snapshots that rely on an activation of a log."""
    found = session.rows(snapshot.database, SNAPSHOTS, ["snapshot_id", "activation", "log_batch"])
    return [
        key_log.Reader(snapshot_id, batch or 0)
        for snapshot_id, relied_on, batch in found
        if relied_on == activation and snapshot_id != snapshot.snapshot_id
    ]


def stop_relying(session: Session, readers: list[key_log.Reader]) -> None:
    """Let snapshots be compared with their source next time: the log does not have for them what it had."""
    ids = [reader.snapshot_id for reader in readers]
    session.execute(
        f"UPDATE {own(SNAPSHOTS)} SET activation = NULL WHERE snapshot_id IN (SELECT unnest($1::BIGINT[]))", [ids]
    )


def lock(database: str, source: str) -> Name:
    """What who writes snapshots of a source holds: several views may share one."""
    return Name(database, "coco snapshot of", without_database(source, database))


def with_pending(session: Session, database: str) -> list[tuple[str, Snapshot]]:
    """The snapshots that have a table of pending changes, each with its source."""
    return [
        (source, Snapshot(database, snapshot_id, version))
        for source, snapshot_id, version in session.rows(database, SNAPSHOTS, ["source", "snapshot_id", "version"])
        if tables.exists(session, database, PENDING.named(snapshot_id))
    ]


#: The columns of coco.parts that are fields of a part.
_PART = ["part_id", "place", "token", "digest"]


def stored_parts(session: Session, snapshot: Snapshot) -> Stored:
    """The parts as they were when its rows were read."""
    parts = session.rows(snapshot.database, PARTS, ["snapshot_id", *_PART], snapshot.snapshot_id)
    for *_, digest in parts:
        if digest is not None and not re.fullmatch("[0-9]+ [0-9]+", digest):
            raise damaged(snapshot.database, "table coco.parts", f"{digest!r} is no digest")
    return Stored([Part(*row) for _, *row in parts], snapshot.generation, snapshot.key, snapshot.checkpoint)


def create(session: Session, database: str, source: str, columns: list[str], kind: str, identity: str) -> Snapshot:
    """A new snapshot, without parts."""
    snapshot_id = session.next_id(database)
    told = ["snapshot_id", "source", "columns", "kind", "identity", "version", "generation"]
    session.append_records(database, SNAPSHOTS, told, [[snapshot_id, source, columns, kind, identity, 1, 0]])
    return Snapshot(database, snapshot_id)


def save(session: Session, snapshot: Snapshot, after: Snapshot) -> None:
    """Store what the snapshot is now, but for its parts, unless it is the same."""
    if after == snapshot:
        return
    told = ("version", "generation", "checkpoint", "activation", "source_rows", "log_batch")
    changes = {column: getattr(after, column) for column in told if getattr(after, column) != getattr(snapshot, column)}
    session.update_records(snapshot.database, SNAPSHOTS, "snapshot_id", snapshot.snapshot_id, changes)


def save_parts(session: Session, snapshot: Snapshot, before: Stored, now: Stored, *, has_written: bool) -> Snapshot:
    """Store the parts unless they are the same and no row was written. Returns the snapshot with their generation."""
    dropped = {part.part_id: part for part in before.parts}
    written = [part for part in now.parts if dropped.pop(part.part_id, None) != part]
    if before.checkpoint == now.checkpoint and not (has_written or written or dropped):
        return snapshot
    if written or dropped:
        _save_parts(session, snapshot, written, list(dropped))
    return replace(snapshot, generation=session.next_id(snapshot.database), checkpoint=now.checkpoint)


def _save_parts(session: Session, snapshot: Snapshot, written: list[Part], dropped: list[int]) -> None:
    number = snapshot.snapshot_id
    gone = [*dropped, *(part.part_id for part in written)]
    session.delete_records(snapshot.database, PARTS, {"snapshot_id": [number], "part_id": gone})
    records = [[number, part.part_id, part.place, part.token, part.digest or None] for part in written]
    session.append_records(snapshot.database, PARTS, ["snapshot_id", *_PART], records)


def read_versions(session: Session, snapshot: Snapshot) -> list[int]:
    """The versions that views have read of it, one for each."""
    inputs = session.rows(snapshot.database, INPUTS, ["position"])
    versions = [snapshot.version_at(position) for (position,) in inputs]
    return [version for version in versions if version is not None]


def is_tidy(session: Session, database: str) -> bool:
    """Whether there was nothing to drop when it was last looked for. A process that was killed leaves something."""
    return database in _tidy.of(session) and not key_log.are_replaced(session, database)


def drop_unread(session: Session, database: str) -> None:
    """Drop the snapshots that no view reads, tables that belong to none, and logs that nobody reads. Call outside a
    transaction.

    They stay for now if one of their source is being written: a view may be about to share it.
    """
    unread = _unread(session, database)
    of_logs = [of[0] for of in _unused_logs(session, database).values() if of]
    sources = [lock(database, source) for source in (*unread.values(), *of_logs) if source is not None]
    is_tidy = False
    with (
        suppress(duckdb.TransactionException),
        locks.hold(session, [Name(database, "coco unread", ""), *sources], wait=False),
    ):
        unused = _unused_logs(session, database)
        logs = [log_id for log_id, of in unused.items() if of is None or of[0] in of_logs]
        for log_id in logs:
            key_log.stop(session, database, log_id)
        with transaction(session):
            for snapshot_id in unread.keys() & _unread(session, database).keys():
                _drop(session, database, snapshot_id)
            session.execute(f"DELETE FROM {own(FILE_TYPES)} WHERE source NOT IN (SELECT source FROM {own(SNAPSHOTS)})")
            is_tidy = all([key_log.drop(session, database, log_id) for log_id in logs])
    if is_tidy:
        _tidy.of(session).add(database)
    else:
        _tidy.of(session).discard(database)


#: Databases.
_tidy: PerInstance[set[str]] = PerInstance(set)


def _unread(session: Session, database: str) -> dict[int, str | None]:
    """The snapshots that no view reads, and those of which there are only tables; with the source, if that is known."""
    read = _read_by(session, database, None)
    found: dict[int, str | None] = {
        snapshot_id: None for _, snapshot_id in tables.present(session, database, OF_SNAPSHOTS)
    }
    found.update(session.rows(database, SNAPSHOTS, ["snapshot_id", "source"]))
    return {snapshot_id: source for snapshot_id, source in found.items() if snapshot_id not in read}


def _unused_logs(session: Session, database: str) -> dict[int, tuple[str, str] | None]:
    """The logs of sources of which no view reads a log; with source and kind of snapshots, if they are known."""
    options = session.rows(database, VIEWS, ["view_id", "options"])
    logged = {view_id for view_id, given in options if given.get("capture") != "diff"}
    read = _read_by(session, database, logged)
    found = session.rows(database, SNAPSHOTS, ["snapshot_id", "source", "kind"])
    return key_log.unused(session, database, {(source, kind) for number, source, kind in found if number in read})


def _read_by(session: Session, database: str, view_ids: set[int] | None) -> set[int]:
    """The snapshots that some views, or all, have read."""
    inputs = session.rows(database, INPUTS, ["view_id", "position"])
    return {
        json.loads(position).get("snapshot")
        for view_id, position in inputs
        if position and position.startswith("{") and (view_ids is None or view_id in view_ids)
    }


def _drop(session: Session, database: str, snapshot_id: int) -> None:
    _found.of(session).clear()
    for table in (SNAPSHOTS, PARTS):
        session.delete_records(database, table, {"snapshot_id": [snapshot_id]})
    for kind in OF_SNAPSHOTS:
        session.execute(f"DROP TABLE IF EXISTS {own(kind.named(snapshot_id))}")
