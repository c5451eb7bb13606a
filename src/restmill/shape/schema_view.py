"""What shaping must know about names, types and keys: a face that the load layer fills with dlt's own rules.

Shaping decides nothing about a schema. It asks for the columns a table has, and where a batch holds more than
they can take it says which records teach it (`Lesson`) or that it cannot tell (`Unsure`). Both answers cost
speed only: the caller lets dlt itself read those records.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from restmill.path import Json

Record: TypeAlias = "dict[str, Json]"


class Unsure(Exception):  # noqa: N818  # read as a sentence: "raise Unsure"
    """This batch holds something whose table form only dlt's own normaliser knows; the text says what."""


class Lesson(Exception):  # noqa: N818  # no error: it is how the schema grows
    """The schema lacks columns that this batch fills.

    Attributes:
        records: numbers of the records in the batch, ascending, that between them hold the first value of
            each missing column. Read in this order they give the schema what the whole batch would.
    """

    def __init__(self, records: Sequence[int]) -> None:
        super().__init__(f"{len(records)} records have new columns")
        self.records = sorted(set(records))


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table as it is known now."""

    name: str
    data_type: str
    """One of dlt's: text, bigint, double, bool, timestamp, date, time, decimal, wei, binary, json."""
    type: pa.DataType
    nullable: bool


@dataclass(frozen=True, slots=True)
class SystemNames:
    """Names, as the schema has them, of the columns that link rows and of that for plain values in lists."""

    row_id: str
    load_id: str
    root_id: str
    parent_id: str
    index: str
    value: str

    def linking(self) -> frozenset[str]:
        """The names that no field of a record may take."""
        return frozenset((self.row_id, self.load_id, self.root_id, self.parent_id, self.index))


class Rules(Protocol):
    """Names, types and keys of one root table and everything nested in it."""

    table: str
    """The root table's name."""
    load_id: str
    system: SystemNames

    @property
    def levels(self) -> int:
        """How deep tables may nest; what lies deeper stays a JSON value."""

    def field(self, key: str) -> str:
        """The name of a record's key as a column, or as a part of one."""

    def list_field(self, key: str) -> str:
        """The name of a record's key as the last part of a nested table's name."""

    def join(self, fragments: tuple[str, ...]) -> str:
        """One name out of names, shortened where the destination needs it."""

    def stays(self, table: str, column: str, level: int) -> bool:
        """Whether an object or a list in this column stays a value instead of being taken apart."""

    def columns(self, table: str) -> Mapping[str, Column]:
        """The table's columns whose type is known, in their order; empty for an unknown table."""

    def placed(self, table: str, column: str, keys: tuple[str, ...]) -> bool:
        """Whether the field at `keys` may fill a column, or a list a table; see `column_names.Names`."""

    def place(self, table: str, column: str, keys: tuple[str, ...]) -> None:
        """The field fills the column from now on, or the list the table."""

    def nested(self, table: str) -> bool:
        """Whether the table is, or would become, a nested one: linked to its parent by a key."""

    def discards(self, table: str) -> bool:
        """Whether the schema contract has refused the table, so that its rows are dropped."""

    def discarded(self, table: str) -> Mapping[str, bool]:
        """Columns that the schema contract has refused so far; true: rows that name one are dropped."""

    def keeps_root_id(self) -> bool:
        """Whether rows of nested tables carry the id of their root row."""

    def coerce(self, column: Column, value: Json) -> Json:
        """The value as the column's type.

        Raises:
            ValueError: it does not fit, so it belongs in a variant column.
        """

    def variant(self, column: str, value: Json) -> str:
        """The name of the column for values of this value's type that do not fit `column`."""

    def encode(self, value: Json) -> str:
        """An object or a list as JSON text."""

    def row_ids(self, records: Sequence[Record], fields: Mapping[str, Sequence[Json]]) -> pa.Array:
        """Ids of root rows, as text.

        Args:
            records: the records.
            fields: the values of each column before any change of type.
        """

    def nested_ids(self, parents: pa.Array, table: str, index: pa.Array) -> pa.Array:
        """Ids of nested rows, as text, from their parents' ids and their places in the list (int64)."""
