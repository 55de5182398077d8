"""Which functions a view may use: those that give the same result for the same arguments, whenever it is refreshed.

DuckDB's own mark answers another question: whether a call may be left out, or be made once a query. So those of its
functions that it does not call consistent are judged here, and some that it does. What is on neither list is refused.
"""

import duckdb

#: What SQL knows under the name of a function: its kind, and a macro's definition.
Kind = tuple[str, str | None]

#: Functions of the clock, of chance, of a transaction, of a session; and those that act.
VARYING = frozenset(
    {
        *("age(timestamp)", "current_date", "current_localtime", "current_localtimestamp", "current_time"),
        *("current_timestamp", "get_current_time", "get_current_timestamp", "localtime", "localtimestamp"),
        *("now", "today", "transaction_timestamp"),
        *("gen_random_uuid", "random", "uuid", "uuidv4", "uuidv7"),
        *("current_connection_id", "current_query", "current_query_id", "current_transaction_id", "txid_current"),
        *("current_catalog", "current_database", "current_role", "current_schema", "current_schemas"),
        *("current_setting", "current_user", "getenv", "getvariable", "in_search_path", "session_user", "user"),
        *("currval", "nextval", "setseed", "setval", "sleep_ms", "vector_type", "write_log"),
    }
)

#: Functions whose result depends only on the arguments, and on settings that a view keeps, such as the time zone.
STEADY = frozenset(
    {
        *("+", "-", "age", "century", "date_diff", "date_part", "date_sub", "date_trunc", "datediff", "datepart"),
        *("datesub", "datetrunc", "day", "dayname", "dayofmonth", "dayofweek", "dayofyear", "decade", "era", "error"),
        *("generate_series", "hour", "isodow", "isoyear", "julian", "last_day", "make_timestamptz", "microsecond"),
        *("millennium", "millisecond", "minute", "month", "monthname", "quarter", "range", "second", "stats"),
        *("strftime", "time_bucket", "timezone", "timezone_hour", "timezone_minute", "week", "weekday", "weekofyear"),
        *("year", "yearweek"),
    }
)

#: Functions whose result depends on how the table is stored.
OF_THE_WHOLE = frozenset({"stats"})


def check_deterministic(used: dict[str, set[Kind]], python: set[str]) -> None:
    """Refuse functions that may give another result each time; those of CocoSQL's in Python are not.

    Raises:
        duckdb.InvalidInputException: if one is among those used.
    """
    for found in sorted(used.keys() - python):
        if _varies(found, {kind for kind, _ in used[found]}):
            name = found.removesuffix("(timestamp)")
            raise duckdb.InvalidInputException(
                f"{name} cannot be part of an incremental view: it may give another result each time, so the view "
                "could not equal its query. Put the value into a table that the view reads, or apply "
                f"{name} where you read the view"
            )


def _varies(name: str, kinds: set[str]) -> bool:
    if name in VARYING or "volatile" in kinds:
        return True
    return "built-in, not consistent" in kinds and name not in STEADY
