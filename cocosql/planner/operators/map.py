"""Map: filters, projections, function calls and unnest over one source, each source row on its own.

    SELECT n.path, embed(c) AS vector FROM notes AS n, unnest(split(n.body)) AS u(c) WHERE n.lang = 'en'

    gone:  the rows of the view whose source id is of a row that is gone or changed
    new:   SELECT n.path, <embed(c)> AS vector, n."coco_source_id", <fingerprints of the calls>
           FROM (<the changed rows of notes>) AS n
           LEFT JOIN <memo of split> … CROSS JOIN unnest(<split(n.body)>) AS u(c) LEFT JOIN <memo of embed> …
           WHERE n.lang = 'en'

State: the rows of the view, each with its source id and the fingerprints of the calls that made it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlglot import exp

from cocosql.planner.call_sites import Callee, CallSite, CallSites, calls_in
from cocosql.planner.file_calls import file_call
from cocosql.planner.sources import Source, source_sql
from cocosql.sqltext import ident, idents, render

KIND = "map"
RULE = "delete by source id, insert from the changed rows"
SOURCE_ID = "coco_source_id"

_CLAUSES = {"expressions", "from_", "joins", "where", "order", "kind", "hint"}


class NotMap(Exception):
    """The query is no map; the message says why."""


@dataclass(frozen=True)
class Map:
    source: Source
    #: The columns of the source that the query reads.
    columns: list[str]
    #: The name by which the query knows the source.
    alias: str
    unnests: list[exp.Expr]
    where: exp.Expr | None
    items: list[exp.Expr]
    sites: list[CallSite]

    def rows_sql(self, relation: str, column_names: list[str]) -> str:
        """The view's rows for a relation of source rows, with their source id and the fingerprints of their calls."""
        calls = [f"CASE WHEN {_made(site)} THEN {_fingerprint(site)} END" for site in self.sites]
        items = [*map(render, self.items), f"{ident(self.alias)}.{ident(SOURCE_ID)}", *calls]
        where = f" WHERE {render(self.where)}" if self.where else ""
        names = [*column_names, SOURCE_ID, *(call_column(site) for site in self.sites)]
        query = f"SELECT {', '.join(items)} FROM {self._from(relation, self.sites, len(self.unnests))}{where}"
        return f"SELECT * FROM ({query}) AS coco_rows ({idents(names)})"

    def harvest_sql(self, sites: list[CallSite], relation: str) -> str:
        """The distinct argument tuples that sites of one function need for these source rows.

        Columns: hit, fingerprint, and the arguments (NULL where the memo has the result).
        """
        needed = " UNION ALL ".join(self._needed_sql(site, relation) for site in sites)
        return f"FROM ({needed}) AS needed WHERE coco_first_seen(fingerprint)"

    def _needed_sql(self, site: CallSite, relation: str) -> str:
        arguments = site.typed_arguments()
        hit = f"{ident(site.known)} IS NOT NULL"
        values = "".join(f", CASE WHEN NOT ({hit}) THEN {value} END AS a{i}" for i, value in enumerate(arguments))
        return (
            f"SELECT {hit} AS hit, {_fingerprint(site)} AS fingerprint{values} FROM {self._up_to(site, relation)} "
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
            f"SELECT DISTINCT {ident(SOURCE_ID)} FROM {self._up_to(site, relation)} "
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

    def key(self, column_names: list[str]) -> list[str]:
        """The columns that show the source's primary key; empty if not all of it is shown, or a row gives several."""
        if self.unnests or not self.source.key or any(calls_in(item, {"unnest"}) for item in self.items):
            return []
        shown = _shown_columns(self.items, column_names)
        key = [shown.get(name.lower()) for name in self.source.key]
        return [name for name in key if name] if all(key) else []

    def _up_to(self, site: CallSite, relation: str) -> str:
        """The FROM clause as far as a site needs it."""
        earlier = [other for other in self.sites if other.level < site.level]
        return self._from(relation, [*earlier, site], len(self.unnests) if site.unnest is None else site.unnest)

    def _from(self, relation: str, sites: list[CallSite], unnests: int) -> str:
        """The FROM clause with the first so many unnests, each site's look-up where its arguments are known."""
        parts = [f"({relation}) AS {ident(self.alias)}"]
        for number, unnest in enumerate(self.unnests[:unnests]):
            parts += [site.join() for site in sites if site.unnest == number]
            parts.append(f"CROSS JOIN {render(unnest)}")
        parts += [site.join() for site in sites if site.unnest is None or site.unnest >= unnests]
        return " ".join(parts)


def call_column(site: CallSite) -> str:
    """The column of a row that keeps the fingerprint of a call's arguments."""
    return f"coco_call_{site.number}"


def plan_map(tree: exp.Query, sources: list[Source], callees: dict[str, Callee], aggregates: set[str]) -> Map:
    """The map that a query is.

    Raises:
        NotMap: if it is none.
    """
    select = plain_select(tree, _CLAUSES)
    _check_aggregates(select, aggregates)
    source, alias, unnests = expand_names(select, sources)
    columns = _columns_read(select, source)
    where = select.args["where"].this if select.args.get("where") else None
    sites = CallSites(callees)
    early = _early_guard(where, alias, source, unnests, callees)
    unnests = [sites.rewrite(unnest, early, number) for number, unnest in enumerate(unnests)]
    where = _rewrite_where(where, sites) if where else None
    guard = where or exp.true()
    items = [sites.rewrite(item, guard) for item in select.expressions]
    return Map(source, columns, alias, unnests, where, items, sites.sites)


def expand_names(select: exp.Select, sources: list[Source]) -> tuple[Source, str, list[exp.Expr]]:
    """Write what stars and the names of earlier columns stand for. Returns the source, its alias, and the unnests.

    Raises:
        NotMap: if the query reads more than one source and what is unnested of it.
    """
    source, alias = _base(select, sources)
    unnests = [_unnest(join) for join in select.args.get("joins") or []]
    _expand_stars(select, alias, source, unnests)
    _expand_aliases(select, source, unnests)
    _check_columns(select, alias)
    return source, alias, unnests


def plain_select(tree: exp.Query, clauses: set[str]) -> exp.Select:
    """A copy of a query that is one SELECT, with no other clauses than these.

    Raises:
        NotMap: if it is more.
    """
    if not isinstance(tree, exp.Select):
        raise NotMap("a set operation has no incremental rule yet")
    for clause, value in tree.args.items():
        if value and clause not in clauses:
            raise NotMap(f"{clause.rstrip('_').upper()} has no incremental rule yet")
    if len(list(tree.find_all(exp.Query))) > 1:
        raise NotMap("a subquery has no incremental rule yet")
    if tree.find(exp.Window):
        raise NotMap("a window function has no incremental rule yet")
    return tree.copy()


def _check_aggregates(select: exp.Select, aggregates: set[str]) -> None:
    found = sorted(call.name.lower() for call in calls_in(select, aggregates))
    if not found and select.find(exp.AggFunc):
        raise NotMap("an aggregate has no incremental rule yet")
    if found:
        raise NotMap(f"the aggregate {found[0]} has no incremental rule yet")


def _base(select: exp.Select, sources: list[Source]) -> tuple[Source, str]:
    from_ = select.args.get("from_")
    table = from_.this if from_ else None
    if not isinstance(table, exp.Table):
        raise NotMap("its source is no table")
    if table.args.get("joins") or table.args.get("laterals") or table.args.get("sample") or table.args.get("pivots"):
        raise NotMap("its source is more than a table")
    if table.args.get("alias") and table.args["alias"].args.get("columns"):
        raise NotMap("a source with renamed columns has no incremental rule yet")
    source = next((source for source in sources if source.sql == source_sql(table)), None)
    if source is None or (source.name is None and source.files is None) or len(sources) > 1:
        raise NotMap("a source that is neither a table nor files has no incremental rule yet")
    call = file_call(table)
    return source, call.alias if call else table.alias_or_name


def _unnest(join: exp.Join) -> exp.Expr:
    if join.args.get("side") or join.args.get("on") or join.args.get("using") or join.args.get("method"):
        raise NotMap("a join has no incremental rule yet")
    if not isinstance(join.this, exp.Unnest):
        raise NotMap("a join has no incremental rule yet")
    if not join.this.alias or not join.this.args["alias"].args.get("columns") or join.this.args.get("offset"):
        raise NotMap("an unnest without names for its table and column, as in unnest(…) AS u(c), has no rule yet")
    return join.this.copy()


def _expand_stars(select: exp.Select, alias: str, source: Source, unnests: list[exp.Expr]) -> None:
    """``*`` would see the columns of the look-ups and the source id."""
    relations = [(alias, source.column_names)]
    for unnest in unnests:
        relations.append((unnest.alias, [column.name for column in unnest.args["alias"].args["columns"]]))
    items: list[exp.Expr] = []
    for item in select.expressions:
        star = item.this if isinstance(item, exp.Column) else item
        if isinstance(star, exp.Star):
            table = item.table.lower() if isinstance(item, exp.Column) else None
            items += _star_columns(
                star, [(name, columns) for name, columns in relations if table in (None, name.lower())]
            )
        elif _has_star(item) or calls_in(item, {"columns"}):
            raise NotMap("a star inside an expression has no incremental rule yet")
        else:
            items.append(item)
    select.set("expressions", items)


def _has_star(item: exp.Expr) -> bool:
    """Whether there is a star that stands for columns: count(*) has none."""
    return any(not isinstance(star.parent, exp.Anonymous) for star in item.find_all(exp.Star))


def _star_columns(star: exp.Star, relations: list[tuple[str, list[str]]]) -> list[exp.Expr]:
    if star.args.get("replace") or star.args.get("rename"):
        raise NotMap("a star with REPLACE or RENAME has no incremental rule yet")
    excluded = {name.name.lower() for name in star.args.get("except_") or []}
    return [
        exp.column(name, table=table, quoted=True)
        for table, names in relations
        for name in names
        if name.lower() not in excluded
    ]


def _expand_aliases(select: exp.Select, source: Source, unnests: list[exp.Expr]) -> None:
    """DuckDB lets WHERE, GROUP BY, HAVING and later columns name earlier ones; we need what the name stands for."""
    names = {name.lower() for name in source.types} | _unnested_names(unnests)
    meanings: dict[str, exp.Expr] = {}

    def expand(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and not node.table and node.name.lower() not in names:
            meaning = meanings.get(node.name.lower())
            return exp.paren(meaning.copy()) if meaning is not None else node
        return node

    items = []
    for item in select.expressions:
        expanded = item.transform(expand)
        if isinstance(expanded, exp.Alias):
            meanings.setdefault(expanded.alias.lower(), expanded.this)
        items.append(expanded)
    select.set("expressions", items)
    for clause in ("where", "group", "having"):
        if select.args.get(clause):
            select.set(clause, select.args[clause].transform(expand))


def _unnested_names(unnests: list[exp.Expr]) -> set[str]:
    return {column.name.lower() for unnest in unnests for column in unnest.args["alias"].args["columns"]}


def _check_columns(select: exp.Select, alias: str) -> None:
    for column in select.find_all(exp.Column):
        if not column.table and column.name.lower() == alias.lower():
            raise NotMap("a table used as a value has no incremental rule yet")
        if column.args.get("db"):
            raise NotMap("a column with the name of its schema has no incremental rule yet")


def _columns_read(select: exp.Select, source: Source) -> list[str]:
    named = {identifier.name.lower() for identifier in select.find_all(exp.Identifier)}
    return [name for name in source.types if name.lower() in named]


def _early_guard(
    where: exp.Expr | None,
    alias: str,
    source: Source,
    unnests: list[exp.Expr],
    callees: dict[str, Callee],
) -> exp.Expr:
    """The part of WHERE that can be told before the unnests: it spares their calls."""
    own = {name.lower() for name in source.types} - _unnested_names(unnests)
    parts = []
    for part in where.flatten() if isinstance(where, exp.And) else [where] if where else []:
        columns = list(part.find_all(exp.Column))
        if not calls_in(part, callees) and all(
            column.table.lower() == alias.lower() or (not column.table and column.name.lower() in own)
            for column in columns
        ):
            parts.append(part.copy())
    return exp.and_(*parts) if parts else exp.true()


def _rewrite_where(where: exp.Expr, sites: CallSites) -> exp.Expr:
    """Conditions without calls spare the calls of the others, and each spares those after it."""
    parts = list(where.flatten()) if isinstance(where, exp.And) else [where]
    parts.sort(key=lambda part: bool(calls_in(part, sites.callees)))
    done: list[exp.Expr] = []
    for part in parts:
        guard = exp.and_(*(other.copy() for other in done)) if done else exp.true()
        done.append(exp.paren(sites.rewrite(part.copy(), guard)))
    return exp.and_(*done)


def _shown_columns(items: list[exp.Expr], column_names: list[str]) -> dict[str, str]:
    """Columns of the view by the source column that each shows as it is."""
    shown: dict[str, str] = {}
    for item, name in zip(items, column_names, strict=True):
        bare = item.this if isinstance(item, exp.Alias) else item
        if isinstance(bare, exp.Column):
            shown.setdefault(bare.name.lower(), name)
    return shown


def _made(site: CallSite) -> str:
    """Whether a call is made: its guard holds, and no argument is NULL that the function does not take."""
    pairs = zip(site.typed_arguments(), site.callee.function.takes_null, strict=True)
    present = [f"({site.guarded(argument)}) IS NOT NULL" for argument, takes_null in pairs if not takes_null]
    return " AND ".join([f"({render(site.guard)})", *present])


def _fingerprint(site: CallSite) -> str:
    """The fingerprint of a call's arguments, from the memo where it is there."""
    return f"CASE WHEN {ident(site.known)} IS NOT NULL THEN {ident(site.known)} ELSE {site.fingerprint()} END"
