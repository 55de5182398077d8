"""The key log: the keys of rows that statements may have changed, logged as they run.

It finds rows that lie scattered over a table at the cost of their number. cpp/capture/key_log.hpp says what the log
holds, and when it is complete. Where an operator asks for them, it also logs what some columns held before each
statement, and after it. All snapshots of a table read one log: what one of them takes from it is kept for the others in
``unread_<n>``, batch by batch. A snapshot remembers the activation of the log that has missed nothing since its rows
were read, and the last batch that it has read.
"""

from dataclasses import dataclass, replace
from uuid import uuid4

from cocosql._native import Session
from cocosql.catalog import tables
from cocosql.catalog.tables import KEYS, OF_LOGS, UNREAD, own
from cocosql.instances import PerInstance
from cocosql.operators.source import EXACT, Source
from cocosql.sqltext import idents, literal

#: Where more than that share of a table's rows changed it is read. So many rows are few, however small the table is.
#: (A log takes some more before it breaks, cpp/capture/key_log.cpp: what several snapshots have not read adds up.)
LARGEST_SHARE = 0.25
FEW = 1000

#: Columns of entries of logs with values.
VALUES = ["coco_statement", "coco_began", "coco_old", "coco_new"]

#: Types of which values are logged. DuckDB does not write a value that is equal to the one there, as -0.0 to 0.0: so
#: what a statement sets is not what there is then, where equal values can be told apart.
_SIMPLE = {*EXACT, "DECIMAL", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}


@dataclass(frozen=True)
class Reader:
    """A snapshot that relies on the log, and the last batch that it has read: when the transaction began that did."""

    snapshot_id: int
    batch: int


@dataclass(frozen=True)
class KeyLog:
    #: The database of the table, and of who reads the log.
    database: str
    log_id: int
    #: The columns of entries that are kept for others, with their types, as SQL.
    entry_columns: str
    key: list[str]
    #: The columns whose old and new values its entries have.
    values: tuple[str, ...]
    #: Updates of other columns are not logged.
    watched: frozenset[str]
    activation: str

    @property
    def name(self) -> str:
        return KEYS.named(self.log_id)

    @property
    def table(self) -> str:
        return own(self.name)

    @property
    def _entries(self) -> str:
        """A relation of what this transaction sees of the log: what it has is packed."""
        return f"coco_log_entries({literal(self.database)}, {literal(self.name)})"

    @property
    def unread(self) -> str:
        return own(UNREAD.named(self.log_id))

    def state(self, session: Session) -> str:
        return session.log_state(self.database, self.name, self.activation)

    def is_on(self, session: Session) -> bool:
        """Whether what this transaction sees, or will not see, is all in the log since the activation."""
        return self.state(session) == "on"

    def writers(self, session: Session) -> int:
        """A number that stays the same while nobody begins to write to the log, or to take entries."""
        return session.log_writers(self.database, self.name)

    def count(self, session: Session, batch: int) -> tuple[int, int] | None:
        """How many keys there are for who has read a batch, and how many of rows that DELETE did not take away.

        None if there was a statement whose keys could not be told.
        """
        count, there, has_all = session.count_entries(self.database, self.name)
        if has_all:
            return None
        if self._has_unread(session):
            ((more, still),) = session.execute(
                f"SELECT count(*), count(*) FILTER (NOT coco_gone) FROM {self.unread} WHERE coco_batch > {batch}"
            )
            return count + more, there + still
        return count, there

    def keys(self, session: Session, batch: int) -> str:
        """A query for the keys, each once, and ``coco_gone``: whether the last that became of its row was DELETE."""
        keys = idents(self.key)
        gone = "arg_max(coco_gone, coco_place)"
        return f"SELECT {keys}, {gone} AS coco_gone FROM ({self.entries(session, batch)}) GROUP BY {keys}"

    def entries(self, session: Session, batch: int) -> str:
        """A query for the entries for who has read a batch: keys, ``coco_gone``, and the values if it has any.

        ``coco_place`` puts them into the order in which transactions were committed.
        """
        columns = idents(self._logged)
        entries = f"SELECT {columns}, coco_all IS NULL AS coco_gone, coco_place FROM {self._entries}"
        if self._has_unread(session):
            earlier = f"SELECT {columns}, coco_gone, rowid - {1 << 62} FROM {self.unread} WHERE coco_batch > {batch}"
            entries = f"{entries} UNION ALL {earlier}"
        return entries

    def values_are_true(self, session: Session, batch: int) -> bool:
        """Whether values are true for who has read a batch: those that made the entries have seen what it had read."""
        began = [session.earliest_transaction(self.database, self.name)]
        if self._has_unread(session):
            began += session.execute(f"SELECT min(coco_began) FROM {self.unread} WHERE coco_batch > {batch}")[0]
        return all(one is None or one >= batch for one in began)

    def may_repeat_keys(self, session: Session) -> bool:
        """Whether a key may have several entries, of a log with values."""
        return self._has_unread(session) or session.may_repeat_keys(self.database, self.name)

    @property
    def _logged(self) -> list[str]:
        return [*self.key, *(VALUES if self.values else [])]

    def take(self, session: Session, others: list[Reader], source_rows: int) -> tuple[int, bool]:
        """Take what this transaction sees of the log as read; what others have not read is kept for them.

        Returns the last batch that is read now, and whether all is kept for the others: if it is too much, they cannot
        rely on the log any more.
        """
        count, _, has_all = session.count_entries(self.database, self.name)
        has_unread = self._has_unread(session)
        batch = session.transaction_began(self.database)
        if not count and not has_unread:
            return batch, True
        fits = not has_all
        if others and count and fits:
            self._keep(session, batch, has_unread=has_unread)
            ((kept,),) = session.execute(f"SELECT count(*) FROM {self.unread}")
            fits = kept <= LARGEST_SHARE * source_rows + FEW
            has_unread = True
        if count:
            session.clear_entries(self.database, self.name)
        if has_unread:
            read = min((other.batch for other in others if fits), default=batch)
            session.execute(f"DELETE FROM {self.unread} WHERE coco_batch <= {read}")
        return batch, fits

    def _keep(self, session: Session, batch: int, *, has_unread: bool) -> None:
        keys = idents(self.key)
        if not has_unread:
            session.execute(
                f"CREATE TABLE IF NOT EXISTS {self.unread} (coco_batch BIGINT, {self.entry_columns}, coco_gone BOOLEAN)"
            )
        elif not self.values:  # for each key the last batch is enough
            session.execute(f"DELETE FROM {self.unread} WHERE ({keys}) IN (SELECT ({keys}) FROM {self._entries})")
        entries = f"SELECT {keys}, arg_max(coco_all IS NULL, coco_place) FROM {self._entries} GROUP BY {keys}"
        if self.values:
            entries = f"SELECT {idents(self._logged)}, coco_all IS NULL FROM {self._entries} ORDER BY coco_place"
        session.execute(f"INSERT INTO {self.unread} SELECT {batch}, * FROM ({entries})")

    def _has_unread(self, session: Session) -> bool:
        return tables.stored_rows(session, self.database, UNREAD.named(self.log_id)) > 0


def started(
    session: Session, database: str, source: Source, read: list[str], values: list[str], of: tuple[str, str]
) -> KeyLog:
    """The log of a table, for snapshots of one source and kind: started if need be. Call outside a transaction.

    `read` are the columns that are watched, `values` those of which old and new values are asked for. Where it lacks
    one it is started anew: the other snapshots are compared with the table.

    Raises:
        duckdb.CatalogException: if the table is another than the source was when it was planned.
    """
    assert source.name is not None
    logs = _logs.of(session)
    former = log = logs.get((database, *of))
    if log and not _fits(log, source):
        log = None
    state = log.state(session) if log else "off"
    if log and log.watched.issuperset(read) and {*log.values}.issuperset(values) and state in ("on", "waiting"):
        return log
    watched, known = frozenset(read), log.values if log else ()
    if log and state != "off":
        watched |= log.watched & {*source.column_names}
    values = list(dict.fromkeys([*known, *values]))
    columns = _columns(source, values)
    log_id = log.log_id if log and state != "off" and log.entry_columns == columns else session.next_id(database)
    if former and former.log_id != log_id:
        stop(session, database, former.log_id)
        _replaced.of(session).add((database, former.log_id))
    logs[database, *of] = log = KeyLog(
        database, log_id, columns, source.key, tuple(values), watched, activation=str(uuid4())
    )
    # What is read once is not worth the time that a checkpoint would take to compress it.
    session.execute(f"CREATE TABLE IF NOT EXISTS {log.table} (coco_entries BLOB USING COMPRESSION uncompressed)")
    ((activation,),) = session.execute(
        "SELECT coco_log_start($1, $2, $3, $4, $5::VARCHAR[], $6::VARCHAR[], $7::VARCHAR[])::VARCHAR",
        [database, source.name.schema, source.name.name, log.name, source.key, sorted(watched), values],
    )
    logs[database, *of] = log = replace(log, activation=activation)
    return log


def _columns(source: Source, values: list[str]) -> str:
    """The columns of entries, with their types."""
    row = f"STRUCT({source.typed(values)})"
    others = f", coco_statement BIGINT, coco_began BIGINT, coco_old {row}, coco_new {row}"
    return f"{source.typed_key}{others if values else ''}"


def _fits(log: KeyLog, source: Source) -> bool:
    """Whether a log is of the source as it is."""
    known = {*log.values}.issubset(source.column_names)
    return log.key == source.key and known and log.entry_columns == _columns(source, list(log.values))


def running(session: Session, database: str, source: Source, read: list[str], of: tuple[str, str]) -> KeyLog | None:
    """The log of a table for those who only look: none is started for them."""
    log = _logs.of(session).get((database, *of))
    if log is None or not _fits(log, source) or not log.watched.issuperset(read):
        return None
    return log if log.state(session) in ("on", "waiting") else None


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


def value_columns(source: Source, columns: list[str]) -> list[str]:
    """The columns of which values are to be logged, that what was in these columns is known; none if it cannot be."""
    names_of_its_own = any(name.lower().startswith("coco_") for name in [*columns, *source.key])
    if names_of_its_own or not all(source.types[name].split("(")[0] in _SIMPLE for name in columns):
        return []
    return [name for name in columns if name not in source.key] or source.key[:1]


def unused(session: Session, database: str, used: set[tuple[str, str]]) -> dict[int, tuple[str, str] | None]:
    """The logs of other sources and kinds than these, each with its own if this process has started it."""
    logs = {log.log_id: (source, kind) for (other, source, kind), log in _logs.of(session).items() if other == database}
    numbers = {log_id for _, log_id in tables.present(session, database, OF_LOGS)}
    return {log_id: logs.get(log_id) for log_id in numbers | logs.keys() if logs.get(log_id) not in used}


def stop(session: Session, database: str, log_id: int) -> None:
    """Stop a log. Call outside a transaction: the table can be dropped in one that began later."""
    logs = _logs.of(session)
    for of in [of for of, log in logs.items() if (log.database, log.log_id) == (database, log_id)]:
        del logs[of]
    session.execute("SELECT coco_log_stop($1, $2)", [database, KEYS.named(log_id)])


def drop(session: Session, database: str, log_id: int) -> bool:
    """Drop the tables of a log that was stopped. False if one stays, as transactions may still append to it."""
    name = KEYS.named(log_id)
    session.execute(f"DROP TABLE IF EXISTS {own(UNREAD.named(log_id))}")
    is_over = session.log_is_over(database, name)
    if is_over:
        session.execute(f"DROP TABLE IF EXISTS {own(name)}")
        _replaced.of(session).discard((database, log_id))
    return is_over


def are_replaced(session: Session, database: str) -> bool:
    """Whether there are logs in the place of which others were started."""
    return any(other == database for other, _ in _replaced.of(session))


#: The logs that this process has started, by database, and source and kind of the snapshots that read them.
_logs: PerInstance[dict[tuple[str, str, str], KeyLog]] = PerInstance(dict)
#: By database and number, logs in the place of which others were started.
_replaced: PerInstance[set[tuple[str, int]]] = PerInstance(set)
