"""What an extract step has written of a column before it was widened, made to fit what came after.

A Parquet file has one type for a column, and dlt's later steps hand files on as they are. So the open file of
a table ends where a column is widened, and those before it are written anew at the end of the step, in place
and a row group at a time.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from dlt.common.configuration.container import Container
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.storages.load_package import ParsedLoadJobFileName
from pyarrow import parquet

if TYPE_CHECKING:
    import pyarrow as pa
    from dlt.common.schema import TTableSchemaColumns
    from dlt.extract.storage import ExtractorItemStorage

    from restmill.load.schema.live import Ground
    from restmill.load.schema.type_promotion import Widener
    from restmill.shape.tables import Shaped

Place: TypeAlias = tuple[str, str, str]
"""Load id, schema name and table: what dlt keeps a writer for."""


def remembered(tables: list[Shaped], widener: Widener | None) -> list[Shaped]:
    """The tables, once it is known which of their columns can still be widened."""
    if widener is not None:
        widener.remember(tables)
    return tables


def as_now(storage: ExtractorItemStorage, place: Place, table: pa.Table, widener: Widener | None) -> pa.Table:
    """A table as it can be written now, to a file that it fits."""
    if widener is None:
        return table
    name = place[2]
    if widener.begins_anew(name):
        _, writer = storage.get_active_writer(*place)
        if writer is not None:
            writer.close()
    return widener.as_now(name, table)


def rewrite(storage: ExtractorItemStorage, place: Place, ground: Ground) -> None:
    """Write the files of widened tables anew, where they were written before."""
    widener = ground.widener
    if widener is None or not widener.tables():
        return
    load_id = place[0]
    storage.close_writers(load_id)
    for file in storage.closed_files(load_id):
        name = ParsedLoadJobFileName.parse(file.file_path).table_name
        if name in widener.tables():
            _rewrite(storage, Path(file.file_path), ground.stored(name), widener)


def _rewrite(
    storage: ExtractorItemStorage,
    path: Path,
    columns: TTableSchemaColumns,
    widener: Widener,
) -> None:
    name = ParsedLoadJobFileName.parse(str(path)).table_name
    with parquet.ParquetFile(path) as old:
        empty = old.schema_arrow.empty_table()
        if widener.as_now(name, empty) is empty:
            return
        fresh = path.with_suffix(".widened")
        with fresh.open("wb") as file:
            writer = storage.writer_cls(file, caps=Container()[DestinationCapabilitiesContext])
            writer.write_header(columns)
            writer.write_data([widener.as_now(name, empty)])
            for number in range(old.num_row_groups):
                writer.write_data([widener.as_now(name, old.read_row_group(number))])
            writer.write_footer()
            writer.close()
    fresh.replace(path)
