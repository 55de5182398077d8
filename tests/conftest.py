"""Fixtures: connections with CocoSQL, database files, and values taken through SQL and back."""

import importlib.util
import os
import shutil
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Optional

import duckdb
import helpers
import pytest
import show_database
from speeds import mark_slow

import cocosql
from cocosql.types import Sql

#: How to get a component that pip does not bring.
INSTALLED_BY = {"chromium": "apt-get install chromium"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    mark_slow(items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("component"):
        for name in marker.args:
            if not has_component(name):
                helpers.lacks(name, INSTALLED_BY.get(name, "pip install '.[test-all]'"))


def has_component(name: str) -> bool:
    """Whether Python has a module of the name, or there is a program of the name."""
    places = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    return importlib.util.find_spec(name) is not None or shutil.which(name, path=places) is not None


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
        self.names: dict[str, tuple[str, str]] = {}
        self.given: list[Any] = []
        self.taken: list[Any] = []

    def __call__(self, value: Any, sql_type: str) -> Any:
        give, take = self.names.get(sql_type) or self._register(sql_type)
        self.given, self.taken = [value], []
        try:
            self.con.execute(f"SELECT {take}({give}())").fetchall()
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
        query = f"SELECT {same}(v) IS NOT DISTINCT FROM v FROM (SELECT {give}() AS v)"
        (answer,) = self.con.execute(query).fetchall()
        return bool(answer[0])

    def _register(self, sql_type: str) -> tuple[str, str]:
        number = len(self.names)

        def give() -> Any:
            return self.given[0]

        def take(value) -> bool:  # type: ignore[no-untyped-def]
            self.taken.append(value)
            return True

        take.__annotations__ = {"value": Optional[Annotated[object, Sql(sql_type)]], "return": bool}  # noqa: UP045

        def same(value):  # type: ignore[no-untyped-def]
            return value

        same.__annotations__ = {"value": Optional[Annotated[object, Sql(sql_type)]]}  # noqa: UP045
        same_udf = cocosql.udf(name=f"same_{number}", returns=sql_type, version=sql_type, memo=False)(same)
        give_udf = cocosql.udf(name=f"give_{number}", returns=sql_type, version=sql_type, memo=False)(give)
        take_udf = cocosql.udf(name=f"take_{number}", version=sql_type, memo=False)(take)
        cocosql.register(self.con, give_udf, take_udf, same_udf)
        self.names[sql_type] = give_udf.name, take_udf.name
        return self.names[sql_type]


@pytest.fixture(scope="module")
def roundtrip() -> Iterator[RoundTrip]:
    connection = cocosql.connect()
    yield RoundTrip(connection)
    connection.close()


@pytest.fixture(autouse=True, scope="session")
def quick() -> Iterator[None]:
    """On a busy machine, too, views keep their state: which way costs less is chosen in the tests of that only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cocosql.planner.choice._QUICK", 3600.0)
        yield
