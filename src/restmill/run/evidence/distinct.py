"""How many different records a read has brought, at 8 to 16 bytes each.

A server without a stable order sends some rows twice and others never, and its total is met all the same:
only distinct records prove a read. Each record leaves one 64-bit mark, of its key where it has one, else of
all it holds, in an open-addressed table of plain numbers: a Python set would take five times the memory.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from restmill.shape.decode import fingerprint
from restmill.shape.records import Pressed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from restmill.path import Json, Path

_FIRST_SLOTS = 1 << 10
_IDENTITIES = frozenset({"id", "_id", "uuid", "guid"})
"""Fields that tell records apart in any API, in lower case."""


class Distinct:
    """Counts distinct records by `keys`, or as a whole where there are none or a record lacks one."""

    def __init__(self, keys: tuple[Path, ...] = ()) -> None:
        self._keys = keys
        self._slots = array("q", bytes(8 * _FIRST_SLOTS))  # 0: free
        self.count = 0
        self.told_apart = bool(keys)
        """Whether equal marks mean the same record: it has a key, or a field that is one in any API."""

    def marks(self, records: Sequence[Json]) -> list[int]:
        """One number for each record: equal records have equal numbers."""
        if not self._keys:
            return [self._mark(record) for record in records]
        try:
            columns = [_values(records, key.text) for key in self._keys]
            # A tuple's hash is well mixed; an integer's own is not, and would crowd the table.
            marks = list(map(hash, zip(*columns, strict=True)))
        except (KeyError, TypeError):  # a nested key, a record without it, or a value that is no scalar
            return [self._mark(record) for record in records]
        none = any(None in column for column in columns)
        return [self._mark(record) for record in records] if none else marks

    def fresh(self, marks: list[int]) -> bool:
        """Whether any of `marks` has not been seen. Nothing is entered."""
        slots, mask = self._slots, len(self._slots) - 1
        return any(not slots[_slot(slots, mask, mark or 1)] for mark in marks)

    def pick(self, records: Sequence[Json], marks: list[int]) -> list[Json]:
        """Enter the records of a page by their marks; those that are new, each once."""
        return [record for record, mark in zip(records, marks, strict=True) if self.add([record], [mark])]

    def add(self, records: Sequence[Json], marks: list[int]) -> int:
        """Enter the records of a page by their marks; how many of them are new."""
        if not self.told_apart and records and isinstance(records[0], dict):
            self.told_apart = any(str(name).lower() in _IDENTITIES for name in records[0])
        while 2 * (self.count + len(marks)) > len(self._slots):
            self._grow()
        new = _enter(self._slots, marks)
        self.count += new
        return new

    def identity(self, records: Sequence[Json]) -> tuple[Json, ...]:
        """What names each record, whatever else in it changes: its key, or a field that is one in any API.

        Empty when a record has neither.
        """
        names = [self._identity(record) for record in records]
        return () if None in names else tuple(names)

    def _identity(self, record: Json) -> Json:
        found: list[Json] = [key.first(record) for key in self._keys]
        if not found and isinstance(record, dict):
            found = [value for name, value in record.items() if str(name).lower() in _IDENTITIES][:1]
        whole = bool(found) and all(isinstance(value, str | int | float) for value in found)
        return tuple(found) if whole else None

    def _mark(self, record: Json) -> int:
        found = tuple(key.first(record) for key in self._keys)
        whole = not found or any(not isinstance(value, str | int | float) for value in found)
        return fingerprint([record]) if whole else hash(found)

    def _grow(self) -> None:
        larger = array("q", bytes(16 * len(self._slots)))
        _enter(larger, (mark for mark in self._slots if mark))
        self._slots = larger


class Seams:
    """Whether what came twice stands at the seams of pages alone: each begins with the end of the one before.

    So do the pages of a list that goes on from the last value of a field, that value included.
    """

    def __init__(self) -> None:
        self.alone = True
        self._last: list[int] = []

    def add(self, marks: list[int], new: int, *, follows: bool) -> None:
        """Enter a page of which `new` are new; `follows`: it was asked for by a reference, and no number."""
        twice = len(marks) - new
        if twice and not (follows and marks[:twice] == self._last[-twice:]):
            self.alone = False
        self._last = marks or self._last


def _values(records: Sequence[Json], name: str) -> list[Json]:
    return records.column(name) if isinstance(records, Pressed) else [record[name] for record in records]


def _enter(slots: array[int], marks: Iterable[int]) -> int:
    """Linear probing, written out: a call for each record would cost more than the rest."""
    mask, new = len(slots) - 1, 0
    for given in marks:
        mark = given or 1
        at = mark & mask
        while (held := slots[at]) and held != mark:
            at = (at + 1) & mask
        if not held:
            slots[at] = mark
            new += 1
    return new


def _slot(slots: array[int], mask: int, mark: int) -> int:
    at = mark & mask
    while slots[at] and slots[at] != mark:
        at = (at + 1) & mask
    return at
