"""What a trace carries from a view's rows down the operators to the source rows that they came from."""

from dataclasses import dataclass

CALL = "STRUCT(name VARCHAR, code_version VARCHAR, input_fingerprint UUID, computed_at TIMESTAMPTZ, run_id BIGINT)"
NO_CALLS = f"[]::{CALL}[]"

#: Of the row that is traced, its id and columns; whether a row on the way is gone since; the calls made on the way; and
#: the positions of the elements of lists, from the source on.
CARRIED = ["coco_of", "coco_row", "coco_past", "coco_calls", "coco_path"]


@dataclass(frozen=True)
class Here:
    """Rows of an operator that a trace has come to, as a query: what is carried, and their ids; maybe also their
    columns."""

    sql: str
    #: Whether the query gives no row twice.
    is_unique: bool = True

    def to(self, sql: str, *, is_unique: bool = True) -> "Here":
        return Here(sql, self.is_unique and is_unique)
