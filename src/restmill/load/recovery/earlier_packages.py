"""Earlier packages: what a run has read and not loaded the next one loads first, and its receipt says so.

dlt would load it instead of reading the API. A run that was killed may also have committed what it read and
saved neither the columns that it met nor the cursors that it moved. Both are in the package: the schema is
saved before dlt goes on, and the state comes back from the destination with the package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlt.destinations.job_client_impl import SqlJobClientBase

from restmill.load.receipt.runs_table import TABLE
from restmill.load.recovery.signals import heeding_signals
from restmill.run.receipt.receipt import Earlier

if TYPE_CHECKING:
    from dlt import Pipeline


def load_earlier(pipeline: Pipeline) -> tuple[Earlier, ...]:
    """Restore state from the destination and load what earlier runs have read; nothing is read here.

    Raises:
        PipelineStepFailed: dlt's, when it cannot be loaded.
    """
    packages = [*pipeline.list_extracted_load_packages(), *pipeline.list_normalized_load_packages()]
    if not packages:
        pipeline.run()
        return ()
    _save_schemas(pipeline)
    with heeding_signals(pipeline):
        if pipeline.first_run:  # dlt would throw it away: its dataset is not there yet
            pipeline.normalize()
            pipeline.load()
        pipeline.run()
    if pipeline.config.restore_from_destination:
        pipeline.sync_destination()
    return tuple(Earlier(load_id, _rows_of(pipeline, load_id)) for load_id in sorted(set(packages)))


def _save_schemas(pipeline: Pipeline) -> None:
    """Save the schemas of extracted packages that are newer than those the pipeline has."""
    extracted = pipeline._get_normalize_storage().extracted_packages  # noqa: SLF001  # dlt shows packages, not their schemas
    for load_id in pipeline.list_extracted_load_packages():
        schema = extracted.load_schema(load_id)
        if schema.name in pipeline.schemas and schema.version > pipeline.schemas[schema.name].version:
            pipeline.schemas.save_schema(schema)


def _rows_of(pipeline: Pipeline, load_id: str) -> dict[str, int]:
    """By root table, the rows of a load; none where the destination cannot be asked."""
    destination: Any = pipeline.destination
    if not issubclass(destination.client_class, SqlJobClientBase) or not pipeline.default_schema_name:
        return {}
    found = {}
    with pipeline.destination_client() as client:
        assert isinstance(client, SqlJobClientBase)
        sql, naming = client.sql_client, client.schema.naming
        column = naming.normalize_identifier("_dlt_load_id")
        for table in client.schema.data_tables(seen_data_only=True):
            if column in table["columns"] and table["name"] != naming.normalize_table_identifier(TABLE):
                place = sql.make_qualified_table_name(str(table["name"]))
                where = f"{sql.escape_column_name(column)} = %s"
                counted = sql.execute_sql(f"SELECT COUNT(*) FROM {place} WHERE {where}", load_id)  # noqa: S608  # names are dlt's, quoted
                found[str(table["name"])] = int(counted[0][0]) if counted else 0
    return {table: rows for table, rows in found.items() if rows}
