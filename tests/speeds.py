"""The suite in two speeds: what `pytest` leaves to `pytest -m "slow or not slow"`.

Plain `pytest` tries something of every kind. Where that is one of many cases, the others are slow: a part of the
parameters, or a larger number of random examples. COCOSQL_EXAMPLES says how many examples the slow tests try, instead of
their own number: ``COCOSQL_EXAMPLES=2000 pytest -m slow tests/test_oracle.py``.
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

#: Tests of many cases that are alike. Each so manyth case is quick, the others are slow.
EVERY = {
    "test_alter.py::test_options": 2,
    "test_algebra.py::test_rows": 3,
    "test_all_statements.py::test_all_statements_at_once": 4,
    "test_arguments.py::test_arguments_are_as_they_were": 3,
    "test_arrow.py::test_all_types": 3,
    "test_arrow_calls.py::test_executors": 3,
    "test_capture.py::test_in_memory": 2,
    "test_column_lineage.py::test_columns_that_are_not_named_do_not_matter": 4,
    "test_concurrency.py::test_all_at_once": 3,
    "test_concurrency.py::test_interrupts_end_a_refresh": 3,
    "test_failures.py::test_a_result_that_is_no_json": 4,
    "test_files.py::test_the_life_of_files": 3,
    "test_files.py::test_whatever_happens_to_files": 4,
    "test_flow_bugs.py::test_equal_by_a_collation": 3,
    "test_functions.py::test_types": 4,
    "test_interleavings.py::test_scripts": 4,
    "test_internal_functions.py::test_odd_arguments": 3,
    "test_key_log.py::test_the_log_holds_each_changed_key_and_the_statement_does_not_notice": 4,
    "test_kill.py::test_kills": 4,
    "test_lifecycle.py::test_exit_is_quiet": 2,
    "test_nasty_functions.py::test_batches_with_a_wrong_answer": 4,
    "test_nasty_functions.py::test_exits_are_quiet": 3,
    "test_pending.py::test_any_sequence_of_changes_and_refreshes": 8,
    "test_pending.py::test_look_up_beside_writers": 2,
    "test_processes.py::test_deaths": 3,
    "test_processes.py::test_workers_end_with_the_script": 2,
    "test_races.py::test_a_function_cannot_change_the_view_whose_refresh_calls_it": 3,
    "test_recall.py::test_results_are_replaced": 3,
    "test_record_fuzz.py::test_damaged_records": 3,
    "test_schema_changes.py::test_a_new_column_of_every_form_of_star": 2,
    "test_schema_changes.py::test_changes": 3,
    "test_settings.py::test_a_view_keeps_the_settings_of_its_creator": 3,
    "test_sql_table.py::test_query": 5,
    "test_sql_table.py::test_view_on_a_view": 3,
    "test_statements.py::test_names_that_need_quotes": 3,
    "test_statements.py::test_queries_of_many_forms": 3,
    "test_type_changes.py::test_a_type": 4,
    "test_upgrade.py::test_an_old_database_goes_on": 4,
    "test_values.py::test_nested": 3,
    "test_values.py::test_none": 3,
    "test_writers.py::test_a_writer_that_is_killed": 2,
    "test_writers.py::test_a_writer_with_views_that_is_killed": 2,
    "test_writers.py::test_keys": 3,
    "test_writers.py::test_places": 3,
    "test_writers.py::test_plain_duckdb_in_another_process": 2,
    "test_writers.py::test_remakes": 4,
    "test_writers.py::test_statements": 4,
    "test_writers.py::test_types": 3,
}

EXAMPLES = int(os.environ.get("COCOSQL_EXAMPLES", "0"))
_SETTINGS: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
    "print_blob": True,
}


def mark_slow(items: Iterable[pytest.Item]) -> None:
    """Mark the cases of tests in EVERY that are not quick."""
    numbers: Counter[str] = Counter()
    for item in items:
        name = item.nodeid.partition("[")[0].removeprefix("tests/")
        if numbers[name] % EVERY.get(name, 1) != 0:
            item.add_marker("slow")
        numbers[name] += 1


def slow(*values: Any, **options: Any) -> Any:
    """Parameters of a test with which it is slow."""
    return pytest.param(*values, marks=pytest.mark.slow, **options)


def some(cases: Iterable[Any], every: int) -> list[Any]:
    """Parameters of a test: the first and each so many after it; with the others it is slow.

    A tuple is several parameters.
    """
    given = [case if isinstance(case, tuple) else (case,) for case in cases]
    return [pytest.param(*case) if number % every == 0 else slow(*case) for number, case in enumerate(given)]


def seeds(few: int, many: int) -> list[Any]:
    """Parameters of a test of random cases: a few seeds, and, slow, the others of many."""
    return [seed if seed < few else slow(seed) for seed in range(max(few, EXAMPLES or many))]


def holds_for(
    few: int, many: int, **drawn: SearchStrategy[Any]
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A property as two tests: of a few examples, which are always the same, and, slow, of many random ones.

    What is not drawn are fixtures, which all examples of a test share.
    """

    def decorate(check: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(check)
        def test(examples: int, **fixtures: Any) -> None:
            chosen = settings(max_examples=examples, derandomize=examples == few, **_SETTINGS)
            chosen(given(**drawn)(check))(**fixtures)

        own = [parameter for name, parameter in inspect.signature(check).parameters.items() if name not in drawn]
        examples = inspect.Parameter("examples", inspect.Parameter.KEYWORD_ONLY)
        test.__signature__ = inspect.Signature([*own, examples])  # type: ignore[attr-defined]
        return pytest.mark.parametrize("examples", [few, slow(EXAMPLES or many)])(test)

    return decorate
