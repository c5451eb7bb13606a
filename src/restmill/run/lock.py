"""One run at a time: a lock of the operating system on a file, for as long as a block lasts.

The system drops the lock when its holder ends, however it ends, so there is no stale lock to judge or to
remove: the file stays and means nothing. Who holds it, and since when, is written into the file for the one
who is refused.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LONGEST = 200  # bytes of a holder's text
_TAKEN = frozenset({errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK})
_OWN_FILE = getattr(os, "O_NOFOLLOW", 0)
"""Whoever can make a link where the lock is to be would otherwise have another file written over."""
_log = logging.getLogger("restmill")


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock: its process and since when (ISO 8601, UTC); 0 and "" when that cannot be read."""

    pid: int = 0
    since: str = ""

    def __str__(self) -> str:
        return f"process {self.pid}, since {self.since}" if self.pid else "another process"


class Taken(Exception):  # noqa: N818  # read as a sentence
    """Somebody else holds the lock."""

    def __init__(self, holder: Holder) -> None:
        super().__init__(str(holder))
        self.holder = holder


@contextmanager
def locked(path: Path, since: str) -> Iterator[None]:
    """Hold the lock of the file at `path`, which is made when it is not there.

    A file system without locks is no reason not to run: the log says so.

    Raises:
        Taken: another process, or another thread of this one, holds it.
        OSError: the file could not be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _OWN_FILE, 0o644)
    try:
        try:
            _lock(descriptor)
        except OSError as error:
            if error.errno in _TAKEN:
                raise Taken(_holder(descriptor)) from error
            _log.warning("runs of this pipeline are not kept apart: %s", error)
        _write(descriptor, json.dumps({"pid": os.getpid(), "since": since}))
        try:
            yield
        finally:
            _write(descriptor, "")
    finally:
        os.close(descriptor)  # and with it goes the lock


def is_held(path: Path) -> bool:
    """Whether a process holds the lock of the file at `path`.

    Raises:
        OSError: there is no such file, or it cannot be opened.
    """
    descriptor = os.open(path, os.O_RDWR | _OWN_FILE)
    try:
        _lock(descriptor)
    except OSError as error:
        return error.errno in _TAKEN
    finally:
        os.close(descriptor)
    return False


def _write(descriptor: int, text: str) -> None:
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.truncate(descriptor, 0)
    os.write(descriptor, text.encode())


def _holder(descriptor: int) -> Holder:
    try:
        told = json.loads(os.read(descriptor, _LONGEST))
        return Holder(int(told["pid"]), str(told["since"]))
    except (OSError, ValueError, KeyError, TypeError):  # it has just been taken, or is just being dropped
        return Holder()


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, 1 << 30, os.SEEK_SET)  # beyond the text, which others may then still read
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
