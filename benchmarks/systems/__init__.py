"""The systems that peers.py compares, one file each. Only the worker imports one, in the system's own Python."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Entry:
    """How peers.py runs a system. This much is known without importing it."""

    label: str
    slow: bool = False
    requirements: tuple[str, ...] = ()  # what pip installs into its own environment; without any, peers.py's Python
    environment: dict[str, str] = field(default_factory=dict)  # {folder} stands for the folder of the run
    notes: tuple[str, ...] = ()


#: Keys are names of modules in this folder.
SYSTEMS = {
    "bare_loop": Entry("bare Python loop", notes=("Every step is the whole loop again.",)),
    "duckdb_full": Entry("DuckDB, all again", notes=("Every step recomputes the table with `create_function`.",)),
    "cocosql_view": Entry("CocoSQL"),
    "cocoindex_app": Entry(
        "CocoIndex 1.0.26",
        slow=True,
        requirements=("cocoindex==1.0.26",),
        environment={"COCOINDEX_DISABLE_USAGE_TRACKING": "1", "COCOINDEX_DB": "{folder}/cocoindex.db"},
        notes=(
            "One component per row, from a SQLite table into a SQLite table.",
            "Code change: `digest` is decorated with `@coco.fn`, so that CocoIndex tracks its code.",
        ),
    ),
    "pixeltable_table": Entry(
        "Pixeltable 0.7",
        slow=True,
        requirements=("pixeltable==0.7.*",),
        environment={"PIXELTABLE_HOME": "{folder}/pixeltable", "PIXELTABLE_VERBOSITY": "0"},
        notes=(
            "A computed column in a table that holds the documents. Changes are pushed, so there is no no-op.",
            "Code change: `recompute_columns`, the documented way. By itself Pixeltable keeps the old values.",
            "Memory is that of Python and of the Postgres that it starts.",
        ),
    ),
}
