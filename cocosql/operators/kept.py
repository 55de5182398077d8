"""The table in which the rows of an operator are kept that others read: a row id, the ids of the rows that each came
from, and its columns."""

from dataclasses import dataclass

from cocosql._native import Session
from cocosql.catalog.names import Name
from cocosql.collected import collected
from cocosql.fetch import rows_where
from cocosql.operators.operator import SOURCE_ID
from cocosql.sqltext import fingerprint, ident, qualified

#: Room for as many rows in a refresh.
_ROWS = 1 << 32


@dataclass(frozen=True)
class Kept:
    name: Name
    #: What its collections are told apart by.
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
        return f"SELECT {self._shown} FROM {self._part('gone')}"

    @property
    def new(self) -> str:
        """A query for the rows that the last update brought."""
        return f"SELECT {self._shown} FROM {self._part('new')}"

    @property
    def old(self) -> str:
        """The relation of the rows that an update may replace, as they are stored."""
        return self._part("old")

    @property
    def _shown(self) -> str:
        return ", ".join([f"coco_id AS {SOURCE_ID}", *map(ident, self.names)])

    @property
    def _prefix(self) -> str:
        """Under which what changes is collected."""
        return f"kept_{self.tag}_"

    def _part(self, name: str) -> str:
        return collected(f"{self._prefix}{name}")

    def fill(self, session: Session, rows: str) -> None:
        """Keep these rows and no others."""
        session.execute(f"CREATE OR REPLACE TABLE {self.table} AS {self._numbered(session, rows)}")

    def replace(self, session: Session, rows: str, touched: str) -> int:
        """Replace the rows for which a condition holds by these. Returns how many are gone or new."""
        lost = session.collect(f"{self._prefix}gone", self._stored(session, touched))
        return self._write(session, lost, self._numbered(session, rows))

    def net(self, session: Session, rows: str, touched: str) -> int:
        """The same, but rows that are replaced by equal ones with the same source stay, and an update keeps the id.

        The query for the rows may read `old`.
        """
        content = fingerprint([SOURCE_ID, *self.names])
        prints = f"{content}, {content}, {fingerprint(self.identity) if self.identity else 'NULL::UHUGEINT'}"
        session.collect(f"{self._prefix}old", self._stored(session, touched))
        difference = session.difference(
            f"SELECT {prints}, coco_id AS coco_at, coco_rowid, * EXCLUDE (coco_rowid) FROM {self.old}",
            f"SELECT {prints}, * FROM ({rows})",
            self._prefix,
        )
        came = self._part("came")
        new = f"coalesce(coco_replaces, {self._first_id(session)} + coco_number) AS coco_id"
        added = f"SELECT {new}, * EXCLUDE (coco_replaces, coco_number) FROM {came}"
        return self._write(session, difference.gone, added)

    def _stored(self, session: Session, condition: str) -> str:
        """A query for the rows for which a condition holds, with their row ids."""
        columns = [name for name, _ in session.describe(f"FROM {self.table}")]
        return rows_where(session, self.name, condition, columns, f"{self._prefix}found")

    def _write(self, session: Session, lost: int, added: str) -> int:
        gained = session.collect(f"{self._prefix}new", added)
        if lost:
            row_ids = f"SELECT coco_rowid FROM {self._part('gone')}"
            session.delete_rows(self.name.database, self.name.name, row_ids)
        if gained:
            session.execute(f"INSERT INTO {self.table} BY NAME FROM {self._part('new')}")
        return lost + gained

    def _numbered(self, session: Session, rows: str) -> str:
        """The rows with ids that are unique for ever, and in the order in which they are stored."""
        return f"SELECT ({self._first_id(session)} + row_number() OVER ())::BIGINT AS coco_id, * FROM ({rows})"

    def _first_id(self, session: Session) -> int:
        return session.next_id(self.name.database) * _ROWS
