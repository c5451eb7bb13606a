"""Signals that ask a process to end are raised where it stands, as Ctrl-C is.

`docker stop`, Kubernetes and systemd send SIGTERM, a terminal that closes SIGHUP.

The first of a kind lets the run clean up and say what became of the data; a second one ends the process at
once, as the system does. A signal that whoever started the process has set aside (`nohup`) stays so.
"""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from restmill.errors import Terminated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_HEEDED = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def heeding() -> Iterator[None]:
    """While the block runs in the main thread, SIGTERM and SIGHUP are raised there as `Terminated`."""
    ours = []
    if threading.current_thread() is threading.main_thread():
        ours = [number for number in _HEEDED if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, _raise)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _raise(number: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(number, signal.SIG_DFL)
    raise Terminated(number)
