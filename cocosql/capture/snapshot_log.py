"""The log of a snapshot: ids of the rows that changed with each version, for views that share the snapshot and have yet
to read them. There is a table of it once something was to be told: most snapshots have one reader."""

from dataclasses import dataclass

from cocosql._native import Session
from cocosql.capture.identity import Identity
from cocosql.catalog import tables
from cocosql.catalog.tables import SNAPSHOT_LOG, if_table, own


@dataclass(frozen=True)
class SnapshotLog:
    database: str
    snapshot_id: int
    identity: Identity

    @property
    def name(self) -> str:
        return SNAPSHOT_LOG.named(self.snapshot_id)

    @property
    def table(self) -> str:
        """As SQL."""
        return own(self.name, self.database)

    def put(self, session: Session, changes: str) -> None:
        """Append the rows of a query: version, id, key."""
        columns = f"coco_version BIGINT, coco_source_id {self.identity.id_type}, coco_key JSON"
        session.execute(f"CREATE TABLE IF NOT EXISTS {self.table} ({columns})")
        session.execute(f"INSERT INTO {self.table} {changes}")

    def since(self, version: int) -> str:
        """A query for id and key of the rows that changed after a version."""
        none = f"SELECT NULL::{self.identity.id_type} AS coco_source_id, NULL::JSON AS coco_key WHERE false"
        rows = f"SELECT coco_source_id, coco_key FROM {self.table} WHERE coco_version > {version}"
        return f"FROM {if_table(self.database, self.name, rows, none)}"

    def trim(self, session: Session, changed: str, read: int) -> None:
        """Forget rows that have changed again, for the last version is enough, and changes that all views have read."""
        if tables.stored_rows(session, self.database, self.name):
            session.execute(f"DELETE FROM {self.table} WHERE coco_source_id IN ({changed})")
            session.execute(f"DELETE FROM {self.table} WHERE coco_version <= $1", [read])
