"""Table hints: how dlt stores a resource (dlt's `TResourceHintsBase` and the types it is made of).

These are checked here and handed to dlt as they were written, so the blocks below only name the keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from restmill.config.model.kinds import (
    Anything,
    Block,
    Choice,
    Flag,
    Function,
    Instance,
    Keys,
    Listing,
    OneOf,
    Table,
    Text,
    Whole,
    block,
    key,
    keys_of,
)
from restmill.config.model.opaque import Opaque

if TYPE_CHECKING:
    from restmill.path import Json

DATA_TYPES = (
    "text",
    "double",
    "bool",
    "timestamp",
    "bigint",
    "binary",
    "json",
    "decimal",
    "wei",
    "date",
    "time",
)
DISPOSITIONS = ("append", "merge", "replace", "skip")
STRATEGIES = ("delete-insert", "scd2", "upsert", "insert-only", "cdc")
EVOLUTION = Choice(("evolve", "discard_value", "freeze", "discard_row"))

NAMES = OneOf((Text(), Listing(Text(), plain=True), Function()))
_TABLE_NAME = OneOf((Text(), Function()))
_ANY = Anything()
_FLAG = Flag()


@block
class Column(Block):
    """One column of a table."""

    name: str | None = key("Column name.", Text(), default=None)
    data_type: str | None = key("dlt's data type.", Choice(DATA_TYPES), default=None)
    nullable: bool | None = key("Whether NULL is allowed.", _FLAG, default=None)
    precision: int | None = key("Digits, or length of a text.", Whole(0), default=None)
    scale: int | None = key("Digits after the decimal point.", Whole(0), default=None)
    timezone: bool | None = key("Whether a timestamp has a time zone.", _FLAG, default=None)
    description: str | None = key("What the column means.", Text(empty=True), default=None)
    partition: bool | None = key("Partition the table by this column.", _FLAG, default=None)
    cluster: bool | None = key("Cluster the table by this column.", _FLAG, default=None)
    unique: bool | None = key("Values are unique.", _FLAG, default=None)
    sort: bool | None = key("Sort the table by this column.", _FLAG, default=None)
    primary_key: bool | None = key("Part of the primary key.", _FLAG, default=None)
    merge_key: bool | None = key("Part of the merge key.", _FLAG, default=None)
    row_key: bool | None = key("Identifies the row.", _FLAG, default=None)
    parent_key: bool | None = key("Refers to the parent table's row key.", _FLAG, default=None)
    root_key: bool | None = key("Refers to the root table's row key.", _FLAG, default=None)
    variant: bool | None = key(
        "Holds values of another type than the column it belongs to.", _FLAG, default=None
    )
    hard_delete: bool | None = key("Marks records to delete on merge.", _FLAG, default=None)
    dedup_sort: str | None = key("Which duplicate a merge keeps.", Choice(("asc", "desc")), default=None)
    incremental: bool | None = key("Holds the incremental cursor.", _FLAG, default=None)


@block
class NamedColumn(Column):
    """One column of a table, in a list of columns."""

    name: str = key("Column name.", Text())


@block
class WriteDisposition(Block):
    """A write disposition with its strategy and options."""

    disposition: str = key("What happens to the rows already there.", Choice(DISPOSITIONS))
    strategy: str | None = key("How `merge` is done.", Choice(STRATEGIES), default=None)
    deduplicated: bool | None = key(
        "`delete-insert`: the loaded rows have no duplicates.", _FLAG, default=None
    )
    source_filter: str | None = key(
        "SQL condition that selects the loaded rows to merge.", Text(), default=None
    )
    destination_scope: str | None = key(
        "SQL condition that selects the rows a merge may delete or retire.", Text(), default=None
    )
    skip_unchanged_rows: bool | None = key(
        "`upsert`, `cdc`: leave rows alone that did not change.", _FLAG, default=None
    )
    row_version_column_name: str | None = key("Column that changes when a row changes.", Text(), default=None)
    validity_column_names: list[str] | None = key(
        "`scd2`: the two columns valid-from and valid-to.", Listing(Text(), plain=True), default=None
    )
    active_record_timestamp: Json = key("`scd2`: valid-to of active rows.", _ANY, default=None)
    boundary_timestamp: Json = key("`scd2`: where old rows end and new ones begin.", _ANY, default=None)


@block
class SchemaContract(Block):
    """What may change in the schema while loading."""

    tables: str | None = key("New tables.", EVOLUTION, default=None)
    columns: str | None = key("New columns.", EVOLUTION, default=None)
    data_type: str | None = key("Values that do not fit a column's type.", EVOLUTION, default=None)


@block
class TableReference(Block):
    """How columns of the table refer to another table."""

    label: str | None = key("What the relation means.", Text(empty=True), default=None)
    cardinality: str | None = key(
        "How many rows stand on each side.",
        Choice(
            tuple(
                f"{left}_to_{right}" for left in ("zero", "one", "many") for right in ("zero", "one", "many")
            )[1:]
        ),
        default=None,
    )
    columns: list[str] = key("Columns of this table.", Listing(Text(), plain=True))
    referenced_table: str = key("The other table.", Text())
    referenced_columns: list[str] = key(
        "The other table's columns, in the same order.", Listing(Text(), plain=True)
    )
    table: str | None = key("This table.", Text(), default=None)


_COLUMN = Keys(Column, plain=True, extensions=True)
_NAMED = Keys(NamedColumn, plain=True, extensions=True)


@block
class SharedHints(Block):
    """Hints that root tables and nested tables have in common."""

    write_disposition: Any = key(
        "What happens to the rows already there: a word, or a mapping with options; `append` when not given.",
        OneOf((Choice(DISPOSITIONS), Keys(WriteDisposition, plain=True), Function())),
        default=None,
    )
    primary_key: Any = key("Column or columns that identify a row.", NAMES, default=None)
    merge_key: Any = key("Column or columns whose equal rows a merge replaces.", NAMES, default=None)
    columns: Any = key(
        "Columns: a mapping by name, a list, or a Pydantic model.",
        OneOf(
            (Table(_COLUMN), Listing(_NAMED, plain=True), Function(), Instance("a Pydantic model or schema"))
        ),
        default=None,
    )
    schema_contract: Any = key(
        "What may change in the schema while loading.",
        OneOf((EVOLUTION, Keys(SchemaContract, plain=True), Function())),
        default=None,
    )
    table_format: Any = key(
        "Table format of the destination.",
        OneOf((Choice(("iceberg", "delta", "hive", "native")), Function())),
        default=None,
    )
    file_format: Any = key(
        "Format of the files that are loaded.",
        OneOf(
            (
                Choice(
                    (
                        "preferred",
                        "jsonl",
                        "typed-jsonl",
                        "insert_values",
                        "parquet",
                        "csv",
                        "reference",
                        "model",
                    )
                ),
                Function(),
            )
        ),
        default=None,
    )
    references: Any = key(
        "References to other tables.",
        OneOf((Listing(Keys(TableReference, plain=True), plain=True), Function())),
        default=None,
    )


@block
class NestedHints(SharedHints):
    """Hints for one nested table."""

    parent_table_name: Any = key("Parent of the table, where dlt would skip it.", _TABLE_NAME, default=None)


@block
class TableHints(SharedHints):
    """Hints for a resource's root table, and for its nested tables."""

    table_name: Any = key(
        "Table name, or a function of the record; the resource's name when not given.",
        _TABLE_NAME,
        default=None,
    )
    nested_hints: Any = key(
        "Hints for nested tables, by their path under the root.",
        OneOf((Table(Keys(NestedHints, plain=True)), Function())),
        default=None,
    )
    max_table_nesting: int | None = key(
        "How deep nested lists become tables; deeper ones stay JSON.", Whole(0), default=None
    )
    selected: bool | None = key(
        "Whether the resource is loaded; its children may be, all the same.", _FLAG, default=None
    )
    parallelized: bool | None = key(
        "dlt's thread-pool hint; restmill reads in parallel anyway.", _FLAG, default=None
    )

    @property
    def hints(self) -> dict[str, Any]:
        """The hints that were given, as keyword arguments for `dlt.resource`."""
        values = {name: getattr(self, name) for name in keys_of(TableHints)}
        return {
            name: value.value if isinstance(value, Opaque) else value
            for name, value in values.items()
            if value is not None
        }
