"""Columns that never had a value: dlt makes none of them, and says so in its log, a paragraph for each table.

dlt keeps this nowhere else, so it is read from that log record and becomes an event like any other guess:
progress, receipts and `--json` carry it in one line.
"""

from __future__ import annotations

import logging
import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from restmill.events import Noted
from restmill.run.observers import tell

if TYPE_CHECKING:
    from collections.abc import Iterator

_TABLE = re.compile(r"columns in table '([^']+)' did not receive any data")
_COLUMN = re.compile(r"^  - (.+)$", re.MULTILINE)


@contextmanager
def empty_columns_as_events() -> Iterator[None]:
    """Turn dlt's warnings about columns without a type into `Noted` events of the table's resource."""
    log = logging.getLogger("dlt")
    log.addFilter(_other)
    try:
        yield
    finally:
        log.removeFilter(_other)


def _other(record: logging.LogRecord) -> bool:
    """Whether a record is about something else and stays in the log."""
    message = record.getMessage()
    table = _TABLE.search(message)
    if table is None:
        return True
    columns = ", ".join(_COLUMN.findall(message))
    text = f"never had a value, so dlt made no column: {columns} (`columns` can declare a type)"
    tell(Noted(table[1], time.monotonic(), text))
    return False
