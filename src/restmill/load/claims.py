"""Which tables of the running extract step take the columnar way, and why the others do not.

A resource's generator claims its table when dlt starts it: only then are the live schema, the destination and
the hints known, whatever was done to the source after it was built. The claim is looked up when the first
records of the table arrive in storage.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from dlt.common.configuration.container import Container
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.normalizers.json import helpers
from dlt.common.normalizers.json.relational import DataItemNormalizer
from dlt.common.schema.schema import DEFAULT_SCHEMA_CONTRACT_MODE
from dlt.common.storages.load_package import LoadPackageStateInjectableContext
from dlt.extract.source import SourceInjectableContext, SourceSchemaInjectableContext

from restmill.load import upstream
from restmill.load.columnar import ColumnarStorage
from restmill.load.ground import Ground

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dlt.common.schema import Schema
    from dlt.extract import DltResource
    from dlt.extract.storage import ExtractStorage

_claimed: dict[tuple[str, str], tuple[Schema, DestinationCapabilitiesContext]] = {}
"""By load id and table name; taken out when the table's first records arrive."""
_by_rows = False


@contextmanager
def by_rows() -> Iterator[None]:
    """Let every resource that starts inside the block go to dlt row by row."""
    global _by_rows  # noqa: PLW0603  # generators start deep inside dlt, which nothing can be handed to
    before, _by_rows = _by_rows, True
    try:
        yield
    finally:
        _by_rows = before


def claim(name: str) -> str:
    """Claim the table of the resource `name`, whose generator is starting.

    Returns why it must go by rows instead; "" once it is claimed.
    """
    container = Container()
    contexts = (LoadPackageStateInjectableContext, SourceInjectableContext, SourceSchemaInjectableContext)
    if _by_rows or any(context not in container for context in contexts):
        return "nothing is being extracted into a pipeline"
    if DestinationCapabilitiesContext not in container:
        return "the destination is not known yet"
    caps = container[DestinationCapabilitiesContext]
    schema = container[SourceSchemaInjectableContext].schema
    resource = container[SourceInjectableContext].source.resources[name]
    why = _why_rows(resource, schema, caps)
    if not why:
        load_id = container[LoadPackageStateInjectableContext].load_id
        _claimed[load_id, _table_of(resource, schema)] = (schema, caps)
    return why


def columnar(storage: ExtractStorage) -> None:
    """Let `storage` write claimed tables as Arrow tables."""
    records, tables = storage.item_storages["object"], storage.item_storages["arrow"]
    storage.item_storages["object"] = ColumnarStorage(records, tables, _ground)


def _ground(load_id: str, table: str) -> Ground | None:
    found = _claimed.pop((load_id, table), None)
    return None if found is None else Ground(*found, load_id, table)


def _why_rows(resource: DltResource, schema: Schema, caps: DestinationCapabilitiesContext) -> str:
    if resource.has_dynamic_table_name or resource.has_other_dynamic_hints:
        return "a hint is a function of the record"
    if resource.validator is not None:
        return "a model checks each record"
    if resource.nested_hints:
        return "a nested table has hints of its own"
    return _why_schema(resource, schema) or _why_no_parquet(resource, caps)


def _why_schema(resource: DltResource, schema: Schema) -> str:
    if type(schema.data_item_normalizer) is not DataItemNormalizer:
        return "the schema has a normalizer of its own"
    if any("filters" in table for table in schema.tables.values()):
        return "the schema filters rows"
    contract = schema.resolve_contract_settings_for_table(
        _table_of(resource, schema), resource.compute_table_schema()
    )
    if contract != DEFAULT_SCHEMA_CONTRACT_MODE:
        return "the schema contract judges each record"
    return ""


def _why_no_parquet(resource: DltResource, caps: DestinationCapabilitiesContext) -> str:
    """Why records that come as Arrow tables would be loaded from other files than those that come as rows."""
    wanted = resource.compute_table_schema().get("file_format") or caps.preferred_loader_file_format
    supported = caps.supported_loader_file_formats or []
    loads_sql = "insert_values" in supported and wanted == caps.preferred_loader_file_format
    if "parquet" in supported and (wanted == "parquet" or loads_sql):
        return ""
    return f"the destination takes {wanted or 'no'} files"


def _table_of(resource: DltResource, schema: Schema) -> str:
    name = resource.table_name
    assert isinstance(name, str)
    return helpers.normalize_table_identifier(schema, schema.naming, name)


upstream.prepare_extract(columnar)
