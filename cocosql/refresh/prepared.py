"""A session as the view's creator had it."""

from cocosql._native import Session
from cocosql.catalog import settings, views
from cocosql.catalog.views import View


def prepared(session: Session, view: View) -> Session:
    """Give the session the database, the settings and the names that the view was created with.

    Views that are refreshed together may have been created with different ones: each is planned, read and written with
    its own.
    """
    path = views.search_path(session, view)
    wanted = repr((view.name.database, path, view.settings))
    if session.prepared_as != wanted:
        session.configure([("python_enable_replacements", "false")])
        settings.apply(session, view.settings)
        session.use_names(view.name.database, path)
        session.prepared_as = wanted
    return session
