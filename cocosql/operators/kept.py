"""The table in which the rows of an operator are kept that others read: a row id, the ids of the rows that each came
from, and its columns.

Where changes come with their values the rows that are gone are not looked for. A retraction is put behind them: a row
with the ids of the rows that they came from, whose row id is negative. It says that rows from there are gone whose ids
are smaller.
"""

from dataclasses import dataclass, replace

from cocosql._native import Session
from cocosql.catalog.names import Name, database_number
from cocosql.collected import collected
from cocosql.fetch import Condition, rows_where
from cocosql.instances import PerInstance
from cocosql.operators.delta import Delta
from cocosql.operators.operator import SOURCE_ID
from cocosql.sqltext import ident, idents, literal, qualified

#: Row ids reserved per refresh.
_ROWS = 1 << 32

#: Above this share of the rows that are stored, retractions are applied: they, and what they retract, are deleted.
_MOST_RETRACTED = 0.2
#: By number of a database and name of a table, about how many retractions it has.
_retracted: PerInstance[dict[tuple[int, str], int]] = PerInstance(dict)


@dataclass(frozen=True)
class Kept:
    name: Name
    #: Part of the names of its collections.
    tag: str
    names: list[str]
    #: The columns that tell its rows apart, if it is known.
    identity: list[str]
    #: The columns by which rows may be retracted.
    origins: list[str]

    @property
    def table(self) -> str:
        """The table as SQL."""
        return qualified(self.name.schema, self.name.name)

    @property
    def now(self) -> str:
        """A query for all rows: their ids, and the columns."""
        return f"SELECT {self._shown} FROM {not_retracted(self.table, self.origins) if self.origins else self.table}"

    @property
    def old(self) -> str:
        """The relation of the rows that an update may replace, as they are stored."""
        return self._part("old")

    @property
    def _shown(self) -> str:
        return ", ".join([f"coco_id AS {SOURCE_ID}", *map(ident, self.names)])

    @property
    def _prefix(self) -> str:
        """How the names of its collections begin."""
        return f"kept_{self.tag}_"

    def _part(self, name: str) -> str:
        return collected(f"{self._prefix}{name}")

    def fill(self, session: Session, rows: str) -> "Kept":
        """Keep these rows and no others. Returns the table, in which nothing is retracted."""
        session.execute(f"CREATE OR REPLACE TABLE {self.table} AS {self._numbered(session, rows)}")
        return self._without_retractions

    @property
    def _without_retractions(self) -> "Kept":
        """The table when nothing in it is retracted: its rows are read without a join."""
        return replace(self, origins=[])

    def replace(self, session: Session, rows: str, touched: Condition) -> Delta:
        """Replace the rows for which a condition holds by these."""
        if self.origins:
            self._delete_retracted(session)
        lost = session.collect(f"{self._prefix}gone", self._stored(session, touched))
        gained = session.collect(f"{self._prefix}came", self._numbered(session, rows))
        return self._without_retractions._write(session, lost, gained)

    def exchange(self, session: Session, changes: str) -> Delta:
        """Take away the rows with a negative sign, which are retracted, and put in those with a positive one."""
        first, changed = self._first_id(session), self._part("changed")
        session.give(f"{self._prefix}first", first)
        given = f"coco_given({literal(f'{self._prefix}first')})"
        new_id = f"CASE WHEN coco_sign > 0 THEN {given} + row_number() OVER () END::BIGINT"
        count = session.collect(f"{self._prefix}changed", f"SELECT {new_id} AS coco_id, * FROM ({changes})")
        self._append(session, f"SELECT * EXCLUDE (coco_sign) FROM {changed} WHERE coco_sign > 0")
        lost = self._append(
            session, f"SELECT {idents(self.origins)} FROM {changed} WHERE coco_sign < 0", coco_id=-first
        )
        if self._count_retracted(session, lost) > _MOST_RETRACTED * session.stored_rows(*self.name.parts):
            self._delete_retracted(session)
        gone, new = (f"SELECT {self._shown} FROM {changed} WHERE coco_sign {sign} 0" for sign in "<>")
        return self._delta(gone, new, count)

    def _count_retracted(self, session: Session, more: int) -> int:
        """About how many retractions there are, with so many more: they are counted once by each process."""
        counts, key = _retracted.of(session), (database_number(session, self.name.database), self.name.name)
        if key not in counts:
            ((counts[key],),) = session.execute(f"SELECT count(*) FROM {self.table} WHERE coco_id < 0")
        else:
            counts[key] += more
        return counts[key]

    def _delete_retracted(self, session: Session) -> None:
        """Delete what is retracted, and the retractions."""
        _retracted.of(session).pop((database_number(session, self.name.database), self.name.name), None)
        retractions = f"SELECT rowid AS coco_rowid FROM {self.table} WHERE coco_id < 0"
        if session.collect(f"{self._prefix}retractions", retractions):
            ids = idents(self.origins)
            stored = f"SELECT rowid AS coco_rowid, coco_id, {ids} FROM {self.table} WHERE coco_id > 0"
            retracted = f"({stored}) JOIN ({_last_retractions(self.table, self.origins)}) USING ({ids})"
            rows = f"SELECT coco_rowid FROM {retracted} WHERE coco_id <= coco_before"
            session.delete_rows(
                self.name.database, self.name.name, f"{rows} UNION ALL FROM {self._part('retractions')}"
            )

    def net(self, session: Session, rows: str, touched: Condition) -> Delta:
        """The same, but rows that are replaced by equal ones with the same source stay, and an update keeps the id.

        The query for the rows may read `old`.
        """
        session.collect(f"{self._prefix}old", self._stored(session, touched))
        difference = session.difference(
            f"FROM {self.old}",
            rows,
            exact=[SOURCE_ID, *self.names],
            content=None,
            key=self.identity or None,
            number="coco_id",
            next=self._first_id(session),
            prefix=self._prefix,
        )
        return self._write(session, difference.gone, difference.came)

    def _stored(self, session: Session, condition: Condition) -> str:
        """A query for the rows for which a condition holds, with their row ids."""
        columns = [name for name, _ in session.columns(*self.name.parts)]
        return rows_where(session, self.name, condition, columns, f"{self._prefix}found")

    def _write(self, session: Session, lost: int, gained: int) -> Delta:
        if lost:
            session.delete_rows(self.name.database, self.name.name, f"SELECT coco_rowid FROM {self._part('gone')}")
        if gained:
            self._append(session, f"FROM {self._part('came')}")
        gone, new = (f"SELECT {self._shown} FROM {self._part(name)}" for name in ("gone", "came"))
        return self._delta(gone, new, lost + gained)

    def _delta(self, gone: str, new: str, count: int) -> Delta:
        return Delta(gone, new, count, lambda: self.now, gone)

    def _append(self, session: Session, rows: str, **values: int) -> int:
        return session.append_rows(self.name.database, self.name.name, rows, values)

    def _numbered(self, session: Session, rows: str) -> str:
        """The rows with ids that are unique for ever, and in the order in which they are stored."""
        return _numbered(self._first_id(session), rows)

    def _first_id(self, session: Session) -> int:
        return session.next_id(self.name.database) * _ROWS


def not_retracted(table: str, origins: list[str]) -> str:
    """The relation of the rows of a table that are not retracted, as they are stored."""
    ids, retracted = idents(origins), _last_retractions(table, origins)
    return (
        f"(SELECT stored.* FROM {table} AS stored LEFT JOIN ({retracted}) AS retracted USING ({ids}) "
        "WHERE stored.coco_id > coalesce(retracted.coco_before, 0))"
    )


def _last_retractions(table: str, origins: list[str]) -> str:
    """A query for the origins of which rows are retracted, and the last id that such a row may have."""
    ids = idents(origins)
    return f"SELECT {ids}, max(-coco_id) AS coco_before FROM {table} WHERE coco_id < 0 GROUP BY {ids}"


def _numbered(first: int, rows: str) -> str:
    return f"SELECT ({first} + row_number() OVER ())::BIGINT AS coco_id, * FROM ({rows})"
