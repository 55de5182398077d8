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

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from cocosql.operators import SOURCE_ID, Input
from cocosql.operators.call_sites import CallSite, calls_in
from cocosql.operators.scan import Scan
from cocosql.sqltext import ident, idents, render

KIND = "map"
RULE = "delete by source id, insert from the changed rows"

#: How the columns begin that keep where a row came from, beside the ids of its source rows.
CALL, ELEMENT = "coco_call_", "coco_element_"

#: The relation of the source rows in a map's SQL.
_SOURCE = "coco_rows_of_source"


@dataclass(frozen=True, eq=False)
class Changed:
    """What an input of a map has: rows that changed, as they are now, and all of them. Queries, with ids."""

    #: None if nothing changed.
    new: str | None
    gone: str
    #: Gives the query for all rows: a source may have to be read for it.
    all_rows: Callable[[], str]

    @property
    def now(self) -> str:
        return self.all_rows()


@dataclass(frozen=True, eq=False)
class Map:
    inputs: tuple[Input, ...]
    #: Conditions on the inputs' columns, as SQL: they join the inputs, and filter them.
    joined: list[str]
    unnests: list[exp.Expr]
    where: exp.Expr | None
    items: list[exp.Expr]
    names: list[str]
    sites: list[CallSite]
    #: The columns that tell its rows apart, if it is known.
    key: list[str] | None = None

    @property
    def kind(self) -> str:
        return "join" if len(self.inputs) > 1 else KIND

    @property
    def rule(self) -> str:
        if len(self.inputs) == 1:
            return RULE
        return "delete by the ids of either side, insert the changed rows of each joined with all of the others"

    def identity(self) -> list[str] | None:
        return self.key

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

    def changed_rows(self, inputs: Sequence[Changed]) -> str:
        """The joined rows that a changed row is part of, each once."""
        terms = []
        for number, given in enumerate(inputs):
            if given.new is None:
                continue
            rows = [given.new if place == number else other.now for place, other in enumerate(inputs)]
            terms.append(self._without_changed(self.all_rows(rows), inputs[:number]))
        return " UNION ALL ".join(f"({term})" for term in terms)

    def _without_changed(self, rows: str, inputs: Sequence[Changed]) -> str:
        """Joined rows of which none of these inputs has changed: there are few, and the inputs may have many."""
        for source_id, given in zip(self.source_ids, inputs, strict=False):
            if given.new is not None:
                ids = f"SELECT {SOURCE_ID} FROM ({given.new}) UNION ALL SELECT {SOURCE_ID} FROM ({given.gone})"
                same = f"coco_changed.{SOURCE_ID} = coco_all.{source_id}"
                rows = f"FROM ({rows}) AS coco_all ANTI JOIN ({ids}) AS coco_changed ON {same}"
        return rows

    def rows_sql(self, relation: str, column_names: list[str]) -> str:
        """Its rows for a relation of joined rows, with the ids of these and the fingerprints of their calls."""
        calls = [f"CASE WHEN {_made(site)} THEN {_fingerprint(site)} END" for site in self.sites]
        items = [*map(render, self.items), *self.source_ids, *self.elements, *calls]
        where = f" WHERE {render(self.where)}" if self.where else ""
        names = [*column_names, *self.source_ids, *self.elements, *(call_column(site) for site in self.sites)]
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
        deciding = [*self.unnests, *([self.where] if self.where is not None else [])]
        found: set[str] = set()
        for site in sorted(self.sites, key=lambda site: -site.level):
            if any(column.name == site.result for part in deciding for column in part.find_all(exp.Column)):
                deciding += [*site.arguments, *site.guards]
                found.add(site.callee.function.name.lower())
        return found | self.called_inline(names)

    def called_inline(self, names: Iterable[str]) -> set[str]:
        """Functions that are called inside the query: without a memo, or in a lambda."""
        parts = [*self.items, *self.unnests, *([self.where] if self.where is not None else [])]
        in_lambdas = {
            call.name.lower() for part in parts for one in part.find_all(exp.Lambda) for call in calls_in(one, names)
        }
        with_sites = {site.callee.function.name.lower() for site in self.sites}
        everywhere = {call.name.lower() for part in parts for call in calls_in(part, names)}
        return in_lambdas | (everywhere - with_sites)

    def _up_to(self, site: CallSite, relation: str) -> str:
        """The FROM clause as far as a site needs it."""
        earlier = [other for other in self.sites if other.level < site.level]
        return self._from(relation, [*earlier, site], len(self.unnests) if site.unnest is None else site.unnest)

    def _from(self, relation: str, sites: list[CallSite], unnests: int) -> str:
        """The FROM clause with the first so many unnests, each site's look-up where its arguments are known."""
        parts = [f"({relation}) AS {_SOURCE}"]
        for number, unnest in enumerate(self.unnests[:unnests]):
            parts += [site.join() for site in sites if site.unnest == number]
            parts.append(f"CROSS JOIN {render(unnest)}")
        parts += [site.join() for site in sites if site.unnest is None or site.unnest >= unnests]
        return " ".join(parts)


def call_column(site: CallSite) -> str:
    """The column of a row that keeps the fingerprint of a call's arguments."""
    return f"{CALL}{site.number}"


def element_column(number: int) -> str:
    """The column of a row that keeps the position of its element in the list of an unnest."""
    return f"{ELEMENT}{number + 1}"


def _made(site: CallSite) -> str:
    """Whether a call is made: its guard holds, and no argument is NULL that the function does not take."""
    pairs = zip(site.typed_arguments(), site.callee.function.takes_null, strict=True)
    present = [f"({site.guarded(argument)}) IS NOT NULL" for argument, takes_null in pairs if not takes_null]
    return " AND ".join([f"({render(site.guard)})", *present])


def _fingerprint(site: CallSite) -> str:
    """The fingerprint of a call's arguments, from the memo where it is there."""
    return f"CASE WHEN {ident(site.known)} IS NOT NULL THEN {ident(site.known)} ELSE {site.fingerprint()} END"
