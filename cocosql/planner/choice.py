"""Which way to keep a view true costs less: its operators with their state, or its query, run afresh.

Sizes and times are measured, and the decision is made when there are changes. A view that calls Python functions is
always kept true by its operators.
"""

from cocosql.catalog.views import View

#: A refresh that takes less than this many seconds is quick enough, whichever way it goes.
_QUICK = 0.25
#: Seconds that a refresh may take in addition to the query that it runs.
_OVERHEAD = 0.03
#: Over fewer source rows the operators keep their state, however long a refresh took: then the machine was busy.
_FEW = 100_000
_SLOWER = 1.25
#: Above this share of changed rows, and this many, running the query is cheaper than taking the delta through the
#: operators.
_LARGE_SHARE = 0.2
_MANY = 50_000
#: A view whose query is run gets its state back once refreshes have taken this many times what making the state takes:
#: so at most a fourth more time is spent, all in all, than by running the query alone.
_PATIENCE = 4


def is_free(view: View) -> bool:
    """Whether the user leaves the choice to the engine."""
    return view.options.get("mode", "auto") == "auto"


def is_by_query(view: View) -> bool:
    """Whether the view has no state at present, as running its query costs less."""
    return view.owed_seconds is not None and not view.incremental and is_free(view)


def why_query(view: View) -> str | None:
    """Why a view with a state is to give it up, whatever changed; None if it is not."""
    if view.owed_seconds is None or not is_free(view):
        return None
    return f"the last refresh took longer than the query, which takes {view.query_seconds:.3f} s: it is run afresh"


def is_many(changed: int) -> bool:
    """Whether so many changes may be more than the state is worth."""
    return changed > _MANY


def why_query_for(view: View, changed: int, total: int) -> str | None:
    """Why a view with a state is to give it up where `changed` of the `total` rows of its sources did."""
    if not is_free(view) or not is_many(changed) or changed <= _LARGE_SHARE * total:
        return None
    return f"{changed} of {total} rows changed: the query is run afresh"


def why_operators(view: View) -> str | None:
    """Why a view without a state is to have one again; None if it is not."""
    if (view.owed_seconds or 0) < _PATIENCE * (view.fill_seconds or 0):
        return None
    return f"the query has taken {view.owed_seconds:.3f} s since there is no state: it is made anew"


def after_fill(view: View, seconds: float) -> View:
    """The view after all its rows were worked out with the state of the operators."""
    return view.settled(fill_seconds=seconds, query_seconds=None, owed_seconds=None)


def is_worth_timing(seconds: float) -> bool:
    """Whether a fill took so long that it is of interest what the query alone takes."""
    return seconds > _QUICK


def are_few(rows: int) -> bool:
    """Whether the sources have so few rows that the query is not worth timing."""
    return rows < _FEW


def after_delta(view: View, seconds: float) -> View:
    """The view after a refresh by its operators."""
    is_slower = view.query_seconds is not None and seconds > _SLOWER * (view.query_seconds + _OVERHEAD)
    return view.settled(owed_seconds=0.0) if is_slower and seconds > _QUICK else view


def after_query(view: View, seconds: float) -> View:
    """The view after a refresh that ran its query."""
    return view.settled(owed_seconds=view.owed_seconds + seconds) if view.owed_seconds is not None else view
