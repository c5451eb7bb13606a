"""Jobs in doubt: what a database may have committed without dlt's knowing is taken out before it is redone.

Between the commit and dlt's mark that a job is done lies a moment in which a process can die or an answer can
be lost. dlt writes the file again then: rows double, or, where the ids of rows are unique, the load is stuck
for good. So before a job is done again

- the rows of its file, which are known by their ids, are deleted from where it writes: the table, or the
  staging table;
- a merge without a key, which would only insert again, has its rows deleted by the ids in the staging tables;
  every other merge leaves what it has left before;
- a replacement that moves the staging tables themselves is done when the table has rows of this load.

A database that has lost its client may still be busy with it. So PostgreSQL's table is locked first, which
waits until whoever writes to it is done. Nothing of this costs a first try anything.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from dlt.common.configuration.container import Container
from dlt.common.schema.typing import C_DLT_ID, C_DLT_LOAD_ID, C_DLT_LOADS_TABLE_LOAD_ID
from dlt.common.schema.utils import get_columns_names_with_prop, get_nested_tables, has_table_seen_data
from dlt.common.storages.load_package import LoadPackageStateInjectableContext, ParsedLoadJobFileName
from dlt.destinations.job_client_impl import SqlJobClientBase

from restmill.load import dlt_patches
from restmill.load.destination.row_ids import ids_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dlt.common.schema import Schema
    from dlt.load.load import Load

DATABASES = frozenset({"duckdb", "motherduck", "postgres"})
"""Those whose loads are exact whatever interrupts them."""
_AT_ONCE = 2_000
"""Ids in one statement."""
_PATIENCE = "60s"
"""How long PostgreSQL waits for whoever still writes to the table."""


@contextmanager
def resuming(load: Load, schema: Schema) -> Iterator[None]:
    """Load a package within the block; of one that was begun before, the entry in `_dlt_loads` goes first."""
    container = Container()
    if LoadPackageStateInjectableContext in container:
        load_id = container[LoadPackageStateInjectableContext].load_id
        client = _client(load, schema)
        if client is not None and load.load_storage.begin_schema_update(load_id) is None:
            _forget_completion(client, load_id)
    yield


def done_before(load: Load, load_id: str, schema: Schema, file_path: str, *, restored: bool) -> bool:
    """A file is about to be written: if it may have been before, its rows are taken out again.

    Returns:
        Whether it was written before and must not be again.
    """
    job = ParsedLoadJobFileName.parse(file_path)
    client = _client(load, schema) if restored or job.retry_count else None
    if client is None or job.table_name not in client.schema.tables:
        return False
    if job.file_format == "sql":
        return _followed_up(client, job.table_name, load_id)
    path = load.load_storage.normalized_packages.storage.make_full_path(file_path)
    ids = ids_in(path, job.file_format, _name(client, C_DLT_ID))
    if ids:
        databases: Any = client  # those with staging tables have the method
        with load.maybe_with_staging_dataset(
            client, databases.should_load_data_to_staging_dataset(job.table_name)
        ):
            delete_rows(client, job.table_name, ids)
    return False


def _client(load: Load, schema: Schema) -> SqlJobClientBase | None:
    """A client of the destination, if it is one of `DATABASES`."""
    client = load.get_destination_client(schema)
    known = isinstance(client, SqlJobClientBase) and client.config.destination_type in DATABASES
    return cast("SqlJobClientBase", client) if known else None


def _forget_completion(client: SqlJobClientBase, load_id: str) -> None:
    with client:
        if client.is_storage_initialized():
            table = client.schema.loads_table_name
            column = client.sql_client.escape_column_name(_name(client, C_DLT_LOADS_TABLE_LOAD_ID))
            client.sql_client.execute_sql(f"DELETE FROM {_place(client, table)} WHERE {column} = %s", load_id)  # noqa: S608  # names are dlt's, quoted


def delete_rows(client: SqlJobClientBase, table: str, ids: Sequence[str]) -> None:
    """Delete rows by their ids, all or none.

    Raises:
        DestinationException: dlt's, when somebody writes to the table for a minute.
    """
    place, column = _place(client, table), client.sql_client.escape_column_name(_name(client, C_DLT_ID))
    literal: Any = client.capabilities.escape_literal
    with client, client.sql_client.begin_transaction():
        _wait_for_writers(client, place)
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            these = ", ".join(map(literal, some))  # DuckDB takes literals ten times faster than parameters
            client.sql_client.execute_sql(f"DELETE FROM {place} WHERE {column} IN ({these})")  # noqa: S608  # as above


def _wait_for_writers(client: SqlJobClientBase, place: str) -> None:
    if client.config.destination_type == "postgres":
        client.sql_client.execute_sql(f"SET LOCAL lock_timeout = '{_PATIENCE}'")
        client.sql_client.execute_sql(f"LOCK TABLE {place} IN SHARE ROW EXCLUSIVE MODE")


def _followed_up(client: SqlJobClientBase, root: str, load_id: str) -> bool:
    """Make it right to run the SQL of a root table again; True where that cannot be, because it has run."""
    table = cast("Any", client.prepare_load_table(root))
    if table["write_disposition"] == "merge":
        keyed = any(get_columns_names_with_prop(table, hint) for hint in ("primary_key", "merge_key"))
        if not keyed and table.get("x-merge-strategy", "delete-insert") == "delete-insert":
            _delete_merged(client, root)
        return False
    optimized = table.get("x-replace-strategy") == "staging-optimized"
    return optimized and client.config.destination_type == "postgres" and _has_rows_of(client, root, load_id)


def _delete_merged(client: SqlJobClientBase, root: str) -> None:
    """Delete the rows that a merge without a key has inserted, which are still in the staging tables."""
    databases: Any = client
    column = client.sql_client.escape_column_name(_name(client, C_DLT_ID))
    tables = get_nested_tables(client.schema.tables, root)
    names = [str(table["name"]) for table in tables if has_table_seen_data(table)]
    with databases.with_staging_dataset():
        staged = [_place(client, name) for name in names]
    with client, client.sql_client.begin_transaction():
        for name, place in zip(names, staged, strict=True):
            _wait_for_writers(client, _place(client, name))
            these = f"SELECT {column} FROM {place}"  # noqa: S608  # as above
            delete = f"DELETE FROM {_place(client, name)} WHERE {column} IN ({these})"  # noqa: S608  # as above
            client.sql_client.execute_sql(delete)


def _has_rows_of(client: SqlJobClientBase, root: str, load_id: str) -> bool:
    column = client.sql_client.escape_column_name(_name(client, C_DLT_LOAD_ID))
    with client:
        query = f"SELECT 1 FROM {_place(client, root)} WHERE {column} = %s LIMIT 1"  # noqa: S608  # as above
        return bool(client.sql_client.execute_sql(query, load_id))


def _place(client: SqlJobClientBase, table: str) -> str:
    return client.sql_client.make_qualified_table_name(table)


def _name(client: SqlJobClientBase, column: str) -> str:
    """One of dlt's own columns, as the schema names it."""
    return client.schema.naming.normalize_identifier(column)


dlt_patches.prepare_resume(resuming, done_before)
