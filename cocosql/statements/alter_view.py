"""ALTER INCREMENTAL VIEW name SET (option = value, …) | RESET (option, …) | RENAME TO name"""

from dataclasses import replace

import duckdb

from cocosql._native import Session
from cocosql.catalog import migrations, names, views
from cocosql.catalog.names import Caller, Name
from cocosql.catalog.views import Input, View
from cocosql.planner import plan
from cocosql.planner.parse import parse
from cocosql.planner.qualify import rename
from cocosql.refresh import apply, locks, state
from cocosql.refresh.refresh import check_shown, prepared
from cocosql.sqltext import qualified, render
from cocosql.statements import Statement
from cocosql.statements.create_view import check_known, check_options, check_plan
from cocosql.transaction import transaction


def run(session: Session, statement: Statement, caller: Caller) -> list[tuple[()]]:
    view = views.require(session, statement.names[0], caller)
    migrations.migrate(session.sibling(), view.name.database)
    session = session.sibling()
    if statement.rename_to:
        _rename(session, view, Name(view.name.database, view.name.schema, statement.rename_to))
    else:
        _set_options(session, view, statement)
    return []


def _set_options(session: Session, view: View, statement: Statement) -> None:
    """Change options. What they change of the rows is done by the next refresh."""
    check_options(session, statement.options)
    check_known(statement.reset)
    options = {name: value for name, value in view.options.items() if name not in statement.reset}
    changed = view.settled(options={**options, **statement.options}, owed_seconds=None)
    with locks.hold(session, [view.name]):
        check_shown(session, [view])
        planned = plan(prepared(session, view), changed, views.all_views(session, view.name.database))
        check_plan(planned)
        changed = changed.settled(key_columns=planned.key_columns)
        with transaction(session):
            if view.has_data:
                apply.check_key(session, changed, changed.rows)
            views.change(session, changed)


def _rename(session: Session, view: View, name: Name) -> None:
    """Give the view another name, and the queries of the views that read it with it."""
    others = views.all_views(session, view.name.database)
    readers = [other for other in others if _reads(other, view)]
    with locks.hold(session, [view.name, name, *(reader.name for reader in readers)]):
        check_shown(session, [view])
        if name.key() != view.name.key() and names.relation(session, name):
            raise duckdb.CatalogException(f"{name} exists already: choose another name, or drop it first")
        queries = {reader.view_id: _renamed_query(session, reader, view, name) for reader in readers}
        unchanged = {reader.view_id for reader in readers if _is_as_planned(session, reader, others)}
        with transaction(session):
            session.execute(f"DROP VIEW {qualified(view.name.schema, view.name.name)}")
            renamed = replace(view, name=name)
            state.show(session, renamed)
            views.rename(session, view, name)
            for reader in readers:
                inputs = [_renamed_input(given, view, name) for given in reader.inputs]
                views.change(session, reader.settled(query=queries[reader.view_id], inputs=inputs))
            _keep_definitions(session, unchanged, view)


def _source(name: Name) -> str:
    return qualified(name.schema, name.name)


def _is_of(source: str, view: View) -> bool:
    return source == _source(view.name)


def _renamed_input(given: Input, view: View, name: Name) -> Input:
    return replace(given, source=_source(name)) if _is_of(given.source, view) else given


def _reads(other: View, view: View) -> bool:
    return any(given.capture == "view" and _is_of(given.source, view) for given in other.inputs)


def _renamed_query(session: Session, reader: View, view: View, name: Name) -> str:
    tree = parse(session, reader.query)
    if tree is None:
        raise duckdb.NotImplementedException(
            f"{view.name} cannot be renamed: view {reader.name} reads it, and its query cannot be rewritten. "
            f"DROP {reader.name}, rename, and CREATE it again"
        )
    rename(tree, view.name, name)
    return render(tree)


def _is_as_planned(session: Session, reader: View, others: list[View]) -> bool:
    """Whether the rows that a view has are of the query and the definitions as they are."""
    return plan(prepared(session, reader), reader, others).definition == reader.definition


def _keep_definitions(session: Session, view_ids: set[int], view: View) -> None:
    """Views whose query has another text now, but means the same, keep their rows."""
    others = views.all_views(session, view.name.database)
    for reader in others:
        if reader.view_id in view_ids:
            definition = plan(prepared(session, reader), reader, others).definition
            views.change(session, reader.settled(definition=definition))
