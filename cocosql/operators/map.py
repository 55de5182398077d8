"""Map: filters, projections, unnest and function calls over one input, or over several that are joined.

    SELECT n.path, embed(c) AS vector
    FROM notes AS n JOIN authors AS a ON n.author = a.id, unnest(split(n.body)) AS u(c) WHERE a.active

gone:  the rows whose source id is of a note that is gone or changed, or whose second one is of such an author
new:   SELECT path, <embed(c)> AS vector, "coco_source_id", "coco_source_id_2", "coco_element_1", <arguments of calls>
       FROM (<the changed notes> JOIN <authors> UNION ALL <the other notes> JOIN <the changed authors>)
       LEFT JOIN <memo of split> … CROSS JOIN unnest(<split(body)>) AS u(c) LEFT JOIN <memo of embed> …

State: the rows, each with the ids of the rows that it came from, the positions of the elements of lists, and the
fingerprints of the calls that made it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from cocosql._native import Harvest
from cocosql.catalog import errors
from cocosql.catalog.tables import memo, named, own, stored_rows
from cocosql.collected import collected
from cocosql.fetch import ALL, Condition, among, find
from cocosql.operators.call_sites import CallSite
from cocosql.operators.delta import NEITHER, Delta
from cocosql.operators.kept import Kept
from cocosql.operators.operator import SOURCE_ID, Input, Materialized, Operator
from cocosql.operators.scan import Scan
from cocosql.operators.step import Context, Step
from cocosql.operators.traced import NO_CALLS, Here
from cocosql.sqltext import ident, idents, literal, qualified
from cocosql.sqltree import render

if TYPE_CHECKING:
    from cocosql.capture import Capture
    from cocosql.lineage.reached import Ids, Reached
    from cocosql.lineage.trace import Trace, Tracer

KIND = "map"
RULE = "delete by source id, insert from the changed rows"

#: Beginnings of the names of lineage columns other than ids: fingerprints of calls, positions in lists.
CALL, ELEMENT = "coco_call_", "coco_element_"

#: The relation of the source rows in a map's SQL.
_SOURCE = "coco_rows_of_source"

#: Up to so many changed rows, results are looked up in a large memo one by one.
_FEW = 1_000

#: How much of a row an error shows.
_LONGEST_ROW = 200


@dataclass(frozen=True, eq=False)
class Map(Materialized):
    inputs: tuple[Input, ...]
    #: Conditions on the inputs' columns, as SQL: they join the inputs, and filter them.
    joined: list[str]
    unnests: list[exp.Expr]
    where: exp.Expr | None
    items: list[exp.Expr]
    columns: list[str]
    calls: list[CallSite]
    #: The columns that tell its rows apart, if it is known.
    key: list[str] | None = None
    #: What is worked out of its expressions once: `replace` hands it on, for it changes the call sites only.
    _known: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def kind(self) -> str:
        return "join" if len(self.inputs) > 1 else KIND

    @property
    def rule(self) -> str:
        if len(self.inputs) == 1:
            return RULE
        return "delete by the ids of either side, insert the changed rows of each joined with all of the others"

    @property
    def names(self) -> list[str]:
        return self.columns

    @property
    def sites(self) -> list[CallSite]:
        return self.calls

    def identity(self) -> list[str] | None:
        return self.key

    @property
    def shows_source_rows(self) -> bool:
        return self.scan is not None

    @property
    def lineage_columns(self) -> list[str]:
        return [*self.source_ids, *self.elements, *(call_column(site) for site in self.sites)]

    def source_id_types(self, type_of: Callable[[Operator], str]) -> list[str]:
        return [type_of(given.operator) for given in self.inputs]

    def sql(self, relations: Sequence[str]) -> str:
        return self.rows_sql(self.all_rows(relations), self.names)

    def described(self, numbers: Sequence[int]) -> list[str]:
        read = [str((number, given.columns)) for number, given in zip(numbers, self.inputs, strict=True)]
        where = [self.where] if self.where is not None else []
        return [*read, *self.joined, *map(render, [*self.unnests, *where, *self.items])]

    def step(self, context: Context, number: int, inputs: Sequence[Delta]) -> "MapStep":
        return MapStep(context, number, inputs, self)

    @property
    def source_ids(self) -> list[str]:
        """The columns that say which rows of its inputs a row came from."""
        return [SOURCE_ID, *(f"{SOURCE_ID}_{number}" for number in range(2, len(self.inputs) + 1))]

    @property
    def elements(self) -> list[str]:
        """The columns that say at which position of each list the element was that a row came from."""
        return [element_column(number) for number in range(len(self.unnests))]

    @property
    def scan(self) -> Scan | None:
        """The source, if it has but one input and that is one."""
        operator = self.inputs[0].operator
        return operator if len(self.inputs) == 1 and isinstance(operator, Scan) else None

    def all_rows(self, relations: Sequence[str]) -> str:
        """The joined rows of its inputs: their columns and ids."""
        ids, sides = self.source_ids, []
        for number, (given, rows) in enumerate(zip(self.inputs, relations, strict=True)):
            sides.append(f"({given.over(rows, ids[number])}) AS coco_input_{number + 1}")
        where = f" WHERE {' AND '.join(self.joined)}" if self.joined else ""
        return f"FROM {', '.join(sides)}{where}"

    def changed_rows(self, inputs: Sequence[Delta]) -> str:
        """The joined rows that a changed row is part of, each once."""
        terms = []
        for number, given in enumerate(inputs):
            if given.is_empty:
                continue
            rows = [given.new if place == number else other.now for place, other in enumerate(inputs)]
            before = zip(self.source_ids, inputs[:number], strict=False)
            changed = [(f"coco_all.{source_id}", delta) for source_id, delta in before if not delta.is_empty]
            terms.append(_without_changed(self.all_rows(rows), changed))
        return " UNION ALL ".join(f"({term})" for term in terms)

    def signed_rows(self, inputs: Sequence[Delta]) -> str:
        """The joined rows that a changed row is part of, or was part of, each once, with ``coco_sign``.

        What was changed of an input meets what did not change of the others, and of those after it also what changed
        with the same sign: so it is joined with the rows that there were at one time.
        """
        numbers = [number for number, given in enumerate(inputs) if not given.is_empty]
        return " UNION ALL ".join(f"({self._signed_term(inputs, number)})" for number in numbers)

    def _signed_term(self, inputs: Sequence[Delta], number: int) -> str:
        sides, conditions, changed = [], [*self.joined], []
        signs = [f"coco_sign_{place}" for place in range(len(inputs))]
        for place, (given, delta) in enumerate(zip(self.inputs, inputs, strict=True)):
            rows, source_id, sign = delta.now, self.source_ids[place], signs[place]
            if place == number:
                rows = delta.signed
            elif delta.is_empty or place < number:
                rows = f"SELECT *, {NEITHER} FROM ({rows})"
            else:
                rows = f"SELECT *, {NEITHER} FROM ({rows}) UNION ALL BY NAME {delta.signed}"
                conditions.append(f"coalesce({sign}, {signs[number]}) = {signs[number]}")
            if place != number and not delta.is_empty:
                changed.append((f"CASE WHEN coco_all.{sign} IS NULL THEN coco_all.{source_id} END", delta))
            sides.append(f"({given.over(rows, source_id, sign)}) AS coco_input_{place + 1}")
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        rows = _without_changed(f"FROM {', '.join(sides)}{where}", changed)
        return f"SELECT * EXCLUDE ({', '.join(signs)}), {signs[number]} AS coco_sign FROM ({rows})"

    def _rendered(self) -> tuple[list[str], list[str], str]:
        """Items, unnests and condition as SQL."""
        if "sql" not in self._known:
            where = f" WHERE {render(self.where)}" if self.where else ""
            self._known["sql"] = [*map(render, self.items)], [*map(render, self.unnests)], where
        rendered: tuple[list[str], list[str], str] = self._known["sql"]
        return rendered

    def rows_sql(self, relation: str, column_names: list[str], others: Sequence[str] = ()) -> str:
        """Its rows for a relation of joined rows, with the ids of these, the fingerprints of their calls, and others of
        its columns."""
        items, _, where = self._rendered()
        calls = [f"CASE WHEN {_made(site)} THEN {_fingerprint(site)} END" for site in self.sites]
        items = [*items, *self.source_ids, *self.elements, *calls, *others]
        names = [*column_names, *self.source_ids, *self.elements, *(call_column(site) for site in self.sites), *others]
        query = f"SELECT {', '.join(items)} FROM {self._from(relation, self.sites, len(self.unnests))}{where}"
        return f"SELECT * FROM ({query}) AS coco_rows ({idents(names)})"

    def harvest_sql(self, sites: list[CallSite], relation: str, since: int | None = None) -> str:
        """The distinct argument tuples that sites of one function need for these source rows.

        `since` is the first run whose results count, if not all do.

        Columns: hit, fingerprint, the id of a row of the source that needs it, and the arguments (NULL where the memo
        has the result).
        """
        needed = " UNION ALL ".join(self.needed_sql(site, relation, since) for site in sites)
        return f"FROM ({needed}) AS needed WHERE coco_first_seen(fingerprint)"

    def needed_sql(self, site: CallSite, relation: str, since: int | None = None) -> str:
        """The argument tuples that a site needs, each as often as it does."""
        arguments = site.typed_arguments()
        hit = site.hit(since)
        values = "".join(f", CASE WHEN NOT ({hit}) THEN {value} END AS a{i}" for i, value in enumerate(arguments))
        return (
            f"SELECT {hit} AS hit, {_fingerprint(site)} AS fingerprint, "
            f"{ident(SOURCE_ID) if self.scan else 'NULL'} AS source_id{values} FROM {self._up_to(site, relation)} "
            f"WHERE {_made(site)}"
        )

    def origin_sql(self, site: CallSite, relation: str, fingerprint: str) -> str:
        """The id of a source row that needs the call with this fingerprint."""
        return (
            f"SELECT {ident(SOURCE_ID)} FROM {self._up_to(site, relation)} "
            f"WHERE {_fingerprint(site)} = {fingerprint}::UHUGEINT LIMIT 1"
        )

    def fingerprints_sql(self, site: CallSite, relation: str) -> str:
        """The fingerprints of the arguments of a site, as ids: ``coco_source_id``."""
        unnests = len(self.unnests) if site.unnest is None else site.unnest
        rows = self._from(relation, [other for other in self.sites if other.level < site.level], unnests)
        return f"SELECT DISTINCT {site.fingerprint()} AS {SOURCE_ID} FROM {rows}"

    def sources_sql(self, site: CallSite, relation: str, fingerprints: str) -> str:
        """The ids of the source rows that need a call with one of these fingerprints."""
        return (
            f"SELECT DISTINCT {idents(self.source_ids)} FROM {self._up_to(site, relation)} "
            f"WHERE {_made(site)} AND {site.fingerprint()} IN ({fingerprints})"
        )

    def untraced(self, names: Iterable[str]) -> set[str]:
        """Functions some of whose results no row shows: they decide which rows there are, or are called inline.

        VACUUM cannot tell which of their results are used.
        """
        return self._deciding() | self.called_inline(names)

    def _deciding(self) -> set[str]:
        """Functions whose results decide which rows there are."""
        if "deciding" not in self._known:
            parts = [*self.unnests, *([self.where] if self.where is not None else [])]
            found: set[str] = set()
            for site in sorted(self.sites, key=lambda site: -site.level):
                if any(column.name == site.result for part in parts for column in part.find_all(exp.Column)):
                    parts += [*site.arguments, *site.guards]
                    found.add(site.callee.function.name.lower())
            self._known["deciding"] = found
        deciding: set[str] = self._known["deciding"]
        return deciding

    def called_inline(self, names: Iterable[str]) -> set[str]:
        """Functions that are called inside the query: without a memo, or in a lambda."""
        in_lambdas, everywhere = self._functions()
        with_sites = {site.callee.function.name.lower() for site in self.sites}
        return (in_lambdas | (everywhere - with_sites)) & {*names}

    def _functions(self) -> tuple[set[str], set[str]]:
        """The names of functions, those in lambdas and all, that DuckDB's own may be among."""
        if "functions" not in self._known:
            parts = [*self.items, *self.unnests, *([self.where] if self.where is not None else [])]
            lambdas = [one for part in parts for one in part.find_all(exp.Lambda)]
            self._known["functions"] = _function_names(lambdas), _function_names(parts)
        functions: tuple[set[str], set[str]] = self._known["functions"]
        return functions

    # --- lineage --------------------------------------------------------------------------------------------------

    def reached(self, reached: "Reached") -> "Ids":
        pairs = zip(self.inputs, self.source_ids, strict=True)
        return reached.either([reached.kept(self, column, reached.ids(given.operator)) for given, column in pairs])

    def trace(self, tracer: "Tracer", here: Here, names: list[str]) -> "Iterator[Trace]":
        joins, calls = self._traced_calls(tracer)
        elements = ", ".join(f"coco_here.{ident(column)}" for column in self.elements)
        for given, column in zip(self.inputs, self.source_ids, strict=True):
            below = (
                f"SELECT coco_of, coco_row, coco_past, list_concat({calls}, coco_calls) AS coco_calls, "
                f"list_concat([{elements}]::BIGINT[], coco_path) AS coco_path, "
                f"coco_here.{ident(column)} AS {SOURCE_ID} FROM ({here.sql}) AS coco_here{joins}"
            )
            yield from given.operator.trace_ids(tracer, here.to(below))

    def _traced_calls(self, tracer: "Tracer") -> tuple[str, str]:
        """Joins to the memo for each call site, and the list of the calls that were made."""
        joins, made = [], []
        for site in self.sites:
            name = site.callee.function.name
            version = tracer.versions[name.lower()]
            results = own(memo(name, version), tracer.view.name.database)
            column, alias = f"coco_here.{ident(call_column(site))}", ident(f"coco_memo_{site.number}")
            joins.append(f" LEFT JOIN {results} AS {alias} ON {alias}.fingerprint = {column}")
            made.append(
                f"CASE WHEN {column} IS NOT NULL THEN {{'name': {literal(name)}, "
                # A row that was kept as its call failed was made by an earlier version: the memo of this one lacks it.
                f"'code_version': CASE WHEN {alias}.fingerprint IS NOT NULL THEN {literal(version)} END, "
                f"'input_fingerprint': {column}::UUID, 'computed_at': {alias}.computed_at, "
                f"'run_id': {alias}.run_id}} END"
            )
        for name in sorted(self.called_inline(tracer.callees)):  # what with is not kept
            version = tracer.versions[name]
            shown = tracer.callees[name].function.name
            made.append(
                f"{{'name': {literal(shown)}, 'code_version': {literal(version)}, 'input_fingerprint': NULL::UUID, "
                "'computed_at': NULL::TIMESTAMPTZ, 'run_id': NULL::BIGINT}"
            )
        if not made:
            return "", NO_CALLS
        return "".join(joins), f"list_filter([{', '.join(made)}], lambda made: made IS NOT NULL)"

    # --- SQL ------------------------------------------------------------------------------------------------------

    def _up_to(self, site: CallSite, relation: str) -> str:
        """The FROM clause as far as a site needs it."""
        earlier = [other for other in self.sites if other.level < site.level]
        return self._from(relation, [*earlier, site], len(self.unnests) if site.unnest is None else site.unnest)

    def _from(self, relation: str, sites: list[CallSite], unnests: int) -> str:
        """The FROM clause with the first so many unnests, each site's look-up where its arguments are known."""
        parts = [f"({relation}) AS {_SOURCE}"]
        for number, unnest in enumerate(self._rendered()[1][:unnests]):
            parts += [site.join() for site in sites if site.unnest == number]
            parts.append(f"CROSS JOIN {unnest}")
        parts += [site.join() for site in sites if site.unnest is None or site.unnest >= unnests]
        return " ".join(parts)


def call_column(site: CallSite) -> str:
    """The column of a row that keeps the fingerprint of a call's arguments."""
    return f"{CALL}{site.number}"


def element_column(number: int) -> str:
    """The column of a row that keeps the position of its element in the list of an unnest."""
    return f"{ELEMENT}{number + 1}"


def _function_names(expressions: Iterable[exp.Expr]) -> set[str]:
    return {call.name.lower() for one in expressions for call in one.find_all(exp.Anonymous)}


def _without_changed(rows: str, inputs: Iterable[tuple[str, Delta]]) -> str:
    """Joined rows ``coco_all`` without those of which an input changed: there are few, and the inputs may have many.

    Each input has the SQL of its id, which is NULL where it does not matter.
    """
    for source_id, delta in inputs:
        is_changed = f"coco_changed.{SOURCE_ID} = {source_id}"
        rows = f"FROM ({rows}) AS coco_all ANTI JOIN ({delta.changed_ids}) AS coco_changed ON {is_changed}"
    return rows


def _made(site: CallSite) -> str:
    """Whether a call is made: its guard holds, and no argument is NULL that the function does not take."""
    pairs = zip(site.typed_arguments(), site.callee.function.takes_null, strict=True)
    present = [f"({site.guarded(argument)}) IS NOT NULL" for argument, takes_null in pairs if not takes_null]
    return " AND ".join([f"({site.guard_sql()})", *present])


def _fingerprint(site: CallSite) -> str:
    """The fingerprint of a call's arguments, from the memo where it is there."""
    return f"CASE WHEN {ident(site.known)} IS NOT NULL THEN {ident(site.known)} ELSE {site.fingerprint()} END"


@dataclass(frozen=True)
class NeededCalls:
    """What the sites of one function need."""

    step: "MapStep"
    sites: list[CallSite]
    harvest: Harvest
    #: The query that found them.
    sql: str


@dataclass
class MapStep(Step):
    operator: Map
    #: Whether rows that failed before are to be tried again.
    retries: bool = field(init=False)
    #: Whether there are source rows that are left out, or show NULL, as calls for them failed in this run.
    set_apart: bool = field(init=False, default=False)
    has_nulls: bool = field(init=False, default=False)
    #: The joined rows that changed, where they are read more than once.
    _joined: str | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.retries = not self.context.rebuild and self.context.has_failed(self.number)

    def use_sites(self, sites: Mapping[int, CallSite]) -> None:
        """Take other sites in this refresh, by number."""
        self.operator = replace(self.operator, calls=[sites.get(site.number, site) for site in self.operator.sites])

    @property
    def has_changes(self) -> bool:
        return self.retries or super().has_changes

    def prepare(self) -> None:
        """Join what changed, once for all sites."""
        if len(self.inputs) > 1 and self.operator.sites:
            joined = f"joined_{self.context.tag(self.number)}"
            self.context.session.collect(joined, self._rows_to_work_on())
            self._joined = f"FROM {collected(joined)}"

    def needed_calls(self) -> list[NeededCalls]:
        """The calls of the next level that the changes need."""
        self._set_failed_apart()
        for level in sorted({site.level for site in self.operator.sites}):
            needed = []
            self._find_results(level)
            for sites in self.sites_by_function(level):
                if self._is_warm(sites):
                    continue
                sql = self.harvest_sql(sites)
                harvest = self.context.session.harvest(sql)
                first = (self.number, sites[0].number)
                if first not in self.context.warmed:
                    self.context.run.tally.count_hits(sites[0].callee.function.name, harvest.hits)
                self.context.warmed.update((self.number, site.number) for site in sites)
                needed.append(NeededCalls(self, sites, harvest, sql))
            if any(calls.harvest.misses for calls in needed):
                return needed
        return []

    def may_know_all(self, callees: Iterable[str]) -> bool:
        """Whether all rows are worked out anew, and the memo may have all results that they need.

        Only if each call shows in a row, by which they can be counted.
        """
        sites, context = self.operator.sites, self.context
        if not context.rebuild or context.recalled_since or self.operator.untraced(callees):
            return False
        if any((self.number, site.number) in context.warmed for site in sites):
            return False
        functions, database = [site.callee.function for site in sites], context.view.name.database
        return all(stored_rows(context.session, database, memo(one.name, one.code_version)) for one in functions)

    def hits_sql(self, rows: str) -> dict[str, list[str]]:
        """Queries for how many results these rows of the map show, by function."""
        found: dict[str, list[str]] = {}
        for level in sorted({site.level for site in self.operator.sites}):
            for sites in self.sites_by_function(level):
                shown = " UNION ALL ".join(f"SELECT {call_column(site)} AS call FROM {rows}" for site in sites)
                query = f"SELECT count(DISTINCT call) FROM ({shown})"
                found.setdefault(sites[0].callee.function.name, []).append(query)
        return found

    def _find_results(self, level: int) -> None:
        """Find what few changes may need in the memo: a join with it would be planned anew, and read all of it."""
        changed = [given.count for given in self.inputs]
        if self.context.rebuild or None in changed or sum(filter(None, changed)) > _FEW:
            return
        session, database = self.context.session, self.context.view.name.database
        for site in self.operator.sites:
            function = site.callee.function
            table = named(database, memo(function.name, function.code_version))
            if site.level == level and session.stored_rows(*table.parts):
                name = f"results_{self.context.tag(self.number)}_{site.number}"
                needed = among([("fingerprint", self.operator.fingerprints_sql(site, self.relation()))])
                if find(session, table, needed, ["fingerprint", "result"], name):
                    self.use_sites({site.number: replace(site, results=collected(name))})

    def _is_warm(self, sites: list[CallSite]) -> bool:
        """Whether arguments that appear from now on may be called inline: where a failure ends the refresh anyway."""
        if self.context.recalled_since:
            return False
        is_warm = all((self.number, site.number) in self.context.warmed for site in sites)
        return is_warm and not self.context.tolerates(sites[0].callee.function)

    def sites_by_function(self, level: int) -> list[list[CallSite]]:
        """The sites of a level, those of one function together: they share their calls."""
        groups: dict[str, list[CallSite]] = {}
        for site in self.operator.sites:
            if site.level == level:
                groups.setdefault(site.callee.function.name.lower(), []).append(site)
        return list(groups.values())

    def harvest_sql(self, sites: list[CallSite]) -> str:
        """A query for the arguments that these sites need for the rows that changed."""
        return self.operator.harvest_sql(sites, self.relation(), self.context.recalled_since)

    def origin(self, sites: list[CallSite], fingerprint: str) -> str:
        """A source row that needs a call, in words; empty if it is gone meanwhile, or no row of a source."""
        scan, capture = self.operator.scan, self._capture()
        if scan is None or capture is None:
            return ""
        session = self.context.session
        # What was collected in the attempt is forgotten by now.
        all_sites = [replace(site, results=None) for site in self.operator.sites]
        operator, numbers = replace(self.operator, calls=all_sites), {site.number for site in sites}
        relation, present = operator.all_rows([capture.rows_now(session)]), capture.present_rows(session)
        for site in (one for one in all_sites if one.number in numbers):
            origin = operator.origin_sql(site, relation, fingerprint)
            rows = session.execute(f"SELECT row::VARCHAR FROM ({present}) WHERE coco_source_id = ({origin})")
            if rows:
                return f" in the row {_shortened(rows[0][0])} of {scan.source}"
        return ""

    def source_keys(self, source_ids: list[str]) -> dict[str, str]:
        """By id, the keys of rows of the source as JSON; none if the map reads no source, or several relations."""
        capture = self._capture()
        if capture is None or not source_ids:
            return {}
        ids = f"SELECT unnest($1::VARCHAR[])::{capture.source_id_type()} AS coco_source_id"
        keys = f"SELECT coco_source_id::VARCHAR, coco_key::VARCHAR FROM ({capture.keys(ids)})"
        return dict(self.context.session.execute(keys, [source_ids]))

    def _capture(self) -> "Capture | None":
        return self.context.capture(self.operator.scan) if self.operator.scan else None

    def rows_sql(self, names: list[str]) -> str:
        if self._takes_signed_rows:
            return self.operator.rows_sql(self.operator.signed_rows(self.inputs), names, ["coco_sign"])
        return self.operator.rows_sql(self.relation(), names)

    def relation(self) -> str:
        """The joined source rows that the map works on: those that changed, and those that failed before."""
        relation = self._joined or self._rows_to_work_on()
        if not self.set_apart:
            return relation
        return f"FROM ({relation}) AS wanted ANTI JOIN {self._apart} USING ({idents(self.operator.source_ids)})"

    def _rows_to_work_on(self) -> str:
        if self.context.rebuild:
            return self._every()
        relation = self.operator.changed_rows(self.inputs)
        if self.retries:
            ids = idents(self.operator.source_ids)
            again = f"SELECT {ids} FROM {self._failed} WHERE ({self._gone()}) IS NOT TRUE"
            retried = f"FROM ({self._every()}) AS failed SEMI JOIN ({again}) AS again USING ({ids})"
            relation = f"({relation}) UNION ALL {retried}" if relation else retried
        return relation or f"FROM ({self._every()}) AS nothing WHERE false"

    def _every(self) -> str:
        return self.operator.all_rows([given.now for given in self.inputs])

    def touched(self) -> Condition:
        ids = idents(self.operator.source_ids)
        condition = ALL if self.context.rebuild else self._gone()
        if self.retries:
            condition = Condition(f"({condition} OR ({ids}) IN (SELECT ({ids}) FROM {self._failed}))")
        if not self.set_apart or self.context.is_redefined:
            return condition
        return Condition(f"{condition} AND (({ids}) IN (SELECT ({ids}) FROM {self._apart})) IS NOT TRUE")

    def _gone(self) -> Condition:
        pairs = zip(self.operator.source_ids, self.inputs, strict=True)
        return among([(column, given.gone) for column, given in pairs if not given.is_empty])

    @property
    def _failed(self) -> str:
        return self.context.before.failed(self.number)

    @property
    def _apart(self) -> str:
        return qualified("temp", "main", f"coco_apart_{self.context.tag(self.number)}")

    @property
    def _nulls(self) -> str:
        return qualified("temp", "main", f"coco_nulls_{self.context.tag(self.number)}")

    def _set_failed_apart(self) -> None:
        """Find the source rows with calls that failed in this run: those left out, and those with NULL as a result."""
        self.set_apart = self.has_nulls = False
        for site in sorted(self.operator.sites, key=lambda site: site.level):
            function = site.callee.function
            if not self.context.run.tally.errors.get(function.name) or not self.context.tolerates(function):
                continue
            failed = errors.failed(self.context.run, function)
            without_result = replace(site, failed=failed)
            self.use_sites({site.number: without_result})
            if function.on_error == "null":
                self._add(self._nulls, self.has_nulls, without_result, failed)
                self.has_nulls = True
            else:
                self._add(self._apart, self.set_apart, without_result, failed)
                self.set_apart = True

    def _add(self, table: str, exists: bool, site: CallSite, failed: str) -> None:
        """Add the source rows that need a failed call to a temporary table, which may not exist yet."""
        rows = self.operator.sources_sql(site, self.relation(), failed)
        self.context.session.execute(
            f"INSERT INTO {table} {rows}" if exists else f"CREATE OR REPLACE TEMP TABLE {table} AS {rows}"
        )

    @property
    def _takes_signed_rows(self) -> bool:
        """Whether what is gone is worked out from what the changed rows were, and not looked for."""
        is_linear = self.context.is_linear(self.operator) and not self.context.rebuild
        return is_linear and all(given.has_old_values for given in self.inputs)

    def keep(self, kept: Kept, rows: str) -> Delta:
        if self._takes_signed_rows:
            return kept.exchange(self.context.session, rows)
        return kept.replace(self.context.session, rows, self.touched())

    def failed_ids(self) -> str | None:
        """A query for the source rows that are to be tried again; None if there are none."""
        tables = [*([self._apart] if self.set_apart else []), *([self._nulls] if self.has_nulls else [])]
        if not tables:
            return None
        ids = idents(self.operator.source_ids)
        return f"SELECT DISTINCT {ids} FROM ({' UNION ALL '.join(f'FROM {table}' for table in tables)})"


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_ROW else f"{text[:_LONGEST_ROW]}…"
