"""Fixtures: connections with CocoSQL, database files, and values taken through SQL and back."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Optional

import duckdb
import helpers
import pytest
import show_database

import cocosql
from cocosql.types import Sql


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = cocosql.connect()
    yield connection
    connection.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "test.db"


@pytest.fixture(scope="session")
def show_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file for pictures: only to be read."""
    path = tmp_path_factory.mktemp("show") / "my.db"
    show_database.make(path)
    return path


@pytest.fixture
def assert_view_equals_query() -> Callable[[duckdb.DuckDBPyConnection, str, str], None]:
    return helpers.assert_view_equals_query


class RoundTrip:
    """A Python value through a function's result, a vector of the SQL type, and another function's argument."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        self.numbers = itertools.count()
        self.names: dict[str, tuple[str, str]] = {}
        self.given: list[Any] = []
        self.taken: list[Any] = []

    def __call__(self, value: Any, sql_type: str) -> Any:
        give, take = self.names.get(sql_type) or self._register(sql_type)
        self.given, self.taken = [value], []
        try:
            self.con.execute(f"SELECT {take}({next(self.numbers)}, {give}({next(self.numbers)}))").fetchall()
            (result,) = self.taken
            return result
        except duckdb.Error as error:
            # The part that the conversion says; around it is the function's name, which here stands for nothing.
            text = str(error).partition("its result does not fit the declared type ")[2].partition(": ")[2]
            raise type(error)(text.strip() or str(error)) from None
        finally:
            self.given, self.taken = [], []

    def is_same_in_sql(self, value: Any, sql_type: str) -> bool:
        """Whether a function that returns its argument gives the same value in SQL."""
        give, take = self.names.get(sql_type) or self._register(sql_type)
        same = take.replace("take", "same")
        self.given = [value]
        number = next(self.numbers)
        query = f"SELECT {same}(v) IS NOT DISTINCT FROM v FROM (SELECT {give}({number}) AS v)"
        (answer,) = self.con.execute(query).fetchall()
        return bool(answer[0])

    def _register(self, sql_type: str) -> tuple[str, str]:
        number = len(self.names)

        def give(number: int) -> Any:
            return self.given[0]

        def take(number, value) -> bool:  # type: ignore[no-untyped-def]
            self.taken.append(value)
            return True

        take.__annotations__ = {
            "number": int,
            "value": Optional[Annotated[object, Sql(sql_type)]],  # noqa: UP045
            "return": bool,
        }

        def same(value):  # type: ignore[no-untyped-def]
            return value

        same.__annotations__ = {"value": Optional[Annotated[object, Sql(sql_type)]]}  # noqa: UP045
        same_udf = cocosql.udf(name=f"same_{number}", returns=sql_type, version=sql_type)(same)
        give_udf = cocosql.udf(name=f"give_{number}", returns=sql_type, version=sql_type)(give)
        take_udf = cocosql.udf(name=f"take_{number}", version=sql_type)(take)
        cocosql.register(self.con, give_udf, take_udf, same_udf)
        self.names[sql_type] = give_udf.name, take_udf.name
        return self.names[sql_type]


@pytest.fixture(scope="module")
def roundtrip() -> Iterator[RoundTrip]:
    connection = cocosql.connect()
    yield RoundTrip(connection)
    connection.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine, too, views keep their state: which way costs less is chosen in the tests of that only."""
    monkeypatch.setattr("cocosql.planner.choice._QUICK", 3600.0)
