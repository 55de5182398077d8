"""The key log, opt-in by ``capture = 'log'``: the keys of rows that statements may have changed, logged as they run.

It finds rows that lie scattered over a table at the cost of their number. cpp/capture/key_log.hpp says what the log
holds, and when it is complete: the snapshot remembers the activation of the log that has missed nothing since.
"""

from dataclasses import dataclass
from uuid import uuid4

from cocosql._native import Session
from cocosql.catalog import tables
from cocosql.catalog.tables import KEYS, own
from cocosql.instances import PerInstance
from cocosql.operators.source import EXACT, Source
from cocosql.planner.qualify import without_database
from cocosql.sqltext import ident, idents


@dataclass
class KeyLog:
    source: Source
    #: The view's database, in which the table is, too.
    database: str
    snapshot_id: int
    #: The activation, if the log is complete for who has read everything since it began.
    activation: str | None = None

    @property
    def name(self) -> str:
        return KEYS.named(self.snapshot_id)

    @property
    def table(self) -> str:
        return own(self.name)

    def start(self, session: Session, activation: str | None) -> bool:
        """Make sure that keys are logged from now on, by an activation that lasts. Call outside a transaction.

        Returns whether they have been all the time since the activation that is given.
        """
        self.activation = activation
        if activation and self._state(session) in ("on", "waiting"):
            return True
        types = dict(zip(self.source.column_names, self.source.column_types, strict=True))
        columns = ", ".join(f"{ident(name)} {types[name]}" for name in self.source.key)
        _sources.of(session)[self.database, self.snapshot_id] = without_database(self.source.sql, self.database)
        session.execute(f"CREATE TABLE IF NOT EXISTS {self.table} ({columns}, coco_all BOOLEAN)")
        assert self.source.name is not None
        ((self.activation,),) = session.execute(
            "SELECT coco_log_start($1, $2, $3, $4, $5::VARCHAR[])::VARCHAR",
            [self.database, self.source.name.schema, self.source.name.name, self.name, self.source.key],
        )
        return False

    def is_on(self, session: Session) -> bool:
        """Whether what this transaction sees, or will not see, is all in the log since it began."""
        return self._state(session) == "on"

    def _state(self, session: Session) -> str:
        assert self.activation is not None
        return session.log_state(self.database, self.name, self.activation)

    def count(self, session: Session) -> tuple[int, int] | None:
        """How many keys this transaction sees, and how many of rows that DELETE did not take away.

        None if a statement changed too many rows to log each.
        """
        ((count, there, is_all),) = session.execute(
            f"SELECT count(*), count(coco_all), coalesce(bool_or(coco_all), false) FROM {self.table}"
        )
        return None if is_all else (int(count), int(there))

    def keys(self) -> str:
        """A query for the keys, each once, and ``coco_gone``: whether the last that became of its row was DELETE."""
        keys = idents(self.source.key)
        return f"SELECT {keys}, arg_max(coco_all IS NULL, rowid) AS coco_gone FROM {self.table} GROUP BY {keys}"

    def clear(self, session: Session) -> None:
        """Forget what this transaction sees of the log."""
        session.execute(f"DELETE FROM {self.table}")


def why_not(source: Source, database: str) -> str | None:
    """Why the changes of a source cannot be logged for a view of this database; None if they can."""
    types = dict(zip(source.column_names, source.column_types, strict=True))
    if not source.is_table or source.name is None:
        return "the source is no table"
    if source.name.database != database:
        return "the table is in another database"
    if not source.key:
        return "the table has no primary key"
    if not source.has_row_ids:
        return "the table has a column of the name rowid"
    if source.has_generated:
        return "the table has generated columns"
    if not all(types[name] in EXACT for name in source.key):
        return "the type of its primary key has equal values that can be told apart"
    return None


def drop(session: Session, database: str, snapshot_id: int) -> None:
    """Stop logging for a snapshot that is dropped. The table stays while transactions may still append to it."""
    name = KEYS.named(snapshot_id)
    if not tables.exists(session, database, name):
        return
    session.execute("SELECT coco_log_stop($1, $2)", [database, name])
    if session.log_state(database, name, str(uuid4())) == "off":
        session.execute(f"DROP TABLE IF EXISTS {own(name)}")


#: The sources of the logs that this process has started, by database and snapshot.
_sources: PerInstance[dict[tuple[str, int], str]] = PerInstance(dict)


def source_of(session: Session, database: str, snapshot_id: int) -> str | None:
    """The source of a log that no record may name yet, if this process has started it."""
    return _sources.of(session).get((database, snapshot_id))
