"""Columns that never had a value: dlt makes none of them, and says so in the log, a paragraph for each table.

Here the same fact is an event like any other guess, so that progress, receipts and `--json` carry it.
"""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from restmill.events import Noted
from restmill.load.watch import tell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dlt import Pipeline
    from dlt.extract import DltSource


@contextmanager
def without_column_warnings() -> Iterator[None]:
    """Keep dlt's log from saying what `tell_empty_columns` says."""
    log = logging.getLogger("dlt")
    log.addFilter(_other)
    try:
        yield
    finally:
        log.removeFilter(_other)


def tell_empty_columns(pipeline: Pipeline, source: DltSource, resource: str) -> None:
    """Note the columns of a resource's root table that have no type because no value was ever seen."""
    tables = pipeline.schemas[source.schema.name].tables
    of_resource = [table for table in tables.values() if table.get("resource") == resource]
    empty = [
        name
        for table in of_resource
        for name, column in table["columns"].items()
        if not column.get("data_type")
    ]
    if empty:
        what = "column" if len(empty) == 1 else "columns"
        text = f"no value was ever seen for {what} {', '.join(empty)}: not made; `columns` can declare them"
        tell(Noted(resource, time.monotonic(), text))


def _other(record: logging.LogRecord) -> bool:
    return record.funcName != "verify_normalized_table"
