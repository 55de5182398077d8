"""What a view's record says of its plan: operators, calls, where rows came from; whether it is another by now."""

from cocosql._native import Session
from cocosql.capture import Capture
from cocosql.catalog import functions
from cocosql.catalog.views import Call, Operator, View
from cocosql.operators import recompute
from cocosql.operators.call_sites import Callee
from cocosql.operators.operator import Materialized
from cocosql.operators.operator import Operator as Planned
from cocosql.planner.plan import Plan


def rebuild_reason(session: Session, plan: Plan) -> str | None:
    """Why the view's rows must all be worked out anew, if they must; a reason that people understand."""
    view = plan.view
    if not view.has_data:
        return "it has no data yet"
    for call in view.calls:
        if plan.versions.get(call.function.lower(), call.code_version) != call.code_version:
            return f"the code of function {call.function} changed"
    if {call.function.lower() for call in view.calls} != set(plan.versions) or view.definition != plan.definition:
        return "its query, a view or macro in it, or the type of a column that it reads, changed"
    if (view.column_names, view.column_types) != (plan.column_names, plan.column_types):
        return "its columns changed"
    if _keeps_state(view) != (plan.flow is not None):
        return "it is to be kept true in another way"
    for name in recalled(session, plan):
        return f"function {name} was called again, and may have given other results"
    return None


def recalled(session: Session, plan: Plan) -> list[str]:
    """The functions that were called again (REFRESH … WITH (recall = true)) since the view's rows were worked out."""
    view = plan.view
    counts = functions.recalls(session, view.name.database) if view.calls else {}
    replaced = [
        call.function
        for call in view.calls
        if counts.get((call.function.lower(), call.code_version), 0) != (call.recalls or 0)
    ]
    return list(dict.fromkeys(replaced))


def _keeps_state(view: View) -> bool:
    """Whether the view's operators have what they need to go on from."""
    return all(operator.kind != recompute.KIND for operator in view.operators)


def source_id_types(plan: Plan, found: list[Capture]) -> list[str]:
    """The types of the columns that say where a view's rows came from; of those of its last operator's inputs."""
    if plan.flow is None:
        return []
    by_scan = {id(scan): capture for scan, capture in zip(plan.flow.scans, found, strict=True)}

    def type_of(operator: Planned) -> str:
        capture = by_scan.get(id(operator))
        return capture.source_id_type() if capture else "BIGINT"

    return plan.flow.top.source_id_types(type_of)


def describe_operators(plan: Plan, found: list[Capture]) -> list[Operator]:
    """The flow as coco_operators and EXPLAIN show it."""
    tables = [given.snapshot_table for given in plan.view.inputs]
    scans = [
        Operator(number, "scan", capture.rule, [], capture.source.sql, table)
        for number, (capture, table) in enumerate(zip(found, tables, strict=True), start=1)
    ]
    if plan.flow is None:
        assert plan.recompute is not None
        rule = f"{recompute.RULE}: {plan.recompute.reason}"
        numbers = [scan.operator_id for scan in scans]
        return [*scans, Operator(len(scans) + 1, recompute.KIND, rule, numbers, plan.sql, plan.view.state_table)]
    return [*scans, *(_described(plan, operator) for operator in plan.flow.operators[len(scans) :])]


def _described(plan: Plan, operator: Planned) -> Operator:
    flow = plan.flow
    assert flow is not None
    number, is_top = flow.number(operator), operator is flow.top
    table = plan.view.state_table if is_top else plan.view.kept_table(number)
    has_table = isinstance(operator, Materialized)
    inputs, sql = flow.inputs(operator), flow.sql(operator)
    return Operator(number, operator.kind, operator.rule, inputs, sql, table if has_table else None)


def describe_calls(session: Session, plan: Plan) -> list[Call]:
    top = plan.flow.top if plan.flow else None
    sites = top.sites if top else ()
    traced = {site.callee.function.name.lower() for site in sites}
    untraced = set(plan.callees) - traced
    for one in plan.flow.maps if plan.flow else []:
        names = one.untraced(plan.callees) if one is top else {site.callee.function.name.lower() for site in one.sites}
        untraced |= names
    inline = [callee for name, callee in plan.callees.items() if name in untraced]
    recalls = functions.recalls(session, plan.view.name.database) if plan.callees else {}
    return [
        *(_call(site.number, site.callee, recalls) for site in sites),
        *(_call(None, callee, recalls) for callee in inline),
    ]


def _call(site: int | None, callee: Callee, recalls: dict[tuple[str, str], int]) -> Call:
    name, version = callee.function.name, callee.function.code_version
    return Call(site, name, version, recalls.get((name.lower(), version), 0))
