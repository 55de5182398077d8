"""A partitioned operator's part in a refresh: the keys of rows that changed, and the rows with these keys."""

from dataclasses import dataclass

from cocosql._native import Session
from cocosql.collected import collected
from cocosql.operators import SOURCE_ID
from cocosql.operators.map import Changed
from cocosql.operators.partitioned import Partitioned


@dataclass
class PartitionStep:
    operator: Partitioned
    #: What its collection is told apart by.
    tag: str
    inputs: list[Changed]
    rebuild: bool

    @property
    def has_changes(self) -> bool:
        return self.rebuild or any(given.new is not None for given in self.inputs)

    @property
    def _touched_keys(self) -> str:
        return f"touched_{self.tag}"

    @property
    def _is_whole(self) -> bool:
        """Whether all rows are worked out anew."""
        return self.rebuild or not self.operator.keys[0]

    @property
    def _keys(self) -> str:
        return f"SELECT {SOURCE_ID} FROM {collected(self._touched_keys)}"

    def prepare(self, session: Session) -> None:
        """Find the keys of rows that are gone or new."""
        if self._is_whole:
            return
        touched = []
        for number, (given, changed) in enumerate(zip(self.operator.inputs, self.inputs, strict=True)):
            if changed.new is not None:
                rows = given.over(f"({changed.gone}) UNION ALL ({changed.new})")
                touched.append(f"SELECT {self.operator.key_hash(number)} AS {SOURCE_ID} FROM ({rows})")
        session.collect(self._touched_keys, " UNION ".join(touched))

    def rows_sql(self, column_names: list[str]) -> str:
        """The rows that are to take the place of those touched."""
        relations = []
        for number, (given, changed) in enumerate(zip(self.operator.inputs, self.inputs, strict=True)):
            rows = f"SELECT * EXCLUDE ({SOURCE_ID}) FROM ({given.over(changed.now)})"
            if not given.columns:
                rows = f"SELECT 1 FROM ({changed.now})"
            if not self._is_whole:
                rows = f"{rows} WHERE {self.operator.key_hash(number)} IN ({self._keys})"
            relations.append(rows)
        return self.operator.rows_sql(relations, column_names)

    def touched(self) -> str:
        """The condition under which a row is to be replaced."""
        return "true" if self._is_whole else f"{SOURCE_ID} IN ({self._keys})"
