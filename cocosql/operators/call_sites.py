"""Call sites: the places of a row-wise query where a Python function is called, and what is looked up there instead.

A call ``f(x)`` becomes a look-up in the memo, joined by the fingerprint of its arguments::

    f(x)  →  CASE WHEN m.f IS NOT NULL THEN m.r WHEN <guard> THEN f(x) END
    FROM … LEFT JOIN (SELECT fingerprint AS f, result AS r FROM <memo>) AS m ON m.f = coco_fingerprint(CAST(x AS T))

The guard is the condition under which SQL would evaluate the call (CASE, AND, COALESCE, WHERE). Calls under it that the
memo does not know are made before the view's transaction (the harvest), and, should any remain, inside it.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sqlglot import exp

from cocosql.catalog.packed import unpacked
from cocosql.sqltext import ident
from cocosql.sqltree import render, try_parse
from cocosql.udf import Function

#: Types of values that may be long, and those of which one is probably longer than a text.
_LONG = re.compile(r"VARCHAR|BLOB|JSON|VARIANT|STRUCT|MAP|UNION|\[")
_NESTED = re.compile(r"VARIANT|STRUCT|MAP|UNION|\[")

#: True for all rows. DuckDB expects a fifth of them: so it hashes the results, not as many arguments, which are longer.
_FEW = "(fingerprint & 0) < 1"


@dataclass(frozen=True)
class Callee:
    """A function version that a query calls."""

    function: Function
    #: The memo table as SQL.
    memo: str


@dataclass(frozen=True)
class CallSite:
    number: int
    callee: Callee
    arguments: list[exp.Expr]
    #: Conditions, one for each place where this call stands, under which it is made.
    guards: list[exp.Expr]
    #: Which unnest of the FROM clause it stands in; None if after all of them.
    unnest: int | None
    #: Sites of lower levels are called first.
    level: int
    #: A query for the fingerprints of calls that failed in this refresh, if some did: their result is NULL.
    failed: str | None = None
    #: The relation of the results that may be needed, where they have been found; else they are looked for in the memo.
    results: str | None = None
    #: The SQL of arguments and guard, once it is known: `replace` hands it on.
    _sql: dict[str, list[str]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def memo(self) -> str:
        return f"coco_memo_{self.number}"

    @property
    def known(self) -> str:
        """The column that has the fingerprint where the result is memoized."""
        return f"coco_fingerprint_{self.number}"

    @property
    def result(self) -> str:
        return f"coco_result_{self.number}"

    @property
    def guard(self) -> exp.Expr:
        return exp.or_(*(guard.copy() for guard in self.guards))

    def typed_arguments(self) -> list[str]:
        """The arguments as SQL, of exactly the types that the function takes."""
        if "arguments" not in self._sql:
            pairs = zip(self.arguments, self.callee.function.parameter_types, strict=True)
            self._sql["arguments"] = [f"CAST({render(argument)} AS {kind})" for argument, kind in pairs]
        return self._sql["arguments"]

    def fingerprint(self) -> str:
        """The fingerprint of the arguments where the call is made, else NULL: elsewhere they may not even be valid."""
        return self.guarded(f"coco_fingerprint({', '.join(self.typed_arguments())})")

    def guarded(self, sql: str) -> str:
        """What is evaluated only where the call is made."""
        guard = self._guards_sql()[1]
        return sql if guard == "TRUE" else f"CASE WHEN {guard} THEN {sql} END"

    def guard_sql(self) -> str:
        """The condition under which the call is made."""
        return self._guards_sql()[0]

    def _guards_sql(self) -> list[str]:
        """The same, and without parentheses around it."""
        if "guards" not in self._sql:
            guard = self.guard
            self._sql["guards"] = [render(guard), render(guard.unnest())]
        return self._sql["guards"]

    def add_guard(self, guard: exp.Expr) -> None:
        """The call stands in another place, too."""
        self.guards.append(guard)
        self._sql.pop("guards", None)

    def hit(self, since: int | None = None) -> str:
        """Whether the result is known; `since` is the first run whose results count, if not all do."""
        hit = f"{ident(self.known)} IS NOT NULL"
        if since is None:
            return hit
        earlier = f"SELECT fingerprint FROM {self.callee.memo} WHERE run_id < {since}"
        if self.failed:
            earlier += f" EXCEPT ({self.failed})"  # there is no other
        return f"({hit} AND {ident(self.known)} NOT IN ({earlier}))"

    @property
    def _has_long_arguments(self) -> bool:
        """Whether the arguments are probably longer than the result."""
        function = self.callee.function
        return any(map(_LONG.search, function.parameter_types)) and not _NESTED.search(function.result_type)

    def join(self) -> str:
        """The join that looks the result up."""
        results = self.results or self.callee.memo
        known = f"SELECT fingerprint AS {ident(self.known)}, result AS {ident(self.result)} FROM {results}"
        if self.results is None and self._has_long_arguments:
            known += f" WHERE {_FEW}"
        if self.failed:
            memoized = f"SELECT fingerprint, NULL FROM {results}"
            known += f" UNION ALL (SELECT *, NULL FROM ({self.failed}) EXCEPT {memoized})"
        return f"LEFT JOIN ({known}) AS {ident(self.memo)} ON {ident(self.known)} = {self.fingerprint()}"


@dataclass
class CallSites:
    """The sites of a query, found zone by zone: each unnest of the FROM clause, then WHERE, then the select list."""

    callees: dict[str, Callee]
    sites: list[CallSite] = field(default_factory=list)

    def rewrite(self, zone: exp.Expr, guard: exp.Expr, unnest: int | None = None) -> exp.Expr:
        """The expression with its calls replaced by look-ups; `guard` is what else the zone is under."""
        holder = exp.Paren(this=zone)
        memoized = [name for name, callee in self.callees.items() if callee.function.memo]
        for call in _innermost_first(zone, memoized):
            conditions = [guard.copy(), *_conditions_above(call, holder)]
            call.replace(self._look_up(call, exp.and_(*conditions), unnest))
        rewritten: exp.Expr = holder.this
        return rewritten

    def _look_up(self, call: exp.Anonymous, guard: exp.Expr, unnest: int | None) -> exp.Expr:
        site = self._site(call, guard, unnest)
        known = exp.column(site.known, quoted=True)
        result = try_parse(unpacked(ident(site.result), site.callee.function.result_type))
        look_up = exp.Case().when(known.is_(exp.null()).not_(), result)
        return exp.Paren(this=look_up.when(guard.copy(), call.copy()))

    def _site(self, call: exp.Anonymous, guard: exp.Expr, unnest: int | None) -> CallSite:
        callee = self.callees[call.name.lower()]
        arguments = [argument.copy() for argument in call.expressions]
        texts = [render(argument) for argument in arguments]
        needed = [site for site in self.sites if _feeds(site, unnest) or _names(site, [*arguments, guard])]
        level = 1 + max((site.level for site in needed), default=0)
        for site in self.sites:
            if site.callee == callee and site.unnest == unnest and texts == [render(a) for a in site.arguments]:
                if any(_conditions(given) <= _conditions(guard) for given in site.guards):
                    return site
                if level <= site.level:
                    site.add_guard(guard)
                    return site
        site = CallSite(len(self.sites) + 1, callee, arguments, [guard], unnest, level)
        self.sites.append(site)
        return site


def _conditions(guard: exp.Expr) -> set[str]:
    """What a guard demands, condition by condition: one that demands no more than another holds where that does."""
    parts = guard.flatten() if isinstance(guard, exp.And) else [guard]
    return {render(part.unnest()) for part in parts} - {"TRUE"}


def _feeds(site: CallSite, unnest: int | None) -> bool:
    """Whether the site stands in an unnest before this one, so that its result decides which rows there are."""
    return site.unnest is not None and (unnest is None or site.unnest < unnest)


def _names(site: CallSite, expressions: Iterable[exp.Expr]) -> bool:
    """Whether the site's result is part of the expressions."""
    return any(column.name == site.result for part in expressions for column in part.find_all(exp.Column))


def calls_in(expression: exp.Expr, names: Iterable[str]) -> list[exp.Anonymous]:
    """The calls of these functions, by lower-case name."""
    wanted = set(names)
    return [call for call in expression.find_all(exp.Anonymous) if call.name.lower() in wanted]


def _innermost_first(expression: exp.Expr, names: Iterable[str]) -> list[exp.Anonymous]:
    """The calls whose arguments a relation can express, in the order in which they are evaluated."""
    wanted = set(names)
    found: list[exp.Anonymous] = []

    def visit(node: exp.Expr) -> None:
        if isinstance(node, exp.Lambda):
            return
        for child in node.iter_expressions():
            visit(child)
        if isinstance(node, exp.Anonymous) and node.name.lower() in wanted:
            found.append(node)

    visit(expression)
    return found


def _conditions_above(call: exp.Expr, top: exp.Expr) -> list[exp.Expr]:
    """What must hold so that SQL evaluates the call within the expression `top`."""
    conditions: list[exp.Expr] = []
    child: exp.Expr = call
    while child is not top and child.parent is not None:
        parent = child.parent
        for kind, rule in _GUARDS.items():
            if isinstance(parent, kind):
                conditions += rule(parent, child)
        child = parent
    return conditions


def _true(expression: exp.Expr) -> exp.Expr:
    return exp.NullSafeEQ(this=exp.paren(expression.copy()), expression=exp.true())


def _not_true(expression: exp.Expr) -> exp.Expr:
    return exp.NullSafeNEQ(this=exp.paren(expression.copy()), expression=exp.true())


def _not_false(expression: exp.Expr) -> exp.Expr:
    return exp.NullSafeNEQ(this=exp.paren(expression.copy()), expression=exp.false())


def _under_case(case: exp.Expr, child: exp.Expr) -> list[exp.Expr]:
    """`child` is a WHEN of the case, or its ELSE."""
    if child is case.this:
        return []
    subject = case.this

    def condition(branch: exp.Expr) -> exp.Expr:
        return exp.EQ(this=subject.copy(), expression=branch.this.copy()) if subject else branch.this

    branches = case.args["ifs"]
    earlier = branches if child is case.args.get("default") else branches[: branches.index(child)]
    return [_not_true(condition(branch)) for branch in earlier]


def _under_when(branch: exp.Expr, child: exp.Expr) -> list[exp.Expr]:
    """`child` is the condition or the result of a WHEN, or part of an IF."""
    case = branch.parent
    if isinstance(case, exp.Case) and case.this is not None:
        condition: exp.Expr = exp.EQ(this=case.this.copy(), expression=branch.this.copy())
    else:
        condition = branch.this
    if child is branch.args.get("true"):
        return [_true(condition)]
    if child is branch.args.get("false"):
        return [_not_true(condition)]
    return []


def _under_and(node: exp.Expr, child: exp.Expr) -> list[exp.Expr]:
    return [_not_false(node.this)] if child is node.expression else []


def _under_or(node: exp.Expr, child: exp.Expr) -> list[exp.Expr]:
    return [_not_true(node.this)] if child is node.expression else []


def _under_function(node: exp.Expr, child: exp.Expr) -> list[exp.Expr]:
    if node.name.lower() == "if" and len(node.expressions) == 3:
        condition, then, _ = node.expressions
        if child is condition:
            return []
        return [_true(condition) if child is then else _not_true(condition)]
    if node.name.lower() not in ("coalesce", "ifnull"):
        return []
    position = next(i for i, argument in enumerate(node.expressions) if argument is child)
    return [exp.paren(argument.copy()).is_(exp.null()) for argument in node.expressions[:position]]


_GUARDS: dict[type[exp.Expr], Callable[[exp.Expr, exp.Expr], list[exp.Expr]]] = {
    exp.Case: _under_case,
    exp.If: _under_when,
    exp.And: _under_and,
    exp.Or: _under_or,
    exp.Anonymous: _under_function,
}
