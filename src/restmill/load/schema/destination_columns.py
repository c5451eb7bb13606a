"""The columns that the destination has: which types they are of there, and how one is widened.

dlt adds columns to tables and never changes one. The two statements here are those of DuckDB and of
PostgreSQL; everywhere else columns keep their types, and so do those of files.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from dlt.common.configuration.container import Container
from dlt.common.destination.exceptions import DestinationException
from dlt.common.pipeline import PipelineContext
from dlt.destinations.job_client_impl import SqlJobClientWithStagingDataset

from restmill.load.schema.type_promotion import BEYOND, Key
from restmill.shape.convert import EXACT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from dlt import Pipeline, Schema

_ABLE = ("duckdb", "postgres")
"""Dialects of SQL, by dlt's names, in which a column's type can be changed, and undone with all the rest."""
_PATIENCE = "SET LOCAL lock_timeout = '30s'"
_LONGEST_REASON = 200


class StoredColumns:
    """The columns of a schema, known to the running pipeline or not yet, in the destination of that."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def types(self, columns: Collection[Key]) -> Mapping[Key, str]:
        """The types, as dlt names them, of those columns that exist; none where no type can be changed.

        Raises:
            DestinationException: dlt's, when the destination cannot be asked.
        """
        if not columns:
            return {}
        with self._client() as client:
            if client is None:
                return {}
            tables = _types(client, *{table for table, _ in columns})
            kinds = {key: tables[key[0]].get(_fold(client, key[1]), "") for key in columns}
            return {key: kind for key, kind in kinds.items() if kind}

    def widen(self, table: str, column: str) -> str:
        """Make a column of integers one of doubles, in the staging dataset, too, wherever it exists.

        Returns why that cannot be done; nothing has changed then.
        """
        if _pipeline().has_pending_data:
            return "an earlier package has not been loaded yet"
        with self._client() as client:
            if client is None:
                return "the destination's columns keep their types"
            try:
                return _widen_both(client, table, column)
            except DestinationException as error:
                said = next(iter(str(error).splitlines()), type(error).__name__)
                return f"the destination refuses: {said[:_LONGEST_REASON]}"

    @contextmanager
    def _client(self) -> Iterator[SqlJobClientWithStagingDataset | None]:
        """A connection; None for a destination whose columns keep their types."""
        made, _ = _pipeline()._get_destination_clients(self._schema)  # noqa: SLF001  # the public way wants a name that it knows
        with made as client:
            able = client.capabilities.sqlglot_dialect in _ABLE
            yield client if able and isinstance(client, SqlJobClientWithStagingDataset) else None


def _pipeline() -> Pipeline:
    return cast("Pipeline", Container()[PipelineContext].pipeline())


def _widen_both(client: SqlJobClientWithStagingDataset, table: str, column: str) -> str:
    """Widen the column in the dataset and in the staging dataset, or in neither; why not, or ""."""
    with client.sql_client.begin_transaction():
        why = _widen(client, table, column, staging=False)
        if not why:
            with client.with_staging_dataset():
                _widen(client, table, column, staging=True)
        return why


def _types(client: SqlJobClientWithStagingDataset, *tables: str) -> Mapping[str, Mapping[str, str]]:
    """By table and column, in the case that the destination compares names in, dlt's name of its type."""
    return {
        table: {_fold(client, name): str(one.get("data_type")) for name, one in columns.items()}
        for table, columns in client.get_storage_tables(tables)
    }


def _fold(client: SqlJobClientWithStagingDataset, name: str) -> str:
    return name if client.capabilities.generates_case_sensitive_identifiers() else name.casefold()


def _widen(client: SqlJobClientWithStagingDataset, table: str, column: str, *, staging: bool) -> str:
    """Widen the column of one table, within a transaction. What is in staging is about to be dropped."""
    sql = client.sql_client
    kind = _types(client, table)[table].get(_fold(client, column), "")
    if kind in {"", "double"}:
        return ""
    if kind != "bigint":
        return f"the destination has it as {kind}"
    name, field = sql.make_qualified_table_name(table), sql.escape_column_name(column)
    if client.capabilities.sqlglot_dialect == "postgres":
        sql.execute_sql(_PATIENCE)
        sql.execute_sql(f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE")
    rows = sql.execute_sql(f"SELECT MIN({field}), MAX({field}) FROM {name}")  # noqa: S608  # quoted names
    least, most = (rows or [(None, None)])[0]
    if not staging and least is not None and not -EXACT <= least <= most <= EXACT:
        return BEYOND
    wide = client.type_mapper.to_destination_type({"data_type": "double"}, client.prepare_load_table(table))
    sql.execute_sql(f"ALTER TABLE {name} ALTER COLUMN {field} TYPE {wide}")
    return ""
