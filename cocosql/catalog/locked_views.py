"""The views that a statement has locked. Records of views are written through them only.

They are read when the locks are held: so a statement that waited for another goes on from what that one left. A record
that is not as it was then is not written.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from cocosql._native import Session
from cocosql.catalog import locks, views
from cocosql.catalog.graph import Graph
from cocosql.catalog.names import Name
from cocosql.catalog.tables import INPUTS, VIEWS
from cocosql.catalog.views import View

#: The names of the views that a statement changes, or whose records it relies on, given all views of the database.
Choose = Callable[[Graph], Iterable[Name]]


class ViewGone(duckdb.CatalogException):
    """The view was dropped while the statement waited for another."""


@dataclass(frozen=True)
class LockedViews:
    #: All views of the database, as they were when the locks were held.
    views: Graph
    _keys: frozenset[tuple[str, str, str]]

    def present(self, view: View) -> View:
        """The record of a view that was found before the locks were held.

        Raises:
            ViewGone: if it was dropped meanwhile.
        """
        found = self._find(view)
        if found is None:
            raise ViewGone(f"incremental view {view.name} was dropped while this statement waited for another")
        return found

    def save(self, session: Session, view: View, *, refreshed: bool = False) -> None:
        """Write the view's record in place of the one it has. Call once, in the transaction of the change."""
        self._check(session, view)
        before = self._find(view)
        if before is None:
            views.insert(session, view, refreshed=refreshed)
        else:
            when: dict[str, str | None] = {}
            if refreshed or not view.has_data:
                when["last_refreshed"] = str(datetime.now(UTC)) if refreshed else None
            views.update(session, before, view, when)

    def save_inputs(self, session: Session, view: View) -> None:
        """Write how far the view has read. Call in the transaction in which it has read it."""
        self._check(session, view)
        views.save_part(session, view, INPUTS)

    def save_error(self, session: Session, view: View, error: str) -> None:
        """Write why the last refresh of the view failed."""
        self._check(session, view)
        session.update_records(view.name.database, VIEWS, "view_id", view.view_id, {"last_error": error})

    def forget(self, session: Session, view: View) -> None:
        """Delete the view's record. Call in the transaction of the change."""
        self._check(session, view)
        views.delete(session, view)

    def _find(self, view: View) -> View | None:
        return self.views.by_id(view.view_id)

    def _check(self, session: Session, view: View) -> None:
        """Refuse to write the record of a view that is not locked, or that is not as it was when it was locked."""
        before = self._find(view)
        if any(other.name.key() not in self._keys for other in (view, before) if other):
            raise duckdb.TransactionException(f"what was to be done with view {view.name} changed meanwhile: try again")
        if views.all_views(session, view.name.database).by_id(view.view_id) != before:
            raise duckdb.TransactionException(
                f"the record of view {view.name} was changed by another hand while it was locked: try again"
            )


def as_it_is(view: View, others: Graph) -> View:
    """A view as its record is now; as it was, if it has none any more."""
    return others.by_id(view.view_id) or view


@contextmanager
def lock(session: Session, database: str, choose: Choose, *, wait: bool = True) -> Iterator[LockedViews]:
    """Hold the locks of the views that `choose` names, also by the records as they are once the locks are held.

    Raises:
        duckdb.TransactionException: as `locks.hold`.
    """
    names = set(choose(views.last_seen(session, database)))
    while True:
        with locks.hold(session, names, wait=wait):
            found = views.all_views(session, database)
            needed = set(choose(found))
            if needed <= names:
                yield LockedViews(found, frozenset(name.key() for name in names))
                return
        names = needed
