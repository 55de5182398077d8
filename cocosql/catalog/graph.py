"""The incremental views of a database, as one transaction saw their records, and which of them read which."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from cocosql.catalog.names import Name
from cocosql.sqltext import qualified

if TYPE_CHECKING:
    from cocosql.catalog.views import View


class Graph(tuple["View", ...]):
    """The views, in the order in which they were created. What is asked of a view holds by the inputs in its record."""

    def by_id(self, view_id: int) -> "View | None":
        return self._by_id.get(view_id)

    def named(self, name: Name) -> "View | None":
        return self._by_name.get(name.key())

    def of_rows(self, table: Name) -> "View | None":
        """The view whose rows are in a table."""
        return self._by_rows.get(table)

    def read_by(self, view: "View") -> "list[View]":
        """The views that a view itself reads."""
        sources = (given.source for given in view.inputs if given.capture == "view")
        return [self._by_source[source] for source in sources if source in self._by_source]

    def upstream(self, view: "View") -> "list[View]":
        """The views that a view reads, directly or through others; those that others read first."""
        return self._ordered([view])[:-1] if self.read_by(view) else []

    def with_upstream(self, views: "Iterable[View]") -> "list[View]":
        """Some views with all that they read, which goes before them."""
        return self._ordered(views)

    def ordered(self) -> "list[View]":
        """All views, those that others read first."""
        return self._ordered(self)

    def readers(self, view: "View") -> "list[View]":
        """The views that themselves read a view."""
        return self._readers.get(view.view_id, [])

    def downstream(self, view: "View") -> "list[View]":
        """The views that read a view, directly or through others; those that others read first."""
        found, new = {view.view_id}, [view]
        while new:
            new = [reader for one in new for reader in self.readers(one) if reader.view_id not in found]
            found |= {reader.view_id for reader in new}
        found.remove(view.view_id)
        return [other for other in self.ordered() if other.view_id in found] if found else []

    def way(self, view: "View", name: Name) -> "list[View]":
        """The views from one to that of a name, each of which reads the next; none if there is no such way."""
        ways, seen = [[view]], {view.view_id}
        for way in ways:
            if way[-1].name.key() == name.key():
                return way
            new = [other for other in self.read_by(way[-1]) if other.view_id not in seen]
            seen |= {other.view_id for other in new}
            ways += [[*way, other] for other in new]
        return []

    def _ordered(self, views: "Iterable[View]") -> "list[View]":
        """Views with all that they read, which goes before them. In a damaged file a view may read itself."""
        entered: set[int] = set()
        ordered: list[View] = []
        for view in views:
            stack: list[tuple[View, Iterator[View]]] = [(view, iter([view]))]
            while stack:
                current, rest = stack[-1]
                other = next((other for other in rest if other.view_id not in entered), None)
                if other is not None:
                    entered.add(other.view_id)
                    stack.append((other, iter(self.read_by(other))))
                else:
                    stack.pop()
                    ordered += [current] if stack else []
        return ordered

    @cached_property
    def _by_id(self) -> "dict[int, View]":
        return {view.view_id: view for view in self}

    @cached_property
    def _by_name(self) -> "dict[tuple[str, str, str], View]":
        return {view.name.key(): view for view in self}

    @cached_property
    def _by_rows(self) -> "dict[Name, View]":
        return {view.rows_table: view for view in self}

    @cached_property
    def _by_source(self) -> "dict[str, View]":
        """By the name that views which read them have stored."""
        return {qualified(view.name.schema, view.name.name): view for view in self}

    @cached_property
    def _readers(self) -> "dict[int, list[View]]":
        found: dict[int, list[View]] = {}
        for view in self:
            for other in self.read_by(view):
                found.setdefault(other.view_id, []).append(view)
        return found
