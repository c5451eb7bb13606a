"""Values that do not stand where they belong: counted over a run, and said in one note a column.

A value that does not fit its column stands in a variant column beside it, and the column is NULL; a number
that is not finite becomes NULL; null among the records becomes a row of nothing; a schema contract drops
values and rows. dlt does all of that without a word. The tables are the same here, and the receipt has the
numbers.

Where records go as columns, the finished tables are counted. Where dlt's normaliser makes rows, it is counted
as it makes them.
"""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from math import isfinite
from typing import TYPE_CHECKING

from dlt.common.schema.utils import get_root_table
from dlt.normalize.items_normalizers import JsonLItemsNormalizer

from restmill.events import Noted
from restmill.run.observers import tell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa
    from dlt import Pipeline
    from dlt.common.schema import Schema, TTableSchemaColumns
    from dlt.extract import DltSource

    from restmill.path import Json
    from restmill.shape.tables import Shaped

_VARIANT = "__v_"


class Losses:
    """What has been counted for some tables of one schema."""

    def __init__(self) -> None:
        self.variants: Counter[tuple[str, str]] = Counter()
        """By table and variant column, values in it."""
        self.dropped: Counter[tuple[str, str]] = Counter()
        """By table and column, values that a contract has dropped; by table and "", rows."""
        self._not_finite: Counter[tuple[str, str]] = Counter()
        self._nulls: Counter[str] = Counter()

    def look(self, records: Sequence[Json], table: str) -> None:
        """Count the numbers that are not finite in records, and those records that are null."""
        for record in records:
            if record is None:
                self._nulls[table] += 1
            else:
                for field in _not_finite(record, ""):
                    self._not_finite[table, field] += 1

    def count(self, name: str, table: pa.Table, stored: TTableSchemaColumns) -> None:
        """Count the values in the variant columns of a finished table."""
        for column in table.column_names:
            if stored[column].get("variant"):
                self.variants[name, column] += len(table) - table[column].null_count

    def refused(self, tables: Iterable[Shaped]) -> None:
        """Count what a contract has kept out of shaped tables."""
        for one in tables:
            if one.sheet is not None:
                self.dropped.update(one.sheet.dropped)

    @contextmanager
    def counting(self, *, variants: bool) -> Iterator[None]:
        """Count what dlt drops in this thread until the block ends, and its variants if asked."""
        token = _counting.set((self, variants))
        try:
            yield
        finally:
            _counting.reset(token)

    def tell(self, schema: Schema) -> None:
        """Say all that was counted, and begin anew."""
        for table, text in self._texts(schema.tables):
            if table in schema.tables:
                resource = get_root_table(schema.tables, table).get("resource") or table
                tell(Noted(str(resource), time.monotonic(), text))
        for counter in (self.variants, self.dropped, self._not_finite, self._nulls):
            counter.clear()

    def _texts(self, tables: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
        for (table, column), count in self.variants.items():
            columns = tables.get(table, {}).get("columns", {})
            if count and column in columns:  # a contract may have dropped it
                yield table, _variant(table, column, count, columns)
        for (table, field), count in self._not_finite.items():
            are = "are no finite numbers" if count > 1 else "is no finite number"
            yield table, f"{_values(count)} of `{field}` {are} (NaN, Infinity, 1e400), and NULL in the table"
        for table, count in self._nulls.items():
            are = "records are null, and each is a row" if count > 1 else "record is null, and is a row"
            yield table, f"{count:,} {are} without values"
        for (table, column), count in self.dropped.items():
            whose = f"of `{table}.{column}`" if column else f"for `{table}`"
            what = _values(count) if column else f"{count:,} row{'s' * (count != 1)}"
            above = table if table in tables else table.split("__")[0]
            yield above, f"the schema contract dropped {what} {whose}"


@contextmanager
def losses_as_events(pipeline: Pipeline, source: DltSource | None = None) -> Iterator[None]:
    """Count what dlt's normalize step does in the block, and say it at the end.

    What a contract keeps away as a whole table never came to that step; with the `source` this is said, too.
    """
    losses = Losses()
    with losses.counting(variants=True):
        yield
    for name in pipeline.schema_names:
        losses.tell(pipeline.schemas[name])
    for name in _kept_away(source) if source else ():
        text = "the schema contract keeps the table away: none of its rows are loaded"
        tell(Noted(name, time.monotonic(), text))


def _kept_away(source: DltSource) -> list[str]:
    """The resources whose table a contract has not let into the schema."""
    found = []
    for name, resource in source.resources.selected.items():
        contract: Json = resource.schema_contract or source.schema_contract or {}
        mode = contract.get("tables") if isinstance(contract, dict) else contract
        if str(mode).startswith("discard") and not resource.has_dynamic_table_name:
            table = source.schema.naming.normalize_table_identifier(str(resource.table_name))
            found += [name] if table not in source.schema.tables else []
    return found


_counting: ContextVar[tuple[Losses, bool] | None] = ContextVar("counting", default=None)


def _variant(table: str, column: str, count: int, columns: Mapping[str, Json]) -> str:
    base = column.rpartition(_VARIANT)[0]
    kind = columns.get(base, {}).get("data_type", "")
    type_ = f", {kind}," if kind else ""
    seconds = "; a number is read as seconds" if kind == "timestamp" else ""
    fit = "do not fit its type" if count > 1 else "does not fit its type"
    stand = "stand" if count > 1 else "stands"
    return (
        f"{_values(count)} of `{table}.{base or column}` {fit}{type_} and {stand} in `{column}` "
        f"instead{seconds}"
    )


def _values(count: int) -> str:
    return f"{count:,} value{'s' * (count != 1)}"


def _not_finite(value: Json, path: str) -> Iterator[str]:
    """The place of each such number."""
    kind = type(value)
    if kind is float:
        if not isfinite(value):
            yield path
    elif kind is dict:
        for key, one in value.items():
            yield from _not_finite(one, f"{path}.{key}" if path else str(key)) if type(one) in _DEEP else ()
    elif kind is list:
        for one in value:
            yield from _not_finite(one, f"{path}[]") if type(one) in _DEEP else ()


_DEEP = frozenset((float, dict, list))
_coerce = JsonLItemsNormalizer._coerce_non_null_value  # noqa: SLF001  # dlt counts none of it
_filter = JsonLItemsNormalizer._filter_columns  # noqa: SLF001  # same
_chunk = JsonLItemsNormalizer._normalize_chunk  # noqa: SLF001  # same


@wraps(_coerce)
def _coerced(
    self: JsonLItemsNormalizer,
    columns: TTableSchemaColumns,
    table: str,
    column: str,
    value: Json,
    is_variant: bool = False,
) -> Json:
    made = _coerce(self, columns, table, column, value, is_variant)
    now = _counting.get()
    if is_variant and now is not None and now[1]:
        now[0].variants[table, column] += 1
    return made


@wraps(_filter)
def _filtered(self: JsonLItemsNormalizer, filtered: Json, row: dict[str, Json]) -> Json:
    now = _counting.get()
    lost = [name for name in filtered if row.get(name) is not None] if now is not None else []
    made: Json = _filter(self, filtered, row)
    if now is not None and (lost or made is None):
        known = self._filtered_tables_columns.items()  # as above
        table = next((name for name, one in known if one is filtered), "")
        for name in lost if made is not None else [""]:
            now[0].dropped[table, name] += 1
    return made


class _Refused(set[str]):
    """Tables that a contract keeps away; each time dlt asks for one, a row of it is dropped."""

    def add(self, name: str) -> None:
        """The table, whose first row is dropped, too."""
        super().add(name)
        _drop(name)

    def __contains__(self, name: object) -> bool:
        found = super().__contains__(name)
        if found:
            _drop(str(name))
        return found


def _drop(table: str) -> None:
    now = _counting.get()
    if now is not None:
        now[0].dropped[table, ""] += 1


@wraps(_chunk)
def _normalized(self: JsonLItemsNormalizer, *args: Json, **keys: Json) -> Json:
    if _counting.get() is not None and not isinstance(self._filtered_tables, _Refused):  # as above
        self._filtered_tables = _Refused(self._filtered_tables)  # as above
    return _chunk(self, *args, **keys)


JsonLItemsNormalizer._coerce_non_null_value = _coerced  # type: ignore[method-assign, assignment]  # noqa: SLF001  # as above
JsonLItemsNormalizer._filter_columns = _filtered  # type: ignore[method-assign, assignment]  # noqa: SLF001  # as above
JsonLItemsNormalizer._normalize_chunk = _normalized  # type: ignore[method-assign]  # noqa: SLF001  # as above
