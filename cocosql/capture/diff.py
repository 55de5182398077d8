"""The full diff: fingerprints of all rows, compared with a snapshot of those that the view has read.

It needs no hook, sees every writer, and costs a scan. With a primary key the id of a row is the key (an integer) or its
fingerprint; without one, equal rows are interchangeable: their id is their fingerprint, and the snapshot counts them.
"""

from dataclasses import dataclass

from cocosql._native import Session
from cocosql.capture import Delta
from cocosql.catalog.views import Input
from cocosql.planner.sources import Source
from cocosql.sqltext import fingerprint, ident, idents, literal, qualified, struct


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
        """The temporary table of what changed: id, fingerprint (NULL: gone), key; with a key, the columns too."""
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
            grouped = (
                f"SELECT {self._id()} AS coco_source_id, count(*)::UHUGEINT AS coco_fingerprint, NULL::JSON AS coco_key"
            )
            return f"{grouped} FROM {self.source.sql} GROUP BY ALL"
        return self._present_keyed("")

    def _present_keyed(self, columns: str) -> str:
        key = "NULL::JSON" if self.source.has_integer_key else f"to_json({struct(self.source.key)})"
        return (
            f"SELECT {self._id()} AS coco_source_id, {fingerprint(self.columns)} AS coco_fingerprint, {key} AS coco_key"
            f"{columns} FROM {self.source.sql}"
        )

    def _columns(self) -> str:
        return f", {idents(self.columns)}" if self.columns else ""

    def all_rows(self, session: Session) -> str:
        return f"SELECT {self._id()} AS coco_source_id{self._columns()} FROM {self.source.sql}"

    def changes(self, session: Session, position: str | None) -> Delta | None:
        if position != self._identity():
            return None
        # With a key one scan gives the rows that changed, too; without, the scan counts equal rows.
        present = self._present_keyed(self._columns()) if self.source.key else self._present()
        session.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE {ident(f"changed_{self.snapshot_table}")} AS
            SELECT coalesce(present.coco_source_id, past.coco_source_id) AS coco_source_id,
                present.* EXCLUDE (coco_source_id)
            FROM ({present}) AS present FULL OUTER JOIN {self.snapshot} AS past USING (coco_source_id)
            WHERE present.coco_fingerprint IS DISTINCT FROM past.coco_fingerprint
            """
        )
        ((count,),) = session.execute(f"SELECT count(*) FROM {self.changed}")
        return Delta(f"SELECT coco_source_id FROM {self.changed}", self._new(session), count)

    def _new(self, session: Session) -> str:
        if self.source.key:
            return f"SELECT coco_source_id{self._columns()} FROM {self.changed} WHERE coco_fingerprint IS NOT NULL"
        return (
            f"FROM ({self.all_rows(session)}) AS present WHERE coco_source_id IN "
            f"(SELECT coco_source_id FROM {self.changed} WHERE coco_fingerprint IS NOT NULL)"
        )

    def position(self, session: Session, position: str | None, delta: Delta | None) -> str | None:
        if delta is None:
            session.execute(
                f"CREATE OR REPLACE TABLE {self.snapshot} "
                f"(coco_source_id {self.source_id_type()}, coco_fingerprint UHUGEINT, coco_key JSON)"
            )
            session.execute(f"INSERT INTO {self.snapshot} {self._present()}")
        elif delta.changed:
            session.execute(f"DELETE FROM {self.snapshot} WHERE coco_source_id IN ({delta.gone})")
            session.execute(
                f"INSERT INTO {self.snapshot} SELECT coco_source_id, coco_fingerprint, coco_key FROM {self.changed} "
                "WHERE coco_fingerprint IS NOT NULL"
            )
        return self._identity()

    def _identity(self) -> str:
        """How rows are known again: a source made anew with another key, or key type, is read anew."""
        types = dict(zip(self.source.column_names, self.source.column_types, strict=True))
        return ", ".join(f"{name} {types[name]}" for name in self.source.key) or "no key"

    def shown_key(self, stored: str, snapshot: str) -> str:
        """The key of the row that a stored row came from, as JSON: {"id": 7}; without a key, its fingerprint."""
        if self.source.has_integer_key:
            return f"to_json({{{literal(self.source.key[0])}: {stored}.coco_source_id}})"
        fingerprint_only = f"to_json({{'fingerprint': {stored}.coco_source_id, 'copies': {snapshot}.coco_fingerprint}})"
        return f"coalesce({snapshot}.coco_key, {fingerprint_only})" if self.source.key else fingerprint_only

    def present_rows(self, session: Session) -> str:
        """The source's rows now: id and fingerprint as in the snapshot, and the whole row as JSON."""
        row = f"to_json({struct(self.source.column_names)})"
        if self.source.key:
            return (
                f"SELECT {self._id()} AS coco_source_id, {fingerprint(self.columns)} AS coco_fingerprint, {row} AS row "
                f"FROM {self.source.sql}"
            )
        return (
            f"SELECT {self._id()} AS coco_source_id, count(*)::UHUGEINT AS coco_fingerprint, any_value({row}) AS row "
            f"FROM {self.source.sql} GROUP BY ALL"
        )

    def as_input(self, source: str, position: str | None) -> Input:
        return Input(source, self.columns, self.kind, self.snapshot_table, position)
