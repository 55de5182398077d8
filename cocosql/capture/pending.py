"""Pending changes: what the key log says has changed since the rows of a snapshot were read.

A refresh that goes by the log neither searches nor writes the snapshot, which has as many rows as the source: it puts
the rows that changed here, as they are now. They stand over those of the snapshot, and are written into it by the next
refresh that reads the source itself.
"""

from dataclasses import dataclass

from cocosql._native import Session
from cocosql.capture import snapshots
from cocosql.capture.identity import Keyed
from cocosql.capture.key_log import LARGEST_SHARE
from cocosql.capture.snapshot_log import SnapshotLog
from cocosql.capture.snapshots import Snapshot
from cocosql.catalog import tables
from cocosql.catalog.tables import PENDING, own
from cocosql.collected import collected
from cocosql.fetch import among, rows_where
from cocosql.sqltext import ident

#: Up to this share of the source's rows, changes are put behind earlier ones of the same rows.
_MOST_REPEATED = LARGEST_SHARE / 2


@dataclass(frozen=True)
class Pending:
    database: str
    snapshot_id: int
    identity: Keyed

    @property
    def name(self) -> str:
        return PENDING.named(self.snapshot_id)

    @property
    def table(self) -> str:
        """As SQL."""
        return own(self.name, self.database)

    @property
    def _json(self) -> str:
        """The key as the snapshot has it."""
        return "NULL::JSON" if self.identity.source.has_integer_key else "to_json(coco_at)"

    def _create(self, session: Session) -> None:
        source = self.identity.source
        types = ", ".join(f"{ident(name)} {source.types[name]}" for name in source.key)
        session.execute(
            f"CREATE TABLE {self.table} (coco_version BIGINT, coco_source_id {self.identity.id_type}, "
            f"coco_fingerprint UBIGINT, coco_at STRUCT({types}))"
        )

    def has_rows(self, session: Session) -> bool:
        exists = tables.exists(session, self.database, self.name)
        return exists and bool(session.execute(f"SELECT 1 FROM {self.table} LIMIT 1"))

    def size(self, session: Session) -> int:
        """About how many rows there are."""
        return tables.stored_rows(session, self.database, self.name)

    def put(self, session: Session, changed: str, version: int, source_rows: int) -> None:
        """Take over rows that changed with a version: ``coco_source_id``, ``coco_fingerprint`` (NULL: gone), and
        ``coco_at``, the key.

        What is here of the same rows stays until there is much, for to search for it costs more than to write.
        """
        if not tables.exists(session, self.database, self.name):
            self._create(session)
        if self.size(session) > _MOST_REPEATED * source_rows:
            known = among([("coco_source_id", f"SELECT coco_source_id FROM {changed}")])
            rows = rows_where(session, tables.named(self.database, self.name), known, [], f"{self.name}_replaced")
            session.delete_rows(self.database, self.name, rows)
        rows = f"SELECT coco_source_id, coco_fingerprint, coco_at FROM {changed}"
        session.append_rows(self.database, self.name, rows, {"coco_version": version})

    def keys_since(self, version: int) -> str:
        """A query for the keys of rows that changed after a version."""
        return f"SELECT unnest(coco_at) FROM {self.table} WHERE coco_version > {version}"

    def ids_since(self, version: int) -> str:
        """The same for their ids."""
        return f"SELECT coco_source_id FROM {self.table} WHERE coco_version > {version}"

    def log_since(self, version: int) -> str:
        """A query for id and key of the rows that changed after a version."""
        return f"SELECT coco_source_id, {self._json} AS coco_key FROM {self.table} WHERE coco_version > {version}"

    def over(self, snapshot: str) -> str:
        """The rows of a snapshot (its table) with these over them. In which part they are is not known."""
        return (
            "SELECT coco_part, coco_source_id, coco_fingerprint, coco_key "
            f"FROM {snapshot} ANTI JOIN {self.table} USING (coco_source_id) UNION ALL "
            f"SELECT NULL, coco_source_id, coco_fingerprint, {self._json} FROM {_last(self.table)} "
            "WHERE coco_fingerprint IS NOT NULL"
        )

    def drop_from(self, session: Session, snapshot: Snapshot) -> None:
        """Delete the rows of the snapshot over which these stand, and these."""
        session.execute(
            f"DELETE FROM {snapshot.table} WHERE coco_source_id IN (SELECT coco_source_id FROM {self.table})"
        )
        session.execute(f"DELETE FROM {self.table}")

    def move_to(self, session: Session, log: SnapshotLog) -> None:
        """Leave the versions to views that have not read them yet."""
        log.put(session, f"SELECT coco_version, coco_source_id, {self._json} FROM {self.table}")


def forget_gone(session: Session, snapshot: Snapshot) -> None:
    """In a transaction, delete what a snapshot still has of rows that are gone, as far as all views have read it."""
    pending, gone = own(PENDING.named(snapshot.snapshot_id), snapshot.database), f"gone_{snapshot.snapshot_id}"
    read = min(snapshots.read_versions(session, snapshot), default=snapshot.version)
    session.collect(
        gone,
        f"SELECT coco_source_id FROM {_last(pending)} WHERE coco_fingerprint IS NULL AND coco_version <= {read}",
    )
    for table in (own(snapshot.table_name, snapshot.database), pending):
        session.execute(f"DELETE FROM {table} WHERE coco_source_id IN (SELECT coco_source_id FROM {collected(gone)})")


def _last(pending: str) -> str:
    """The relation of what is pending, of each row what has become of it last."""
    return (
        f"(FROM {pending} SEMI JOIN (SELECT coco_source_id, max(coco_version) AS coco_version FROM {pending} "
        "GROUP BY coco_source_id) AS last USING (coco_source_id, coco_version))"
    )
