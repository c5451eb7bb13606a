"""Runs under way: a file for each, locked from its start to its end. A killed run is known by what it left.

    .restmill/receipts/<pipeline>/<run id>.open

It holds the receipt as it was at the start. The run that ends puts its receipt beside it and takes the file
away. The system drops the lock of a process that dies, however it dies: a file that nobody holds, and beside
which there is no receipt, is that of a run that was killed.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from restmill.run.lock import Taken, is_held, locked
from restmill.run.receipt.receipt import Failure

if TYPE_CHECKING:
    from pathlib import Path

    from restmill.run.receipt.receipt import Receipt

SUFFIX = ".open"
KILLED = Failure(
    "Killed",
    "",
    "killed: the process or its machine ended without a word. The next run goes on with what it had read, "
    "or reads it again",
    exit_code=137,
)
RUNNING = Failure("Running", "", "still running", exit_code=0)
"""No failure at all: what a receipt says as long as its run goes on."""
_log = logging.getLogger("restmill")


class Mark:
    """The file of one run that is under way. One that cannot be written costs the run nothing."""

    def __init__(self, path: Path, text: bytes) -> None:
        self._path = path
        self._stack = ExitStack()
        unready = path.with_name(f".{path.name}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._stack.enter_context(locked(unready, ""))
            unready.write_bytes(text)
            unready.replace(path)  # with its lock
        except (OSError, Taken) as error:
            _log.info("should this run be killed, `history` will not know it: %s", error)
            self._stack.close()
            if unready.exists():
                unready.unlink()

    def end(self) -> None:
        """The run is over, and its receipt is written."""
        if self._path.exists():
            self._path.unlink()
        self._stack.close()


def seen(path: Path, receipt: Receipt) -> Receipt:
    """The receipt in the file at `path`, with what has become of its run."""
    return replace(receipt, error=RUNNING if is_held(path) else KILLED)
