"""The first load of a table goes straight into it: there is nothing yet that rows could be merged with.

dlt merges into an empty table as into a full one: into staging tables, and from there by deletes and
inserts. Where no key comes twice (`distinct_keys`) and the table and those nested in it are empty, an append
of the same files leaves the same rows, in half the time. dlt is told so for one package, by what it reads
when it prepares a table (`dlt_patches`); the schema stays as it is.

An append that is done twice doubles rows, and whoever dies between a file's commit and dlt's note of it does
it twice: `jobs_in_doubt` takes out what may have been written. But rows of others may have come meanwhile,
which a merge would have met. So the package's own state names the tables that are written straight, and
before the load goes on they are looked at again. For that each table has one file only.

The root table comes first: should the load never go on, nested rows without a root row would stay for ever,
because a merge finds them by it.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pyarrow.parquet as pq
from dlt.common.configuration.container import Container
from dlt.common.destination.client import WithStagingDataset
from dlt.common.schema.typing import C_DLT_ID, C_DLT_LOAD_ID
from dlt.common.schema.utils import (
    get_columns_names_with_prop,
    get_first_column_name_with_prop,
    get_nested_tables,
    get_root_table,
)
from dlt.common.storages.load_package import LoadPackageStateInjectableContext, ParsedLoadJobFileName
from dlt.destinations.job_client_impl import SqlJobClientBase

from restmill.load import dlt_patches
from restmill.load.destination import jobs_in_doubt as _in_doubt  # noqa: F401  # takes effect by being there
from restmill.load.merge import distinct_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dlt.common.destination.client import LoadJob
    from dlt.common.destination.typing import PreparedTableSchema
    from dlt.common.schema import Schema
    from dlt.load.load import Load

    from restmill.load.merge.distinct_keys import Proof

_NOTE = "restmill_straight"
"""The key in the state of a load package: a list of tables."""
_REFUSING = ("x-merge-source-filter", "x-merge-destination-scope")
"""Hints by which a merge is more than an insert."""


@dataclass(frozen=True, slots=True)
class _Loading:
    """A package that is being loaded."""

    tables: Mapping[str, str]
    """Those that are written straight, each with its root table."""


_NONE = _Loading({})
_open: dict[int, _Loading] = {}
"""By the id of the schema object that the package is loaded with."""


@contextmanager
def straight(load: Load, schema: Schema) -> Iterator[None]:
    """While the block loads the package, the tables that allow it are appended to."""
    container = Container()
    loading = _NONE
    if LoadPackageStateInjectableContext in container:
        package = container[LoadPackageStateInjectableContext]
        client: Any = load.get_destination_client(schema)
        noted = cast("list[str]", cast("Any", package.state).get(_NOTE, []))
        if noted:
            loading = _Loading(_with_roots(schema, _going_on(client, package, noted)))
        elif isinstance(client, SqlJobClientBase):
            loading = _Loading(_with_roots(schema, _beginning(client, package)))
    _open[id(schema)] = loading
    try:
        yield
    finally:
        del _open[id(schema)]


@contextmanager
def going_on(schema: Schema, tables: Iterable[str]) -> Iterator[None]:
    """While the block runs, these tables of a package are appended to, as its load began."""
    before = _open.get(id(schema))
    _open[id(schema)] = _Loading(_with_roots(schema, tables))
    try:
        yield
    finally:
        del _open[id(schema)]
        if before is not None:
            _open[id(schema)] = before


def noted_in(state: Any) -> list[str]:
    """By the state of a load package, the tables that it writes straight."""
    return list(state.get(_NOTE, []))


def appended(schema: Schema, table: PreparedTableSchema) -> None:
    """Make a prepared table one that is appended to, where it is written straight."""
    if table["name"] in _open.get(id(schema), _NONE).tables and table["write_disposition"] == "merge":
        table["write_disposition"] = "append"


def ready(files: Sequence[str], running: Sequence[LoadJob]) -> list[str]:
    """The files that may be written now: those of nested tables wait until their root table has its rows."""
    named = [(file, ParsedLoadJobFileName.parse(file).table_name) for file in files]
    owed = {table for _, table in named} | {job.job_file_info().table_name for job in running}
    roots = {table: root for loading in _open.values() for table, root in loading.tables.items()}
    waiting = {table for table, root in roots.items() if table != root and root in owed}
    return [file for file, table in named if table not in waiting]


def _undoing(client: SqlJobClientBase, name: str) -> str:
    """A statement that deletes the rows of a load, its only parameter, from one table.

    Those of a nested table may be there before their root rows: they are the ones without a root row of
    another load.
    """
    tables = client.schema.tables
    root = get_root_table(tables, name)
    place, load = _place(client, str(root["name"])), _column(client, C_DLT_LOAD_ID)
    if name == root["name"]:
        return f"DELETE FROM {place} WHERE {load} = %s"  # noqa: S608  # names of the schema's
    link = client.sql_client.escape_column_name(
        str(get_first_column_name_with_prop(tables[name], "root_key"))
    )
    kept = f"SELECT {_column(client, C_DLT_ID)} FROM {place} WHERE {load} <> %s"  # noqa: S608  # same
    return f"DELETE FROM {_place(client, name)} WHERE {link} NOT IN ({kept})"  # noqa: S608  # same


def _going_on(
    client: SqlJobClientBase, package: LoadPackageStateInjectableContext, noted: Sequence[str]
) -> list[str]:
    """Of the tables that an earlier attempt began to write straight, those that still can be.

    Where others have filled a table meanwhile, it is merged into, which may find their keys.
    """
    done = {job.table_name for state, job in _jobs(package) if state == "completed_jobs"}
    roots = _with_roots(client.schema, noted)
    with client:
        filled = {one for one in {*roots.values()} - done if _has_others(client, one, package.load_id)}
        merged = [table for table in noted if roots[table] in filled]
        for table in merged:
            client.sql_client.execute_sql(_undoing(client, table), package.load_id)
        if merged:
            _prepare_staging(client, merged)
    kept = [table for table in noted if table not in merged]
    if merged:
        cast("Any", package.state)[_NOTE] = kept
        package.commit()
    return kept


def _prepare_staging(client: SqlJobClientBase, tables: Sequence[str]) -> None:
    """Make empty staging tables: dlt does so when it begins with a package, and then these needed none."""
    assert isinstance(client, WithStagingDataset)
    with client.with_staging_dataset():
        client.initialize_storage()
        client.update_stored_schema(only_tables={*tables, *client.schema.dlt_table_names()})
        client.initialize_storage(truncate_tables=tables)


def _has_others(client: SqlJobClientBase, root: str, load_id: str) -> bool:
    """Whether a root table has rows of another load."""
    if not _existing(client, [root]):
        return False
    query = f"SELECT 1 FROM {_place(client, root)} WHERE {_column(client, C_DLT_LOAD_ID)} <> %s LIMIT 1"  # noqa: S608  # as above
    return bool(client.sql_client.execute_sql(query, load_id))


def _with_roots(schema: Schema, tables: Iterable[str]) -> dict[str, str]:
    return {table: str(get_root_table(schema.tables, table)["name"]) for table in tables}


def _beginning(client: SqlJobClientBase, package: LoadPackageStateInjectableContext) -> frozenset[str]:
    """The tables that a first attempt may write straight, noted in the package."""
    jobs = _jobs(package)
    if any(state != "new_jobs" or job.retry_count for state, job in jobs):
        return frozenset()
    found: set[str] = set()
    for root, proof in distinct_keys.proofs_of(client, package.load_id).items():
        chain = _chain(client.schema, root, proof)
        if chain and _one_file_each(package, chain, proof) and _all_empty(client, chain):
            found.update(chain)
    if found:
        cast("Any", package.state)[_NOTE] = sorted(found)
        package.commit()
    return frozenset(found)


def _chain(schema: Schema, root: str, proof: Proof) -> list[str]:
    """The root table and those nested in it that have rows; none where a merge would be more than inserts."""
    stored = schema.tables[root]
    odd: Mapping[str, Any] = cast("Mapping[str, Any]", stored)
    hard = get_columns_names_with_prop(stored, "hard_delete")
    if not proof.is_of_key(stored) or hard or any(odd.get(hint) for hint in _REFUSING):
        return []
    chain = [table for table in get_nested_tables(schema.tables, root) if proof.rows.get(str(table["name"]))]
    if not all(get_first_column_name_with_prop(table, "root_key") for table in chain[1:]):
        return []
    return [str(table["name"]) for table in chain]


def _one_file_each(package: LoadPackageStateInjectableContext, chain: Sequence[str], proof: Proof) -> bool:
    """Whether each table has one Parquet file, which holds all that was written to the table."""
    jobs = [job for _, job in _jobs(package) if job.table_name in chain]
    if Counter(job.table_name for job in jobs) != Counter(chain):
        return False
    return all(
        job.file_format == "parquet" and _rows_in(package, job) == proof.rows[job.table_name] for job in jobs
    )


def _rows_in(package: LoadPackageStateInjectableContext, job: ParsedLoadJobFileName) -> int:
    storage = package.storage
    path = storage.get_job_file_path(package.load_id, "new_jobs", job.file_name())
    return int(pq.read_metadata(storage.storage.make_full_path(path)).num_rows)


def _all_empty(client: SqlJobClientBase, chain: Sequence[str]) -> bool:
    with client:
        if not client.is_storage_initialized():
            return True
        for name in _existing(client, chain):
            rows = client.sql_client.execute_sql(f"SELECT 1 FROM {_place(client, name)} LIMIT 1")  # noqa: S608  # as above
            if rows:
                return False
    return True


def _existing(client: SqlJobClientBase, names: Sequence[str]) -> list[str]:
    if not names or not client.is_storage_initialized():
        return []
    return [name for name, columns in client.get_storage_tables(names) if columns]


def _place(client: SqlJobClientBase, name: str) -> str:
    return client.sql_client.make_qualified_table_name(name)


def _column(client: SqlJobClientBase, name: str) -> str:
    """One of dlt's own columns, as the schema names it, quoted."""
    return client.sql_client.escape_column_name(client.schema.naming.normalize_identifier(name))


def _jobs(package: LoadPackageStateInjectableContext) -> Sequence[tuple[str, ParsedLoadJobFileName]]:
    return package.storage.list_all_jobs_with_states(package.load_id)


dlt_patches.prepare_tables(appended, straight, ready)
