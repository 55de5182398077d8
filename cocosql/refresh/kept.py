"""The table in which the rows of an operator are kept that others read: a row id, the ids of the rows that each came
from, and its columns."""

from dataclasses import dataclass

from cocosql._native import Session
from cocosql.catalog import views
from cocosql.planner.operators import SOURCE_ID
from cocosql.sqltext import fingerprint, ident

#: Room for as many rows in a refresh.
_ROWS = 1 << 32


@dataclass(frozen=True)
class Kept:
    #: As SQL.
    table: str
    #: What its temporary tables are told apart by.
    tag: str
    names: list[str]
    #: The columns that tell its rows apart, if it is known.
    identity: list[str]

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
        session.execute(f"CREATE OR REPLACE TABLE {self.table} AS {_numbered(session, rows)}")

    def replace(self, session: Session, rows: str, touched: str) -> int:
        """Replace the rows for which a condition holds by these. Returns how many are gone or new."""
        gone, new = self._temporary("gone"), self._temporary("new")
        session.execute(f"CREATE OR REPLACE TEMP TABLE {gone} AS FROM {self.table} WHERE {touched}")
        session.execute(f"CREATE OR REPLACE TEMP TABLE {new} AS {_numbered(session, rows)}")
        return self._write(session)

    def net(self, session: Session, rows: str, touched: str) -> int:
        """The same, but rows that are replaced by equal ones with the same source stay, and an update keeps the id."""
        old, fresh = self._temporary("old"), self._temporary("fresh")
        told_apart = f"{fingerprint([SOURCE_ID, *self.names])} AS coco_content"
        copy = "row_number() OVER (PARTITION BY coco_content) AS coco_copy"
        for table, query in ((old, f"FROM {self.table} WHERE {touched}"), (fresh, rows)):
            content = f"SELECT *, {told_apart} FROM ({query})"
            session.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT *, {copy} FROM ({content})")
        differs = "ANTI JOIN {} USING (coco_content, coco_copy)"
        plain = "SELECT * EXCLUDE (coco_content, coco_copy)"
        gone, new = self._temporary("gone"), self._temporary("new")
        session.execute(f"CREATE OR REPLACE TEMP TABLE {gone} AS {plain} FROM {old} {differs.format(fresh)}")
        added = f"{plain} FROM {fresh} {differs.format(old)}"
        session.execute(f"CREATE OR REPLACE TEMP TABLE {new} AS {self._with_ids_of_gone(_numbered(session, added))}")
        return self._write(session)

    def _with_ids_of_gone(self, rows: str) -> str:
        if not self.identity:
            return rows
        same = " AND ".join(f"gone.{ident(name)} IS NOT DISTINCT FROM new.{ident(name)}" for name in self.identity)
        gone = f"LEFT JOIN {self._temporary('gone')} AS gone ON {same}"
        return f"SELECT new.* REPLACE (coalesce(gone.coco_id, new.coco_id) AS coco_id) FROM ({rows}) AS new {gone}"

    def _write(self, session: Session) -> int:
        gone, new = self._temporary("gone"), self._temporary("new")
        ((lost, gained),) = session.execute(f"SELECT (SELECT count(*) FROM {gone}), (SELECT count(*) FROM {new})")
        if lost:
            session.execute(f"DELETE FROM {self.table} WHERE coco_id IN (SELECT coco_id FROM {gone})")
        if gained:
            session.execute(f"INSERT INTO {self.table} BY NAME FROM {new}")
        return int(lost + gained)


def _numbered(session: Session, rows: str) -> str:
    """The rows with ids that are unique for ever, and in the order in which they are stored."""
    first = views.next_id(session) * _ROWS
    return f"SELECT ({first} + row_number() OVER ())::BIGINT AS coco_id, * FROM ({rows})"
