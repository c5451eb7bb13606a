"""Batches of records become Arrow tables: a root table and nested ones, as dlt would have made them.

A batch is shaped whole or not at all. Its columns are those of the schema, in the schema's order and with its
types, so that dlt takes the tables as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from restmill.shape.cells import fit
from restmill.shape.rules import Lesson, Unsure
from restmill.shape.sheets import take_apart

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from restmill.shape.rules import Column, Record, Rules
    from restmill.shape.sheets import Cells, Sheet


@dataclass(frozen=True, slots=True)
class Shaped:
    """One table of a batch."""

    name: str
    table: pa.Table
    empty: tuple[str, ...]
    """Columns that the records have and the schema lacks because no value was seen yet."""
    sheet: Sheet | None = field(default=None, repr=False, compare=False)
    """What it was made of; None when dlt's normaliser made it."""

    def first_records(self, columns: Iterable[str]) -> set[int]:
        """The numbers of the records that hold the first value of each of these columns.

        Raises:
            AssertionError: the table was not made of a sheet.
        """
        assert self.sheet is not None
        firsts = {pc.index(pc.is_valid(self.table[name]), pa.scalar(True)).as_py() for name in columns}
        return {self.sheet.root_row(row) for row in firsts if row >= 0}


def shape(records: Sequence[Record], rules: Rules) -> list[Shaped]:
    """The tables of a batch, parents first; a nested table without rows is left out.

    Raises:
        Lesson: the schema must learn from some of the records first; then call again.
        Unsure: only dlt's own normaliser knows what becomes of these records.
    """
    sheets = take_apart(records, rules)
    _refuse_unknown(sheets, rules)
    fitted = [_Fitting(sheet, rules) for sheet in sheets]
    missing = [row for one in fitted for row in one.fit()]
    if missing:
        raise Lesson(missing)
    ids: dict[str, pa.Array] = {}
    return [one.finish(records, ids) for one in fitted]


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


def _first(cells: Cells) -> int:
    return next(number for number, value in enumerate(cells.values) if value is not None)


class _Fitting:
    """One sheet on its way to a table."""

    def __init__(self, sheet: Sheet, rules: Rules) -> None:
        self._sheet = sheet
        self._rules = rules
        self._known = rules.columns(sheet.name)
        self._arrays: dict[str, pa.Array] = {}

    def fit(self) -> list[int]:
        """Convert all cells; the records that hold variants without a column."""
        missing: list[int] = []
        for name, cells in list(self._sheet.columns.items()):
            if not cells.types:
                continue
            fitted = fit(self._known[name], cells, self._rules)
            self._arrays[name] = fitted.array
            for variant, left in fitted.variants.items():
                missing += self._fit_variant(variant, left)
        return missing

    def _fit_variant(self, name: str, cells: Cells) -> list[int]:
        if name in self._sheet.columns:
            raise Unsure(f"two fields become the column `{name}`")
        if name not in self._known:
            return [self._sheet.root_row(_first(cells))]
        fitted = fit(self._known[name], cells, self._rules)
        if fitted.variants:
            raise Unsure(f"`{name}` refuses a value")
        self._arrays[name] = fitted.array
        return []

    def finish(self, records: Sequence[Record], ids: dict[str, pa.Array]) -> Shaped:
        """The table with its key columns; `ids` are the row ids of the sheets done before, by table."""
        sheet, system = self._sheet, self._rules.system
        if sheet.parent is None:
            fields = {name: cells.values for name, cells in sheet.columns.items()}
            own = self._rules.row_ids(records, fields)
            self._arrays[system.load_id] = pa.repeat(self._rules.load_id, sheet.rows)
        else:
            parents = ids[sheet.parent.name].take(pa.array(sheet.owner, pa.int64()))
            own = self._rules.nested_ids(parents, sheet.name, sheet.index)
            self._arrays[system.parent_id] = parents
            self._arrays[system.index] = pa.array(sheet.index, pa.int64())
            if self._rules.keeps_root_id():
                self._arrays[system.root_id] = self._roots(ids)
        ids[sheet.name] = self._arrays[system.row_id] = own
        empty = tuple(name for name in sheet.columns if name not in self._known)
        return Shaped(sheet.name, self._table(), empty, sheet)

    def _roots(self, ids: dict[str, pa.Array]) -> pa.Array:
        sheet = self._sheet
        rows = pa.array(range(sheet.rows), pa.int64())
        while sheet.parent is not None:
            rows = pa.array(sheet.owner, pa.int64()).take(rows)
            sheet = sheet.parent
        return ids[sheet.name].take(rows)

    def _table(self) -> pa.Table:
        strangers = self._arrays.keys() - self._known.keys()
        if strangers:
            raise Unsure(f"the schema has no column `{min(strangers)}`")
        arrays = [self._column(column) for column in self._known.values()]
        fields = [pa.field(column.name, column.type, column.nullable) for column in self._known.values()]
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields))

    def _column(self, column: Column) -> pa.Array:
        array = self._arrays.get(column.name)
        if array is None:
            array = pa.nulls(self._sheet.rows, column.type)
        if array.null_count and not column.nullable:
            raise Unsure(f"`{column.name}` lacks a value and may not")
        return array
