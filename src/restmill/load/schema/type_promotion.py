"""Numbers of one field in one column: a column of integers becomes one of doubles when a fraction comes.

dlt puts the fraction into a variant column. Here the column is widened instead, provided that it then holds
every value it has held before. A double holds all integers up to 2**53 and not all beyond. So a column with
an integer beyond is not widened, and in a column of doubles such an integer stands in a variant column, as it
is. Either way no number is rounded.

A column that the destination has is altered there at once: whether that can be done decides where the
fraction goes. A trial on a twin of the schema may be what asks for it; the live schema follows at once, too.
What was written of the column in the same step is written anew at its end (`columnar.rewrite`).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

import pyarrow as pa
import pyarrow.compute as pc
from dlt.common.schema.utils import is_complete_column
from dlt.common.typing import VARIANT_FIELD_FORMAT
from dlt.normalize.items_normalizers import JsonLItemsNormalizer

from restmill.events import Noted
from restmill.load.schema.contracts import let_in
from restmill.run.observers import tell
from restmill.shape.convert import EXACT

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, MutableMapping

    from dlt.common.schema import Schema
    from dlt.common.schema.typing import TColumnSchema, TTableSchemaColumns

    from restmill.path import Json
    from restmill.shape.tables import Shaped

BEYOND = "it holds integers beyond 2**53"
Key: TypeAlias = tuple[str, str]
"""A table and one of its columns."""


class Stored(Protocol):
    """What the destination has of the tables."""

    def types(self, columns: Collection[Key]) -> Mapping[Key, str]:
        """The types, as dlt names them, of those columns that exist there."""

    def widen(self, table: str, column: str) -> str:
        """Make an existing column of integers one of doubles; why that cannot be done, or ""."""


@dataclass(slots=True)
class Widening:
    """One extract step's widening of a root table and those nested in it: what is true of every schema."""

    stored: Stored
    declared: Collection[str] = ()
    """Columns of the root table whose type the config gives; they keep it."""
    old: Collection[Key] = ()
    """Columns of numbers that were there before the step."""
    live: Widener | None = None
    answers: dict[Key, str] = field(default_factory=dict)
    """What the destination has said to each column that it was asked to widen."""
    told: set[Key] = field(default_factory=set)

    def on(
        self, schema: Schema, root: str, tables: Iterable[str], known: MutableMapping[str, Any]
    ) -> Widener:
        """The widener of the live schema.

        Args:
            schema: what is changed when a column is widened.
            root: the root table's name.
            tables: its name, and those of the tables nested in it.
            known: what was derived from the schema; it is emptied when a column is widened.
        """
        self.old = [
            (table, name)
            for table in tables
            for name, column in schema.tables[table]["columns"].items()
            if is_complete_column(column) and column["data_type"] in {"bigint", "double"}
            if table != root or name not in self.declared
        ]
        self.live = Widener(self, schema, root, known)
        self.live.agree(self.stored.types(self.old))
        self.live.look_for_variants(self.old)
        return self.live

    def asked(self, key: Key) -> str:
        """Why the destination cannot widen the column; "" when it has, and the live schema with it."""
        if key not in self.answers:
            self.answers[key] = self.stored.widen(*key)
            if not self.answers[key] and self.live is not None:
                self.live.widen(key)
        return self.answers[key]


class Widener:
    """Which columns of one schema are widened: the live one's, or a twin's."""

    def __init__(self, step: Widening, schema: Schema, root: str, known: MutableMapping[str, Any]) -> None:
        self._step = step
        self._schema = schema
        self._root = root
        self._known = known
        self._beyond: set[Key] = set()
        """Columns that have had an integer beyond `EXACT` in this step."""
        self._done: set[Key] = set()
        self._unclosed: set[str] = set()

    def on(
        self, schema: Schema, root: str, _tables: Iterable[str], known: MutableMapping[str, Any]
    ) -> Widener:
        """That of a twin of the schema, which starts from what is known so far; see `Widening.on`."""
        made = Widener(self._step, schema, root, known)
        made._beyond = set(self._beyond)  # its own class
        return made

    def agree(self, stored: Mapping[Key, str]) -> None:
        """Let the schema say what the destination has: a run may have failed after widening a column."""
        for key, kind in stored.items():
            known = self._kind(key)
            if known != kind == "double" or (known != kind == "bigint" and self._step.stored.widen(*key)):
                self._set(key, kind)

    def look_for_variants(self, columns: Iterable[Key]) -> None:
        """Say which columns have their fractions beside them from earlier runs; these stay there."""
        for key in columns:
            if self._kind(key) == "bigint" and self._has_variant(key):
                self._tell_apart(key, self._why_not(key))

    def see(self, table: str, row: Mapping[str, Json]) -> None:
        """Remember which columns of a row hold an integer beyond what a double holds."""
        self._beyond |= {(table, name) for name, value in row.items() if _is_beyond(value)}

    def remember(self, tables: Iterable[Shaped]) -> None:
        """The same of whole tables."""
        for one in tables:
            for column in one.table.schema:
                if column.type == pa.int64() and not _all_fit(one.table[column.name]):
                    self._beyond.add((one.name, column.name))

    def meet_fraction(self, key: Key) -> None:
        """Widen a column of integers, for which a fraction would begin a variant column."""
        if self._kind(key) != "bigint" or not self._lets_in(*key):
            return
        why = self._why_not(key)
        if why:
            self._tell_apart(key, why)
        else:
            self.widen(key)

    def widen(self, key: Key) -> None:
        """Make the schema's column one of doubles."""
        if key in self._done:
            return
        self._done.add(key)
        self._set(key, "double")
        if self is self._step.live:
            self._unclosed.add(key[0])
            self._tell(key, f"`{'.'.join(key)}` became a column of doubles: a fraction came after integers")

    def as_now(self, name: str, table: pa.Table) -> pa.Table:
        """A table that was made before a column was widened, with doubles in that column."""
        schema = table.schema
        for number, column in enumerate(schema):
            if (name, column.name) in self._done and column.type == pa.int64():
                schema = schema.set(number, column.with_type(pa.float64()))
        return table if schema is table.schema else table.cast(schema)

    def tables(self) -> frozenset[str]:
        """The tables of which a column was widened in this step."""
        return frozenset(table for table, _ in self._done)

    def begins_anew(self, table: str) -> bool:
        """Whether the table was widened since this was asked last, so that its open file does not fit."""
        fresh = table in self._unclosed
        self._unclosed.discard(table)
        return fresh

    def _why_not(self, key: Key) -> str:
        table, column = key
        if table == self._root and column in self._step.declared:
            return "the config gives its type"
        if self._has_variant(key):
            return f"`{self._variant(column)}` is there already"
        if key in self._beyond:
            return BEYOND
        return self._step.asked(key) if key in self._step.old else ""

    def _kind(self, key: Key) -> str:
        """Dlt's name of the column's type; "" where it has none yet."""
        table: Any = self._schema.tables.get(key[0], {"columns": {}})
        return str(table["columns"].get(key[1], {}).get("data_type", ""))

    def _has_variant(self, key: Key) -> bool:
        return bool(self._kind((key[0], self._variant(key[1]))))

    def _lets_in(self, table: str, column: str) -> bool:
        """Whether the schema contract lets a further type in, as it would the variant column."""
        variant = self._variant(column)
        new: TColumnSchema = {"name": variant, "data_type": "double", "nullable": True, "variant": True}
        return let_in(self._schema, table, {variant: new}) is not None

    def _variant(self, column: str) -> str:
        return str(self._schema.naming.shorten_fragments(column, VARIANT_FIELD_FORMAT % "double"))

    def _set(self, key: Key, kind: str) -> None:
        self._schema.tables[key[0]]["columns"][key[1]]["data_type"] = cast("Any", kind)
        self._known.clear()

    def _tell_apart(self, key: Key, why: str) -> None:
        self._tell(key, f"`{'.'.join(key)}` keeps its integers, and fractions stand beside it: {why}")

    def _tell(self, key: Key, text: str) -> None:
        if key not in self._step.told:
            self._step.told.add(key)
            resource = str(self._schema.tables[self._root]["resource"])
            tell(Noted(resource, time.monotonic(), text))


class Guided(JsonLItemsNormalizer):
    """dlt's normaliser, which widens a column where it would begin a variant column for a fraction."""

    widener: Widener

    def guide(self, widener: Widener) -> None:
        """Widen by this one from now on, and round no integer."""
        self.widener = widener
        self._coerce_type = _exactly(self._coerce_type)

    def _coerce_row(self, table_name: str, parent_table: str, row: Mapping[str, Json]) -> Any:
        self.widener.see(table_name, row)
        return super()._coerce_row(table_name, parent_table, row)

    def _coerce_non_null_value(
        self,
        table_columns: TTableSchemaColumns,
        table_name: str,
        col_name: str,
        v: Json,
        is_variant: bool = False,
    ) -> Any:
        if isinstance(v, float) and not is_variant:
            self.widener.meet_fraction((table_name, col_name))
        return super()._coerce_non_null_value(table_columns, table_name, col_name, v, is_variant)


def _exactly(coerce: Callable[..., Any]) -> Callable[..., Any]:
    """Dlt's coercion, which rounds integers to doubles; those that it would round belong in a variant.

    A fraction so large that it is whole, too, is no integer: it widens the column.
    """

    def coerced(to_type: str, from_type: str, value: Json) -> Any:
        made = coerce(to_type, from_type, value)
        rounded = to_type == "double" and _is_rounded(from_type, value)
        if rounded or (to_type == "bigint" and from_type == "double" and _is_beyond(made)):
            raise ValueError(value)
        return made

    return coerced


def _is_rounded(kind: str, value: Json) -> bool:
    """Whether a number that is no fraction is one that a double may not hold."""
    match kind:
        case "bigint":
            return _is_beyond(int(value))
        case "decimal" | "wei":
            return bool(abs(value) > EXACT and Decimal(float(value)) != value)
        case "text":
            digits = value.strip().lstrip("+-")
            return bool(digits.isdecimal() and int(digits) > EXACT)
        case _:
            return False


def _is_beyond(value: Json) -> bool:
    return type(value) is int and not -EXACT <= value <= EXACT


def _all_fit(integers: pa.ChunkedArray) -> bool:
    ends = pc.min_max(integers)
    least, most = ends["min"].as_py(), ends["max"].as_py()
    return least is None or not (_is_beyond(least) or _is_beyond(most))
