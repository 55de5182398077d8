"""Snapshots: what has been read of a source's columns, part by part, shared by the views that read them.

A snapshot counts as versions the times at which rows had changed. A view's position is the version that it has read.
Where several views read one snapshot, ``snapshot_log_<id>`` keeps the ids of the rows that changed with each version
until all of them have read it.
"""

import json
from dataclasses import dataclass

from cocosql._native import Session
from cocosql.capture.parts import Part, Present, Stored
from cocosql.catalog import views
from cocosql.sqltext import qualified


@dataclass(frozen=True)
class Snapshot:
    snapshot_id: int
    identity: str
    version: int
    stored: Stored

    @property
    def table_name(self) -> str:
        return f"snapshot_{self.snapshot_id}"

    @property
    def table(self) -> str:
        """The table of its rows, as SQL."""
        return qualified("coco", self.table_name)

    @property
    def log(self) -> str:
        """The table of the rows that changed, by version, as SQL."""
        return qualified("coco", f"snapshot_log_{self.snapshot_id}")

    def position(self, version: int) -> str:
        return json.dumps({"snapshot": self.snapshot_id, "version": version})

    def version_at(self, position: str | None) -> int | None:
        """The version that a view's position stands for; None if it is of another snapshot."""
        read = json.loads(position) if position and position.startswith("{") else {}
        return int(read["version"]) if read.get("snapshot") == self.snapshot_id else None


def find(session: Session, database: str, source: str, columns: list[str], kind: str) -> Snapshot | None:
    rows = session.execute(
        "SELECT snapshot_id, identity, version, generation, checkpoint FROM coco.snapshots "
        "WHERE source = $1 AND columns = $2::VARCHAR[] AND kind = $3",
        [source, columns, kind],
    )
    if not rows:
        return None
    ((snapshot_id, identity, version, generation, checkpoint),) = rows
    found = session.execute(
        "SELECT part_id, place, token, digest FROM coco.parts WHERE snapshot_id = $1", [snapshot_id]
    )
    parts = [Part(*row) for row in found]
    stored = Stored(parts, generation, _key(database, snapshot_id), checkpoint)
    return Snapshot(snapshot_id, identity, version, stored)


def create(session: Session, database: str, source: str, columns: list[str], kind: str, identity: str) -> Snapshot:
    """A new snapshot, without parts."""
    snapshot_id = views.next_id(session)
    session.execute(
        "INSERT INTO coco.snapshots VALUES ($1, $2, $3::VARCHAR[], $4, $5, 1, 0, NULL)",
        [snapshot_id, source, columns, kind, identity],
    )
    return Snapshot(snapshot_id, identity, 1, Stored(key=_key(database, snapshot_id)))


def save(session: Session, snapshot: Snapshot, present: Present, version: int, *, has_written: bool) -> int:
    """Store the version and the parts, unless they are the same and no row was written.

    Returns the generation of the parts.
    """
    stored = snapshot.stored
    is_same = (version, present.checkpoint) == (snapshot.version, stored.checkpoint)
    if is_same and not has_written and _same(present.parts, stored.parts):
        return stored.generation
    generation = views.next_id(session)
    session.execute(
        "UPDATE coco.snapshots SET version = $2, generation = $3, checkpoint = $4 WHERE snapshot_id = $1",
        [snapshot.snapshot_id, version, generation, present.checkpoint],
    )
    session.execute("DELETE FROM coco.parts WHERE snapshot_id = $1", [snapshot.snapshot_id])
    session.execute(
        "INSERT INTO coco.parts SELECT $1, unnest($2::BIGINT[]), unnest($3::VARCHAR[]), unnest($4::VARCHAR[]), "
        "nullif(unnest($5::VARCHAR[]), '')",
        [
            snapshot.snapshot_id,
            [part.part_id for part in present.parts],
            [part.place for part in present.parts],
            [part.token for part in present.parts],
            [part.digest or "" for part in present.parts],
        ],
    )
    return generation


def readers(session: Session, snapshot: Snapshot) -> int:
    """How many views have read it."""
    ((count,),) = session.execute(f"SELECT count(*) FROM ({_READERS})", [snapshot.snapshot_id])
    return int(count)


def trim_log(session: Session, snapshot: Snapshot) -> None:
    """Forget changes that all views have read."""
    session.execute(
        f"DELETE FROM {snapshot.log} "
        f"WHERE coco_version <= coalesce((SELECT min(version) FROM ({_READERS})), coco_version)",
        [snapshot.snapshot_id],
    )


def drop_unread(session: Session) -> None:
    """Drop the snapshots that no view reads any more, and the tables of a schema before 3, which had no record."""
    rows = session.execute(
        f"""
        SELECT snapshot_id FROM coco.snapshots WHERE snapshot_id NOT IN ({_READ})
        UNION
        SELECT regexp_extract(table_name, '[0-9]+')::BIGINT FROM duckdb_tables()
        WHERE database_name = current_database() AND schema_name = 'coco'
            AND regexp_full_match(table_name, 'snapshot_[0-9]+')
            AND regexp_extract(table_name, '[0-9]+')::BIGINT NOT IN (SELECT snapshot_id FROM coco.snapshots)
        """
    )
    for (snapshot_id,) in rows:
        session.execute(f"DROP TABLE IF EXISTS {qualified('coco', f'snapshot_{snapshot_id}')}")
        session.execute(f"DROP TABLE IF EXISTS {qualified('coco', f'snapshot_log_{snapshot_id}')}")
        for table in ("snapshots", "parts"):
            session.execute(f"DELETE FROM coco.{table} WHERE snapshot_id = $1", [snapshot_id])


#: The snapshots that views have read.
_READ = (
    "SELECT (position::JSON ->> 'snapshot')::BIGINT AS snapshot_id FROM coco.inputs "
    "WHERE starts_with(position, '{') AND position::JSON ->> 'snapshot' IS NOT NULL"
)
#: The versions that views have read of a snapshot.
_READERS = (
    "SELECT (position::JSON ->> 'version')::BIGINT AS version FROM coco.inputs "
    "WHERE starts_with(position, '{') AND (position::JSON ->> 'snapshot')::BIGINT = $1"
)


def _same(left: list[Part], right: list[Part]) -> bool:
    return sorted(left, key=_part_id) == sorted(right, key=_part_id)


def _part_id(part: Part) -> int:
    return part.part_id


def _key(database: str, snapshot_id: int) -> str:
    return f"{snapshot_id} {database}"
