"""Log records without secrets: whatever library writes them, and whoever has asked to see them.

dlt quotes connection strings, urllib3 the query of each request, and both know nothing of ours. So while a
run is under way every log record of the process is made by a factory that redacts it, its traceback included.
A record with no known secret in it is left as it is.
"""

from __future__ import annotations

import logging
import threading
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING

from restmill.secrets import KEYRING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_guard = threading.Lock()
_open = 0
_before: Callable[..., logging.LogRecord] = logging.LogRecord


@contextmanager
def redacted_logs() -> Iterator[None]:
    """Let no log record of the process show a known secret until the block ends. Blocks may overlap."""
    global _open, _before  # noqa: PLW0603  # the factory is the process's, and so is this
    with _guard:
        if not _open:
            _before = logging.getLogRecordFactory()
            logging.setLogRecordFactory(_made)
        _open += 1
    try:
        yield
    finally:
        with _guard:
            _open -= 1
            if not _open and logging.getLogRecordFactory() is _made:
                logging.setLogRecordFactory(_before)


def _made(*args: object, **more: object) -> logging.LogRecord:
    record = _before(*args, **more)
    try:
        text = record.getMessage()
    except (TypeError, ValueError, KeyError):  # wrong arguments: the handler tells, in its own way
        return record
    clean = KEYRING.redact(text)
    if clean != text:
        record.msg, record.args = clean, ()
    if record.exc_info and record.exc_info[1] is not None:
        _redact_traceback(record)
    if record.stack_info:
        record.stack_info = KEYRING.redact(record.stack_info)
    return record


def _redact_traceback(record: logging.LogRecord) -> None:
    """A traceback that shows a secret becomes text: a formatter that has `exc_info` would show it again."""
    text = "".join(traceback.format_exception(*record.exc_info)).rstrip()  # type: ignore[misc]
    clean = KEYRING.redact(text)
    if clean != text:
        record.msg, record.args = f"{record.getMessage()}\n{clean}", ()
        record.exc_info = record.exc_text = None
