"""Options of statements: WITH (name = value, …)."""

from collections.abc import Iterable

import duckdb

from cocosql._native import Session
from cocosql.wording import nearest


def check_names(given: Iterable[str], known: Iterable[str], of: str) -> None:
    """Refuse options that there are not.

    Raises:
        duckdb.InvalidInputException: if there is one; names those that there are.
    """
    names = list(known)
    for name in given:
        if name not in names:
            meant = nearest(name, names)
            hint = f" Did you mean {meant}?" if meant else ""
            there_are = "there is" if len(names) == 1 else "there are"
            raise duckdb.InvalidInputException(
                f"there is no option {name!r} of {of}; {there_are} {', '.join(names)}.{hint}"
            )


def check_interval(session: Session, name: str, value: str) -> None:
    """Refuse the value of an option that is to be an interval.

    Raises:
        duckdb.InvalidInputException: if it is none.
    """
    try:
        session.execute("SELECT $1::INTERVAL", [value])
    except duckdb.ConversionException:
        raise duckdb.InvalidInputException(f"option {name} is an interval such as '7 days', not {value!r}") from None


def is_true(name: str, value: str) -> bool:
    """What an option says that is true or false.

    Raises:
        duckdb.InvalidInputException: if it is neither.
    """
    if value.lower() not in ("true", "false"):
        raise duckdb.InvalidInputException(f"option {name} is true or false, not {value!r}")
    return value.lower() == "true"
