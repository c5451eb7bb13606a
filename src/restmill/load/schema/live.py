"""dlt's schema as the ground that shaping stands on: its names, types and keys, and how it learns new ones.

Nothing of dlt's inference is written anew. What a batch adds to the schema is found out by dlt's own JSON
normaliser, run on the few records that hold the first value of each new column; conversions of single values
are dlt's own functions. The schema is the live one of the running extract step, so everything learnt is what
dlt would have learnt from the same records in its normalize step.
"""

from __future__ import annotations

import base64
import secrets
from copy import deepcopy
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa
from dlt.common.json import json, may_have_pua
from dlt.common.libs.pyarrow import columns_to_arrow, get_py_arrow_datatype
from dlt.common.normalizers.json import helpers
from dlt.common.normalizers.json.relational import DataItemNormalizer
from dlt.common.normalizers.utils import DLT_ID_LENGTH_BYTES
from dlt.common.schema.utils import (
    get_root_table,
    has_table_seen_data,
    is_complete_column,
    is_nullable_column,
)
from dlt.common.time import get_context_timezone_name, normalize_timezone
from dlt.common.typing import VARIANT_FIELD_FORMAT
from dlt.normalize.items_normalizers import JsonLItemsNormalizer

from restmill.load.schema.column_names import remembered
from restmill.load.schema.losses import Losses
from restmill.load.schema.type_promotion import Guided
from restmill.shape.column_names import Names
from restmill.shape.schema_view import Column, SystemNames, Unsure
from restmill.shape.tables import Shaped

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from dlt.common.destination import DestinationCapabilitiesContext
    from dlt.common.schema import Schema, TTableSchemaColumns
    from dlt.common.schema.typing import TTableSchema

    from restmill.load.destination.fits import Fits
    from restmill.load.schema.type_promotion import Widener, Widening
    from restmill.path import Json
    from restmill.shape.schema_view import Record


class _Caught:
    """dlt's item storage, as much of it as the JSON normaliser uses: rows by table."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Json]]] = {}

    def write_data_item(self, *item: Any) -> int:
        """Keep one row; the arguments are load id, schema name, table name, row and columns."""
        self.rows.setdefault(item[2], []).append(item[3])
        return 1


class _Config:
    """As much of dlt's normalize configuration as its JSON normaliser reads."""

    def __init__(self, caps: DestinationCapabilitiesContext) -> None:
        self.destination_capabilities = caps


class Ground:
    """The rules of one root table, and of the tables nested in it, in a live schema."""

    def __init__(
        self,
        schema: Schema,
        caps: DestinationCapabilitiesContext,
        load_id: str,
        table: str,
        widening: Widening | Widener | None = None,
    ) -> None:
        normalizer = schema.data_item_normalizer
        assert isinstance(normalizer, DataItemNormalizer)
        # What nested rows inherit was set when the extract step added the table, after it was made.
        normalizer._reset()  # noqa: SLF001  # dlt makes a new one for its normalize step
        self.table = table
        self.load_id = load_id
        self._schema = schema
        self._caps = caps
        self._normalizer = normalizer
        self._zone = get_context_timezone_name()
        self._known: dict[str, Mapping[str, Column]] = {}
        self._seen = has_table_seen_data(schema.tables[table])
        self._before = {name: set(schema.get_table_columns(name)) for name in self._tree()}
        self.widener = widening.on(schema, table, self._tree(), self._known) if widening else None
        """What makes columns of integers columns of doubles; None: fractions go where dlt puts them."""
        self._teacher = _teacher(schema, caps, load_id, self.widener)
        self.fits: Fits | None = None
        """What the destination has; None: nobody asks."""
        self.losses = Losses()
        """What does not stand where it belongs."""
        self.names = Names(self, remembered(schema, table))
        """Which field fills which column."""
        self.system = SystemNames(
            normalizer.c_dlt_id,
            normalizer.c_dlt_load_id,
            normalizer.c_dlt_root_id,
            normalizer.c_dlt_parent_id,
            normalizer.c_dlt_list_idx,
            normalizer.c_value,
        )

    @property
    def schema(self) -> Schema:
        """The live schema; only `learn` and `grow` change it."""
        return self._schema

    @property
    def resource(self) -> str:
        """The name of the resource whose table this is."""
        return str(self._schema.tables[self.table]["resource"])

    def grow(self, table: TTableSchema) -> None:
        """Give the schema a table, or a known one further columns, that no record has taught it."""
        self._schema.update_table(table, normalize_identifiers=False)
        self._known.clear()

    @property
    def minds_length(self) -> bool:
        """Whether the destination refuses texts that are longer than their column's precision."""
        return self._caps.sqlglot_dialect != "duckdb"

    @property
    def levels(self) -> int:
        """How deep tables may nest."""
        levels = self._normalizer._get_table_nesting_level(self.table, self._normalizer.max_nesting)  # noqa: SLF001  # dlt offers no public way to ask
        return 1000 if levels is None else int(levels)

    def twin(self) -> Ground:
        """The same on a copy of the schema."""
        made = Ground(self._schema.clone(), self._caps, self.load_id, self.table, self.widener)
        mine, its = self._teacher, made._teacher
        made.fits = self.fits
        made.names = self.names  # what is decided is decided, whether or not the schema learns from it
        its._filtered_tables = set(mine._filtered_tables)  # noqa: SLF001  # what the contract has refused
        its._filtered_tables_columns = deepcopy(mine._filtered_tables_columns)  # noqa: SLF001
        return made

    def learn(self, records: Sequence[Json], *, write: bool = False) -> None:
        """Give the schema every column that these records need, in their order, as dlt would.

        Raises:
            Unsure: dlt refuses a record. The schema has learnt from those before it.
        """
        self._known.clear()
        try:
            line = json.typed_dumpb(records)
            self._teacher._normalize_chunk(  # noqa: SLF001  # the one function that infers and coerces rows
                self.table, json.loadb(line), may_have_pua(line), skip_write=not write
            )
        except Exception as error:  # any of dlt's, and of Python's for odd objects
            raise Unsure("dlt refuses a record") from error

    def normalized(self, records: Sequence[Json]) -> list[Shaped]:
        """The tables of a batch the slow way: dlt's normaliser makes the rows, its types the columns.

        Raises:
            Unsure: dlt refuses a record.
        """
        caught = _Caught()
        self._teacher.item_storage = cast("Any", caught)
        with self.losses.counting(variants=False):  # those are in the tables
            self.learn(records, write=True)
        try:
            tables = {name: self._table(name, rows) for name, rows in caught.rows.items()}
            return [Shaped(name, table, self._empty(name)) for name, table in tables.items()]
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            raise Unsure("a value is beyond what its column can hold") from error

    def _table(self, name: str, rows: list[dict[str, Json]]) -> pa.Table:
        columns = self._schema.get_table_columns(name)
        texts = [column for column in self.columns(name).values() if column.data_type == "json"]
        for column in texts:
            for row in rows:
                value = row.get(column.name)
                if value is not None and not isinstance(value, str):
                    row[column.name] = self.encode(value)
        table = pa.Table.from_pylist(rows, schema=columns_to_arrow(columns, self._caps, self._zone))
        for field in table.schema:
            if table[field.name].null_count and not field.nullable:
                raise Unsure(f"`{name}.{field.name}` lacks a value and may not")
        return table

    def _empty(self, table: str) -> tuple[str, ...]:
        """The columns that dlt has seen without ever seeing a value."""
        seen = self._teacher.null_only_columns.get(table, set())
        return tuple(sorted(seen - self.columns(table).keys()))

    def owed(self, written: Collection[str]) -> list[str]:
        """The tables that need a file though no row is left for them.

        That is the root table if it has rows to be replaced, and each table that has got new columns.
        """
        return [
            name
            for name in self._tree()
            if name not in written
            and (
                (name == self.table and self._seen)
                or self._schema.get_table_columns(name).keys() - self._before.get(name, ())
            )
        ]

    def no_rows(self, table: str) -> pa.Table:
        """The table without rows."""
        return self._table(table, [])

    def _tree(self) -> list[str]:
        """The root table and all known tables nested in it."""
        tables = self._schema.tables
        return [name for name in tables if get_root_table(tables, name)["name"] == self.table]

    def stored(self, table: str) -> TTableSchemaColumns:
        """The table's columns as dlt keeps them."""
        return self._schema.get_table_columns(table)

    def field(self, key: str) -> str:
        """The name of a record's key as a column; dlt calls a blank key `_empty`."""
        blank = not key or key.isspace()
        return (
            self._normalizer.EMPTY_KEY_IDENTIFIER if blank else self._normalizer._normalize_identifier(key)  # noqa: SLF001  # with dlt's cache
        )

    def list_field(self, key: str) -> str:
        """The name of a record's key as a part of a nested table's name."""
        return self._normalizer._normalize_table_identifier(key)  # noqa: SLF001  # with dlt's cache

    def join(self, fragments: tuple[str, ...]) -> str:
        """One name out of names, shortened where the destination needs it."""
        return self._normalizer._shorten_fragments(*fragments)  # noqa: SLF001  # with dlt's cache

    def stays(self, table: str, column: str, level: int) -> bool:
        """Whether an object or a list in this column stays a value."""
        return self._normalizer._is_nested_type(table, column, level)  # noqa: SLF001  # dlt offers no public way

    def placed(self, table: str, column: str, keys: tuple[str, ...]) -> bool:
        """Whether the field at `keys` may fill a column, or a list a table."""
        return self.names.placed(table, column, keys)

    def place(self, table: str, column: str, keys: tuple[str, ...]) -> None:
        """The field fills the column from now on, or the list the table."""
        self.names.place(table, column, keys)

    def nested(self, table: str) -> bool:
        """Whether the table is, or would become, a nested one."""
        return self._normalizer._should_be_nested(table)  # noqa: SLF001  # dlt offers no public way to ask

    def has_refused(self) -> bool:
        """Whether the contract has refused anything so far."""
        return bool(self._teacher._filtered_tables or self._teacher._filtered_tables_columns)  # noqa: SLF001

    def discards(self, table: str) -> bool:
        """Whether the contract has refused the table."""
        return table in self._teacher._filtered_tables  # noqa: SLF001  # dlt's own record of it

    def discarded(self, table: str) -> Mapping[str, bool]:
        """The columns that the contract has refused so far, and whether their rows go with them."""
        refused = self._teacher._filtered_tables_columns.get(table, {})  # noqa: SLF001  # dlt's own record of it
        return {name: mode == "discard_row" for name, mode in refused.items()}

    def columns(self, table: str) -> Mapping[str, Column]:
        """The table's columns whose type is known, in their order; empty for an unknown table."""
        if table not in self._known:
            stored = self._schema.tables.get(table)
            columns = stored["columns"] if stored else {}
            self._known[table] = {
                name: Column(
                    name,
                    str(column["data_type"]),
                    get_py_arrow_datatype(column, self._caps, self._zone),
                    is_nullable_column(column),
                )
                for name, column in columns.items()
                if is_complete_column(column)
            }
        return self._known[table]

    def keeps_root_id(self) -> bool:
        """Whether rows of nested tables carry the id of their root row.

        Raises:
            Unsure: values are handed down to nested tables in some other way, too.
        """
        config = self._normalizer.propagation_config
        passed = helpers.get_propagation_mapping(config, self.table, True) if config else {}
        usual: Mapping[Any, Any] = {self.system.row_id: self.system.root_id}
        others = set(config.get("tables") or {}) - {self.table} if config else set()
        if (passed and passed != usual) or any(name.startswith(f"{self.table}__") for name in others):
            raise Unsure("nested rows take values from their parents")
        return bool(passed)

    def coerce(self, column: Column, value: Json) -> Json:
        """The value as the column's type.

        Raises:
            ValueError: it does not fit, so it belongs in a variant column.
            Unsure: dlt raises something else, or makes something that is no plain value.
        """
        kind = self._normalizer.py_type_to_sc_type(type(value))
        try:
            coerced = self._teacher._coerce_type(cast("Any", column.data_type), kind, value)  # noqa: SLF001
            if column.data_type == "timestamp":
                coerced = normalize_timezone(coerced, self._timezone(column))
        except SyntaxError as error:
            raise ValueError(column.name) from error
        except (TypeError, ArithmeticError, OverflowError, OSError) as error:  # OSError: of a time too late
            raise Unsure("dlt fails on a value") from error
        if callable(coerced) or column.data_type in {"json", "wei"}:
            raise Unsure("dlt makes an object of a value")
        return coerced

    def variant(self, column: str, value: Json) -> str:
        """The name of the column for values of this value's type that do not fit `column`."""
        kind = self._normalizer.py_type_to_sc_type(type(value))
        return str(self._schema.naming.shorten_fragments(column, VARIANT_FIELD_FORMAT % kind))

    def encode(self, value: Json) -> str:
        """An object or a list as JSON text, as dlt's Parquet writer writes it."""
        return json.dumps(value)

    def row_ids(self, records: Sequence[Record], fields: Mapping[str, Sequence[Json]]) -> pa.Array:
        """Ids of root rows: random, or a hash of the key or the record where the merge strategy needs it.

        Raises:
            Unsure: a record has no value for a key.
        """
        match self._row_id_type():
            case "key_hash":
                return pa.array(self._key_hashes(len(records), fields), pa.string())
            case "row_hash":
                return pa.array([helpers.get_row_hash(record) for record in records], pa.string())
            case _:
                return random_ids(len(records))

    def nested_ids(self, parents: pa.Array, table: str, index: pa.Array) -> pa.Array:
        """Ids of nested rows: dlt's hash of where they stand.

        Below a row with a random id such a hash is as random as its parent, so there it is not computed.
        """
        if self._row_id_type() == "random":
            return random_ids(len(index))
        pairs = zip(parents.to_pylist(), index.to_pylist(), strict=True)
        hashes = [helpers.get_nested_row_hash(parent, table, place) for parent, place in pairs]
        return pa.array(hashes, pa.string())

    def _key_hashes(self, count: int, fields: Mapping[str, Sequence[Json]]) -> list[str]:
        keys = self._normalizer._get_primary_key(self.table)  # noqa: SLF001  # dlt offers no public way to ask
        if any(key not in fields or None in fields[key] for key in keys):
            raise Unsure("a record has no value for its key")
        values = [fields[key] for key in keys]
        rows = zip(*values, strict=True) if values else iter([()] * count)
        return [helpers.get_row_hash(dict(zip(keys, row, strict=True)), subset=keys) for row in rows]

    def _row_id_type(self) -> str:
        return self._normalizer._get_root_row_id_type(self.table)  # noqa: SLF001  # dlt offers no public way to ask

    def _timezone(self, column: Column) -> bool:
        return bool(getattr(column.type, "tz", None))


def random_ids(count: int) -> pa.Array:
    """Random ids like dlt's, all at once: as many base64 characters as its ids have."""
    length = -(-DLT_ID_LENGTH_BYTES * 4 // 3)
    text = base64.b64encode(secrets.token_bytes(-(-count * length * 3 // 4)))
    ends = pa.arange(0, count * length + 1, length).cast(pa.int32())
    return pa.StringArray.from_buffers(count, ends.buffers()[1], pa.py_buffer(text))


def _teacher(
    schema: Schema, caps: DestinationCapabilitiesContext, load_id: str, widener: Widener | None
) -> JsonLItemsNormalizer:
    absent = cast("Any", None)  # storages: it is never asked to write
    kind = JsonLItemsNormalizer if widener is None else Guided
    made = kind(absent, absent, absent, schema, load_id, cast("Any", _Config(caps)))
    made._coerce_type = _within_64_bits(made._coerce_type)  # noqa: SLF001  # of this one normaliser only
    if widener is not None and isinstance(made, Guided):
        made.guide(widener)
    return made


def _within_64_bits(coerce: Callable[..., Any]) -> Callable[..., Any]:
    """Dlt's coercion, which makes integers that no column for integers holds; those belong in a variant."""

    def coerced(to_type: str, from_type: str, value: Json) -> Any:
        made = coerce(to_type, from_type, value)
        if to_type == "bigint" and not -(2**63) <= made < 2**63:
            raise ValueError(value)
        return made

    return coerced
