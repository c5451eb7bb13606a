"""Fits: whether rows fit the columns that the destination really has.

dlt knows a table as it made it. Somebody may have altered it since: a text shortened, a column that must have
a value, a narrower number. A database with an information schema is asked once for each table; what it would
refuse can then be told before the load. Not seen are constraints of its own (unique, check, foreign keys),
triggers, and a type that is another one altogether.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, cast

import pyarrow as pa
import pyarrow.compute as pc
from dlt.common.configuration.container import Container
from dlt.common.pipeline import PipelineContext
from dlt.destinations.job_client_impl import SqlJobClientBase

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dlt import Pipeline, Schema

    from restmill.shape.tables import Shaped

_ABLE = ("duckdb", "postgres")
"""Dialects of SQL, by dlt's names, whose information schema is read."""
_BITS = {"tinyint": 8, "smallint": 16, "integer": 32, "bigint": 64}
_QUERY = (
    "SELECT column_name, is_nullable, column_default, data_type, character_maximum_length,"
    " numeric_precision, numeric_scale FROM information_schema.columns"
    " WHERE table_schema = %s AND table_name = %s"
)
_DLTS = "_dlt_"


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the destination's."""

    name: str
    required: bool
    """It takes no null."""
    filled: bool
    """It has a default of its own."""
    longest: int | None
    """Characters of a text."""
    least: Decimal | None
    """The first number that is too large, either way; None: none is."""


class Fits:
    """The tables of one schema in the destination of the running pipeline."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._known: dict[str, Mapping[str, _Column]] = {}

    def unfit(self, tables: Iterable[Shaped]) -> str:
        """Which column cannot take a value of these rows, and why; "" when all of them fit.

        Raises:
            DestinationException: dlt's, when the destination cannot be asked.
        """
        return next(filter(None, (self._unfit(one.name, one.table) for one in tables if len(one.table))), "")

    def _unfit(self, name: str, table: pa.Table) -> str:
        stored = self._columns(name)
        given = {column.casefold(): table[column] for column in table.column_names}
        whys = (_why(column, given.get(column.name)) for column in stored.values())
        return next((f"`{name}.{column}` {why}" for column, why in zip(stored, whys, strict=True) if why), "")

    def _columns(self, table: str) -> Mapping[str, _Column]:
        if table not in self._known:
            with self._client() as client:
                self._known[table] = {} if client is None else _columns(client, table)
        return self._known[table]

    @contextmanager
    def _client(self) -> Iterator[SqlJobClientBase | None]:
        """A connection; None for a destination whose columns are not read."""
        pipeline = cast("Pipeline", Container()[PipelineContext].pipeline())
        made, _ = pipeline._get_destination_clients(self._schema)  # noqa: SLF001  # the public way wants a name that it knows
        with made as client:
            able = client.capabilities.sqlglot_dialect in _ABLE
            yield client if able and isinstance(client, SqlJobClientBase) else None


def _columns(client: SqlJobClientBase, table: str) -> Mapping[str, _Column]:
    _, schema, (name,) = client.sql_client._get_information_schema_components(table)  # noqa: SLF001  # dlt's own way to find it
    rows = client.sql_client.execute_sql(_QUERY, schema, name) or ()
    found = (_column(*row) for row in rows if not str(row[0]).startswith(_DLTS))
    return {one.name: one for one in found}


def _column(
    name: str, nullable: str, default: object, kind: str, longest: int | None, *number: int | None
) -> _Column:
    precision, scale = number
    least: Decimal | None = None
    kind = kind.casefold()
    if kind in _BITS:
        least = Decimal(2 ** (_BITS[kind] - 1))
    elif kind.startswith(("numeric", "decimal")) and precision is not None:
        least = Decimal(10) ** (precision - (scale or 0))
    return _Column(name.casefold(), nullable == "NO", default is not None, longest, least)


def _why(column: _Column, values: pa.ChunkedArray | None) -> str:
    """Why a column cannot take the values; None: there are none, and it gets what it has for that."""
    if values is None:
        return "lacks a value and may not" if column.required and not column.filled else ""
    if column.required and values.null_count:
        return "lacks a value and may not"
    kind = values.type
    if column.longest is not None and (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        longest = pc.max(pc.utf8_length(values)).as_py()
        if longest is not None and longest > column.longest:
            return f"holds {column.longest:,} characters, and the text has {longest:,}"
    numeric = pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_floating(kind)
    return "" if column.least is None or not numeric else _why_number(column.least, values)


def _why_number(least: Decimal, values: pa.ChunkedArray) -> str:
    bounds = pc.min_max(values).as_py()
    outer = [Decimal(one) for one in bounds.values() if one is not None]
    return f"holds numbers below {least:,} only" if any(abs(one) >= least for one in outer) else ""
