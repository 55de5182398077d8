"""ALTER INCREMENTAL VIEW name SET (option = value, …) | RESET (option, …) | RENAME TO name"""

from dataclasses import replace

import duckdb

from cocosql._native import Session
from cocosql.capture import snapshots
from cocosql.catalog import migrations, names, views
from cocosql.catalog.graph import Graph
from cocosql.catalog.locked_views import as_it_is, lock
from cocosql.catalog.names import Caller, Name
from cocosql.catalog.views import Input, View
from cocosql.planner.parse import parse
from cocosql.planner.plan import plan
from cocosql.planner.qualify import rename
from cocosql.refresh import apply, state
from cocosql.refresh.prepared import prepared
from cocosql.refresh.refresh import check_shown
from cocosql.sqltext import qualified
from cocosql.sqltree import render
from cocosql.statements import Statement
from cocosql.statements.create_view import OPTIONS, check_options, check_plan
from cocosql.statements.options import check_names
from cocosql.transaction import transaction


def run(session: Session, statement: Statement, caller: Caller) -> list[tuple[()]]:
    view = views.require(session, statement.names[0], caller)
    migrations.migrate(session.sibling(), view.name.database)
    if statement.rename_to:
        _rename(session.sibling(), view, Name(view.name.database, view.name.schema, statement.rename_to))
    else:
        _set_options(session.sibling(), view, statement)
    return []


def _set_options(session: Session, view: View, statement: Statement) -> None:
    """Change options. What they change of the rows is done by the next refresh."""
    check_options(session, statement.options)
    check_names(statement.reset, OPTIONS, "a view")
    with lock(session, view.name.database, lambda others: [as_it_is(view, others).name]) as locked:
        view = locked.present(view)
        options = {name: value for name, value in view.options.items() if name not in statement.reset}
        changed = view.settled(options={**options, **statement.options}, owed_seconds=None)
        check_shown(session, [view])
        planned = plan(prepared(session, view), changed, locked.views)
        check_plan(planned)
        changed = changed.settled(key_columns=planned.key_columns)
        with transaction(session):
            if view.has_data:
                apply.check_key(session, changed, changed.rows)
            locked.save(session, changed)
    snapshots.drop_unread(session, view.name.database)  # a log that nobody reads any more


def _rename(session: Session, view: View, name: Name) -> None:
    """Give the view another name, and the queries of the views that read it with it."""

    def choose(others: Graph) -> list[Name]:
        found = as_it_is(view, others)
        return [found.name, name, *(reader.name for reader in others.readers(found))]

    with lock(session, view.name.database, choose) as locked:
        view = locked.present(view)
        check_shown(prepared(session, view), [view])
        if name.key() != view.name.key() and names.relation(session, name):
            raise duckdb.CatalogException(f"{name} exists already: choose another name, or drop it first")
        readers = locked.views.readers(view)
        changed = {reader.view_id: _renamed_reader(session, reader, view, name) for reader in readers}
        changed[view.view_id] = replace(view, name=name)
        unchanged = {reader.view_id for reader in readers if _is_as_planned(session, reader, locked.views)}
        others = Graph(changed.get(other.view_id, other) for other in locked.views)
        with transaction(session):
            session.execute(f"DROP VIEW {view.name.sql}")
            state.show(session, changed[view.view_id])
            for after in changed.values():
                keeps = after.view_id in unchanged
                locked.save(session, _with_definition(session, after, others) if keeps else after)


def _renamed_reader(session: Session, reader: View, view: View, name: Name) -> View:
    inputs = [_renamed_input(given, view, name) for given in reader.inputs]
    return reader.settled(query=_renamed_query(session, reader, view, name), inputs=inputs)


def _source(name: Name) -> str:
    return qualified(name.schema, name.name)


def _is_of(source: str, view: View) -> bool:
    return source == _source(view.name)


def _renamed_input(given: Input, view: View, name: Name) -> Input:
    return replace(given, source=_source(name)) if _is_of(given.source, view) else given


def _renamed_query(session: Session, reader: View, view: View, name: Name) -> str:
    tree = parse(session, reader.query)
    if tree is None:
        raise duckdb.NotImplementedException(
            f"{view.name} cannot be renamed: view {reader.name} reads it, and its query cannot be rewritten. "
            f"DROP {reader.name}, rename, and CREATE it again"
        )
    rename(tree, view.name, name)
    return render(tree)


def _is_as_planned(session: Session, reader: View, others: Graph) -> bool:
    """Whether the rows that a view has are of the query and the definitions as they are."""
    return plan(prepared(session, reader), reader, others).definition == reader.definition


def _with_definition(session: Session, reader: View, others: Graph) -> View:
    """A view whose query has another text now, but means the same, keeps its rows."""
    return reader.settled(definition=plan(prepared(session, reader), reader, others).definition)
