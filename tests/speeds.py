"""The suite in two speeds: what `pytest` leaves to `pytest -m "slow or not slow"`.

Plain `pytest` tries something of every kind. Of a test of many cases that are alike, each so manyth is quick, as its
marker `every` says. Other tests have parameters that are slow, or try more examples. All examples are the same in each
run, so that a suite that passed passes again. COCOSQL_EXAMPLES looks for new faults: it says how many examples the slow
tests try, and they are random:
``COCOSQL_EXAMPLES=2000 pytest -m slow tests/test_oracle.py``.
"""

import functools
import inspect
import os
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

EXAMPLES = int(os.environ.get("COCOSQL_EXAMPLES", "0"))
settings.register_profile(
    "of all tests",
    deadline=None,  # the machine may be busy
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    derandomize=not EXAMPLES,
    print_blob=True,
)
settings.load_profile("of all tests")


def mark_slow(items: Iterable[pytest.Item]) -> None:
    """Mark the cases of tests with the marker `every` that are not quick."""
    numbers: Counter[str] = Counter()
    for item in items:
        test = item.nodeid.partition("[")[0]
        marker = item.get_closest_marker("every")
        if marker and numbers[test] % marker.args[0] != 0:
            item.add_marker("slow")
        numbers[test] += 1


def slow(*values: Any, **options: Any) -> Any:
    """Parameters of a test with which it is slow."""
    return pytest.param(*values, marks=pytest.mark.slow, **options)


def seeds(few: int, many: int) -> list[Any]:
    """Parameters of a test of random cases: a few seeds, and, slow, the others of many."""
    return [seed if seed < few else slow(seed) for seed in range(max(few, EXAMPLES or many))]


def holds_for(
    few: int, many: int, **drawn: SearchStrategy[Any]
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A property as two tests: of a few examples, and, slow, of many. They are random where COCOSQL_EXAMPLES is set.

    What is not drawn are fixtures, which all examples of a test share.
    """

    def decorate(check: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(check)
        def test(examples: int, **fixtures: Any) -> None:
            settings(max_examples=examples)(given(**drawn)(check))(**fixtures)

        own = [parameter for name, parameter in inspect.signature(check).parameters.items() if name not in drawn]
        examples = inspect.Parameter("examples", inspect.Parameter.KEYWORD_ONLY)
        test.__signature__ = inspect.Signature([*own, examples])  # type: ignore[attr-defined]
        return pytest.mark.parametrize("examples", [few, slow(EXAMPLES or many)])(test)

    return decorate
