"""Batches of records become Arrow tables: a root table and nested ones, as dlt would have made them.

A batch is shaped whole or not at all. Its columns are those of the schema, in the schema's order and with its
types, so that dlt takes the tables as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import pyarrow as pa
import pyarrow.compute as pc

from restmill.shape.convert import fit
from restmill.shape.flatten import take_apart
from restmill.shape.schema_view import Lesson, Unsure

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from restmill.path import Json
    from restmill.shape.flatten import Cells, Sheet
    from restmill.shape.schema_view import Column, Record, Rules


@dataclass(frozen=True, slots=True)
class Shaped:
    """One table of a batch."""

    name: str
    table: pa.Table
    empty: tuple[str, ...]
    """Columns that the records have and the schema lacks because no value was seen yet."""
    sheet: Sheet | None = field(default=None, repr=False, compare=False)
    """What it was made of; None when that is not known any more."""

    def first_records(self, columns: Iterable[str]) -> set[int]:
        """The numbers of the records that hold the first value of each of these columns.

        Raises:
            AssertionError: the table was not made of a sheet.
        """
        assert self.sheet is not None
        firsts = {pc.index(pc.is_valid(self.table[name]), pa.scalar(True)).as_py() for name in columns}
        return {self.sheet.root_row(row) for row in firsts if row >= 0}


@dataclass(slots=True)
class Filled:
    """A table whose values are arrays and whose key columns are still missing."""

    name: str
    rows: int
    parent: Filled | None
    owner: pa.Array | None
    """int64: each row's row number in the parent."""
    index: pa.Array | None
    """int64: each row's place in its list."""
    arrays: dict[str, pa.Array]
    """Column -> array of the schema's type."""
    fields: Mapping[str, Sequence[Json]]
    """Column -> values before any change of type; asked for the key's columns only."""
    empty: tuple[str, ...]
    sheet: Sheet | None = None


def shape(records: Sequence[Record], rules: Rules) -> list[Shaped]:
    """The tables of a batch, parents first; a nested table without rows is left out.

    Raises:
        Lesson: the schema must learn from some of the records first; then call again.
        Unsure: only dlt's own normaliser knows what becomes of these records.
    """
    sheets = _allowed(take_apart(records, rules), rules)
    _refuse_unknown(sheets, rules)
    fitted = [_Fitting(sheet, rules) for sheet in sheets]
    missing = [row for one in fitted for row in one.fit()]
    if missing:
        raise Lesson(missing)
    done: dict[str, Filled] = {}
    for one in fitted:
        done[one.sheet.name] = one.filled(done)
    return finished(list(done.values()), records, rules)


def finished(tables: Sequence[Filled], records: Sequence[Record], rules: Rules) -> list[Shaped]:
    """The tables with their key columns; parents stand before their nested tables.

    Raises:
        Unsure: a column is not the schema's, or lacks a value that it must have.
    """
    ids: dict[str, pa.Array] = {}
    return [_finished(one, records, rules, ids) for one in tables]


def _finished(one: Filled, records: Sequence[Record], rules: Rules, ids: dict[str, pa.Array]) -> Shaped:
    system, arrays = rules.system, one.arrays
    if one.parent is None:
        own = rules.row_ids(records, one.fields)
        arrays[system.load_id] = pa.repeat(rules.load_id, one.rows)
    else:
        parents = ids[one.parent.name].take(one.owner)
        own = rules.nested_ids(parents, one.name, one.index)
        arrays[system.parent_id] = parents
        arrays[system.index] = one.index
        if rules.keeps_root_id():
            arrays[system.root_id] = _roots(one, ids)
    ids[one.name] = arrays[system.row_id] = own
    return Shaped(one.name, _table(one, rules.columns(one.name), system.linking()), one.empty, one.sheet)


def _roots(one: Filled, ids: dict[str, pa.Array]) -> pa.Array:
    rows = one.owner
    one = cast("Filled", one.parent)
    while one.owner is not None and one.parent is not None:
        rows = one.owner.take(rows)
        one = one.parent
    return ids[one.name].take(rows)


def _table(one: Filled, known: Mapping[str, Column], links: Collection[str]) -> pa.Table:
    strangers = one.arrays.keys() - known.keys()
    if strangers:
        raise Unsure(f"the schema has no column `{min(strangers)}`")
    arrays = [_column(one, column) for column in known.values()]
    for array, column in zip(arrays, known.values(), strict=True):
        if column.name in links and array.type != column.type:
            raise Unsure(f"records brought a `{column.name}` of another type")
    fields = [pa.field(column.name, column.type, column.nullable) for column in known.values()]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _column(one: Filled, column: Column) -> pa.Array:
    array = one.arrays.get(column.name)
    if array is None:
        array = pa.nulls(one.rows, column.type)
    if array.null_count and not column.nullable:
        raise Unsure(f"`{column.name}` lacks a value and may not")
    return array


def _allowed(sheets: Sequence[Sheet], rules: Rules) -> list[Sheet]:
    """What the schema contract has not refused yet.

    Raises:
        Unsure: whole rows are to be dropped, which depends on their order.
    """
    kept: dict[str, Sheet] = {}
    for sheet in sheets:
        if rules.discards(sheet.name) or (sheet.parent is not None and sheet.parent.name not in kept):
            sheet.root.dropped[sheet.name, ""] = sheet.rows
            continue
        for name, whole in rules.discarded(sheet.name).items():
            cells = sheet.columns.pop(name, None)
            if cells and whole:
                raise Unsure("the schema contract drops rows")
            if cells and cells.types:
                sheet.root.dropped[sheet.name, name] = _valued(cells)
        kept[sheet.name] = sheet
    return list(kept.values())


def _refuse_unknown(sheets: Sequence[Sheet], rules: Rules) -> None:
    """Raise the lesson for columns that no table has yet, before anything is converted."""
    rows: list[int] = []
    for sheet in sheets:
        known = rules.columns(sheet.name)
        if rules.system.row_id not in known:
            rows.append(sheet.root_row(0))
        rows += [
            sheet.root_row(_first(cells))
            for name, cells in sheet.columns.items()
            if cells.types and name not in known
        ]
    if rows:
        raise Lesson(rows)


def _valued(cells: Cells) -> int:
    return sum(value is not None for value in cells.values)


def _first(cells: Cells) -> int:
    return next(number for number, value in enumerate(cells.values) if value is not None)


class _Fitting:
    """One sheet on its way to a table."""

    def __init__(self, sheet: Sheet, rules: Rules) -> None:
        self.sheet = sheet
        self._rules = rules
        self._known = rules.columns(sheet.name)
        self._arrays: dict[str, pa.Array] = {}

    def fit(self) -> list[int]:
        """Convert all cells; the records that hold variants without a column."""
        missing: list[int] = []
        for name, cells in list(self.sheet.columns.items()):
            if not cells.types:
                continue
            fitted = fit(self._known[name], cells, self._rules)
            self._arrays[name] = fitted.array
            for variant, left in fitted.variants.items():
                missing += self._fit_variant(variant, left)
        return missing

    def _fit_variant(self, name: str, cells: Cells) -> list[int]:
        if name in self.sheet.columns:
            raise Unsure(f"two fields become the column `{name}`")
        if self._rules.discarded(self.sheet.name).get(name) is False:
            self.sheet.root.dropped[self.sheet.name, name] = _valued(cells)
            return []
        if name not in self._known:
            return [self.sheet.root_row(_first(cells))]
        fitted = fit(self._known[name], cells, self._rules)
        if fitted.variants:
            raise Unsure(f"`{name}` refuses a value")
        self._arrays[name] = fitted.array
        return []

    def filled(self, done: Mapping[str, Filled]) -> Filled:
        """Its arrays, linked to the table of its parent among those `done`."""
        sheet = self.sheet
        return Filled(
            sheet.name,
            sheet.rows,
            done[sheet.parent.name] if sheet.parent else None,
            pa.array(sheet.owner, pa.int64()) if sheet.parent else None,
            pa.array(sheet.index, pa.int64()) if sheet.parent else None,
            self._arrays,
            {name: cells.values for name, cells in sheet.columns.items()},
            tuple(name for name in sheet.columns if name not in self._known),
            sheet,
        )
