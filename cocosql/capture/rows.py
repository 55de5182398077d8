"""Which rows of a source changed: fingerprints of the rows in parts that may have changed, compared with a snapshot.

It needs no hook and sees every writer. What it costs is reading the parts that changed; where the parts cannot be told,
as of a plain view, there is one, and it is read each time.
"""

import json
from dataclasses import dataclass, field

from cocosql._native import Session
from cocosql.capture import Delta, Reading, snapshots
from cocosql.capture.identity import Identity, identity_of
from cocosql.capture.parts import Parts, Present, Whole, column_list
from cocosql.capture.row_groups import TableParts
from cocosql.capture.snapshots import Snapshot
from cocosql.catalog.views import Input
from cocosql.planner.qualify import without_database
from cocosql.planner.sources import Source
from cocosql.sqltext import ident, qualified

KIND = "rows"


def parts_of(source: Source, columns: list[str], database: str) -> Parts:
    """How a source is taken apart, for a view of this database."""
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
    _snapshot: Snapshot | None = None
    _present: Present | None = None
    #: The version that the view has read; None if it has read none.
    _version: int | None = None
    #: Whether the table of what changed is there, and how many rows it has.
    _compared: int | None = None
    _read: list[int] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return KIND

    @property
    def rule(self) -> str:
        if isinstance(self.parts, Whole):
            return "full diff: all rows are read and their fingerprints compared"
        return f"{self.parts.unit} that changed are read and the fingerprints of their rows compared"

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

    def observe(self, session: Session) -> None:
        self.parts.observe(session)

    def all_rows(self, session: Session) -> str:
        return f"SELECT {self.identity.id_sql} AS coco_source_id{column_list(self.columns)} FROM {self.source.sql}"

    def changes(self, session: Session, position: str | None) -> Delta | None:
        found = snapshots.find(session, self.database, self.stored_source, self.columns, KIND)
        self._snapshot = found if found and found.identity == self.identity.name else None
        self._compared = None
        if self._snapshot is None:
            return None
        self._present = self.parts.present(session, self._snapshot.stored)
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
        session.execute(
            f"CREATE OR REPLACE TEMP TABLE {ident(f'changed_{snapshot.snapshot_id}')} AS "
            f"{self.identity.compare(self.parts.rows(set(self._read)), known)}"
        )
        ((self._compared,),) = session.execute(f"SELECT count(*) FROM {self.changed}")

    def _delta(self, session: Session, snapshot: Snapshot, version: int) -> Delta:
        now = self.identity.changed_ids(self.changed) if self._compared else None
        earlier = None
        if version < snapshot.version:
            earlier = f"SELECT DISTINCT coco_source_id FROM {snapshot.log} WHERE coco_version > {version}"
        ids = " UNION ".join(query for query in (now, earlier) if query)
        count = 0
        if ids:
            ((count,),) = session.execute(f"SELECT count(*) FROM ({ids})")
        if not count:
            return self._nothing(session)
        if now and not earlier and self.identity.keeps_columns:
            return Delta(ids, self.identity.changed_rows(self.changed, self.columns), count)
        return Delta(ids, self._rows_with(session, snapshot, ids), count)

    def _nothing(self, session: Session) -> Delta:
        none = f"FROM ({self.all_rows(session)}) AS none WHERE false"
        return Delta(f"SELECT coco_source_id {none}", none, 0)

    def _rows_with(self, session: Session, snapshot: Snapshot, ids: str) -> str:
        """The present rows with these ids: in the parts that were read, or that the snapshot has them in."""
        assert self._present is not None
        found = session.execute(f"SELECT DISTINCT coco_part FROM {snapshot.table} WHERE coco_source_id IN ({ids})")
        wanted = {part_id for (part_id,) in found} & self._present.same | set(self._read)
        rows = f"SELECT {self.identity.id_sql} AS coco_source_id{column_list(self.columns)} FROM "
        return f"FROM ({rows}({self.parts.rows(wanted)})) AS present WHERE coco_source_id IN ({ids})"

    def advance(self, session: Session) -> str:
        snapshot = self._snapshot or self._create(session)
        assert self._present is not None
        version = snapshot.version
        if self._compared:
            version = self._take_over(session, snapshot)
        generation = snapshots.save(session, snapshot, self._present, version, has_written=bool(self._compared))
        self.parts.remember(session, snapshot.stored.key, generation)
        return snapshot.position(version)

    def _create(self, session: Session) -> Snapshot:
        """Make the snapshot, and fill it with what there is."""
        snapshot = snapshots.create(session, self.database, self.stored_source, self.columns, KIND, self.identity.name)
        self._present = self.parts.present(session, snapshot.stored)
        self._read = self._present.to_read
        columns = f"coco_part BIGINT, coco_source_id {self.identity.id_type}, coco_fingerprint UBIGINT, coco_key JSON"
        session.execute(f"CREATE TABLE {snapshot.table} ({columns})")
        session.execute(
            f"CREATE TABLE {snapshot.log} (coco_version BIGINT, coco_source_id {self.identity.id_type}, coco_key JSON)"
        )
        rows = self.identity.present(self.parts.rows(set(self._read)), with_columns=False)
        session.execute(f"INSERT INTO {snapshot.table} {rows}")
        return snapshot

    def _take_over(self, session: Session, snapshot: Snapshot) -> int:
        """Write what changed into the snapshot, as a version if rows did and did not only move."""
        changed = self.identity.changed_ids(self.changed)
        ((differs,),) = session.execute(f"SELECT count(*) > 0 FROM ({changed})")
        version = snapshot.version + bool(differs)
        if differs:
            self._log(session, snapshot, changed, version)
        session.execute(f"DELETE FROM {snapshot.table} {self.identity.those_in(self.changed)}")
        session.execute(
            f"INSERT INTO {snapshot.table} SELECT coco_part, coco_source_id, coco_fingerprint, coco_key "
            f"FROM {self.changed} WHERE coco_fingerprint IS NOT NULL"
        )
        return version

    def _log(self, session: Session, snapshot: Snapshot, changed: str, version: int) -> None:
        """Let the other views that read the snapshot know; for each row the last version is enough."""
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
        return Reading(self.parts.unit, len(self._read), len(self._present.parts) - len(self._read))

    def present_rows(self, session: Session) -> str:
        return self.identity.present_json()

    def as_input(self, source: str, position: str | None) -> Input:
        return Input(source, self.columns, KIND, _table_name(position), position)


def past_rows(database: str, given: Input, identity: Identity) -> str:
    """A query for the rows as a view has read them: id, fingerprint (NULL if another since), key."""
    position = json.loads(given.position or "{}")
    snapshot = qualified(database, "coco", f"snapshot_{position['snapshot']}")
    log = qualified(database, "coco", f"snapshot_log_{position['snapshot']}")
    later = f"SELECT DISTINCT coco_source_id, coco_key FROM {log} WHERE coco_version > {position['version']}"
    return (
        f"FROM ({identity.total(snapshot)}) ANTI JOIN ({later}) USING (coco_source_id) "
        f"UNION ALL SELECT coco_source_id, NULL, coco_key FROM ({later})"
    )


def row_capture(source: Source, columns: list[str], database: str) -> RowCapture:
    """The capture of the rows of a source, for a view of this database that reads these columns."""
    read = list(dict.fromkeys([*columns, *source.key]))
    return RowCapture(source, columns, database, parts_of(source, read, database), identity_of(source, columns))


def _table_name(position: str | None) -> str | None:
    return f"snapshot_{json.loads(position)['snapshot']}" if position else None
