"""Files in a FROM clause: calls of DuckDB's readers, and names of files, which DuckDB takes for such calls."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlglot import exp

from cocosql.planner.qualify import tables
from cocosql.sqltree import render

#: DuckDB's readers, and from how many files at most each infers names and types by default.
_READERS = {
    **dict.fromkeys(["read_text", "read_blob"], 0),
    **dict.fromkeys(["read_json_objects", "read_json_objects_auto", "read_ndjson_objects"], 0),
    **dict.fromkeys(["read_parquet", "parquet_scan"], 1),
    **dict.fromkeys(["read_csv", "read_csv_auto"], 10),
    **dict.fromkeys(["read_json", "read_json_auto", "read_ndjson", "read_ndjson_auto"], 32),
}
_NAMED = (exp.EQ, exp.PropertyEQ, exp.Kwarg)
_SAMPLE_OPTIONS = ("files_to_sniff", "maximum_sample_files")

#: By ending of a file's name: the reader that DuckDB uses where the file stands in place of a table.
_BY_NAME = {
    "parquet_scan": "parquet",
    "read_csv_auto": "csv|tsv",
    "read_json_auto": "json|jsonl|ndjson|geojson|geojsonl",
}


@dataclass(frozen=True)
class FileCall:
    call: exp.Anonymous
    #: The name by which a query knows it.
    alias: str

    @property
    def reader(self) -> str:
        return str(self.call.name).lower()

    @property
    def sql(self) -> str:
        return render(self.call)

    @property
    def files(self) -> str:
        """The pattern, or the list of patterns, as SQL."""
        return render(self.call.expressions[0])

    @property
    def is_plain(self) -> bool:
        """Whether it gives one row for each file, with columns that are always the same."""
        return self.reader in ("read_text", "read_blob")

    @property
    def patterns(self) -> list[str] | None:
        """The patterns, if they are written as literals."""
        found = [literal.name for literal in _literals(self.call)]
        return found if len(found) == _count(self.call) else None

    @property
    def is_local(self) -> bool:
        """Whether the files can be listed and looked at without being read."""
        return self.patterns is not None and not any(map(_is_remote, self.patterns))

    @property
    def options(self) -> dict[str, exp.Expr]:
        named = (exp.EQ, exp.PropertyEQ, exp.Kwarg)
        return {
            part.this.name.lower(): part.expression for part in self.call.expressions[1:] if isinstance(part, named)
        }

    @property
    def samples(self) -> int | None:
        """From how many files, at most, the reader infers names and types; None: from all."""
        if _is_true(self.options.get("union_by_name")):
            return None
        for name in _SAMPLE_OPTIONS:
            if name in self.options:
                count = render(self.options[name])
                return int(count) if count.isdecimal() else None
        return _READERS[self.reader]

    @property
    def is_guessing(self) -> bool:
        """Whether the reader finds out more than names and types from the files that it samples."""
        return self.samples != 0 and self.reader not in ("read_parquet", "parquet_scan")

    @property
    def filename(self) -> str | None:
        """The column that says which file a row is from, if ``*`` has one."""
        option = self.options.get("filename")
        if self.is_plain:
            return "filename"
        if isinstance(option, exp.Literal) and option.is_string:
            return str(option.name)
        return "filename" if _is_true(option) else None

    def with_filename(self, column: str) -> str:
        """The call, as SQL, with this column that says which file a row is from."""
        call = self.call.copy()
        for part in call.expressions[1:]:
            if isinstance(part, _NAMED) and part.this.name.lower() == "filename":
                part.pop()
        call.append(
            "expressions", exp.PropertyEQ(this=exp.to_identifier("filename"), expression=exp.Literal.string(column))
        )
        return render(call)

    @property
    def virtual(self) -> dict[str, str]:
        """Columns that are not part of ``*`` but can be named, with their types."""
        found = {"file_index": "UBIGINT"}
        if self.filename is None:
            found["filename"] = "VARCHAR"
        if self.reader in ("read_parquet", "parquet_scan"):
            found["file_row_number"] = "BIGINT"
        return {} if self.is_plain else found

    def over(self, files: str) -> str:
        """The call over other files, as SQL."""
        call = self.call.copy()
        call.expressions[0].replace(exp.Var(this=files))
        return render(call)


def file_call(table: exp.Table) -> FileCall | None:
    """The call of a reader that an item of a FROM clause is; None if it is something else."""
    call = table.this
    if isinstance(call, exp.Anonymous):
        is_reader = call.name.lower() in _READERS and call.expressions and not table.args.get("db")
        return FileCall(call, table.alias or call.name) if is_reader else None
    if not isinstance(call, exp.Identifier) or table.args.get("db"):
        return None
    for reader, suffixes in _BY_NAME.items():
        if re.search(rf"\.({suffixes})(\?|(\.gz|\.zst)?$)", call.name.lower()):
            named = exp.Anonymous(this=reader, expressions=[exp.Literal.string(call.name)])
            return FileCall(named, table.alias or _name_of_file(call.name))
    return None


def file_calls(tree: exp.Query) -> Iterator[tuple[exp.Table, FileCall]]:
    """The calls of a query, each with its place in the tree."""
    named = set(map(id, tables(tree)))
    for table in list(tree.find_all(exp.Table)):
        call = file_call(table)
        if call and (isinstance(table.this, exp.Anonymous) or id(table) in named):
            yield table, call


def make_absolute(tree: exp.Query) -> None:
    """Write relative paths as those of the present working directory: a process in another one is to read the same."""
    for table, call in file_calls(tree):
        if isinstance(table.this, exp.Identifier) and _absolute(table.name) != table.name:
            table.set("this", exp.to_identifier(_absolute(table.name), quoted=True))
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(call.alias, quoted=True)))
        elif isinstance(table.this, exp.Anonymous):
            for literal in _literals(call.call):
                literal.replace(exp.Literal.string(_absolute(literal.name)))


def _name_of_file(path: str) -> str:
    """The name by which DuckDB lets a query know a file."""
    return path if _has_glob(path) else Path(path).name.split(".")[0]


def _absolute(pattern: str) -> str:
    if not pattern or pattern[0] in "/~" or pattern.startswith("file:") or _is_remote(pattern):
        return pattern
    return f"{_without_glob(str(Path.cwd())).rstrip('/')}/{pattern.removeprefix('./')}"


def _without_glob(path: str) -> str:
    """A path as a pattern that only it matches."""
    return re.sub(r"([*?\[])", r"[\1]", path)


def _has_glob(pattern: str) -> bool:
    return any(sign in pattern for sign in "*?[")


def _is_remote(pattern: str) -> bool:
    return "://" in pattern and not pattern.startswith("file:")


def _literals(call: exp.Anonymous) -> list[exp.Expr]:
    """The literals that say which files."""
    first = call.expressions[0]
    parts = first.expressions if isinstance(first, exp.Array) else [first]
    return [
        part for part in parts if isinstance(part, exp.RawString) or (isinstance(part, exp.Literal) and part.is_string)
    ]


def _count(call: exp.Anonymous) -> int:
    first = call.expressions[0]
    return len(first.expressions) if isinstance(first, exp.Array) else 1


def _is_true(option: exp.Expr | None) -> bool:
    """Whether an option is on, or may be."""
    return option is not None and render(option).lower().strip("'") not in ("false", "f", "0", "no")
