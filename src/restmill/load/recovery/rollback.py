"""Undone: what a load that was refused in part has already put into the destination goes out again.

Rows that were appended, by the id of their load, and with them those nested in them. A table that the load
has made and that is empty goes as a whole, or its columns would keep the types of a config that was wrong; so
do new columns in a table that was there before, and copies in the staging dataset, which are of no use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlt.common.destination.client import WithStagingDataset
from dlt.common.schema.typing import C_DLT_LOAD_ID
from dlt.common.schema.utils import get_first_column_name_with_prop, get_inherited_table_hint
from dlt.destinations.job_client_impl import SqlJobClientBase

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from dlt import Pipeline
    from dlt.common.schema import Schema
    from dlt.common.storages.load_package import PackageStorage

_STRAIGHT = "restmill_straight"


def undo(
    pipeline: Pipeline, packages: PackageStorage, load_id: str, schema: Schema, tables: Collection[str]
) -> bool:
    """Take out of these tables the rows that the load has appended; says whether none are left."""
    state: Any = packages.get_load_package_state(load_id)
    straight = state.get(_STRAIGHT, [])
    jobs = packages.get_load_package_jobs(load_id)
    begun = (*jobs["completed_jobs"], *jobs["started_jobs"])  # a started one may have been committed
    done = {job.table_name for job in begun}
    filled = [name for name in tables if name in done and (name in straight or _is_appended(schema, name))]
    if not filled:
        return True
    with pipeline._get_destination_clients(schema)[0] as client:  # noqa: SLF001  # the public way wants a name that it knows
        if not isinstance(client, SqlJobClientBase):
            return False
        for name in _existing(client, [one for one in tables if _is_of_loads(schema, one)]):
            sql = _undoing(client, schema, name)
            client.sql_client.execute_sql(sql, *([] if schema.tables[name].get("parent") else [load_id]))
    return True


def _is_of_loads(schema: Schema, name: str) -> bool:
    """Whether rows of the table, or of those above it, name their load; not all of dlt's own do."""
    load = schema.naming.normalize_identifier(C_DLT_LOAD_ID)
    return bool(schema.tables[name].get("parent")) or load in schema.tables[name]["columns"]


def _is_appended(schema: Schema, name: str) -> bool:
    disposition = get_inherited_table_hint(schema.tables, name, "write_disposition", allow_none=True)
    return bool(disposition == "append")


def _undoing(client: SqlJobClientBase, schema: Schema, name: str) -> str:
    """Deletes from a root table the rows of a load, its parameter; of a nested one those without parents."""
    quoted, place = client.sql_client.escape_column_name, client.sql_client.make_qualified_table_name(name)
    above = schema.tables[name].get("parent")
    if not above:
        load = quoted(schema.naming.normalize_identifier(C_DLT_LOAD_ID))
        return f"DELETE FROM {place} WHERE {load} = %s"  # noqa: S608  # names of the schema's
    key = str(get_first_column_name_with_prop(schema.tables[name], "parent_key"))
    row = str(get_first_column_name_with_prop(schema.tables[above], "row_key"))
    parents = f"SELECT {quoted(row)} FROM {client.sql_client.make_qualified_table_name(above)}"  # noqa: S608  # same
    return f"DELETE FROM {place} WHERE {quoted(key)} NOT IN ({parents})"  # noqa: S608  # same


def forget_tables(
    pipeline: Pipeline, schema: Schema, tables: Collection[str], known: Mapping[str, Any]
) -> None:
    """Drop what the schema did not know before: empty tables, columns without a value, copies in staging."""
    with pipeline._get_destination_clients(schema)[0] as client:  # noqa: SLF001  # as above
        if not isinstance(client, SqlJobClientBase) or not client.is_storage_initialized():
            return
        stored = list(_stored(client, tables))
        for name, columns in stored:
            if name in known:
                _drop_columns(client, name, [one for one in columns if one not in known[name]["columns"]])
        # dlt looks no further where the destination knows the schema already, so it must forget that, too
        client.drop_tables(*(name for name, _ in stored if name not in known and _is_empty(client, name)))
        if isinstance(client, WithStagingDataset):
            _forget_staged(client, tables)


def _forget_staged(client: SqlJobClientBase, tables: Collection[str]) -> None:
    assert isinstance(client, WithStagingDataset)
    with client.with_staging_dataset():
        if client.is_storage_initialized():
            client.drop_tables(*_existing(client, tables))


def _is_empty(client: SqlJobClientBase, name: str) -> bool:
    place = client.sql_client.make_qualified_table_name(name)
    return not client.sql_client.execute_sql(f"SELECT 1 FROM {place} LIMIT 1")  # noqa: S608  # as above


def _drop_columns(client: SqlJobClientBase, name: str, columns: Sequence[str]) -> None:
    """Drop those of the columns that have no value: dlt has added them for the load."""
    sql = client.sql_client
    place = sql.make_qualified_table_name(name)
    for column in columns:
        field = sql.escape_column_name(column)
        if not sql.execute_sql(f"SELECT 1 FROM {place} WHERE {field} IS NOT NULL LIMIT 1"):  # noqa: S608  # as above
            sql.execute_sql(f"ALTER TABLE {place} DROP COLUMN {field}")


def _stored(client: SqlJobClientBase, names: Collection[str]) -> Iterator[tuple[str, list[str]]]:
    """The tables that exist, each with those of the schema's columns that do."""
    for name, columns in list(client.get_storage_tables(list(names))):
        if columns:
            yield name, [one for one in columns if one in client.schema.tables[name]["columns"]]


def _existing(client: SqlJobClientBase, names: Collection[str]) -> list[str]:
    return [name for name, _ in _stored(client, names)] if names else []
