"""Records taken apart: fields, objects and lists become columns of Python values, one sheet for each table.

The rules are dlt's relational normaliser's: an object's fields join the row under `object__field`, a list
becomes a nested table, a list in a list gets a table of its own between them, a plain value in a list stands
in a `value` column. The work is done a column at a time over the whole batch.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, repeat
from operator import itemgetter
from types import NoneType
from typing import TYPE_CHECKING, TypeAlias

from restmill.shape.column_names import LISTS
from restmill.shape.depth import UNNAMED, is_too_long
from restmill.shape.schema_view import Record, Rules, Unsure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from restmill.path import Json

_EMPTY: Record = {}
_PLAIN = frozenset((NoneType, bool, int, float, str))
_CONTAINERS = frozenset((dict, list))
_KNOWN = _PLAIN | _CONTAINERS


@dataclass(slots=True)
class Cells:
    """The values of one column, one for each row of the sheet, and which types they are of (None aside)."""

    values: Sequence[Json]
    types: set[type]


Layout: TypeAlias = "str | dict[str, Layout] | Sheet | tuple[()] | None"
"""What became of a key: the column of its plain values, the keys of its objects, the sheet of its lists, ()
for lists without elements; None where its values are of several kinds."""


@dataclass(slots=True)
class Sheet:
    """One table in the making."""

    name: str
    path: tuple[str, ...]
    """The fragments of its name."""
    level: int
    """Levels of tables that may still nest below."""
    rows: int
    parent: Sheet | None = None
    owner: list[int] = field(default_factory=list)
    """Each row's row number in the parent sheet."""
    index: list[int] = field(default_factory=list)
    """Each row's place in its list."""
    columns: dict[str, Cells] = field(default_factory=dict)
    layout: dict[str, Layout] = field(default_factory=dict)
    """What became of each key of its records."""
    places: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)
    """Which fields fill its columns, and which list it: see `Rules.place`."""
    dropped: dict[tuple[str, str], int] = field(default_factory=dict)
    """Of the root: values that the contract has dropped, by table and column; by table and "", rows."""
    bare: bool = False
    """Whether its rows are plain values, with one column, and no objects."""

    @property
    def root(self) -> Sheet:
        """The sheet of the records themselves."""
        return self if self.parent is None else self.parent.root

    def root_row(self, row: int) -> int:
        """The number of the record that a row comes from."""
        sheet, number = self, row
        while sheet.parent is not None:
            sheet, number = sheet.parent, sheet.owner[number]
        return number


def take_apart(records: Sequence[Record], rules: Rules) -> list[Sheet]:
    """The sheets of a batch, parents before their nested tables; only the root's may have no rows.

    Raises:
        Unsure: a record holds what only dlt can place: Python objects, two fields of one name, key columns.
    """
    sheets: dict[str, Sheet] = {}
    root = Sheet(rules.table, (rules.table,), rules.levels, len(records))
    queue: list[tuple[Sheet, Sequence[Record]]] = [(root, records)]
    while queue:
        sheet, rows = queue.pop(0)
        if sheets.setdefault(sheet.name, sheet) is not sheet:
            raise Unsure(f"two lists become the table `{sheet.name}`")
        queue.extend(_Taking(sheet, rules).take(rows))
    for sheet in sheets.values():
        for place in sheet.places:
            rules.place(*place)
    return list(sheets.values())


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a field, or an object whose fields are looked at, stands in the record of its row."""

    keys: tuple[str, ...]
    """As the record has them."""
    path: tuple[str, ...]
    """As names."""
    level: int
    """Levels that may still nest below."""

    def inner(self, key: str, name: str) -> _Place:
        """A field of the object that stands here."""
        return _Place((*self.keys, key), (*self.path, name), self.level - 1)


class _Taking:
    """Fills one sheet, and finds the sheets below it."""

    def __init__(self, sheet: Sheet, rules: Rules) -> None:
        self._sheet = sheet
        self._rules = rules
        self._linking = rules.system.linking()
        self._lists: set[tuple[str, ...]] = set()
        self._names: set[str] = set()
        self._nested: list[tuple[Sheet, Sequence[Record]]] = []

    def take(self, records: Sequence[Record]) -> list[tuple[Sheet, Sequence[Record]]]:
        self._sheet.layout = self._fields(records, _Place((), (), self._sheet.level))
        return self._nested

    def _fields(self, records: Sequence[Record], place: _Place) -> dict[str, Layout]:
        layout: dict[str, Layout] = {}
        for key, values in _transposed(records):
            types = set(map(type, values))
            if not types <= _KNOWN or type(key) is not str:
                raise Unsure("a value is a Python object")
            inner = place.inner(key, self._rules.field(key))
            path = inner.path
            column = self._rules.join(path) if len(path) > 1 else path[0]
            if column in self._names:
                raise Unsure(f"two fields become `{column}`")
            self._names.add(column)
            if types.isdisjoint(_CONTAINERS) or self._rules.stays(self._sheet.name, column, place.level):
                layout[key] = None if types & _CONTAINERS else column
                self._put(column, inner.keys, Cells(values, types))
            else:
                layout[key] = self._containers(Cells(values, types), inner)
        return layout

    def _containers(self, cells: Cells, place: _Place) -> Layout:
        """A field that holds objects or lists, and perhaps plain values beside them."""
        values, types, path = cells.values, cells.types, place.path
        layout: Layout = None
        if dict in types:
            inner = values if len(types) == 1 else [v if type(v) is dict else _EMPTY for v in values]
            layout = self._fields(inner, place)
        if list in types:
            layout = self._list(values, place)
        plain = types - {NoneType} - _CONTAINERS
        if plain:
            column = self._rules.join(path) if len(path) > 1 else path[0]
            kept = [None if type(value) in _CONTAINERS else value for value in values]
            self._put(column, place.keys, Cells(kept, types - _CONTAINERS))
        return layout if len(types - {NoneType}) == 1 else None

    def _put(self, column: str, keys: tuple[str, ...], cells: Cells) -> None:
        if column in self._sheet.columns or column in self._linking:
            raise Unsure(f"two fields become the column `{column}`")
        cells.types.discard(NoneType)
        if cells.types:
            self._place(self._sheet, (self._sheet.name, column, keys))
        self._sheet.columns[column] = cells

    def _list(self, values: Sequence[Json], place: _Place) -> Layout:
        above = self._sheet
        full = (*above.path, *place.path[:-1], self._list_name(place.keys[-1]))
        if full in self._lists:
            raise Unsure("two lists become one table")
        self._lists.add(full)
        rows, owner, index = _unrolled(values)
        if not rows:
            return ()
        sheet = Sheet(self._rules.join(full), full, above.level - 1, len(rows), above, owner, index)
        self._check_name(sheet.name)
        self._place(sheet, (LISTS, sheet.name, (above.name, *place.keys)))
        types = set(map(type, rows))
        if not types <= _KNOWN:
            raise Unsure("a value is a Python object")
        if list in types:
            if len(types) > 1:
                raise Unsure(f"`{sheet.name}` mixes lists with other values")
            sheet.level -= 1
            rows = [{"list": value} for value in rows]
        elif types != {dict}:
            sheet.bare = dict not in types
            rows = [value if type(value) is dict else {"value": value} for value in rows]
        self._nested.append((sheet, rows))
        return sheet if sheet.bare or types == {dict} else None

    def _check_name(self, table: str) -> None:
        if is_too_long(table):
            raise Unsure(UNNAMED)
        if not self._rules.nested(table):
            raise Unsure(f"`{table}` is a table of its own")

    def _place(self, sheet: Sheet, place: tuple[str, str, tuple[str, ...]]) -> None:
        if not self._rules.placed(*place):
            raise Unsure(f"another field fills `{place[1]}`")
        sheet.places.append(place)

    def _list_name(self, key: str) -> str:
        if not key.strip():
            raise Unsure("a list has no name")
        return self._rules.list_field(key)


def _transposed(records: Sequence[Record]) -> Iterator[tuple[str, Sequence[Json]]]:
    """Each key with its values in all records, None where a record lacks it."""
    first = records[0] if records else _EMPTY
    if len(set(map(len, records))) == 1:
        with suppress(KeyError):
            columns = [list(map(itemgetter(key), records)) for key in first]
            yield from zip(first, columns, strict=True)
            return
    for key in dict.fromkeys(chain.from_iterable(records)):
        yield key, [record.get(key) for record in records]


def _unrolled(values: Sequence[Json]) -> tuple[list[Json], list[int], list[int]]:
    """All elements of all lists, whose list each one was in, and its place there."""
    rows: list[Json] = []
    owner: list[int] = []
    index: list[int] = []
    for number, value in enumerate(values):
        if type(value) is list and value:
            rows += value
            owner.extend(repeat(number, len(value)))
            index.extend(range(len(value)))
    return rows, owner, index
