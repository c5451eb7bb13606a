"""Withholding: a partial read never replaces a table or retires its rows, and costs no other table anything.

Between dlt's extract and normalize steps the records of each table lie in files of their own. Those of a
resource that would replace its table, or retire or delete what did not come (`scd2`, `cdc`), and was read
only in part are taken out of the package; a table without files is left as it is.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from dlt.common.schema.utils import get_root_table
from dlt.common.storages.load_package import ParsedLoadJobFileName

from restmill.events import Noted
from restmill.load.watch import tell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dlt import Pipeline
    from dlt.common.schema import Schema
    from dlt.extract import DltResource, DltSource

    from restmill.run.receipt import Evidence

_KEPT = "its table is left as it was, because a partial read would have replaced it"
_RETIRING = frozenset({"scd2", "cdc"})
"""Strategies of `merge` by which rows that did not come are retired or deleted."""


def with_kept(seen: Iterable[Evidence], source: DltSource) -> tuple[Evidence, ...]:
    """The evidence, saying of partial reads that would replace a table that they are withheld."""
    return tuple(
        replace(one, reason=f"{one.reason}; {_KEPT}", withheld=True)
        if one.verdict == "partial" and _replaces(source.resources[one.resource])
        else one
        for one in seen
    )


def withhold_partial(pipeline: Pipeline, source: DltSource, seen: Iterable[Evidence]) -> None:
    """Take what is withheld out of the extracted packages."""
    names = frozenset(one.resource for one in seen if one.withheld)
    if names:
        _take_out(pipeline, pipeline.schemas[source.schema.name], names)
    for name in sorted(names):
        tell(Noted(name, time.monotonic(), _KEPT))


def _replaces(resource: DltResource) -> bool:
    """Whether loading some of the rows does away with the others."""
    table = resource.compute_table_schema() if not resource.has_dynamic_table_name else {}
    return resource.write_disposition == "replace" or table.get("x-merge-strategy") in _RETIRING


def _take_out(pipeline: Pipeline, schema: Schema, resources: frozenset[str]) -> None:
    packages = pipeline._get_normalize_storage().extracted_packages  # noqa: SLF001  # dlt shows packages, read-only
    for load_id in pipeline.list_extracted_load_packages():
        for file in packages.list_new_jobs(load_id):
            table = ParsedLoadJobFileName.parse(file).table_name
            known = table in schema.tables
            if known and get_root_table(schema.tables, table).get("resource") in resources:
                packages.storage.delete(file)
