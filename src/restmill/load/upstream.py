"""The only place where restmill changes something of dlt; written for dlt 1.31.

Two methods of the extract step are wrapped, for the whole process, the first time they are asked for:

- `Extract.__init__`: its storage of extracted records is replaced by ours (`claims.columnar`). dlt has no
  setting for that. Records of tables that nobody claimed go where they always went.
- `Extract._compute_metrics`: it looks up the resource of every table that received a file, and fails with
  KeyError for nested tables, which in dlt name no resource. They borrow their root's while it runs.

tests/load/test_upstream.py fails when either is no longer needed, or no longer fits.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from dlt.common.schema.utils import get_root_table
from dlt.extract.extract import Extract

if TYPE_CHECKING:
    from collections.abc import Callable

    from dlt.common.metrics import ExtractMetrics
    from dlt.extract import DltSource
    from dlt.extract.storage import ExtractStorage

original_init = Extract.__init__
original_compute_metrics = Extract._compute_metrics  # noqa: SLF001  # see above


def prepare_extract(prepare: Callable[[ExtractStorage], None]) -> None:
    """Let `prepare` see the storage of every extract step from now on, and let nested tables have files."""

    @wraps(original_init)
    def init(self: Extract, *args: Any, **kwargs: Any) -> None:
        original_init(self, *args, **kwargs)
        prepare(self.extract_storage)

    Extract.__init__ = init  # type: ignore[method-assign]
    Extract._compute_metrics = _compute_metrics  # type: ignore[method-assign]  # noqa: SLF001  # see above


@wraps(original_compute_metrics)
def _compute_metrics(self: Extract, load_id: str, source: DltSource) -> ExtractMetrics:
    tables = source.schema.tables
    nested = [table for table in tables.values() if "resource" not in table and table.get("parent")]
    for table in nested:
        table["resource"] = get_root_table(tables, str(table["name"]))["resource"]
    try:
        return original_compute_metrics(self, load_id, source)
    finally:
        for table in nested:
            del table["resource"]
