"""Which tables of the running extract step take the columnar way, and why the others do not.

A resource's generator claims its table when dlt starts it: only then are the live schema, the destination and
the hints known, whatever was done to the source after it was built. The claim is looked up when the first
records of the table arrive in storage.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from dlt.common.configuration.container import Container
from dlt.common.data_writers import resolve_best_writer_spec
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.normalizers.json import helpers
from dlt.common.normalizers.json.relational import DataItemNormalizer
from dlt.common.schema.utils import is_complete_column, normalize_table_identifiers
from dlt.common.storages.load_package import LoadPackageStateInjectableContext
from dlt.extract.incremental import IncrementalResourceWrapper
from dlt.extract.source import SourceInjectableContext, SourceSchemaInjectableContext
from dlt.extract.state import get_current_pipe_name

from restmill.load import dlt_patches
from restmill.load.columnar.batch import AS_DLT, Batch
from restmill.load.columnar.claim import OWN_NORMALIZER, Claim
from restmill.load.columnar.storage import ColumnarStorage
from restmill.load.destination.fits import Fits
from restmill.load.merge import first_load as _straight  # noqa: F401  # takes effect by being there
from restmill.load.schema.destination_columns import StoredColumns
from restmill.load.schema.live import Ground
from restmill.load.schema.type_promotion import Widening
from restmill.shape.page_parser import Press

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dlt.common.schema import Schema
    from dlt.extract import DltResource
    from dlt.extract.storage import ExtractStorage

    from restmill.plan.spec import Departures

_by_rows = False


class _Claims:
    """The tables that were claimed and have not received records yet."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str], Callable[[], Batch]] = {}
        self._refused: set[tuple[str, str]] = set()
        self._sifted: set[tuple[str, str]] = set()
        """By load and resource, those that have a quarantine."""
        self._ours: dict[tuple[str, str], Callable[[str], Ground]] = {}
        """By load and resource, what makes the ground of one of its tables."""

    def refuse(self, load_id: str, resource: str) -> bool:
        """Whether this is the first time the resource must go by rows: a child starts once a parent page."""
        first = (load_id, resource) not in self._refused
        self._refused.add((load_id, resource))
        return first

    def add(self, load_id: str, table: str, begin: Callable[[], Batch]) -> None:
        self._made[load_id, table] = begin

    def own(
        self, load_id: str, resource: str, begin: Callable[[str], Ground], *, quarantine: bool = False
    ) -> None:
        """The resource is one of ours; `begin` makes the ground of a table of it."""
        self._ours[load_id, resource] = begin
        if quarantine:
            self._sifted.add((load_id, resource))

    def sifts(self, load_id: str, resource: str) -> bool:
        """Whether refused records of the resource are kept beside its table."""
        return (load_id, resource) in self._sifted

    def ground(self, load_id: str, table: str) -> Ground | None:
        """The ground of a table, where that is one of ours."""
        schema = Container()[SourceSchemaInjectableContext].schema
        stored = schema.tables.get(table)
        begin = self._ours.get((load_id, str(stored.get("resource")))) if stored else None
        return None if begin is None else begin(table)

    def take(self, load_id: str, table: str) -> Batch | None:
        """An empty batch for the table's records; None for a table that nobody claimed."""
        begin = self._made.pop((load_id, table), None)
        return None if begin is None else begin()

    def forget(self, load_id: str) -> None:
        """The extract step is over."""
        for key in [key for key in self._made if key[0] == load_id]:
            del self._made[key]
        self._refused = {key for key in self._refused if key[0] != load_id}
        self._sifted = {key for key in self._sifted if key[0] != load_id}
        self._ours = {key: one for key, one in self._ours.items() if key[0] != load_id}


_claims = _Claims()


@contextmanager
def by_rows() -> Iterator[None]:
    """Let every resource that starts inside the block go to dlt row by row."""
    global _by_rows  # noqa: PLW0603  # generators start deep inside dlt, which nothing can be handed to
    before, _by_rows = _by_rows, True
    try:
        yield
    finally:
        _by_rows = before


def claim(departures: Departures = AS_DLT, *, columns: bool = True) -> Claim:
    """Claim the table of the resource whose generator is starting, if a pipeline extracts it.

    Without `columns` it goes by rows, and only the names of its fields are seen to.
    """
    container = Container()
    contexts = (LoadPackageStateInjectableContext, SourceInjectableContext, SourceSchemaInjectableContext)
    if any(context not in container for context in contexts):
        return Claim()
    if DestinationCapabilitiesContext not in container:
        return Claim("the destination is not known yet")
    caps = container[DestinationCapabilitiesContext]
    schema = container[SourceSchemaInjectableContext].schema
    name, resources = get_current_pipe_name(), container[SourceInjectableContext].source.resources
    if name not in resources:  # the parent of a selected resource, read for its sake only
        return Claim()
    resource = resources[name]
    load_id = container[LoadPackageStateInjectableContext].load_id
    if type(schema.data_item_normalizer) is DataItemNormalizer:
        _claims.own(
            load_id,
            name,
            lambda table: _with_fits(_ground(resource, schema, caps, load_id, table), departures),
            quarantine=departures.quarantine,
        )
    if _by_rows or not columns:
        return Claim()
    why = _why_rows(resource, schema, caps)
    if why:
        return Claim(why if _claims.refuse(load_id, name) else "")
    table = _table_of(resource, schema)
    press = Press() if _is_bare(resource, resources.values()) else None
    widening = _widening(resource, schema) if departures.widen_numbers else None
    _claims.add(
        load_id,
        table,
        lambda: Batch(
            _with_fits(_ground(resource, schema, caps, load_id, table, widening), departures),
            departures,
            press,
        ),
    )
    return Claim(press=press)


def _with_fits(ground: Ground, departures: Departures) -> Ground:
    """The ground, which with a quarantine knows what the destination has."""
    ground.fits = Fits(ground.schema) if departures.quarantine else None
    return ground


def _ground(  # what a ground needs
    resource: DltResource,
    schema: Schema,
    caps: DestinationCapabilitiesContext,
    load_id: str,
    table: str,
    widening: Widening | None = None,
) -> Ground:
    """The ground of a table, which knows the fields that the resource's hints name."""
    ground = Ground(schema, caps, load_id, table, widening)
    if not resource.has_dynamic_table_name and not resource.has_other_dynamic_hints:
        ground.names.hint(resource.compute_table_schema()["columns"])
    return ground


def columnar(storage: ExtractStorage) -> None:
    """Let `storage` write claimed tables as Arrow tables."""
    records, tables = storage.item_storages["object"], storage.item_storages["arrow"]
    storage.item_storages["object"] = ColumnarStorage(records, tables, _claims)


def _is_bare(resource: DltResource, others: Iterable[DltResource]) -> bool:
    """Whether the resource's records meet nobody on their way: no step, no cursor, no transformer."""
    pipe = resource._pipe  # noqa: SLF001  # dlt offers no public way to the steps
    steps: list[object] = [*pipe.steps[1:]]
    idle = (  # such a step is always there, whether a cursor is bound to it or not
        isinstance(step, IncrementalResourceWrapper) and step._incremental is None  # noqa: SLF001  # same
        for step in steps
    )
    followed = (
        getattr(other._pipe.parent, "name", None) == pipe.name  # noqa: SLF001  # same
        for other in others
    )
    return pipe.gen is pipe.steps[0] and all(idle) and not any(followed)


def _why_rows(resource: DltResource, schema: Schema, caps: DestinationCapabilitiesContext) -> str:
    if resource.has_dynamic_table_name or resource.has_other_dynamic_hints:
        return "a hint is a function of the record"
    if resource.validator is not None:
        return "a model checks each record"
    if resource.nested_hints:
        return "a nested table has hints of its own"
    return _why_schema(schema) or _why_no_parquet(resource, caps)


def _why_schema(schema: Schema) -> str:
    if type(schema.data_item_normalizer) is not DataItemNormalizer:
        return OWN_NORMALIZER
    if any("filters" in table for table in schema.tables.values()):
        return "the schema filters rows"
    return ""


def _why_no_parquet(resource: DltResource, caps: DestinationCapabilitiesContext) -> str:
    """Why Arrow tables would not reach the destination as the same tables that rows become.

    Rows that cannot be shaped lie beside Parquet files in one package. A database takes both; a folder would
    not. CSV, which dlt takes for Arrow tables where it cannot take Parquet, loses the difference between
    an empty text and none.
    """
    table = resource.compute_table_schema()
    preferred, supported = caps.preferred_loader_file_format, caps.supported_loader_file_formats or []
    if caps.loader_file_format_selector is not None:
        preferred, supported = caps.loader_file_format_selector(
            preferred, list(supported), table_schema=table
        )
    declared = table.get("file_format")
    wanted = preferred if declared in {None, "preferred"} else declared
    if wanted == "parquet" and "parquet" in supported:
        return ""
    if wanted == preferred == "insert_values":
        best = resolve_best_writer_spec("arrow", supported, preferred).file_format
        return "" if best == "parquet" else "the destination does not take Parquet files"
    return f"the destination is given {wanted or 'no'} files"


def _widening(resource: DltResource, schema: Schema) -> Widening:
    columns = normalize_table_identifiers(resource.compute_table_schema(), schema.naming)["columns"]
    declared = frozenset(name for name, one in columns.items() if is_complete_column(one))
    return Widening(StoredColumns(schema), declared)


def _table_of(resource: DltResource, schema: Schema) -> str:
    name = resource.table_name
    assert isinstance(name, str)
    return helpers.normalize_table_identifier(schema, schema.naming, name)


dlt_patches.prepare_extract(columnar)
