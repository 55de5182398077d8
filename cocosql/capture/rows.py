"""Which rows of a source changed: by a key log, where it is complete; else by what is stored.

Then fingerprints of the rows in parts that may have changed are compared with a snapshot. That needs no hook and sees
every writer. What it costs is reading the parts that changed; where the parts cannot be told, as of a plain view, there
is one, and it is read each time.
"""

import json
from dataclasses import dataclass, field, replace
from functools import partial

import duckdb

from cocosql._native import Session
from cocosql.capture import Reading, snapshots
from cocosql.capture.files import FileParts, ReadOnce
from cocosql.capture.identity import Identity, Keyed, identity_of
from cocosql.capture.key_log import FEW, LARGEST_SHARE, KeyLog, running, started, value_columns, why_not
from cocosql.capture.logged import LoggedRows
from cocosql.capture.parts import WHOLE, Parts, Present, Stored, Whole, column_list
from cocosql.capture.pending import Pending
from cocosql.capture.row_groups import TableParts
from cocosql.capture.snapshot_log import SnapshotLog
from cocosql.capture.snapshots import Snapshot
from cocosql.catalog.tables import SNAPSHOT, own
from cocosql.catalog.views import Input
from cocosql.collected import collected
from cocosql.operators.delta import Delta, unchanged
from cocosql.operators.source import Source
from cocosql.planner.qualify import without_database
from cocosql.sqltext import idents

KIND = "rows"

#: By these columns, a row of a source and one of its snapshot are the same.
_COMPARED = ["coco_part", "coco_source_id", "coco_fingerprint"]


def parts_of(source: Source, columns: list[str], database: str) -> Parts:
    """The parts of a source, for a view of this database."""
    if source.files and source.files.is_local and "file_index" not in source.hidden:
        return FileParts(source, columns)
    if source.has_row_ids and source.name:
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
    #: Whether an operator asks for the values that rows had before they changed.
    needs_old_values: bool = False
    _log: KeyLog | None = None
    #: Whether the log has missed nothing so far, and whether the present transaction goes by it.
    _log_lasts: bool = False
    _by_log: bool = False
    #: Whether the present transaction can rely on the log.
    _log_is_on: bool = False
    _snapshot: Snapshot | None = None
    _stored: Stored = field(default_factory=Stored)
    _present: Present | None = None
    #: The version that the view has read; None if it has read none.
    _version: int | None = None
    #: How many rows differ from the snapshot, and how many of them changed; the others only moved to another part.
    _compared: int = 0
    _changed: int = 0
    #: Whether changes that the log has told are not in the snapshot yet.
    _has_pending: bool = False
    _read: list[int] = field(default_factory=list)
    #: How many rows the source stored before the transaction.
    _source_rows: int = 0
    #: What the log told in the attempt before: how many rows had changed, and what has to be as it was then.
    _aside: tuple[int, tuple[Snapshot, int, int]] | None = None

    @property
    def kind(self) -> str:
        return snapshots.kind(KIND, self.owner)

    @property
    def rule(self) -> str:
        reason = why_not(self.source, self.database) if self.wants_log else None
        if self.wants_log and not reason:
            return "the log of changed keys is read; where it is not complete, row groups that changed"
        rule = f"{self.parts.unit} that changed are read and the fingerprints of their rows compared"
        if self.parts.unit == WHOLE:
            rule = "full diff: all rows are read and their fingerprints compared"
        return f"{rule} (no key log: {reason})" if reason and self.source.is_table else rule

    @property
    def stored_source(self) -> str:
        return without_database(self.source.sql, self.database)

    @property
    def changed(self) -> str:
        """The relation of the rows that differ from the snapshot."""
        return collected(self._name("changed"))

    def _name(self, part: str) -> str:
        """The name of a collection."""
        assert self._snapshot is not None
        return f"snapshot_{self._snapshot.snapshot_id}_{part}"

    def source_id_type(self) -> str:
        return self.identity.id_type

    def prepare(self, session: Session) -> None:
        if self.wants_log and not why_not(self.source, self.database):
            self._start_log(session)

    def _start_log(self, session: Session) -> None:
        found = self._last_found(session)
        try:
            values = value_columns(self.source, self.columns) if self.needs_old_values else []
            of = (self.stored_source, self.kind)
            self._log = started(session, self.database, self.source, self.columns, values, of)
        except duckdb.CatalogException:
            self._log = None  # the table is another than the one that the refresh was planned for
        self._log_lasts = bool(self._log and found and found.activation == self._log.activation)

    def _join_log(self, session: Session) -> None:
        """Read the log that others have started, if there is one."""
        found = self._last_found(session)
        self._log = running(session, self.database, self.source, self.columns, (self.stored_source, self.kind))
        self._log_lasts = bool(self._log and found and found.activation == self._log.activation)

    def observe(self, session: Session) -> None:
        if self.wants_log and self._log is None and not why_not(self.source, self.database):
            self._join_log(session)
        name = self.source.name
        self._source_rows = session.stored_rows(name.database, name.schema, name.name) if name else 0
        if not self._log_lasts:
            self.parts.observe(session)

    @property
    def _logged_rows(self) -> LoggedRows:
        assert isinstance(self.identity, Keyed) and self._log is not None
        return LoggedRows(self.identity, self._log, self.columns, self._name(""))

    def _pending(self, snapshot_id: int) -> Pending:
        assert isinstance(self.identity, Keyed)
        return Pending(self.database, snapshot_id, self.identity)

    def _find(self, session: Session) -> Snapshot | None:
        return snapshots.find(session, self.database, self.stored_source, self.columns, self.kind, self.identity.name)

    def _last_found(self, session: Session) -> Snapshot | None:
        """The snapshot by which to guess whether the log will do: `changes` sees what it is."""
        of = (self.stored_source, self.columns, self.kind, self.identity.name)
        return snapshots.last_found(session, self.database, *of)

    def all_rows(self, session: Session) -> str:
        return self._rows(self.parts.all_rows(session))

    def rows_now(self, session: Session) -> str:
        return self._rows(self.source.sql)

    def _rows(self, relation: str) -> str:
        return f"SELECT {self.identity.id_sql} AS coco_source_id{column_list(self.columns)} FROM {relation}"

    def changes(self, session: Session, position: str | None) -> Delta | None:
        self._snapshot = self._find(session)
        self._version = self._snapshot.version_at(position) if self._snapshot else None
        self._compared, self._changed, self._read = 0, 0, []
        self._log_is_on = self._log is not None and self._log.is_on(session)
        keys = self._logged_keys(session, self._snapshot) if self._snapshot else None
        self._by_log = keys is not None
        if self._snapshot and keys is not None:
            return self._changes_by_log(session, self._snapshot, keys)
        return self._changes_by_parts(session, self._snapshot)

    def _changes_by_log(self, session: Session, snapshot: Snapshot, keys: int) -> Delta | None:
        if keys:
            self._changed = self._collect_logged(session, snapshot, keys)
        return None if self._version is None else self._logged_delta(session, snapshot, self._version)

    def _collect_logged(self, session: Session, snapshot: Snapshot, keys: int) -> int:
        """Collect the rows that changed, or take up those that an attempt before collected: they are the same while
        nobody has written to the log."""
        assert self._log is not None
        name, key, basis = self._name("changed"), str(id(self)), (snapshot, keys, self._log.writers(session))
        if self._aside and self._aside[1] == basis:
            session.take_up(name, key)
            return self._aside[0]
        count = self._logged_rows.collect(session, "changed", snapshot.log_batch or 0, snapshot.source_rows or 0)
        self._aside = None
        if count <= FEW:
            session.lay_aside(name, key)
            self._aside = count, basis
        return count

    def _changes_by_parts(self, session: Session, snapshot: Snapshot | None) -> Delta | None:
        self._look_at_parts(session, snapshot)
        if snapshot is None:
            return None
        self._compare(session, snapshot)
        return None if self._version is None else self._delta(session, snapshot, self._version)

    def _look_at_parts(self, session: Session, snapshot: Snapshot | None) -> None:
        self._stored = snapshots.stored_parts(session, snapshot) if snapshot else Stored()
        self._present = self.parts.present(session, self._stored)
        self._has_pending = bool(
            snapshot and isinstance(self.identity, Keyed) and self._pending(snapshot.snapshot_id).has_rows(session)
        )
        if self._has_pending:
            # In which parts the pending rows were is not known: all are read.
            self._present = replace(self._present, same=frozenset())
        self._read = self._present.to_read

    def _compare(self, session: Session, snapshot: Snapshot) -> None:
        """Find the rows of the parts to read that differ from those that the snapshot has of them."""
        assert self._present is not None
        stored = {part.part_id for part in self._stored.parts}
        past = stored - self._present.same  # those that were read and are gone are compared, too
        if not self._read and not past and not self._has_pending:
            return
        ids = ", ".join(map(str, sorted(past))) or "NULL"
        condition = "" if past == stored else f" WHERE coco_part IN ({ids})"
        known = f"SELECT * FROM {snapshot.table}{condition}"
        if self._has_pending:
            known = self._pending(snapshot.snapshot_id).over(snapshot.table)
        self._keep_changed(session, self.parts.rows(session, set(self._read)), known)

    def _logged_keys(self, session: Session, snapshot: Snapshot) -> int | None:
        """How many keys the log has; None if it does not tell all that has changed, as if more rows came than keys."""
        log = self._log
        if log is None or not self._log_is_on or log.activation != snapshot.activation:
            return None
        counted = log.count(session, snapshot.log_batch or 0)
        came = self._source_rows - (snapshot.source_rows or 0)
        if counted is None or came > counted[1]:
            return None
        if counted[0] + self._pending(snapshot.snapshot_id).size(session) > LARGEST_SHARE * self._source_rows + FEW:
            return None
        read = snapshot.version if self._version is None else self._version
        if read < snapshot.version and session.execute(f"{self._shared_log(snapshot).since(read)} LIMIT 1"):
            return None
        return counted[0]

    def _logged_delta(self, session: Session, snapshot: Snapshot, version: int) -> Delta:
        """What changed since the view has read the snapshot: by the log, and what other views know from it already."""
        name, count, rows = "changed", self._changed, self._logged_rows
        has_old_values = rows.has_old_values(session, snapshot.log_batch or 0)
        if version < snapshot.version:
            pending, name, has_old_values = self._pending(snapshot.snapshot_id), "later", False
            logged = rows.log.keys(session, snapshot.log_batch or 0)
            keys = f"SELECT {idents(self.source.key)} FROM ({logged}) UNION {pending.keys_since(version)}"
            count = rows.collect_keys(session, name, f"SELECT *, false AS coco_gone FROM ({keys})", self._source_rows)
        now = partial(self.all_rows, session)
        if not count:
            return unchanged(now)
        changed = collected(self._name(name))
        new = f"SELECT coco_source_id{column_list(self.columns)} FROM {changed} WHERE coco_fingerprint IS NOT NULL"
        old = rows.old_rows(name) if has_old_values else None
        return Delta(f"SELECT coco_source_id FROM {changed}", new, count, now, old)

    def _keep_changed(self, session: Session, rows: str, known: str) -> None:
        """Keep where rows of the source differ from rows of the snapshot."""
        present = self.identity.present(rows, with_columns=self.identity.keeps_columns)
        session.keep_unequal(known, present, _COMPARED, self._name("unequal_"))
        unequal = (collected(self._name(f"unequal_{side}")) for side in ("fresh", "past"))
        self._compared = session.collect(self._name("changed"), self.identity.compare(*unequal))
        if self._compared:
            ((self._changed,),) = session.execute(f"SELECT count(*) FROM ({self.identity.changed_ids(self.changed)})")

    def _delta(self, session: Session, snapshot: Snapshot, version: int) -> Delta:
        ids, count, now = self.identity.changed_ids(self.changed), self._changed, partial(self.all_rows, session)
        if version < snapshot.version:
            earlier = f"SELECT DISTINCT coco_source_id FROM ({self._shared_log(snapshot).since(version)})"
            if self._has_pending:
                earlier = f"{earlier} UNION {self._pending(snapshot.snapshot_id).ids_since(version)}"
            ids = f"{ids} UNION {earlier}" if count else earlier
            ((count,),) = session.execute(f"SELECT count(*) FROM ({ids})")
        elif count and self.identity.keeps_columns:
            return Delta(ids, self.identity.changed_rows(self.changed, self.columns), count, now)
        return Delta(ids, self._rows_with(session, snapshot, ids), count, now) if count else unchanged(now)

    def _rows_with(self, session: Session, snapshot: Snapshot, ids: str) -> str:
        """The present rows with these ids: in the parts that were read, or that the snapshot has them in."""
        assert self._present is not None
        found = session.execute(f"SELECT DISTINCT coco_part FROM {snapshot.table} WHERE coco_source_id IN ({ids})")
        wanted = {part_id for (part_id,) in found} & self._present.same | set(self._present.to_read)
        rows = self._rows(f"({self.parts.rows(session, wanted)})")
        return f"FROM ({rows}) AS present WHERE coco_source_id IN ({ids})"

    def advance(self, session: Session) -> str:
        if self._by_log and self._snapshot:
            return self._advance_by_log(session, self._snapshot)
        snapshot = self._snapshot or self._create(session)
        assert self._present is not None
        has_written = bool(self._compared or self._has_pending)
        version = self._take_over(session, snapshot) if has_written else snapshot.version
        after = replace(snapshot, version=version)
        if self._log is not None:
            activation = self._log.activation if self._log_is_on else None
            batch = self._take_log(session, snapshot, self._log)
            after = replace(after, activation=activation, source_rows=self._source_rows, log_batch=batch)
        after = snapshots.save_parts(session, after, self._stored, self._present.stored(), has_written=has_written)
        snapshots.save(session, snapshot, after)
        self.parts.remember(session, snapshot.key, after.generation)
        return snapshot.position(version)

    def _advance_by_log(self, session: Session, snapshot: Snapshot) -> str:
        assert self._log is not None
        if not self._changed:
            return snapshot.position(snapshot.version)
        version = snapshot.version + 1
        self._pending(snapshot.snapshot_id).put(session, self.changed, version, self._source_rows)
        batch = self._take_log(session, snapshot, self._log)
        after = replace(snapshot, version=version, source_rows=self._source_rows, log_batch=batch)
        snapshots.save(session, snapshot, after)
        return snapshot.position(version)

    def _take_log(self, session: Session, snapshot: Snapshot, log: KeyLog) -> int:
        others = snapshots.other_readers(session, snapshot, log.activation)
        batch, fits = log.take(session, others, self._source_rows)
        if not fits:
            snapshots.stop_relying(session, others)
        return batch

    def _create(self, session: Session) -> Snapshot:
        """Make the snapshot, and fill it with what there is."""
        snapshot = snapshots.create(
            session, self.database, self.stored_source, self.columns, self.kind, self.identity.name
        )
        columns = f"coco_part BIGINT, coco_source_id {self.identity.id_type}, coco_fingerprint UBIGINT, coco_key JSON"
        session.execute(f"CREATE TABLE {snapshot.table} ({columns})")
        rows = self.identity.present(self.parts.rows(session, set(self._read)), with_columns=False)
        session.execute(f"INSERT INTO {snapshot.table} {rows}")
        return snapshot

    def _take_over(self, session: Session, snapshot: Snapshot) -> int:
        """Write what changed into the snapshot, as a version if rows did and did not only move."""
        version = snapshot.version + bool(self._changed)
        read = snapshots.read_versions(session, snapshot)
        has_others = len(read) > (self._version is not None)
        past, log = snapshot.table, self._shared_log(snapshot)
        if self._has_pending:
            pending = self._pending(snapshot.snapshot_id)
            past = f"({pending.over(past)})"
            if has_others:
                pending.move_to(session, log)
        if self._changed:
            changed = self.identity.changed_ids(self.changed)
            log.trim(session, changed, min(read, default=snapshot.version))
            if has_others:
                key = f"SELECT {version}, coco_source_id, any_value(past.coco_key)"
                past = f"({changed}) LEFT JOIN {past} AS past USING (coco_source_id)"
                log.put(session, f"{key} FROM {past} GROUP BY coco_source_id")
        if self._has_pending:
            pending.drop_from(session, snapshot)
        session.execute(f"DELETE FROM {snapshot.table} {self.identity.those_in(self.changed)}")
        session.execute(
            f"INSERT INTO {snapshot.table} SELECT coco_part, coco_source_id, coco_fingerprint, coco_key "
            f"FROM {self.changed} WHERE coco_fingerprint IS NOT NULL"
        )
        return version

    def _shared_log(self, snapshot: Snapshot) -> SnapshotLog:
        return SnapshotLog(self.database, snapshot.snapshot_id, self.identity)

    def reading(self) -> Reading | None:
        if self._by_log:
            return Reading(0, 0)
        if self._present is None:
            return None
        return Reading(len(self._read), len(self._present.parts) - len(self._read))

    def present_rows(self, session: Session) -> str:
        return self.identity.present_json()

    def keys(self, ids: str) -> str:
        return self.identity.keys(ids)

    def as_input(self, source: str, position: str | None) -> Input:
        return Input(source, self.columns, self.kind, _table_name(position), position)


def past_rows(session: Session, database: str, given: Input, identity: Identity) -> str:
    """A query for the rows as a view has read them: id, fingerprint (NULL if another since), key."""
    position = json.loads(given.position or "{}")
    snapshot_id, version = position["snapshot"], position["version"]
    rows = own(SNAPSHOT.named(snapshot_id), database)
    later = SnapshotLog(database, snapshot_id, identity).since(version)
    if isinstance(identity, Keyed):
        pending = Pending(database, snapshot_id, identity)
        if pending.has_rows(session):
            rows, later = f"({pending.over(rows)})", f"{later} UNION {pending.log_since(version)}"
    return (
        f"FROM ({identity.total(rows)}) ANTI JOIN ({later}) USING (coco_source_id) "
        f"UNION ALL SELECT coco_source_id, NULL, coco_key FROM (SELECT DISTINCT * FROM ({later}))"
    )


def row_capture(
    source: Source, columns: list[str], database: str, owner: int | None, *, wants_log: bool, needs_old_values: bool
) -> RowCapture:
    """The capture of the rows of a source, for a view of this database that reads these columns."""
    read = list(dict.fromkeys([*columns, *source.key]))
    found = parts_of(source, read, database)
    parts = ReadOnce(source, read, found) if source.files else found
    return RowCapture(
        source, columns, database, parts, identity_of(source, columns), owner, wants_log, needs_old_values
    )


def _table_name(position: str | None) -> str | None:
    return SNAPSHOT.named(json.loads(position)["snapshot"]) if position else None
