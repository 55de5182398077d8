"""Names of functions: one that SQL would not call is refused when it is registered, with what to do."""

from typing import Any

import duckdb
import pytest
from helpers import Con, one, rows
from speeds import slow

import cocosql


def named(name: str) -> cocosql.Function:
    def f(s: str) -> str:
        return s + "!"

    return cocosql.udf(name=name, version="1")(f)


#: Words of SQL that a function cannot be named, and words that it can be, in quotes at least.
REFUSED = {"extract", "summarize", "describe", "cast", "array", "values", "all", "coalesce", "row"}
CALLABLE = {"abort", "view", "refresh", "sequence", "when", "order"}


@pytest.mark.parametrize("every", [10, slow(1)])
def test_every_keyword_is_called_or_refused(con: Con, every: int) -> None:
    """Never DuckDB's own answer, nor an error that does not show that quotes are missing."""
    keywords = [name for (name,) in rows(con, "SELECT keyword_name FROM duckdb_keywords() ORDER BY ALL")]
    names = sorted({*keywords[::every], *REFUSED, *CALLABLE})
    callable_names, refused = [], []
    for name in names:
        try:
            cocosql.register(con, named(name))
        except duckdb.CatalogException as error:
            assert "cocosql.udf(name='…')" in str(error)
            refused.append(name)
        else:
            callable_names.append(name)
            assert one(con, f"""SELECT "{name}"('a')""") == "a!", name
            try:
                assert one(con, f"SELECT {name}('a')") == "a!", name
            except duckdb.ParserException as error:
                assert "syntax error at or near" in str(error), "a word that must be written in quotes"
    assert set(refused) >= REFUSED
    assert set(callable_names) >= CALLABLE


#: A function, an aggregate, a macro, a window function, and names that only DuckDB's binder knows.
@pytest.mark.parametrize("name", ["lower", "sum", "list_avg", "row_number", "unnest", "unlist", "try", "TRY", "date"])
def test_what_duckdb_has(con: Con, name: str) -> None:
    with pytest.raises(duckdb.CatalogException, match=r"cocosql.udf\(name='…'\)"):
        cocosql.register(con, named(name))


def test_a_word_that_takes_arguments_of_its_own(con: Con) -> None:
    with pytest.raises(duckdb.CatalogException, match="extract is a word of SQL"):
        cocosql.register(con, named("extract"))


def test_a_macro_of_the_users(con: Con) -> None:
    con.execute("CREATE MACRO mine(s) AS s || '?'")
    with pytest.raises(duckdb.CatalogException, match="there is a macro.* mine.*drop it"):
        cocosql.register(con, named("mine"))
    con.execute("DROP MACRO mine")
    cocosql.register(con, named("mine"))
    cocosql.register(con, named("Mine"))
    assert rows(con, "SELECT mine('a'), MINE('b')") == [("a!", "b!")]


def test_mismatched_arguments_name_the_parameters(con: Con) -> None:
    @cocosql.udf(version="1")
    def join_texts(texts: list[str], separator: str) -> str:
        return separator.join(texts)

    cocosql.register(con, join_texts)
    with pytest.raises(duckdb.BinderException, match=r"join_texts\(texts VARCHAR\[\], \"?separator\"? VARCHAR"):
        con.execute("SELECT join_texts(['a'])")


def test_a_connection_without_cocosql() -> None:
    with duckdb.connect() as con, pytest.raises(duckdb.CatalogException, match=r"cocosql\.load\(con\)"):
        cocosql.register(con, named("f"))


@pytest.mark.parametrize(
    ("option", "meant"),
    [
        *[("retries", "max_retries"), ("concurrency", "max_concurrency"), ("batchsize", "batch_size")],
        *[("rate", "rate_limit"), ("timeouts", "timeout"), ("return_type", "returns"), ("depends", "depends_on")],
    ],
)
def test_options_that_there_are_not(option: str, meant: str) -> None:
    udf: Any = cocosql.udf
    with pytest.raises(TypeError, match=f"no option '{option}': did you mean {meant}"):
        udf(**{option: 3})


def test_an_option_that_is_near_to_none() -> None:
    udf: Any = cocosql.udf
    with pytest.raises(TypeError, match="no option 'xyz': there are name, returns, batch, "):
        udf(xyz=3)
