"""The table in which the rows of an operator are kept that others read: a row id, the ids of the rows that each came
from, and its columns."""

from dataclasses import dataclass

from cocosql import temporary
from cocosql._native import Session
from cocosql.catalog.names import Name
from cocosql.fetch import rows_where
from cocosql.planner.operators import SOURCE_ID
from cocosql.sqltext import fingerprint, ident, qualified

#: Room for as many rows in a refresh.
_ROWS = 1 << 32


@dataclass(frozen=True)
class Kept:
    name: Name
    #: What its temporary tables are told apart by.
    tag: str
    names: list[str]
    #: The columns that tell its rows apart, if it is known.
    identity: list[str]

    @property
    def table(self) -> str:
        """As SQL."""
        return qualified(self.name.schema, self.name.name)

    @property
    def now(self) -> str:
        """A query for all rows: their ids, and the columns."""
        return f"SELECT {self._shown} FROM {self.table}"

    @property
    def gone(self) -> str:
        """A query for the rows that the last update took away."""
        return f"SELECT {self._shown} FROM {self._temporary('gone')}"

    @property
    def new(self) -> str:
        """A query for the rows that the last update brought."""
        return f"SELECT {self._shown} FROM {self._temporary('new')}"

    @property
    def _shown(self) -> str:
        return ", ".join([f"coco_id AS {SOURCE_ID}", *map(ident, self.names)])

    def _temporary(self, part: str) -> str:
        return ident(f"coco_{part}_{self.tag}")

    def fill(self, session: Session, rows: str) -> None:
        """Keep these rows and no others."""
        session.execute(f"CREATE OR REPLACE TABLE {self.table} AS {self._numbered(session, rows)}")

    def replace(self, session: Session, rows: str, touched: str) -> int:
        """Replace the rows for which a condition holds by these. Returns how many are gone or new."""
        lost = temporary.make(session, self._temporary("gone"), self._stored(session, touched))
        gained = temporary.make(session, self._temporary("new"), self._numbered(session, rows))
        return self._write(session, lost, gained)

    def net(self, session: Session, rows: str, touched: str) -> int:
        """The same, but rows that are replaced by equal ones with the same source stay, and an update keeps the id."""
        old, fresh = self._temporary("old"), self._temporary("fresh")
        told_apart = f"{fingerprint([SOURCE_ID, *self.names])} AS coco_content"
        copy = "row_number() OVER (PARTITION BY coco_content) AS coco_copy"
        for table, query in ((old, self._stored(session, touched)), (fresh, rows)):
            temporary.make(session, table, f"SELECT *, {copy} FROM (SELECT *, {told_apart} FROM ({query}))")
        differs = "ANTI JOIN {} USING (coco_content, coco_copy)"
        plain = "SELECT * EXCLUDE (coco_content, coco_copy)"
        lost = temporary.make(session, self._temporary("gone"), f"{plain} FROM {old} {differs.format(fresh)}")
        added = self._numbered(session, f"{plain} FROM {fresh} {differs.format(old)}")
        gained = temporary.make(session, self._temporary("new"), self._with_ids_of_gone(added) if lost else added)
        return self._write(session, lost, gained)

    def _stored(self, session: Session, condition: str) -> str:
        """A query for the rows for which a condition holds, with their row ids."""
        columns = [name for name, _ in session.describe(f"FROM {self.table}")]
        return rows_where(session, self.name, condition, columns, self._temporary("found"))

    def _with_ids_of_gone(self, rows: str) -> str:
        if not self.identity:
            return rows
        same = " AND ".join(f"gone.{ident(name)} IS NOT DISTINCT FROM new.{ident(name)}" for name in self.identity)
        gone = f"LEFT JOIN {self._temporary('gone')} AS gone ON {same}"
        return f"SELECT new.* REPLACE (coalesce(gone.coco_id, new.coco_id) AS coco_id) FROM ({rows}) AS new {gone}"

    def _write(self, session: Session, lost: int, gained: int) -> int:
        if lost:
            row_ids = f"SELECT coco_rowid FROM {self._temporary('gone')}"
            session.delete_rows(self.name.database, self.name.name, row_ids)
        if gained:
            session.execute(f"INSERT INTO {self.table} BY NAME FROM {self._temporary('new')}")
        return lost + gained

    def _numbered(self, session: Session, rows: str) -> str:
        """The rows with ids that are unique for ever, and in the order in which they are stored."""
        first = session.next_id(self.name.database) * _ROWS
        return f"SELECT ({first} + row_number() OVER ())::BIGINT AS coco_id, * FROM ({rows})"
