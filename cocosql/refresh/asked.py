"""What someone has asked for in this process, rather than looked at."""

from cocosql._native import Session
from cocosql.catalog.views import View


def ask(session: Session, view: View) -> None:
    """Someone has asked for what the view's query says."""
    session.ask(_query(view))


def is_asked(session: Session, view: View) -> bool:
    return session.is_asked(_query(view))


def _query(view: View) -> str:
    return repr((view.name.database, view.view_id, view.query))
