"""Which rows of a source changed: fingerprints of the rows in parts that may have changed, compared with a snapshot.

It needs no hook and sees every writer. What it costs is reading the parts that changed; where the parts cannot be told,
as of a plain view, there is one, and it is read each time.
"""

import json
from dataclasses import dataclass, field, replace

import duckdb

from cocosql._native import Session
from cocosql.capture import Delta, Reading, snapshots
from cocosql.capture.files import FileParts, ReadOnce
from cocosql.capture.identity import Identity, identity_of
from cocosql.capture.key_log import KeyLog, why_not
from cocosql.capture.parts import WHOLE, Part, Parts, Present, Stored, Whole, column_list
from cocosql.capture.row_groups import TableParts
from cocosql.capture.snapshots import Snapshot
from cocosql.catalog import views
from cocosql.catalog.names import Name
from cocosql.catalog.views import Input
from cocosql.fetch import rows_at
from cocosql.planner.qualify import without_database
from cocosql.planner.sources import Source
from cocosql.sqltext import ident, qualified

KIND = "rows"


def parts_of(source: Source, columns: list[str], database: str) -> Parts:
    """How a source is taken apart, for a view of this database."""
    if source.files and source.files.is_local and "file_index" not in source.hidden:
        return FileParts(source, columns)
    if source.is_table and source.name and "rowid" not in map(str.lower, source.column_names):
        return TableParts(source, columns, has_own_file=source.name.database == database)
    return Whole(source, columns)


@dataclass
class RowCapture:
    """What it finds in `changes` holds until the transaction ends."""

    source: Source
    #: The columns that the view reads.
    columns: list[str]
    #: The view's database.
    database: str
    parts: Parts
    identity: Identity
    #: The view that has a snapshot of its own, if it does.
    owner: int | None = None
    #: Whether the keys of rows are to be logged as statements change them.
    wants_log: bool = False
    _log: KeyLog | None = None
    #: Whether the present transaction can rely on the log.
    _log_is_on: bool = False
    _snapshot: Snapshot | None = None
    _present: Present | None = None
    #: The version that the view has read; None if it has read none.
    _version: int | None = None
    #: How many rows differ from the snapshot, and how many of them changed; the others only moved to another part.
    _compared: int = 0
    _changed: int = 0
    _read: list[int] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return snapshots.kind(KIND, self.owner)

    @property
    def rule(self) -> str:
        reason = why_not(self.source, self.database) if self.wants_log else None
        if self.wants_log and not reason:
            return "the log of changed keys is read; if it is not complete, row groups that changed"
        rule = f"{self.parts.unit} that changed are read and the fingerprints of their rows compared"
        if self.parts.unit == WHOLE:
            rule = "full diff: all rows are read and their fingerprints compared"
        return f"{rule} (no key log: {reason})" if reason else rule

    @property
    def stored_source(self) -> str:
        return without_database(self.source.sql, self.database)

    @property
    def changed(self) -> str:
        """The temporary table of the rows that differ from the snapshot."""
        assert self._snapshot is not None
        return qualified("temp", "main", f"changed_{self._snapshot.snapshot_id}")

    def source_id_type(self) -> str:
        return self.identity.id_type

    def prepare(self, session: Session) -> None:
        if self.wants_log and not why_not(self.source, self.database):
            self._start_log(session)

    def observe(self, session: Session) -> None:
        self.parts.observe(session)

    def _start_log(self, session: Session) -> None:
        found = self._find(session)
        if self._log is None or (found and found.snapshot_id != self._log.snapshot_id):
            self._log = KeyLog(self.source, self.database, found.snapshot_id if found else views.next_id(session))
        try:
            self._log.start(session, found.activation if found else self._log.activation)
        except duckdb.CatalogException:
            self._log = None  # the table is another than the one that the refresh was planned for

    def _find(self, session: Session) -> Snapshot | None:
        return snapshots.find(session, self.database, self.stored_source, self.columns, self.kind, self.identity.name)

    def all_rows(self, session: Session) -> str:
        return self._rows(self.parts.all_rows(session))

    def rows_now(self, session: Session) -> str:
        return self._rows(self.source.sql)

    def _rows(self, relation: str) -> str:
        return f"SELECT {self.identity.id_sql} AS coco_source_id{column_list(self.columns)} FROM {relation}"

    def changes(self, session: Session, position: str | None) -> Delta | None:
        self._snapshot = self._find(session)
        self._compared, self._changed, self._read = 0, 0, []
        self._log_is_on = self._log is not None and self._log.is_on(session)
        self._present = self.parts.present(session, self._snapshot.stored if self._snapshot else Stored())
        if self._snapshot is None:
            self._read = self._present.to_read
            return None
        if not self._compare_logged(session, self._snapshot, self._present):
            self._compare(session, self._snapshot, self._present)
        self._version = self._snapshot.version_at(position)
        return None if self._version is None else self._delta(session, self._snapshot, self._version)

    def _compare(self, session: Session, snapshot: Snapshot, present: Present) -> None:
        """Find the rows of the parts to read that differ from those that the snapshot has of them."""
        stored = {part.part_id for part in snapshot.stored.parts}
        self._read = present.to_read
        past = stored - present.same  # those that were read and are gone are compared, too
        if not self._read and not past:
            return
        ids = ", ".join(map(str, sorted(past))) or "NULL"
        condition = "" if past == stored else f" WHERE coco_part IN ({ids})"
        known = f"SELECT * FROM {snapshot.table}{condition}"
        self._keep_changed(session, snapshot, self.parts.rows(session, set(self._read)), known)

    def _compare_logged(self, session: Session, snapshot: Snapshot, present: Present) -> bool:
        """Find the rows with logged keys that differ from the snapshot; false if the log cannot tell all of them."""
        log = self._log
        if log is None or not self._log_is_on or log.activation != snapshot.activation:
            return False
        count = log.count(session)
        if count is None:
            return False
        if count:
            self._compare_keys(session, snapshot, log, count)
        if not self._adds_up(session, snapshot):
            self._compared = self._changed = 0
            return False
        self._present = self._with_unread(snapshot, present)
        return True

    def _compare_keys(self, session: Session, snapshot: Snapshot, log: KeyLog, count: int) -> None:
        assert isinstance(self.parts, TableParts) and self.source.name is not None
        columns = list(dict.fromkeys([*self.columns, *self.source.key]))
        found = rows_at(session, self.source.name, log.row_ids(), columns, count)
        part = self.parts.part_of("coco_rowid")
        ids = f"SELECT {self.identity.id_sql} FROM ({log.keys()})"
        stored = ["coco_part", "coco_source_id", "coco_fingerprint", "coco_key"]
        known = rows_at(
            session,
            Name(self.database, "coco", snapshot.table_name),
            f"SELECT rowid FROM {snapshot.table} WHERE coco_source_id IN ({ids})",
            stored,
            count,
        )
        self._keep_changed(session, snapshot, f"SELECT {part} AS coco_part{column_list(columns)} FROM ({found})", known)

    def _keep_changed(self, session: Session, snapshot: Snapshot, rows: str, known: str) -> None:
        """Keep where rows of the source differ from rows of the snapshot."""
        table = ident(f"changed_{snapshot.snapshot_id}")
        session.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {self.identity.compare(rows, known)}")
        ((self._compared, self._changed),) = session.execute(
            f"SELECT (SELECT count(*) FROM {self.changed}), count(*) FROM ({self.identity.changed_ids(self.changed)})"
        )

    def _adds_up(self, session: Session, snapshot: Snapshot) -> bool:
        """Whether the table has as many rows as the log makes of the snapshot: not, if a writer went round the log."""
        more = 0
        if self._compared:
            ((more,),) = session.execute(
                f"SELECT count(*) FILTER (coco_is_new) - count(*) FILTER (coco_fingerprint IS NULL) FROM {self.changed}"
            )
        ((present, past),) = session.execute(
            f"SELECT (SELECT count(*) FROM {self.source.sql}), (SELECT count(*) FROM {snapshot.table})"
        )
        return bool(present == past + more)

    def _with_unread(self, snapshot: Snapshot, present: Present) -> Present:
        """The parts, of which those that changed are not known: their rows were not all compared."""
        assert isinstance(self.parts, TableParts)
        unread = set(present.to_read)
        self.parts.forget(unread)
        parts = [replace(part, token="") if part.part_id in unread else part for part in present.parts]
        there = {part.part_id for part in parts}
        gone = [Part(part.part_id, "", "") for part in snapshot.stored.parts if part.part_id not in there]
        return replace(present, parts=[*parts, *gone])

    def _delta(self, session: Session, snapshot: Snapshot, version: int) -> Delta:
        ids, count = self.identity.changed_ids(self.changed), self._changed
        if version < snapshot.version:
            earlier = f"SELECT DISTINCT coco_source_id FROM {snapshot.log} WHERE coco_version > {version}"
            ids = f"{ids} UNION {earlier}" if count else earlier
            ((count,),) = session.execute(f"SELECT count(*) FROM ({ids})")
        elif count and self.identity.keeps_columns:
            return Delta(ids, self.identity.changed_rows(self.changed, self.columns), count)
        return Delta(ids, self._rows_with(session, snapshot, ids), count) if count else self._nothing()

    def _nothing(self) -> Delta:
        columns = "".join(f", NULL::{self.source.types[name]} AS {ident(name)}" for name in self.columns)
        ids = f"SELECT NULL::{self.identity.id_type} AS coco_source_id"
        return Delta(f"{ids} WHERE false", f"{ids}{columns} WHERE false", 0)

    def _rows_with(self, session: Session, snapshot: Snapshot, ids: str) -> str:
        """The present rows with these ids: in the parts that were read, or that the snapshot has them in."""
        assert self._present is not None
        found = session.execute(f"SELECT DISTINCT coco_part FROM {snapshot.table} WHERE coco_source_id IN ({ids})")
        wanted = {part_id for (part_id,) in found} & self._present.same | set(self._present.to_read)
        rows = self._rows(f"({self.parts.rows(session, wanted)})")
        return f"FROM ({rows}) AS present WHERE coco_source_id IN ({ids})"

    def advance(self, session: Session) -> str:
        snapshot = self._snapshot or self._create(session)
        assert self._present is not None
        version = self._take_over(session, snapshot) if self._compared else snapshot.version
        activation = snapshot.activation
        if self._log is not None:
            activation = self._log.activation if self._log_is_on else None
            self._log.clear(session)
        after = replace(snapshot, version=version, activation=activation, stored=self._present.stored())
        generation = snapshots.save(session, snapshot, after, has_written=bool(self._compared))
        self.parts.remember(session, snapshot.stored.key, generation)
        return snapshot.position(version)

    def _create(self, session: Session) -> Snapshot:
        """Make the snapshot, and fill it with what there is."""
        snapshot_id = self._log.snapshot_id if self._log else views.next_id(session)
        snapshot = snapshots.create(
            session, self.database, self.stored_source, self.columns, self.kind, self.identity.name, snapshot_id
        )
        columns = f"coco_part BIGINT, coco_source_id {self.identity.id_type}, coco_fingerprint UBIGINT, coco_key JSON"
        session.execute(f"CREATE TABLE {snapshot.table} ({columns})")
        session.execute(
            f"CREATE TABLE {snapshot.log} (coco_version BIGINT, coco_source_id {self.identity.id_type}, coco_key JSON)"
        )
        rows = self.identity.present(self.parts.rows(session, set(self._read)), with_columns=False)
        session.execute(f"INSERT INTO {snapshot.table} {rows}")
        return snapshot

    def _take_over(self, session: Session, snapshot: Snapshot) -> int:
        """Write what changed into the snapshot, as a version if rows did and did not only move."""
        version = snapshot.version + bool(self._changed)
        if self._changed:
            self._log_changes(session, snapshot, version)
        session.execute(f"DELETE FROM {snapshot.table} {self.identity.those_in(self.changed)}")
        session.execute(
            f"INSERT INTO {snapshot.table} SELECT coco_part, coco_source_id, coco_fingerprint, coco_key "
            f"FROM {self.changed} WHERE coco_fingerprint IS NOT NULL"
        )
        return version

    def _log_changes(self, session: Session, snapshot: Snapshot, version: int) -> None:
        """Let the other views that read the snapshot know; for each row the last version is enough."""
        changed = self.identity.changed_ids(self.changed)
        session.execute(f"DELETE FROM {snapshot.log} WHERE coco_source_id IN ({changed})")
        snapshots.trim_log(session, snapshot)
        if snapshots.readers(session, snapshot) > (self._version is not None):
            session.execute(
                f"INSERT INTO {snapshot.log} SELECT {version}, coco_source_id, any_value(past.coco_key) "
                f"FROM ({changed}) LEFT JOIN {snapshot.table} AS past USING (coco_source_id) GROUP BY coco_source_id"
            )

    def reading(self) -> Reading | None:
        if self._present is None:
            return None
        return Reading(len(self._read), len(self._present.parts) - len(self._read))

    def present_rows(self, session: Session) -> str:
        return self.identity.present_json()

    def as_input(self, source: str, position: str | None) -> Input:
        return Input(source, self.columns, self.kind, _table_name(position), position)


def past_rows(database: str, given: Input, identity: Identity) -> str:
    """A query for the rows as a view has read them: id, fingerprint (NULL if another since), key."""
    position = json.loads(given.position or "{}")
    snapshot = qualified(database, "coco", snapshots.table_name(position["snapshot"]))
    log = qualified(database, "coco", snapshots.log_name(position["snapshot"]))
    later = f"SELECT DISTINCT coco_source_id, coco_key FROM {log} WHERE coco_version > {position['version']}"
    return (
        f"FROM ({identity.total(snapshot)}) ANTI JOIN ({later}) USING (coco_source_id) "
        f"UNION ALL SELECT coco_source_id, NULL, coco_key FROM ({later})"
    )


def row_capture(source: Source, columns: list[str], database: str, owner: int | None, *, wants_log: bool) -> RowCapture:
    """The capture of the rows of a source, for a view of this database that reads these columns."""
    read = list(dict.fromkeys([*columns, *source.key]))
    found = parts_of(source, read, database)
    parts = ReadOnce(source, read, found) if source.files else found
    return RowCapture(source, columns, database, parts, identity_of(source, columns), owner, wants_log)


def _table_name(position: str | None) -> str | None:
    return snapshots.table_name(json.loads(position)["snapshot"]) if position else None
