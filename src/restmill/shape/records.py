"""Pressed records: a page's records as Arrow parsed them, which become Python objects only for who asks.

Most pages are never asked: they are counted, told apart by their key, and cast into tables. Whoever iterates
gets exactly the objects that decoding the page would have made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias, overload

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from restmill.path import Json


class Pressed(Sequence["Json"]):
    """Records, as many as `array` is long, whose objects `read` makes when they are needed."""

    __slots__ = ("_read", "_records", "array", "size")

    def __init__(self, array: pa.StructArray, size: int, read: Callable[[], list[Json]]) -> None:
        self.array = array
        """A struct for each record. A key that a record lacks is null, as one that is null."""
        self.size = size
        """Bytes of JSON."""
        self._read = read
        self._records: list[Json] | None = None

    def __len__(self) -> int:
        return len(self.array)

    @overload
    def __getitem__(self, index: int) -> Json: ...
    @overload
    def __getitem__(self, index: slice) -> list[Json]: ...
    def __getitem__(self, index: int | slice) -> Json:
        return self.plain()[index]

    def plain(self) -> list[Json]:
        """The records as Python objects, decoded once."""
        if self._records is None:
            self._records = self._read()
        return self._records

    def column(self, key: str) -> list[Json]:
        """The values of a key at the top of each record.

        Raises:
            KeyError: no record has it.
        """
        values: list[Json] = self.array.field(key).to_pylist()
        return values

    def record(self, place: int) -> Callable[[], Json]:
        """What makes one record, where only its values matter: keys that it lacks are there, as None."""
        made: Callable[[], Json] = self.array[place].as_py
        return made


Records: TypeAlias = Sequence["Json"]
"""The records of a page: a list of Python objects, or pressed."""


def plain(records: Sequence[Json]) -> list[Json]:
    """Records as a list of Python objects."""
    if isinstance(records, Pressed):
        return records.plain()
    return records if isinstance(records, list) else list(records)
