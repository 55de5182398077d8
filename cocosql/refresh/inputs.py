"""What a view reads: the captures of its sources, and how far it has read each."""

from cocosql.capture import Capture
from cocosql.capture.content import content_capture
from cocosql.capture.rows import row_capture
from cocosql.capture.upstream import UpstreamCapture
from cocosql.catalog.names import Name
from cocosql.catalog.views import Input, View
from cocosql.operators.scan import Scan
from cocosql.operators.source import Source
from cocosql.planner.plan import Plan
from cocosql.planner.qualify import without_database


def captures(plan: Plan) -> list[Capture]:
    """How the changes of each source are found."""
    owner = plan.view.view_id if plan.calls_inline else None
    if plan.flow:
        return [_row_capture(plan, scan, owner) for scan in plan.flow.scans]
    return [
        UpstreamCapture(source, source.column_names) if source.upstream else _content_capture(plan, source, owner)
        for source in plan.sources
    ]


def _content_capture(plan: Plan, source: Source, owner: int | None) -> Capture:
    """Where a part that may have changed counts as changed a view has a snapshot of its own: others read such parts."""
    view, reads = plan.view, bool(plan.callees or source.files)
    return content_capture(source, view.name.database, owner if reads else view.view_id, reads=reads)


def _row_capture(plan: Plan, scan: Scan, owner: int | None) -> Capture:
    view, source, columns = plan.view, scan.source, scan.names
    if source.upstream:
        return UpstreamCapture(source, columns)
    wants_log = view.options.get("capture") != "diff"
    needs_old_values = plan.flow is not None and plan.flow.needs_old_values(scan)
    return row_capture(
        source, columns, view.name.database, owner, wants_log=wants_log, needs_old_values=needs_old_values
    )


def stored_inputs(view: View, found: list[Capture]) -> list[Input] | None:
    """What the view has read of these sources; None if it read others, or other columns."""
    stored = {(given.source, tuple(given.columns), given.capture): given for given in view.inputs}
    inputs = []
    for capture in found:
        given = as_input(view, capture, None)
        if (given.source, tuple(given.columns), given.capture) not in stored:
            return None
        inputs.append(stored[given.source, tuple(given.columns), given.capture])
    return inputs if len(inputs) == len(view.inputs) else None


def as_input(view: View, capture: Capture, position: str | None) -> Input:
    """How a source is stored with the view."""
    return capture.as_input(without_database(capture.source.sql, view.name.database), position)


def tables_read(plan: Plan) -> list[Name]:
    """The tables among the sources."""
    return [source.name for source in plan.sources if source.is_table and source.name]
