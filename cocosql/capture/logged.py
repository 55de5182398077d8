"""The rows of a table that a key log tells of: as they are now, and, where it has values, as they were."""

from dataclasses import dataclass

from cocosql._native import Session
from cocosql.capture.identity import Keyed
from cocosql.capture.key_log import KeyLog, value_columns
from cocosql.capture.look_up import find
from cocosql.collected import collected
from cocosql.sqltext import fingerprint, ident, idents, struct


@dataclass(frozen=True)
class LoggedRows:
    """What is found is collected under names with a prefix."""

    identity: Keyed
    log: KeyLog
    #: The columns that the view reads.
    columns: list[str]
    prefix: str

    @property
    def _keys(self) -> str:
        return idents(self.identity.source.key)

    @property
    def _beside_key(self) -> list[str]:
        return [name for name in self.columns if name not in self.identity.source.key]

    def has_old_values(self, session: Session, batch: int) -> bool:
        """Whether the log tells what was in the columns, to who has read a batch."""
        asked = value_columns(self.identity.source, self.columns)
        return bool(asked) and {*self.log.values}.issuperset(asked) and self.log.values_are_true(session, batch)

    def collect(self, session: Session, name: str, batch: int, source_rows: int) -> int:
        """Collect the rows that changed since a batch, when the table had so many rows. Returns how many.

        Columns: ``coco_source_id``, ``coco_fingerprint`` (NULL if there is no row now), the columns, the key, as
        ``coco_at``, too, and ``coco_old`` if there are values: those from before, NULL if there was no row.
        """
        if self.has_old_values(session, batch):
            return self._collect_values(session, name, batch, source_rows)
        return self.collect_keys(session, name, self.log.keys(session, batch), source_rows)

    def collect_keys(self, session: Session, name: str, keys: str, source_rows: int) -> int:
        """Collect a row for each key, looked up in the table."""
        count, found = self._look_up(session, keys, source_rows)
        session.collect(self.prefix + name, self._shown(found, "coco_rowid IS NOT NULL"))
        return count

    def old_rows(self, name: str) -> str:
        """A query for the rows collected as they were: their ids, and the columns."""
        was = [
            ident(column) if column in self.identity.source.key else f"coco_old.{ident(column)} AS {ident(column)}"
            for column in self.columns
        ]
        rows = f"FROM {collected(self.prefix + name)} WHERE coco_old IS NOT NULL"
        return f"SELECT {', '.join(['coco_source_id', *was])} {rows}"

    def _collect_values(self, session: Session, name: str, batch: int, source_rows: int) -> int:
        entries, several = self.log.entries(session, batch), f"{self.prefix}several"
        keys = f"SELECT {self._keys} FROM ({entries}) GROUP BY {self._keys} HAVING count(*) > 1"
        if self.log.may_repeat_keys(session) and session.collect(several, keys):
            single = f"FROM ({entries}) ANTI JOIN {collected(several)} USING ({self._keys})"
            rows = self._netted(session, entries, batch, source_rows)
            shown = f"{self._row_of_entry(single)} UNION ALL BY NAME {rows}"
        else:
            shown = self._row_of_entry(entries)
        return session.collect(self.prefix + name, self._shown(f"({shown})", "coco_is", "coco_old"))

    def _row_of_entry(self, entries: str) -> str:
        """What one entry says of a row: the key, whether it is there, the columns, and ``coco_old``."""
        now = [f"coco_new.{ident(column)} AS {ident(column)}" for column in self._beside_key]
        shown = [self._keys, "coco_old", "coco_new IS NOT NULL AS coco_is", *now]
        return f"SELECT {', '.join(shown)} FROM ({entries})"

    def _netted(self, session: Session, entries: str, batch: int, source_rows: int) -> str:
        """The same of rows with several entries: the first tells what they were, the last what they are.

        Where a statement has two for a row there is no telling which one stayed; where one does not go on from the one
        before, transactions ran side by side. So they may have where one sets something in a row that another took away
        and put in again: what it set is lost then. Such rows are looked up.
        """
        several, netted, unsure = (f"{self.prefix}{part}" for part in ("several", "netted", "unsure"))
        in_order = f"OVER (PARTITION BY {self._keys} ORDER BY coco_place)"
        # Texts that a collation takes as equal are not the same.
        was, became = fingerprint(["coco_old"]), fingerprint(["coco_new"])
        taken = f"(CASE WHEN coco_new IS NULL THEN coco_began END) {in_order}"
        by_another = f"(min{taken} <> coco_began OR max{taken} <> coco_began)"
        placed = (
            f"SELECT *, first_value(coco_statement) {in_order} AS coco_first, row_number() {in_order} > 1 AND "
            f"({was} IS DISTINCT FROM lag({became}) {in_order} OR "
            f"coalesce(coco_old IS NOT NULL AND coco_new IS NOT NULL AND {by_another}, false)) AS coco_breaks "
            f"FROM ({entries}) SEMI JOIN {collected(several)} USING ({self._keys})"
        )
        session.collect(
            netted,
            f"SELECT {self._keys}, bool_or(coco_breaks) OR "
            "count(coco_new) > count(DISTINCT coco_statement) FILTER (coco_new IS NOT NULL) AS coco_unsure, "
            "any_value(coco_old) FILTER (coco_statement = coco_first) AS coco_old, "
            "arg_max({'now': coco_new}, coco_place).now AS coco_new "
            f"FROM ({placed}) GROUP BY {self._keys}",
        )
        rows = self._row_of_entry(f"FROM {collected(netted)} WHERE NOT coco_unsure")
        if session.collect(unsure, f"SELECT {self._keys} FROM {collected(netted)} WHERE coco_unsure"):
            keys = f"FROM ({self.log.keys(session, batch)}) SEMI JOIN {collected(unsure)} USING ({self._keys})"
            _, found = self._look_up(session, keys, source_rows)
            shown = [self._keys, "coco_old", "coco_rowid IS NOT NULL AS coco_is", *map(ident, self._beside_key)]
            old = f"SELECT {self._keys}, coco_old FROM {collected(netted)}"
            rows += f" UNION ALL BY NAME SELECT {', '.join(shown)} FROM {found} JOIN ({old}) USING ({self._keys})"
        return rows

    def _look_up(self, session: Session, keys: str, source_rows: int) -> tuple[int, str]:
        """How many keys there are; a relation of these, the columns, and ``coco_rowid``: NULL where there is no row."""
        source, wanted = self.identity.source, f"{self.prefix}wanted"
        count = session.collect(wanted, keys)
        columns = [*self._beside_key, *source.key]
        found = find(session, source, columns, collected(wanted), count, self.prefix, source_rows)
        return count, f"(FROM {collected(wanted)} AS wanted LEFT JOIN {found} AS found USING ({self._keys}))"

    def _shown(self, rows: str, is_there: str, *others: str) -> str:
        fingerprint = f"CASE WHEN {is_there} THEN {self.identity.digest} END AS coco_fingerprint"
        columns = map(ident, [*self._beside_key, *self.identity.source.key])
        at = f"{struct(self.identity.source.key)} AS coco_at"
        shown = [f"{self.identity.id_sql} AS coco_source_id", fingerprint, *columns, at, *others]
        return f"SELECT {', '.join(shown)} FROM {rows}"
