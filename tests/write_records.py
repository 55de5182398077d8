"""Writes sql/records.sql, which has the tables that all migrations make: after a new one, python tests/write_records.py"""

from pathlib import Path

from cocosql.catalog import damage

SQL = Path(__file__).parent.parent / "sql"
HEAD = "-- The tables of records as all migrations make them: written by tests/write_records.py. A file's must be the same.\n"


def records() -> str:
    made = damage.made_by(tuple(sorted((SQL / "migrations").glob("*.sql"))))
    return HEAD + "".join(f"{sql}\n" for _, sql in sorted(made.items()))


if __name__ == "__main__":
    (SQL / "records.sql").write_text(records())
