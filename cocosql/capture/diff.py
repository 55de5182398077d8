"""The full diff: fingerprints of all rows, compared with a snapshot of those that the view has read.

It needs no hook, sees every writer, and costs a scan. With a primary key the id of a row is the key (an integer) or its
fingerprint; without one, equal rows are interchangeable: their id is their fingerprint, and the snapshot counts them.
"""

from dataclasses import dataclass

from cocosql._native import Session
from cocosql.capture import Delta
from cocosql.catalog.views import Input
from cocosql.planner.sources import Source
from cocosql.sqltext import fingerprint, ident, idents, literal, qualified


@dataclass(frozen=True)
class DiffCapture:
    source: Source
    #: The columns that the view reads.
    columns: list[str]
    snapshot_table: str

    @property
    def kind(self) -> str:
        return "diff"

    @property
    def snapshot(self) -> str:
        return qualified("coco", self.snapshot_table)

    @property
    def changed(self) -> str:
        """The temporary table of the ids that changed: source_id, fingerprint (NULL: gone), key."""
        return qualified("temp", "main", f"changed_{self.snapshot_table}")

    def source_id_type(self) -> str:
        if not self.source.has_integer_key:
            return "UHUGEINT"
        return dict(zip(self.source.column_names, self.source.column_types, strict=True))[self.source.key[0]]

    def _id(self) -> str:
        if self.source.has_integer_key:
            return ident(self.source.key[0])
        return fingerprint(self.source.key or self.columns)

    def _present(self) -> str:
        """The snapshot that the source would have now. The key of a row is kept where the id does not show it."""
        if not self.source.key:
            grouped = f"SELECT {self._id()} AS source_id, count(*)::UHUGEINT AS fingerprint, NULL::JSON AS key"
            return f"{grouped} FROM {self.source.sql} GROUP BY ALL"
        key = "NULL::JSON" if self.source.has_integer_key else f"to_json({_struct(self.source.key)})"
        return f"SELECT {self._id()} AS source_id, {fingerprint(self.columns)} AS fingerprint, {key} AS key FROM {self.source.sql}"

    def all_rows(self, session: Session) -> str:
        columns = f", {idents(self.columns)}" if self.columns else ""
        return f"SELECT {self._id()} AS coco_source_id{columns} FROM {self.source.sql}"

    def changes(self, session: Session, position: str | None) -> Delta | None:
        session.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE {ident(f"changed_{self.snapshot_table}")} AS
            SELECT coalesce(present.source_id, past.source_id) AS source_id, present.fingerprint, present.key
            FROM ({self._present()}) AS present FULL OUTER JOIN {self.snapshot} AS past USING (source_id)
            WHERE present.fingerprint IS DISTINCT FROM past.fingerprint
            """
        )
        ((count,),) = session.execute(f"SELECT count(*) FROM {self.changed}")
        return Delta(
            gone=f"SELECT source_id AS coco_source_id FROM {self.changed}",
            new=f"FROM ({self.all_rows(session)}) AS present WHERE coco_source_id IN "
            f"(SELECT source_id FROM {self.changed} WHERE fingerprint IS NOT NULL)",
            changed=count,
        )

    def position(self, session: Session, position: str | None, delta: Delta | None) -> str | None:
        if delta is None:
            session.execute(f"CREATE OR REPLACE TABLE {self.snapshot} AS {self._present()}")
        elif delta.changed:
            session.execute(
                f"DELETE FROM {self.snapshot} WHERE source_id IN (SELECT source_id FROM {self.changed})"
            )
            session.execute(f"INSERT INTO {self.snapshot} FROM {self.changed} WHERE fingerprint IS NOT NULL")
        return None

    def shown_key(self, snapshot: str) -> str:
        """The key of a snapshot row as JSON: {"id": 7}; without a key, its fingerprint."""
        if self.source.has_integer_key:
            return f"to_json({{{literal(self.source.key[0])}: {snapshot}.source_id}})"
        if self.source.key:
            return f"{snapshot}.key"
        return f"to_json({{'fingerprint': {snapshot}.source_id, 'copies': {snapshot}.fingerprint}})"

    def present_rows(self) -> str:
        """The source's rows now: source_id, fingerprint as in the snapshot, and the whole row as JSON."""
        row = f"to_json({_struct(self.source.column_names)})"
        if self.source.key:
            return f"SELECT {self._id()} AS source_id, {fingerprint(self.columns)} AS fingerprint, {row} AS row FROM {self.source.sql}"
        return (
            f"SELECT {self._id()} AS source_id, count(*)::UHUGEINT AS fingerprint, any_value({row}) AS row "
            f"FROM {self.source.sql} GROUP BY ALL"
        )

    def as_input(self, source: str, position: str | None) -> Input:
        return Input(source, self.columns, self.kind, self.snapshot_table, position)


def _struct(names: list[str]) -> str:
    return f"struct_pack({', '.join(f'{ident(name)} := {ident(name)}' for name in names)})"
