"""The quarantine of a table, `<table>__quarantine`, in a package that is being loaded already.

By then dlt has made all tables of the package, and knows of no others. So the schemas of the package and of
the pipeline learn of it, the destination makes it, and its rows come as one more file.
"""

from __future__ import annotations

import gzip
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from dlt.common.data_writers.writers import InsertValuesWriter

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa
    from dlt import Pipeline
    from dlt.common.destination import DestinationCapabilitiesContext

    from restmill.load.refused.refused_file import RefusedFile


def make_known(pipeline: Pipeline, found: RefusedFile, name: str) -> None:
    """Let the package, the pipeline and the destination know a table that the package's schema has got.

    Raises:
        DestinationException: dlt's, when the destination cannot make it.
    """
    made: Any = found.schema.tables[name]
    made.setdefault("x-normalizer", {})["seen-data"] = True  # dlt makes no table without
    found.packages.save_schema(found.load_id, found.schema)
    stored = found.packages.load_schema(found.load_id)  # a schema knows its own version when it is read
    client: Any = pipeline._get_destination_clients(stored)[0]  # noqa: SLF001  # as in `rollback`
    with client:
        client.update_stored_schema(only_tables={name}, force=True)
    live = pipeline.schemas[found.schema.name]
    live.tables[name] = deepcopy(made)
    pipeline._schema_storage.commit_live_schema(live.name)  # noqa: SLF001  # dlt does so before each step


def write_rows(table: pa.Table, target: Path, columns: Any, caps: DestinationCapabilitiesContext) -> None:
    """Write rows into a file of a package, in the format that its name says."""
    if ".parquet" in target.suffixes:
        import pyarrow.parquet as pq  # noqa: PLC0415  # whoever has such files has it

        pq.write_table(table, target)
        return
    opened: Any = gzip.open if target.suffix == ".gz" else open
    with opened(target, "wt", encoding="utf-8") as file:
        writer = InsertValuesWriter(file, caps)
        writer.write_header(columns)
        writer.write_data(table.to_pylist())
        writer.write_footer()
