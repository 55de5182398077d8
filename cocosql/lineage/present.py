"""What a view's operators have at present: the rows that they keep, and those of the sources."""

from dataclasses import dataclass

import duckdb

from cocosql._native import Session
from cocosql.capture import Capture
from cocosql.catalog import views
from cocosql.catalog.tables import own
from cocosql.catalog.views import View
from cocosql.operators.kept import not_retracted
from cocosql.operators.operator import Materialized
from cocosql.operators.scan import Scan
from cocosql.planner.flow import Flow
from cocosql.planner.plan import Plan, plan
from cocosql.refresh.inputs import captures
from cocosql.refresh.looking import NOT_BEFORE, looking, why_unseen


@dataclass(frozen=True)
class Present:
    session: Session
    #: By what its query was planned; see `looking`.
    looks: Session
    view: View
    plan: Plan
    captures: list[Capture]

    @property
    def flow(self) -> Flow:
        assert self.plan.flow is not None
        return self.plan.flow

    def capture(self, scan: Scan) -> Capture:
        return next(one for other, one in zip(self.flow.scans, self.captures, strict=True) if other is scan)

    def kept(self, operator: Materialized) -> str:
        """The relation of the rows of an operator that others read, as they are stored."""
        table = own(self.view.kept_table(self.flow.number(operator)), self.view.name.database)
        return not_retracted(table, operator.source_ids) if self.flow.is_linear(operator) else table

    def source_rows(self, scan: Scan) -> str:
        """A query for the rows of a source: their ids, and the columns."""
        if why := why_unseen(self.looks, scan.source):
            raise duckdb.PermissionException(f"{why}, {NOT_BEFORE}")
        return self.capture(scan).rows_now(self.session)


def present(session: Session, view: View) -> Present | None:
    """What the operators of a view have; None if that is not known, as its query is another than at its last refresh.

    Raises:
        duckdb.Error: if the query does not hold any more.
    """
    looks = looking(session.sibling(), view)
    planned = plan(looks, view, views.all_views(session, view.name.database))
    if planned.definition != view.definition or planned.flow is None:
        return None
    return Present(session, looks, view, planned, captures(planned))
