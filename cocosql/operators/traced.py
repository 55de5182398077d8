"""What is taken along where rows are traced down the operators that they came from."""

from dataclasses import dataclass

CALL = "STRUCT(name VARCHAR, code_version VARCHAR, input_fingerprint UUID, computed_at TIMESTAMPTZ, run_id BIGINT)"
NO_CALLS = f"[]::{CALL}[]"

#: Of the row that is traced, its id and columns; whether a row on the way is gone since; the calls made on the way; and
#: the positions of the elements of lists, from the source on.
CARRIED = ["coco_of", "coco_row", "coco_past", "coco_calls", "coco_path"]


@dataclass(frozen=True)
class Here:
    """Rows of an operator's on the way: what is carried, and their columns and ids, or their ids alone."""

    sql: str
    #: Whether no row is there twice.
    is_unique: bool = True

    def to(self, sql: str, *, is_unique: bool = True) -> "Here":
        return Here(sql, self.is_unique and is_unique)
