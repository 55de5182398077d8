"""The systems that peers.py measures: one file each, all behind `base.System`. Only their own process imports them."""

#: What the driver calls a system: the module of it here, and its name in the table.
SYSTEMS = {
    "loop": "bare Python loop + one insert",
    "duckdb": "DuckDB, all recomputed",
    "cocosql": "CocoSQL",
    "cocoindex": "CocoIndex, component per row",
    "cocoindex_one": "CocoIndex, one component",
    "pixeltable": "Pixeltable, computed column",
}
